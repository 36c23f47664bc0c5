//! [`Session`]: a session as an application and the transports hold it. Its rules are the machine's;
//! here it gets a clock, a lock and wakers.

use std::fmt;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::sockjs::counters::Counters;
use wiretalk_core::sockjs::session::CloseCause;
use wiretalk_core::sockjs::session::{
    Action, Attached, Counts, Detached, NextFrame, ReceiverId, ReceiverKind, SendError,
    SessionClose, SessionMachine, SessionState, SessionTimer, TrySendError,
};
use wiretalk_core::sockjs::{JsString, Transport};

/// A session. Clones are handles of the same one.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    opening: Opening,
    /// A mutex of the standard library, because nothing is awaited while it is held.
    timed: Mutex<TimedMachine>,
    /// Wakes the receiver. There is one at most.
    frame: Notify,
    /// Wakes whoever waits for room in the queue.
    room: Notify,
    /// Wakes whoever waits for another state: a close, a receiver that is gone, an earlier deadline.
    change: Notify,
}

/// The facts of a session that never change.
pub(super) struct Opening {
    /// A number that no other session of the service has.
    pub(super) number: u64,
    /// The name in its address. `None` for WebSockets, which share names.
    pub(super) name: Option<String>,
    pub(super) transport: Transport,
    pub(super) peer: Option<SocketAddr>,
    /// Takes the clients' messages to the handler, where requests bring them.
    pub(super) inbox: Option<mpsc::Sender<Batch>>,
    pub(super) counters: Arc<Counters>,
    pub(super) home: Weak<dyn Home>,
}

/// Messages of one request, and who wants to know that the handler has taken them.
pub(super) struct Batch {
    pub(super) messages: Vec<JsString>,
    pub(super) handled: oneshot::Sender<()>,
    /// Its share of the bytes that the service may hold.
    pub(super) share: Option<OwnedSemaphorePermit>,
}

/// The place where sessions are found by name.
pub(super) trait Home: Send + Sync {
    /// Drops a session. A second time is nothing.
    fn forget(&self, session: &Session);
}

struct TimedMachine {
    machine: SessionMachine,
    /// The moment that machine time counts from.
    start: Instant,
    /// The deadline for which a timer is set.
    armed: Option<Duration>,
}

impl Session {
    pub(super) fn new(opening: Opening, machine: impl FnOnce(Duration) -> SessionMachine) -> Self {
        let machine = machine(Duration::ZERO);
        let timed = TimedMachine { machine, start: Instant::now(), armed: None };
        let (frame, room, change) = (Notify::new(), Notify::new(), Notify::new());
        Self { shared: Arc::new(Shared { opening, timed: Mutex::new(timed), frame, room, change }) }
    }

    /// Returns a number that no other session of the service has: the names that clients choose are
    /// theirs alone.
    pub fn number(&self) -> u64 {
        self.shared.opening.number
    }

    /// Returns the transport that it was opened with.
    pub fn transport(&self) -> Transport {
        self.shared.opening.transport
    }

