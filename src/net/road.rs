//! [`Road`]: the bytes that are on the way over a [`crate::net::Line`], both ways, and who waits for them.
//! It owns no socket and has no task: each call is handed the socket, and moves on it whatever can be moved.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::distance::Pace;
use crate::net::{Alarm, Clock, Distance};

/// What may be on the way, each way, in bytes; then the socket is not read, or a write waits.
const MOST: usize = 4 << 20;
/// What a chunk counts beside its bytes, so that many small ones do not take much more memory than a few large ones.
const CHUNK: usize = size_of::<Item>();
/// How much is read from the socket at once, in bytes.
const READ: usize = 16 << 10;

/// Both ways of a line.
#[derive(Debug)]
pub(super) struct Road<C: Clock> {
    /// Nothing can have left the client before.
    opened: Instant,
    inbound: Way,
    outbound: Way,
    alarm: Alarm<C>,
    waits: Arc<Waits>,
    /// Wakes both who read and who write: the socket and the alarm do not know which of them is there to move bytes.
    waker: Waker,
    reader_waits: bool,
    writer_waits: bool,
    /// What the socket said to a write; told once.
    broken: Option<io::Error>,
    /// The socket takes no more: shut down or broken.
    closed: bool,
    scratch: Box<[u8]>,
}

#[derive(Debug, Default)]
struct Waits {
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Wake for Waits {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.reader.wake();
        self.writer.wake();
    }
}

impl<C: Clock> Road<C> {
    /// # Errors
    /// If the process has no file descriptor left.
    pub(super) fn new(distance: Distance, opened: Instant, seed: u64) -> io::Result<Self> {
        let waits = Arc::new(Waits::default());
        Ok(Self {
            opened,
            inbound: Way::new(Pace::new(distance, seed)),
            outbound: Way::new(Pace::new(distance, !seed)),
            alarm: Alarm::new()?,
            waker: Waker::from(waits.clone()),
            waits,
            reader_waits: false,
            writer_waits: false,
            broken: None,
            closed: false,
            scratch: vec![0; READ].into_boxed_slice(),
        })
    }

