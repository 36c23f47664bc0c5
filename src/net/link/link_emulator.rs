//! [`LinkEmulator`]: the bytes in flight on a [`crate::net::DelayedStream`] in both directions, and
//! the tasks that wait for them. It owns no socket and has no task. Each call gets the socket and
//! moves whatever can be moved.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::link::link_model::LinkModel;
use crate::net::{Clock, DeadlineTimer, LinkConditions};

/// The maximum number of bytes in flight in each direction. At the limit the socket is not read,
/// and writes wait.
const MAX_IN_FLIGHT: usize = 4 << 20;
/// The size that a chunk counts in addition to its bytes. It keeps many small chunks from taking
/// much more memory than a few large ones.
const CHUNK_OVERHEAD: usize = size_of::<Delivery>();
/// The maximum number of bytes read from the socket at once.
const READ_SIZE: usize = 16 << 10;

/// Both directions of a link.
#[derive(Debug)]
pub(in crate::net) struct LinkEmulator<C: Clock> {
    /// The moment when the modelled TCP handshake is over. The client can have sent nothing before.
    connected_at: Instant,
    inbound: DelayQueue,
    outbound: DelayQueue,
    timer: DeadlineTimer<C>,
    io_wakers: Arc<IoWakers>,
    /// Wakes both the reader and the writer: the socket and the timer do not know which of them is
    /// there to move bytes.
    waker: Waker,
    reader_pending: bool,
    writer_pending: bool,
    /// The socket's error on a write. It is returned once.
    write_error: Option<io::Error>,
    /// Whether the socket takes no more, because it was shut down or broke.
    closed: bool,
    read_buffer: Box<[u8]>,
}

#[derive(Debug, Default)]
struct IoWakers {
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Wake for IoWakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.reader.wake();
        self.writer.wake();
    }
}

impl<C: Clock> LinkEmulator<C> {
    /// Creates the state of a link whose connection opens at `opened`.
    ///
    /// # Errors
    /// Fails if the process has no file descriptor left for a timer.
    pub(in crate::net) fn new(
        conditions: LinkConditions,
        opened: Instant,
        seed: u64,
    ) -> io::Result<Self> {
        let waits = Arc::new(IoWakers::default());
        Ok(Self {
            connected_at: opened,
            inbound: DelayQueue::new(LinkModel::new(conditions, seed)),
            // The inverted seed gives the other direction a jitter of its own.
            outbound: DelayQueue::new(LinkModel::new(conditions, !seed)),
            timer: DeadlineTimer::new()?,
            waker: Waker::from(waits.clone()),
            io_wakers: waits,
            reader_pending: false,
            writer_pending: false,
            write_error: None,
            closed: false,
            read_buffer: vec![0; READ_SIZE].into_boxed_slice(),
        })
    }

