//! One subscriber of the hub: its socket, the queue in front of it, which other tasks fill, and the
//! [`SubscriberReader`]. Frames arrive here complete; the hub decides their order.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::WaitForCancellationFuture;

use crate::net::{CountedConnection, FrameClock, Timeout, Transfer, add_clamped};
use crate::servers::connection::{Backlog, ConnectionEnd};
use crate::servers::hub::broadcast::Broadcast;
use crate::servers::{Limits, ServerEvent};
use crate::wire::frame::encode;
use crate::wire::{AgreedExtensions, Endpoint, EndpointEvent, MessageKind};

/// The maximum number of bytes per read. The buffer is on the stack, so an idle subscriber has
/// none.
const READ_BUFFER: usize = 4096;

/// The maximum number of unsent bytes of a message that are still sent to a subscriber that is
/// closed for reading too slowly. The message must be complete before a Close can follow. With more
/// bytes left, the subscriber is disconnected without one.
const LAST_WORDS: usize = 128 << 10;

/// The sending side, shared by the hub and the subscriber's own task.
#[derive(Debug)]
pub(super) struct Subscriber {
    socket: TcpStream,
    counted: CountedConnection,
    backlog: usize,
    backlog_bytes: usize,
    /// How long the socket may take nothing.
    write_timeout: Duration,
    outbox: Mutex<Outbox>,
    /// Wakes the subscriber's own task: the queue is no longer empty, or has become too long.
    wake: Notify,
}

/// What the socket has not taken yet.
#[derive(Debug, Default)]
struct Outbox {
    queue: VecDeque<Broadcast>,
    /// The number of bytes in the queue.
    bytes: usize,
    /// Since when the socket has taken nothing although something is queued.
    full_since: Option<Instant>,
    /// The number of messages that the socket took.
    sent: u64,
    state: OutboxState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum OutboxState {
    #[default]
    Open,
    /// A Close has been queued, so nothing may follow (RFC 6455 section 5.5.1).
    Closed,
    /// Like [`Self::Closed`], because the queue became too long.
    Slow(Backlog),
}

impl Subscriber {
    pub(super) fn new(socket: TcpStream, counted: CountedConnection, limits: Limits) -> Self {
        let Limits {
            max_backlog: backlog,
            max_backlog_bytes: backlog_bytes,
            write_timeout: write,
            ..
        } = limits;
        Self {
            socket,
            counted,
            backlog,
            backlog_bytes,
            write_timeout: write,
            outbox: Mutex::default(),
            wake: Notify::new(),
        }
    }

    pub(super) fn into_parts(self) -> (TcpStream, CountedConnection) {
        (self.socket, self.counted)
    }

    /// Writes what the socket takes now and queues the rest. If the queue is too long already,
    /// queues a Close instead.
    pub(super) fn send(&self, broadcast: &Broadcast) {
        let mut outbox = self.lock();
        if outbox.state == OutboxState::Open {
            self.enqueue(&mut outbox, broadcast.clone());
        }
    }

    /// Like [`Subscriber::send`], with control frames. After the last ones nothing more is
    /// accepted.
    fn send_control(&self, frames: Vec<u8>, last: bool) {
        let mut outbox = self.lock();
        if outbox.state == OutboxState::Open && !frames.is_empty() {
            self.enqueue(&mut outbox, Broadcast { frames: frames.into(), messages: 0 });
            if last && outbox.state == OutboxState::Open {
                outbox.state = OutboxState::Closed;
            }
        }
    }

    fn enqueue(&self, outbox: &mut Outbox, broadcast: Broadcast) {
        if outbox.queue.is_empty() {
            outbox.add(broadcast);
            // The error is ignored: the subscriber's own task gets it too, and ends.
            let _ = self.flush_now(outbox);
            if outbox.queue.is_empty() {
                return;
            }
        } else if let Some(waiting) = self.exceeded(outbox, &broadcast) {
            outbox.close_slow_reader(waiting);
        } else {
            outbox.add(broadcast);
            // The subscriber's task was woken when the queue stopped being empty.
            return;
        }
        self.wake.notify_one();
    }

    /// Returns the limit of the queue that adding `broadcast` would exceed.
    fn exceeded(&self, outbox: &Outbox, broadcast: &Broadcast) -> Option<Backlog> {
        if outbox.queue.len() >= self.backlog {
            return Some(Backlog::Writes(self.backlog));
        }
        let bytes = outbox.bytes.saturating_add(broadcast.frames.len());
        (bytes > self.backlog_bytes).then_some(Backlog::Bytes(outbox.bytes))
    }

