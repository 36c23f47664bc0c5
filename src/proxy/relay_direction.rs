//! One direction of a connection through the proxy: what was read from its sender, what is written
//! to its receiver next, and how long the receiver has taken nothing. The loop around both
//! directions is `relay`.

use std::io;
use std::time::{Duration, Instant};

use crate::net::WriteStep;
use crate::proxy::error::ProxyError;
use crate::proxy::event::{EventSender, ProxyEventKind};
use crate::proxy::intercept_queue::{InterceptQueue, Intervention};
use crate::proxy::options::ProxyOptions;
use crate::wire::Side;

/// The bytes that `from` sends, on their way to its peer.
pub(super) struct RelayDirection {
    pub(super) from: Side,
    pub(super) queue: InterceptQueue,
    /// Whether the sender has ended its stream.
    read_closed: bool,
    /// Whether the sender has sent anything.
    pub(super) has_spoken: bool,
    /// Whether the end of its stream was passed on.
    pub(super) write_closed: bool,
    /// Bytes were written that the receiver's stream may still buffer (TLS does).
    unflushed: bool,
    /// Frames and bytes held, as the last event gave them.
    reported_held: (usize, usize),
    /// How long the receiver has taken nothing although bytes wait for it.
    pub(super) stalled: Duration,
}

impl RelayDirection {
    pub(super) fn new(from: Side, options: &ProxyOptions) -> Self {
        Self {
            from,
            queue: InterceptQueue::new(from, options.holds(from), options.hold_heads),
            read_closed: false,
            has_spoken: false,
            write_closed: false,
            unflushed: false,
            reported_held: (0, 0),
            stalled: Duration::ZERO,
        }
    }

    pub(super) fn wants_read(&self) -> bool {
        // Not reading is the back-pressure: the kernel's buffers fill up, and the peer's writes
        // wait.
        !self.read_closed && self.queue.has_room()
    }

    /// The next step on the receiver's socket; `None` while there is nothing to do there.
    pub(super) fn next_step(&self) -> Option<WriteStep> {
        if !self.queue.pending().is_empty() {
            Some(WriteStep::Write)
        } else if self.unflushed {
            Some(WriteStep::Flush)
        } else {
            // The end of the stream is passed on only after everything held has gone.
            (self.read_closed && !self.write_closed && self.queue.buffered_bytes() == 0)
                .then_some(WriteStep::Shutdown)
        }
    }

    /// Takes what one read gave; no bytes are the end of the sender's stream.
    pub(super) fn on_read(&mut self, bytes: &[u8]) {
        self.queue.push(bytes);
        self.read_closed = bytes.is_empty();
        self.has_spoken |= !bytes.is_empty();
    }

    /// Takes the result of `step`, which is what [`RelayDirection::next_step`] gave.
    ///
    /// # Errors
    /// Fails if the receiver's socket has failed.
    pub(super) fn on_written(
        &mut self,
        step: Option<WriteStep>,
        done: io::Result<usize>,
    ) -> Result<(), ProxyError> {
        match (step, done) {
            (_, Err(source)) => return Err(ProxyError::Broken { side: self.from.peer(), source }),
            (Some(WriteStep::Shutdown), Ok(_)) => self.write_closed = true,
            (step, Ok(count)) => {
                self.queue.advance(count);
                self.stalled = Duration::ZERO;
                self.unflushed = step == Some(WriteStep::Write);
            }
        }
        Ok(())
    }

    /// Records that nothing happened on the connection for `time`.
    pub(super) fn waited(&mut self, time: Duration) {
        self.stalled = if self.next_step().is_some() {
            self.stalled.saturating_add(time)
        } else {
            Duration::ZERO
        };
    }

    /// Reports what the peers cannot see: what was dropped or injected, and what is held.
    pub(super) async fn report_changes(&mut self, events: &EventSender) {
        let (from, at) = (self.from, Instant::now());
        for intervention in self.queue.take_interventions() {
            let kind = match intervention {
                Intervention::Dropped(bytes) => ProxyEventKind::Dropped { from, at, bytes },
                Intervention::Injected(bytes) => ProxyEventKind::Injected { from, at, bytes },
            };
            events.send(kind).await;
        }
        let held = self.queue.held();
        if held != self.reported_held {
            self.reported_held = held;
            events.send(ProxyEventKind::Held { from, frames: held.0, bytes: held.1 }).await;
        }
    }
}