    /// Returns what has arrived, unless a stall holds until `stalled_until`.
    pub(in crate::net) fn poll_read<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        stalled_until: Option<Instant>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Registered before anything is moved, so that no wake-up in between is missed.
        self.io_wakers.reader.register(cx.waker());
        self.reader_pending = false;
        self.drive(stream, stalled_until);
        let now = C::now();
        let given = if stalled_until.is_none_or(|until| until <= now) {
            self.inbound.read_due(now, buf)
        } else {
            Poll::Pending
        };
        self.reader_pending = given.is_pending();
        given
    }

    /// Puts bytes in flight.
    pub(in crate::net) fn poll_write<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        stalled_until: Option<Instant>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io_wakers.writer.register(cx.waker());
        self.writer_pending = false;
        // Only a full queue is worth the work of moving bytes first.
        if self.outbound.free_capacity() == 0 {
            self.drive(stream, stalled_until);
        }
        if let Some(error) = self.write_error.take() {
            return Poll::Ready(Err(error));
        }
        if self.outbound.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let bytes = gather(bufs, self.outbound.free_capacity());
        let count = bytes.len();
        if count == 0 && bufs.iter().any(|buf| !buf.is_empty()) {
            self.writer_pending = true;
            return Poll::Pending;
        }
        self.outbound.push(C::now(), bytes);
        self.drive(stream, stalled_until);
        Poll::Ready(Ok(count))
    }

    /// Flushes: what was written has left already, so only an error remains to be reported.
    pub(in crate::net) fn poll_flush<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        stalled_until: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.io_wakers.writer.register(cx.waker());
        self.drive(stream, stalled_until);
        Poll::Ready(self.write_error.take().map_or(Ok(()), Err))
    }

    /// Completes once everything has arrived, including the end of stream.
    pub(in crate::net) fn poll_shutdown<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        stalled_until: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.io_wakers.writer.register(cx.waker());
        self.writer_pending = false;
        self.outbound.push_end(C::now(), DeliveryContent::Eof);
        self.drive(stream, stalled_until);
        if let Some(error) = self.write_error.take() {
            return Poll::Ready(Err(error));
        }
        self.writer_pending = !self.closed;
        if self.closed { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Moves what can be moved, and arranges for a waiting task to be woken when more can be.
    fn drive<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        stalled_until: Option<Instant>,
    ) {
        let waker = self.waker.clone();
        let mut cx = Context::from_waker(&waker);
        self.read_socket(stream, &mut cx);
        let now = C::now();
        if self.write_due(stream, now, &mut cx) && self.writer_pending {
            self.io_wakers.writer.wake();
        }
        let readable =
            self.inbound.next_due().map(|due| stalled_until.map_or(due, |until| due.max(until)));
        if readable.is_some_and(|due| due <= now) && self.reader_pending {
            self.io_wakers.reader.wake();
        }
        // What is due but still queued waits for the protocol or for the socket, not for time.
        let next = [readable, self.outbound.next_due()]
            .into_iter()
            .flatten()
            .filter(|due| *due > now)
            .min();
        if let Some(next) = next
            && self.timer.poll_until(next, &mut cx).is_ready()
        {
            // The deadline passed in the meantime, so a task has to poll again at once.
            waker.wake_by_ref();
        }
    }

    /// Reads the socket and puts the bytes in flight, stamped with the time of their arrival here.
    fn read_socket<S: AsyncRead + Unpin>(&mut self, stream: &mut S, cx: &mut Context<'_>) {
        while !self.inbound.ended && self.inbound.free_capacity() > 0 {
            let mut buf = ReadBuf::new(&mut self.read_buffer);
            let Poll::Ready(read) = Pin::new(&mut *stream).poll_read(cx, &mut buf) else { return };
            let at = C::now().max(self.connected_at);
            match read {
                Ok(()) if buf.filled().is_empty() => {
                    self.inbound.push_end(at, DeliveryContent::Eof);
                }
                Ok(()) => self.inbound.push(at, Bytes::copy_from_slice(buf.filled())),
                Err(error) => self.inbound.push_end(at, DeliveryContent::Error(error)),
            }
        }
    }

    /// Writes what has arrived by `now` into the socket, as far as it takes it. Returns whether
    /// anything was written.
    fn write_due<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        now: Instant,
        cx: &mut Context<'_>,
    ) -> bool {
        let mut moved = false;
        while let Some(item) = self.outbound.queue.front().filter(|item| item.due <= now) {
            let mut stream = Pin::new(&mut *stream);
            let taken = match &item.content {
                DeliveryContent::Bytes(bytes) => {
                    stream.as_mut().poll_write(cx, bytes).map(|taken| match taken {
                        // A socket that takes nothing of a non-empty buffer never will.
                        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                        taken => taken,
                    })
                }
                _ => stream.as_mut().poll_shutdown(cx).map_ok(|()| 0),
            };
            match taken {
                Poll::Pending => break,
                Poll::Ready(Ok(0)) => self.close(None),
                Poll::Ready(Ok(count)) => self.outbound.advance(count),
                Poll::Ready(Err(error)) => self.close(Some(error)),
            }
            moved = true;
        }
        moved
    }

    fn close(&mut self, broken: Option<io::Error>) {
        // The queued bytes can no longer be delivered.
        self.outbound.clear();
        self.write_error = broken;
        self.closed = true;
    }
}