    /// Writes until the queue is empty or the socket is full.
    fn flush_now(&self, outbox: &mut Outbox) -> io::Result<()> {
        while let Some(first) = outbox.queue.front_mut() {
            let count = match self.socket.try_write(&first.frames) {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
                    outbox.full_since.get_or_insert_with(Instant::now);
                    return Ok(());
                }
                count => count?,
            };
            self.counted.add(Transfer::Sent, count);
            let _ = first.frames.split_to(count);
            outbox.bytes = outbox.bytes.saturating_sub(count);
            outbox.full_since = None;
            if first.frames.is_empty() {
                outbox.sent = outbox.sent.saturating_add(first.messages);
                outbox.queue.pop_front();
            }
        }
        // A new queue gives back the memory of the old one.
        outbox.queue = VecDeque::new();
        Ok(())
    }

    /// Empties the queue whenever it is not empty. It returns only when the connection is to end.
    async fn flush_until_closed(&self) -> ConnectionEnd {
        loop {
            if let OutboxState::Slow(waiting) = self.lock().state {
                return ConnectionEnd::Slow(waiting);
            }
            // Created before the queue is checked, so that no wake-up in between is lost.
            let woken = self.wake.notified();
            tokio::select! {
                () = woken => {}
                emptied = self.flush(), if !self.is_empty() => if let Err(err) = emptied {
                    return err.into();
                },
            }
        }
    }

    /// Waits until the queue is empty. The socket must take something within the timeout, which
    /// does not restart when this future is dropped and created anew.
    pub(super) async fn flush(&self) -> io::Result<()> {
        loop {
            let Some(full_since) = self.write_all()? else { return Ok(()) };
            // Boxed, because this future is part of every idle connection.
            let writable = Box::pin(timeout_at(
                add_clamped(full_since, self.write_timeout),
                self.socket.writable(),
            ));
            writable.await.unwrap_or_else(|_| Err(Timeout::Write(self.write_timeout).into()))?;
        }
    }

    /// Writes what the socket takes. Returns since when it takes nothing, or `None` if everything
    /// was written.
    fn write_all(&self) -> io::Result<Option<Instant>> {
        let mut outbox = self.lock();
        self.flush_now(&mut outbox)?;
        Ok(outbox.full_since.filter(|_| !outbox.queue.is_empty()))
    }

    fn is_empty(&self) -> bool {
        self.lock().queue.is_empty()
    }

    /// Locks the queue. The lock is never held across an await.
    fn lock(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox {
    fn add(&mut self, broadcast: Broadcast) {
        self.bytes = self.bytes.saturating_add(broadcast.frames.len());
        self.queue.push_back(broadcast);
    }

    /// Discards the queue except for its first entry, which may be half sent, and queues a Close.
    fn close_slow_reader(&mut self, waiting: Backlog) {
        self.queue.truncate(1);
        self.bytes = self.queue.front().map_or(0, |first| first.frames.len());
        if self.bytes > LAST_WORDS {
            (self.queue, self.bytes) = (VecDeque::new(), 0);
        } else {
            let reason = ConnectionEnd::Slow(waiting).to_string();
            self.add(Broadcast {
                frames: encode::close_frame(1008, &reason, None).into(),
                messages: 0,
            });
        }
        self.state = OutboxState::Slow(waiting);
    }
}

/// The receiving side: validates, answers and passes on what the subscriber sends.
pub(super) struct SubscriberReader<'s> {
    subscriber: &'s Subscriber,
    endpoint: Endpoint,
    frame_clock: FrameClock,
    /// The messages of the last read, encoded for the hub.
    frames: Vec<u8>,
    messages: u64,
    opened: Instant,
    code: Option<u16>,
    received: u64,
}

impl<'s> SubscriberReader<'s> {
    pub(super) fn new(subscriber: &'s Subscriber, limits: Limits) -> Self {
        Self {
            subscriber,
            endpoint: Endpoint::server(AgreedExtensions::none(), limits.max_message),
            frame_clock: FrameClock::new(limits.into()),
            frames: Vec::new(),
            messages: 0,
            opened: Instant::now(),
            code: None,
            received: 0,
        }
    }

    /// Reads until the connection ends. Returns why it ended, or `None` after a closing handshake.
    pub(super) async fn run(
        &mut self,
        rest: Vec<u8>,
        broadcasts: &mpsc::Sender<Broadcast>,
        mut shutdown: Pin<&mut WaitForCancellationFuture<'_>>,
    ) -> Option<ConnectionEnd> {
        let mut leaving = false;
        let result = async {
            self.frame_clock.push(&rest, Instant::now);
            self.receive(&rest)?;
            drop(rest);
            while !self.endpoint.is_finished() {
                self.broadcast(broadcasts).await?;
                tokio::select! {
                    biased;
                    () = shutdown.as_mut(), if !leaving => {
                        leaving = true;
                        self.start_going_away();
                    }
                    ended = self.subscriber.flush_until_closed() => return Err(ended),
                    ready = self.subscriber.socket.readable() => {
                        ready?;
                        self.read()?;
                    }
                    () = at(self.frame_clock.deadline()) => return Err(self.late()),
                }
            }
            if leaving { Err(ConnectionEnd::GoingAway) } else { Ok(()) }
        };
        let ended = result.await.err();
        // Messages from before the Close or the fault are still delivered.
        let ended = ended.or(self.broadcast(broadcasts).await.err());
        if let Some(ConnectionEnd::Slow(_)) = ended {
            self.code.get_or_insert(1008);
        }
        ended
    }