    /// Returns the address that opened it, if the server knows it.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.shared.opening.peer
    }

    /// Returns how far it is.
    pub fn state(&self) -> SessionState {
        self.lock().machine.state()
    }

    /// Returns the number of messages that wait for the client, and of their bytes.
    pub fn queued(&self) -> (usize, usize) {
        self.lock().machine.queued()
    }

    /// Returns how its receiver takes frames; `None` while there is none.
    pub fn receiver(&self) -> Option<ReceiverKind> {
        self.lock().machine.receiver()
    }

    /// Returns what it waits for, and how much longer.
    pub fn timer(&self) -> Option<(SessionTimer, Duration)> {
        let timed = self.lock();
        let (timer, deadline) = timed.machine.timer()?;
        Some((timer, deadline.saturating_sub(timed.start.elapsed())))
    }

    /// Returns the messages so far.
    pub fn counts(&self) -> Counts {
        self.lock().machine.counts()
    }

    /// Returns its age.
    pub fn age(&self) -> Duration {
        self.lock().start.elapsed()
    }

    /// Sends a message. It waits while the queue is full: that is, until the client has read more,
    /// or is closed because it does not.
    ///
    /// # Errors
    /// If the session is closed.
    pub async fn send(&self, message: impl Into<JsString>) -> Result<(), SendError> {
        let mut message = message.into();
        loop {
            // Listens before it looks, so that no room is missed in between.
            let mut room = pin!(self.shared.room.notified());
            room.as_mut().enable();
            match self.try_send(message) {
                Ok(()) => return Ok(()),
                Err(TrySendError { error: SendError::Closed, .. }) => {
                    return Err(SendError::Closed);
                }
                Err(full) => message = full.message,
            }
            room.await;
        }
    }

    /// Sends a message if the queue has room for it.
    ///
    /// # Errors
    /// If the queue is full or the session closed. The message comes back.
    pub fn try_send(&self, message: impl Into<JsString>) -> Result<(), TrySendError> {
        let message = message.into();
        self.with(|machine, now| machine.send(now, message))
    }

    /// Closes the session. What was sent before is delivered first. Codes of applications are 3000
    /// to 4999.
    pub fn close(&self, code: u16, reason: impl Into<String>) {
        self.close_for(SessionClose::new(CloseCause::Application, code, reason));
    }

    pub(super) fn close_for(&self, close: SessionClose) {
        self.with(|machine, now| machine.close(now, close));
    }

    /// Closes the session at once: what waits is dropped.
    pub(super) fn end(&self, close: SessionClose) {
        self.with(|machine, now| machine.end(now, close));
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.shared.opening.name.as_deref()
    }

    pub(super) fn inbox(&self) -> Option<mpsc::Sender<Batch>> {
        self.shared.opening.inbox.clone()
    }

    pub(super) fn close_reason(&self) -> Option<SessionClose> {
        self.lock().machine.close_reason().cloned()
    }

    pub(super) fn is_forgotten(&self) -> bool {
        self.lock().machine.is_forgotten()
    }

    pub(super) fn attach(&self, kind: ReceiverKind) -> Attached {
        self.with(|machine, now| machine.attach(now, kind))
    }

    /// Like [`Session::attach`], but if there is a receiver, it waits a little for that one to go.
    pub(super) async fn attach_patiently(&self, kind: ReceiverKind, grace: Duration) -> Attached {
        let busy = |machine: &SessionMachine| {
            machine.receiver().is_some() && machine.close_reason().is_none()
        };
        if busy(&self.lock().machine) {
            let _ = tokio::time::timeout(grace, self.until(|machine| !busy(machine))).await;
        }
        self.attach(kind)
    }

    pub(super) fn detach(&self, id: ReceiverId, how: Detached) {
        self.with(|machine, now| machine.detach(now, id, how));
    }

    pub(super) fn try_next_frame(&self, id: ReceiverId) -> NextFrame {
        self.with(|machine, now| machine.next_frame(now, id))
    }

    /// Waits for the next frame; never returns [`NextFrame::Wait`].
    pub(super) async fn next_frame(&self, id: ReceiverId) -> NextFrame {
        loop {
            match self.try_next_frame(id) {
                NextFrame::Wait => self.shared.frame.notified().await,
                next => return next,
            }
        }
    }

    /// Counts messages of the client.
    pub(super) fn receive(&self, messages: &[JsString]) -> Result<(), SendError> {
        self.with(|machine, _| machine.receive(messages.len()))?;
        let bytes = messages.iter().map(JsString::len).fold(0, usize::saturating_add);
        self.shared.opening.counters.received(messages.len() as u64, bytes as u64);
        Ok(())
    }

    /// Counts a frame that a receiver took.
    pub(super) fn sent(&self, messages: usize, bytes: usize) {
        self.shared.opening.counters.sent(messages as u64, bytes as u64);
    }

    /// Waits until `condition` holds for the machine.
    pub(super) async fn until(&self, condition: impl Fn(&SessionMachine) -> bool) {
        loop {
            let mut change = pin!(self.shared.change.notified());
            change.as_mut().enable();
            if condition(&self.lock().machine) {
                return;
            }
            change.await;
        }
    }

    /// Does what is due in time, until the session is forgotten.
    pub(super) async fn keep_time(&self) {
        loop {
            let mut change = pin!(self.shared.change.notified());
            change.as_mut().enable();
            let (deadline, forgotten) = {
                let mut timed = self.lock();
                timed.armed = timed.machine.deadline();
                let deadline = timed.armed.and_then(|deadline| timed.start.checked_add(deadline));
                (deadline, timed.machine.is_forgotten())
            };
            if forgotten {
                return;
            }
            let due = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.with(SessionMachine::tick),
                () = change => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, TimedMachine> {
        // The machine is never left half-changed: it does not panic.
        self.shared.timed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the machine do something, and then does what it asks for.
    fn with<R>(&self, act: impl FnOnce(&mut SessionMachine, Duration) -> R) -> R {
        let mut actions = Vec::new();
        let (result, changed) = {
            let mut timed = self.lock();
            let now = timed.start.elapsed();
            let had_receiver = timed.machine.receiver().is_some();
            let result = act(&mut timed.machine, now);
            actions.extend(std::iter::from_fn(|| timed.machine.take_action()));
            let earlier = match (timed.machine.deadline(), timed.armed) {
                (Some(deadline), Some(armed)) => deadline < armed,
                (deadline, _) => deadline.is_some(),
            };
            let released = had_receiver && timed.machine.receiver().is_none();
            (result, earlier || released)
        };
        for action in actions {
            self.perform(&action);
        }
        if changed {
            self.shared.change.notify_waiters();
        }
        result
    }

    fn perform(&self, action: &Action) {
        match action {
            Action::Wake(_) => self.shared.frame.notify_one(),
            Action::Room => self.shared.room.notify_waiters(),
            Action::Closed(close) => {
                self.shared.opening.counters.closed(close.cause);
                self.shared.change.notify_waiters();
            }
            Action::Forget => {
                if let Some(home) = self.shared.opening.home.upgrade() {
                    home.forget(self);
                }
                self.shared.change.notify_waiters();
                self.shared.frame.notify_one();
            }
        }
    }

    /// Drops the session without a farewell to come: what drives it is gone.
    pub(super) fn abandon(&self, close: SessionClose) {
        self.end(close);
        if let Some(home) = self.shared.opening.home.upgrade() {
            home.forget(self);
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without its name, by which anybody could take part in it.
        f.debug_struct("Session")
            .field("number", &self.number())
            .field("transport", &self.transport())
            .field("peer", &self.peer())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
