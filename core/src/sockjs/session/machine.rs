//! [`SessionMachine`]: the state of a session, its receiver and what waits for it. Time is what its
//! owner says: a duration since whenever.

use std::collections::VecDeque;
use std::time::Duration;

use crate::sockjs::frame::Frame;
use crate::sockjs::js_string::JsString;
use crate::sockjs::session::close::SessionClose;
use crate::sockjs::session::exchange::{
    Action, Attached, Counts, Detached, NextFrame, ReceiverId, ReceiverKind, SendError,
    SessionState, SessionTimer, TrySendError,
};
use crate::sockjs::session::limits::SessionLimits;
use crate::sockjs::session::outbox::Outbox;

#[derive(Clone, Copy, Debug)]
struct Receiver {
    id: ReceiverId,
    kind: ReceiverKind,
    /// The time when it came, or took a frame last.
    last_frame: Duration,
    /// Since when messages wait for it.
    waiting: Option<Duration>,
    heartbeat_due: bool,
}

/// A session.
#[derive(Clone, Debug)]
pub struct SessionMachine {
    limits: SessionLimits,
    receiver: Option<Receiver>,
    receivers: u64,
    open_sent: bool,
    outbox: Outbox,
    refused_room: bool,
    close: Option<SessionClose>,
    close_sent: bool,
    forgotten: bool,
    /// The time when it will have been without a receiver, or closed, for too long.
    expires: Duration,
    counts: Counts,
    actions: VecDeque<Action>,
}

impl SessionMachine {
    /// Begins a session, which has no receiver yet.
    pub fn new(limits: SessionLimits, now: Duration) -> Self {
        Self {
            limits,
            receiver: None,
            receivers: 0,
            open_sent: false,
            outbox: Outbox::default(),
            refused_room: false,
            close: None,
            close_sent: false,
            forgotten: false,
            expires: now.saturating_add(limits.disconnect),
            counts: Counts::default(),
            actions: VecDeque::new(),
        }
    }

    /// Returns how far it is.
    pub fn state(&self) -> SessionState {
        match (&self.close, self.close_sent, self.open_sent) {
            (Some(_), true, _) => SessionState::Closed,
            (Some(_), false, _) => SessionState::Closing,
            (None, _, true) => SessionState::Open,
            (None, _, false) => SessionState::Opening,
        }
    }

    /// Returns its end, once that is decided.
    pub fn close_reason(&self) -> Option<&SessionClose> {
        self.close.as_ref()
    }

    /// Whether [`Action::Forget`] was returned or is about to be: nothing brings it back.
    pub fn is_forgotten(&self) -> bool {
        self.forgotten
    }

    /// Returns the kind of its receiver, if there is one.
    pub fn receiver(&self) -> Option<ReceiverKind> {
        self.receiver.map(|receiver| receiver.kind)
    }

    /// Returns the number of messages that wait, and of their bytes.
    pub fn queued(&self) -> (usize, usize) {
        (self.outbox.len(), self.outbox.bytes())
    }

    /// Returns the messages so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes a receiver, if there is none and the session is not closed.
    pub fn attach(&mut self, now: Duration, kind: ReceiverKind) -> Attached {
        if let Some(close) = &self.close
            && (self.close_sent || self.receiver.is_some())
        {
            return Attached::Refused(close.frame());
        }
        if self.receiver.is_some() {
            return Attached::Refused(Frame::close(2010, "Another connection still open"));
        }
        let id = ReceiverId(self.receivers);
        self.receivers = self.receivers.saturating_add(1);
        let waiting = (!self.outbox.is_empty()).then_some(now);
        self.receiver = Some(Receiver { id, kind, last_frame: now, waiting, heartbeat_due: false });
        Attached::Receiver(id)
    }

    /// Hands out the next frame, if there is one for this receiver. What a receiver was handed
    /// counts as sent.
    pub fn next_frame(&mut self, now: Duration, id: ReceiverId) -> NextFrame {
        let Some(receiver) = self.receiver.filter(|receiver| receiver.id == id) else {
            return NextFrame::Over;
        };
        let Some(frame) = self.take_frame(receiver) else { return NextFrame::Wait };
        let waiting = (!self.outbox.is_empty()).then_some(now);
        self.receiver =
            Some(Receiver { last_frame: now, waiting, heartbeat_due: false, ..receiver });
        if self.close_sent || receiver.kind == ReceiverKind::Polling {
            self.release(now, None);
            return NextFrame::Last(frame);
        }
        NextFrame::More(frame)
    }

    fn take_frame(&mut self, receiver: Receiver) -> Option<Frame> {
        if !self.open_sent {
            self.open_sent = true;
            return Some(Frame::Open);
        }
        if !self.outbox.is_empty() {
            let messages = self.outbox.take(self.limits.frame_bytes);
            self.counts.sent = self.counts.sent.saturating_add(messages.len() as u64);
            self.released_room();
            return Some(Frame::Messages(messages));
        }
        if let Some(close) = &self.close {
            self.close_sent = true;
            return Some(close.frame());
        }
        receiver.heartbeat_due.then_some(Frame::Heartbeat)
    }