    fn start_going_away(&mut self) {
        self.code.get_or_insert(1001);
        self.endpoint.close(1001, &ConnectionEnd::GoingAway.to_string());
        self.subscriber.send_control(self.endpoint.take_outbox(), true);
    }

    /// Fails the connection, because a frame was not finished in time.
    fn late(&mut self) -> ConnectionEnd {
        let failure = self.endpoint.fail(1008, &self.frame_clock.timeout().to_string());
        self.code.get_or_insert(failure.code);
        self.subscriber.send_control(self.endpoint.take_outbox(), true);
        ConnectionEnd::Failed(failure.reason)
    }

    fn read(&mut self) -> Result<(), ConnectionEnd> {
        let mut buffer = [0; READ_BUFFER];
        match self.subscriber.socket.try_read(&mut buffer) {
            Ok(0) => Err(ConnectionEnd::WithoutClose),
            Ok(count) => {
                self.subscriber.counted.add(Transfer::Received, count);
                let bytes = buffer.get(..count).unwrap_or_default();
                self.frame_clock.push(bytes, Instant::now);
                self.receive(bytes)
            }
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(err) => Err(err.into()),
        }
    }

    fn receive(&mut self, mut input: &[u8]) -> Result<(), ConnectionEnd> {
        let mut failed = None;
        while let Some(incoming) = self.endpoint.receive(&mut input) {
            match incoming {
                EndpointEvent::Message(kind, data) => self.add_message(kind, &data),
                // The first Close decides; a code of our own, sent earlier, stays.
                EndpointEvent::Closed(code, _) => self.code = self.code.or(code),
                EndpointEvent::Failed(failure) => {
                    self.code.get_or_insert(failure.code);
                    failed = Some(ConnectionEnd::Failed(failure.reason));
                }
                EndpointEvent::Ping(_) | EndpointEvent::Pong(_) => {}
            }
        }
        self.subscriber.send_control(self.endpoint.take_outbox(), self.endpoint.is_finished());
        failed.map_or(Ok(()), Err)
    }

    fn add_message(&mut self, kind: MessageKind, data: &[u8]) {
        let opcode = kind.opcode();
        self.received = self.received.saturating_add(1);
        self.messages = self.messages.saturating_add(1);
        self.frames.extend(encode::single_frame(opcode, data, None));
    }

    /// Hands the last messages to the hub, which may take a while. Meanwhile nothing is read, but
    /// the queue is emptied.
    async fn broadcast(
        &mut self,
        broadcasts: &mpsc::Sender<Broadcast>,
    ) -> Result<(), ConnectionEnd> {
        if self.messages == 0 {
            return Ok(());
        }
        let frames = Bytes::from(std::mem::take(&mut self.frames));
        let broadcast = Broadcast { frames, messages: std::mem::take(&mut self.messages) };
        tokio::select! {
            // The error is ignored: it means that the server is ending.
            _ = broadcasts.send(broadcast) => Ok(()),
            ended = self.subscriber.flush_until_closed() => Err(ended),
        }
    }