    /// Gives what has arrived, unless a stall holds until `held`.
    pub(super) fn poll_read<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        held: Option<Instant>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.waits.reader.register(cx.waker());
        self.reader_waits = false;
        self.turn(stream, held);
        let now = C::now();
        let given =
            if held.is_none_or(|until| until <= now) { self.inbound.give(now, buf) } else { Poll::Pending };
        self.reader_waits = given.is_pending();
        given
    }

    /// Takes bytes onto the way.
    pub(super) fn poll_write<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        held: Option<Instant>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.waits.writer.register(cx.waker());
        self.writer_waits = false;
        if self.outbound.room() == 0 {
            self.turn(stream, held);
        }
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Err(error));
        }
        if self.outbound.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let bytes = gathered(bufs, self.outbound.room());
        let count = bytes.len();
        if count == 0 && bufs.iter().any(|buf| !buf.is_empty()) {
            self.writer_waits = true;
            return Poll::Pending;
        }
        self.outbound.put(C::now(), bytes);
        self.turn(stream, held);
        Poll::Ready(Ok(count))
    }

    /// What was written has left.
    pub(super) fn poll_flush<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        held: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.waits.writer.register(cx.waker());
        self.turn(stream, held);
        Poll::Ready(self.broken.take().map_or(Ok(()), Err))
    }

    /// Ready once all has arrived, the end of stream too.
    pub(super) fn poll_shutdown<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        held: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.waits.writer.register(cx.waker());
        self.writer_waits = false;
        self.outbound.end(C::now(), Load::End);
        self.turn(stream, held);
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Err(error));
        }
        self.writer_waits = !self.closed;
        if self.closed { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Moves what can be moved, and sees to it that somebody is woken when more can be.
    fn turn<S: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: &mut S, held: Option<Instant>) {
        let waker = self.waker.clone();
        let mut cx = Context::from_waker(&waker);
        self.fetch(stream, &mut cx);
        let now = C::now();
        if self.deliver(stream, now, &mut cx) && self.writer_waits {
            self.waits.writer.wake();
        }
        let readable = self.inbound.due().map(|due| held.map_or(due, |until| due.max(until)));
        if readable.is_some_and(|due| due <= now) && self.reader_waits {
            self.waits.reader.wake();
        }
        // What is due and still there waits for the protocol or for the socket, not for time.
        let next = [readable, self.outbound.due()].into_iter().flatten().filter(|due| *due > now).min();
        if let Some(next) = next
            && self.alarm.poll_at(next, &mut cx).is_ready()
        {
            waker.wake_by_ref();
        }
    }

    /// The socket's bytes onto the way in, with the time of their arrival here.
    fn fetch<S: AsyncRead + Unpin>(&mut self, stream: &mut S, cx: &mut Context<'_>) {
        while !self.inbound.ended && self.inbound.room() > 0 {
            let mut buf = ReadBuf::new(&mut self.scratch);
            let Poll::Ready(read) = Pin::new(&mut *stream).poll_read(cx, &mut buf) else { return };
            let at = C::now().max(self.opened);
            match read {
                Ok(()) if buf.filled().is_empty() => self.inbound.end(at, Load::End),
                Ok(()) => self.inbound.put(at, Bytes::copy_from_slice(buf.filled())),
                Err(error) => self.inbound.end(at, Load::Failed(error)),
            }
        }
    }

    /// What has arrived by `now` into the socket, as far as it takes it; whether it took anything.
    fn deliver<S: AsyncWrite + Unpin>(&mut self, stream: &mut S, now: Instant, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        while let Some(item) = self.outbound.queue.front().filter(|item| item.due <= now) {
            let mut stream = Pin::new(&mut *stream);
            let taken = match &item.load {
                Load::Bytes(bytes) => stream.as_mut().poll_write(cx, bytes).map(|taken| match taken {
                    Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                    taken => taken,
                }),
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
        self.outbound.clear();
        self.broken = broken;
        self.closed = true;
    }
}

/// The first `most` of these bytes.
fn gathered(bufs: &[IoSlice<'_>], most: usize) -> Bytes {
    let mut all = BytesMut::with_capacity(bufs.iter().map(|buf| buf.len()).sum::<usize>().min(most));
    for buf in bufs {
        let room = most.saturating_sub(all.len());
        all.extend_from_slice(buf.get(..room).unwrap_or(buf));
    }
    all.freeze()
}

/// One way: what is on it, in order.
#[derive(Debug)]
struct Way {
    pace: Pace,
    queue: VecDeque<Item>,
    weight: usize,
    /// Nothing more is put on it.
    ended: bool,
}

#[derive(Debug)]
struct Item {
    due: Instant,
    load: Load,
}

#[derive(Debug)]
enum Load {
    /// Never empty.
    Bytes(Bytes),
    /// The end of the stream.
    End,
    /// The end of the connection.
    Failed(io::Error),
}

impl Way {
    fn new(pace: Pace) -> Self {
        Self { pace, queue: VecDeque::new(), weight: 0, ended: false }
    }

    /// How many bytes more may be put on it.
    fn room(&self) -> usize {
        MOST.saturating_sub(self.weight)
    }

    /// When the first of it arrives.
    fn due(&self) -> Option<Instant> {
        self.queue.front().map(|item| item.due)
    }

    fn put(&mut self, at: Instant, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let piece = bytes.split_to(self.pace.piece().min(bytes.len()));
            self.weight = self.weight.saturating_add(piece.len().saturating_add(CHUNK));
            let due = self.pace.arrival(at, piece.len());
            self.queue.push_back(Item { due, load: Load::Bytes(piece) });
        }
    }

    fn end(&mut self, at: Instant, load: Load) {
        if !self.ended {
            self.ended = true;
            let due = self.pace.arrival(at, 0);
            self.queue.push_back(Item { due, load });
        }
    }

    /// Takes `count` bytes off the first chunk.
    fn advance(&mut self, count: usize) {
        if let Some(Item { load: Load::Bytes(bytes), .. }) = self.queue.front_mut() {
            bytes.advance(count);
            self.weight = self.weight.saturating_sub(count);
            if bytes.is_empty() {
                self.weight = self.weight.saturating_sub(CHUNK);
                self.queue.pop_front();
            }
        }
    }

    /// Gives what has arrived by `now`, as much as `buf` has room for. An end stays, to be seen again.
    fn give(&mut self, now: Instant, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        while buf.remaining() > 0
            && let Some(item) = self.queue.front_mut().filter(|item| item.due <= now)
        {
            match &mut item.load {
                Load::Bytes(bytes) => {
                    let count = bytes.len().min(buf.remaining());
                    buf.put_slice(bytes.get(..count).unwrap_or_default());
                    self.advance(count);
                }
                Load::End => return Poll::Ready(Ok(())),
                Load::Failed(_) if buf.filled().len() > before => break,
                Load::Failed(error) => {
                    let error = std::mem::replace(error, io::ErrorKind::Other.into());
                    item.load = Load::End;
                    return Poll::Ready(Err(error));
                }
            }
        }
        let given = buf.filled().len() > before || buf.remaining() == 0;
        if given { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn clear(&mut self) {
        self.queue.clear();
        self.weight = 0;
        self.ended = true;
    }
}