    /// Lets the receiver go; `end` closes the session with it.
    fn release(&mut self, now: Duration, end: Option<SessionClose>) {
        let Some(receiver) = self.receiver.take() else { return };
        if let Some(close) = end {
            self.end(now, close);
        }
        if self.close.is_none() {
            self.expires = now.saturating_add(self.limits.disconnect);
        }
        if receiver.kind.is_session() {
            self.forget();
        }
    }

    /// Tells that a receiver is gone. One that took its last frame is gone already.
    pub fn detach(&mut self, now: Duration, id: ReceiverId, how: Detached) {
        let Some(receiver) = self.receiver.filter(|receiver| receiver.id == id) else { return };
        let ends = how == Detached::Interrupted || receiver.kind.is_session();
        self.release(now, ends.then(SessionClose::interrupted));
    }

    /// Queues a message for the receiver. Once there was no room, [`Action::Room`] tells when some
    /// of it is free.
    ///
    /// # Errors
    /// If there is no room, or the session is closed. The message comes back.
    pub fn send(&mut self, now: Duration, message: JsString) -> Result<(), TrySendError> {
        if self.close.is_some() {
            return Err(TrySendError { error: SendError::Closed, message });
        }
        if !self.outbox.has_room(message.len(), &self.limits) {
            self.refused_room = true;
            return Err(TrySendError { error: SendError::Full, message });
        }
        self.outbox.push(message);
        if let Some(receiver) = &mut self.receiver {
            receiver.waiting.get_or_insert(now);
        }
        self.wake();
        Ok(())
    }

    /// Counts messages of the client, which then go to the application.
    ///
    /// # Errors
    /// If the session is closed.
    pub fn receive(&mut self, messages: usize) -> Result<(), SendError> {
        if self.close.is_some() {
            return Err(SendError::Closed);
        }
        self.counts.received = self.counts.received.saturating_add(messages as u64);
        Ok(())
    }

    /// Closes the session: what waits is delivered first. A second close changes nothing.
    pub fn close(&mut self, now: Duration, close: SessionClose) {
        if self.close.is_some() {
            return;
        }
        self.expires = now.saturating_add(self.limits.disconnect);
        self.actions.push_back(Action::Closed(close.clone()));
        self.close = Some(close);
        self.released_room();
        self.wake();
    }

    /// Closes the session at once: what waits is dropped.
    pub fn end(&mut self, now: Duration, close: SessionClose) {
        self.outbox.clear();
        self.close(now, close);
        // Whoever asks next is told.
        self.close_sent |= self.receiver.is_none();
    }

    /// Returns when [`SessionMachine::tick`] has something to do, unless something else happens
    /// first.
    pub fn deadline(&self) -> Option<Duration> {
        self.timer().map(|(_, deadline)| deadline)
    }

    /// Returns the timer that ends first, and when.
    pub fn timer(&self) -> Option<(SessionTimer, Duration)> {
        if self.forgotten {
            return None;
        }
        let Some(receiver) = self.receiver else {
            let closed = self.close.is_some();
            let timer = if closed { SessionTimer::Forget } else { SessionTimer::Disconnect };
            return Some((timer, self.expires));
        };
        let closing = self.close.as_ref().map(|_| (SessionTimer::Forget, self.expires));
        let stall = receiver.waiting.map(|since| since.saturating_add(self.limits.stall));
        let heartbeat = (!receiver.heartbeat_due && receiver.kind != ReceiverKind::RawWebSocket)
            .then(|| receiver.last_frame.saturating_add(self.limits.heartbeat));
        let stall = stall.map(|deadline| (SessionTimer::Stall, deadline));
        let heartbeat = heartbeat.map(|deadline| (SessionTimer::Heartbeat, deadline));
        [closing, stall, heartbeat].into_iter().flatten().min_by_key(|(_, deadline)| *deadline)
    }

    /// Does what is due by now.
    pub fn tick(&mut self, now: Duration) {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        let Some(receiver) = self.receiver else {
            self.end(now, SessionClose::timed_out());
            self.forget();
            return;
        };
        if self.close.is_some() && self.expires <= now {
            // It did not take its close frame. Its owner lets it go.
            self.receiver = None;
            self.actions.push_back(Action::Wake(receiver.id));
            self.forget();
            return;
        }
        let stalled = |since: Duration| since.saturating_add(self.limits.stall) <= now;
        if receiver.waiting.is_some_and(stalled) {
            self.end(now, SessionClose::stalled());
        }
        if let Some(receiver) = &mut self.receiver {
            // The close frame is no message that could stall once more.
            receiver.waiting = receiver.waiting.filter(|_| !self.outbox.is_empty());
            receiver.heartbeat_due |= receiver.kind != ReceiverKind::RawWebSocket
                && receiver.last_frame.saturating_add(self.limits.heartbeat) <= now;
        }
        self.wake();
    }

    /// Returns the next thing to do.
    pub fn take_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    fn wake(&mut self) {
        if let Some(receiver) = self.receiver {
            let wake = Action::Wake(receiver.id);
            if self.actions.back() != Some(&wake) {
                self.actions.push_back(wake);
            }
        }
    }

    fn released_room(&mut self) {
        if std::mem::take(&mut self.refused_room) {
            self.actions.push_back(Action::Room);
        }
    }

    fn forget(&mut self) {
        if !std::mem::replace(&mut self.forgotten, true) {
            self.outbox.clear();
            self.actions.push_back(Action::Forget);
        }
    }
}