    pub(super) fn closed(self, peer: SocketAddr, end: Option<ConnectionEnd>) -> ServerEvent {
        let Self { subscriber, code, received, .. } = self;
        let (reason, sent) = (end.map(|reason| reason.to_string()), subscriber.lock().sent);
        ServerEvent::Closed { peer, code, reason, received, sent, took: self.opened.elapsed() }
    }
}

/// Waits until `deadline`, or for ever if there is none.
async fn at(deadline: Option<Instant>) {
    match deadline {
        // Boxed, because this future is part of every idle connection.
        Some(deadline) => Box::pin(sleep_until(deadline)).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;

    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::net::{Traffic, listen};
    use crate::wire::Opcode;

    const BACKLOG: usize = 4;

    async fn pair() -> (Subscriber, TcpStream) {
        with(Limits { max_backlog: BACKLOG, ..Limits::default() }).await
    }

    async fn with(limits: Limits) -> (Subscriber, TcpStream) {
        let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        socket.writable().await.unwrap();
        (Subscriber::new(socket, Arc::new(Traffic::default()).count_connection(), limits), peer)
    }

    fn broadcast(byte: u8) -> Broadcast {
        Broadcast {
            frames: encode::single_frame(Opcode::Binary, &vec![byte; 100_000], None).into(),
            messages: 1,
        }
    }

    /// Returns how many of the frames are still referenced elsewhere.
    fn held(frames: &[Broadcast]) -> usize {
        frames.iter().filter(|broadcast| !broadcast.frames.is_unique()).count()
    }

    #[tokio::test]
    async fn the_queue_is_bounded_whatever_is_sent() {
        let (subscriber, _peer) = pair().await;
        let (mut frames, mut peak) = (Vec::new(), 0);
        for byte in 0..200 {
            frames.push(broadcast(byte));
            subscriber.send(&frames[usize::from(byte)]);
            peak = peak.max(held(&frames));
        }
        assert_eq!(peak, BACKLOG);
        assert_eq!(held(&frames), 1, "a half-sent message has to be completed");
        assert_eq!(subscriber.lock().queue.len(), 2, "and the Close");
        assert!(matches!(
            subscriber.flush_until_closed().await,
            ConnectionEnd::Slow(Backlog::Writes(BACKLOG))
        ));
    }

    #[tokio::test]
    async fn the_queue_is_bounded_in_bytes_too() {
        let limits =
            Limits { max_backlog: 1000, max_backlog_bytes: 1_000_000, ..Limits::default() };
        let (subscriber, _peer) = with(limits).await;
        let (mut frames, mut peak) = (Vec::new(), 0);
        while subscriber.lock().state == OutboxState::Open {
            frames.push(broadcast(frames.len() as u8));
            subscriber.send(&frames[frames.len() - 1]);
            peak = peak.max(subscriber.lock().bytes);
            assert!(frames.len() < 1000, "the subscriber is not closed");
        }
        assert!((900_000..=1_000_000).contains(&peak), "{peak}");
        assert!(subscriber.lock().bytes < 100_200, "the half-sent message and the Close");
        assert!(matches!(
            subscriber.flush_until_closed().await,
            ConnectionEnd::Slow(Backlog::Bytes(..=1_000_000))
        ));
    }

    #[tokio::test]
    async fn nothing_of_a_large_message_is_kept_for_a_closed_subscriber() {
        let (subscriber, _peer) = with(Limits { max_backlog: 1, ..Limits::default() }).await;
        let large = Broadcast { frames: vec![0; 20 << 20].into(), messages: 1 };
        subscriber.send(&large);
        assert!(!large.frames.is_unique(), "no socket takes it at once");
        subscriber.send(&broadcast(1));
        assert!(large.frames.is_unique());
        assert!(subscriber.is_empty());
        assert_eq!(subscriber.lock().bytes, 0);
    }

    #[tokio::test]
    async fn a_queue_that_does_not_move_times_out_however_often_the_wait_restarts() {
        let write = Duration::from_millis(20);
        let (subscriber, _peer) = with(Limits { write_timeout: write, ..Limits::default() }).await;
        while subscriber.is_empty() {
            subscriber.send(&broadcast(1));
        }
        // The wait restarts with everything that the peer sends.
        let error = loop {
            tokio::select! {
                emptied = subscriber.flush() => break emptied.unwrap_err(),
                () = tokio::time::sleep(write / 4) => {}
            }
        };
        assert_eq!(Timeout::of(&error), Some(Timeout::Write(write)));
    }

    #[tokio::test]
    async fn the_queue_is_sent_in_order_and_then_takes_no_memory() {
        let (subscriber, mut peer) = pair().await;
        let mut count = 0;
        while subscriber.is_empty() {
            subscriber.send(&broadcast(count));
            count += 1;
        }
        subscriber.send(&broadcast(count));
        let reading = async {
            for byte in 0..=count {
                let mut frame = broadcast(byte).frames.to_vec();
                peer.read_exact(&mut frame).await.unwrap();
                assert_eq!(frame, broadcast(byte).frames);
            }
        };
        let (emptied, ()) = tokio::join!(subscriber.flush(), reading);
        emptied.unwrap();
        let outbox = subscriber.lock();
        assert_eq!((outbox.sent, outbox.queue.capacity()), (u64::from(count) + 1, 0));
    }

    #[tokio::test]
    async fn nothing_follows_a_close() {
        let (subscriber, mut peer) = pair().await;
        subscriber.send_control(encode::close_frame(1000, "", None), true);
        subscriber.send(&broadcast(1));
        subscriber.send_control(encode::single_frame(Opcode::Pong, b"", None), false);
        drop(subscriber);
        let mut rest = Vec::new();
        peer.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, [0x88, 2, 0x03, 0xe8]);
    }
}