/// Returns the first `limit` bytes of `bufs`.
fn gather(bufs: &[IoSlice<'_>], limit: usize) -> Bytes {
    let mut all =
        BytesMut::with_capacity(bufs.iter().map(|buf| buf.len()).sum::<usize>().min(limit));
    for buf in bufs {
        let room = limit.saturating_sub(all.len());
        all.extend_from_slice(buf.get(..room).unwrap_or(buf));
    }
    all.freeze()
}

/// One direction: the deliveries in flight, in order.
#[derive(Debug)]
struct DelayQueue {
    link: LinkModel,
    queue: VecDeque<Delivery>,
    queued_bytes: usize,
    /// Whether the end of the direction was queued.
    ended: bool,
}

#[derive(Debug)]
struct Delivery {
    due: Instant,
    content: DeliveryContent,
}

#[derive(Debug)]
enum DeliveryContent {
    /// Bytes, at least one.
    Bytes(Bytes),
    /// The end of the stream.
    Eof,
    /// The failure of the connection.
    Error(io::Error),
}

impl DelayQueue {
    fn new(link: LinkModel) -> Self {
        Self { link, queue: VecDeque::new(), queued_bytes: 0, ended: false }
    }

    /// Returns how many more bytes may be put in flight.
    fn free_capacity(&self) -> usize {
        MAX_IN_FLIGHT.saturating_sub(self.queued_bytes)
    }

    /// Returns when the first delivery arrives.
    fn next_due(&self) -> Option<Instant> {
        self.queue.front().map(|item| item.due)
    }

    fn push(&mut self, at: Instant, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let piece = bytes.split_to(self.link.max_chunk().min(bytes.len()));
            self.queued_bytes =
                self.queued_bytes.saturating_add(piece.len().saturating_add(CHUNK_OVERHEAD));
            let due = self.link.arrival_time(at, piece.len());
            self.queue.push_back(Delivery { due, content: DeliveryContent::Bytes(piece) });
        }
    }

    fn push_end(&mut self, at: Instant, load: DeliveryContent) {
        if !self.ended {
            self.ended = true;
            let due = self.link.arrival_time(at, 0);
            self.queue.push_back(Delivery { due, content: load });
        }
    }

    /// Removes `count` bytes from the first chunk.
    fn advance(&mut self, count: usize) {
        if let Some(Delivery { content: DeliveryContent::Bytes(bytes), .. }) =
            self.queue.front_mut()
        {
            bytes.advance(count);
            self.queued_bytes = self.queued_bytes.saturating_sub(count);
            if bytes.is_empty() {
                self.queued_bytes = self.queued_bytes.saturating_sub(CHUNK_OVERHEAD);
                self.queue.pop_front();
            }
        }
    }

    /// Reads what has arrived by `now`, up to the room in `buf`. An end of stream stays in the
    /// queue, so that later reads see it again.
    fn read_due(&mut self, now: Instant, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        while buf.remaining() > 0
            && let Some(item) = self.queue.front_mut().filter(|item| item.due <= now)
        {
            match &mut item.content {
                DeliveryContent::Bytes(bytes) => {
                    let count = bytes.len().min(buf.remaining());
                    buf.put_slice(bytes.get(..count).unwrap_or_default());
                    self.advance(count);
                }
                DeliveryContent::Eof => return Poll::Ready(Ok(())),
                // Bytes before an error are returned first; the next read reports it.
                DeliveryContent::Error(_) if buf.filled().len() > before => break,
                DeliveryContent::Error(error) => {
                    // An error is reported once; after it the stream is at its end.
                    let error = std::mem::replace(error, io::ErrorKind::Other.into());
                    item.content = DeliveryContent::Eof;
                    return Poll::Ready(Err(error));
                }
            }
        }
        let given = buf.filled().len() > before || buf.remaining() == 0;
        if given { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn clear(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.ended = true;
    }
}
