//! [`Book`]: what a session writes down while it runs, and the report that is made of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::options::SockJsOptions;
use super::report::{LineCost, SockJsReport, SockJsState};
use super::wire_log::{ByteTotals, WireLog};
use crate::sockjs::{Frame, JsString, Transport};

/// What is known of a session, while it runs.
pub(super) struct Book {
    transport: Transport,
    session: String,
    pub(super) log: WireLog,
    pub(super) state: SockJsState,
    pub(super) receiver: bool,
    pub(super) detached_at: Option<Instant>,
    pub(super) second: Option<Frame>,
    pub(super) reason: Option<String>,
    frames: u64,
    began: Mark,
    opening: Option<LineCost>,
    latest: Option<(Instant, Arc<Frame>)>,
    line: Option<LineCost>,
    waiting: Option<Waiting>,
}

/// The counters at a moment.
#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    bytes: ByteTotals,
    requests: u64,
    frames: u64,
}

/// A message whose echo is awaited.
struct Waiting {
    from: Mark,
    /// The exchange that waited for frames when the message left.
    receive: u64,
    text: JsString,
    /// The latency, once the echo is here.
    echoed: Option<Duration>,
    /// Whether the request that sent it was answered.
    answered: bool,
}

impl Book {
    pub(super) fn new(options: &SockJsOptions) -> Self {
        let began =
            Mark { at: Instant::now(), bytes: ByteTotals::default(), requests: 0, frames: 0 };
        Self {
            transport: options.transport,
            session: options.session.clone(),
            log: WireLog::default(),
            state: SockJsState::Connecting,
            receiver: false,
            detached_at: None,
            second: None,
            reason: None,
            frames: 0,
            began,
            opening: None,
            latest: None,
            line: None,
            waiting: None,
        }
    }

    fn mark(&self) -> Mark {
        let (bytes, requests) = (self.log.totals(), self.log.requests());
        Mark { at: Instant::now(), bytes, requests, frames: self.frames }
    }

    fn cost_since(&self, from: Mark, latency: Duration) -> LineCost {
        let now = self.mark();
        LineCost {
            bytes: now.bytes.since(from.bytes),
            requests: now.requests.saturating_sub(from.requests),
            frames: now.frames.saturating_sub(from.frames),
            latency,
        }
    }

    /// Writes down that a message is about to leave.
    pub(super) fn send(&mut self, text: &str) {
        let from = self.mark();
        self.frames = self.frames.saturating_add(1);
        let receive = self.log.latest_receive();
        let waiting = Waiting { from, receive, text: text.into(), echoed: None, answered: false };
        (self.waiting, self.line) = (Some(waiting), None);
    }

    /// Writes down that the message was taken.
    pub(super) fn answered(&mut self) {
        if let Some(waiting) = &mut self.waiting {
            waiting.answered = true;
        }
    }

    /// Writes down a frame.
    pub(super) fn frame(&mut self, frame: Frame) {
        let now = Instant::now();
        self.frames = self.frames.saturating_add(1);
        match &frame {
            Frame::Open if self.state == SockJsState::Connecting => {
                self.state = SockJsState::Open;
                let took = now.saturating_duration_since(self.began.at);
                self.opening = Some(self.cost_since(self.began, took));
            }
            Frame::Open => self.end("the server has lost the session: it opens a new one"),
            Frame::Close { code, reason } => {
                self.state = SockJsState::Closing;
                self.reason = Some(format!("{code} {reason}"));
            }
            Frame::Heartbeat | Frame::Messages(_) | Frame::Message(_) => {}
        }
        if let Some(waiting) = &mut self.waiting
            && waiting.echoed.is_none()
            && frame.messages().contains(&waiting.text)
        {
            waiting.echoed = Some(now.saturating_duration_since(waiting.from.at));
        }
        self.latest = Some((now, Arc::new(frame)));
    }

    /// Counts the cost of a message once everything that belongs to it is on the wire: the echo, the
    /// answer to the request that sent it, and the request for the next frame.
    pub(super) fn settle(&mut self) {
        // A polling client waits with another request, unless it was told not to.
        let receive = self.log.latest_receive();
        let is_waiting_again = |waiting: &Waiting| {
            !self.transport.is_polling() || !self.receiver || receive > waiting.receive
        };
        let is_done = |waiting: &Waiting| {
            waiting.answered && waiting.echoed.is_some() && is_waiting_again(waiting)
        };
        if self.waiting.as_ref().is_some_and(is_done) {
            let waiting = self.waiting.take();
            self.line =
                waiting.and_then(|waiting| Some(self.cost_since(waiting.from, waiting.echoed?)));
        }
    }

    /// Writes down that there is no receiver any more.
    pub(super) fn detach(&mut self) {
        self.receiver = false;
        self.detached_at.get_or_insert_with(Instant::now);
    }

    /// Writes down that there is one.
    pub(super) fn attach(&mut self) {
        (self.receiver, self.detached_at) = (true, None);
    }

    /// Writes down that the session is over.
    pub(super) fn end(&mut self, reason: &str) {
        self.state = SockJsState::Closed;
        self.receiver = false;
        self.reason.get_or_insert_with(|| reason.to_owned());
    }

    pub(super) fn report(&self) -> SockJsReport {
        SockJsReport {
            transport: self.transport,
            session: self.session.clone(),
            state: self.state,
            receiver: self.receiver,
            requests: self.log.requests(),
            frames: self.frames,
            bytes: self.log.totals(),
            opening: self.opening,
            line: self.line,
            exchanges: self.log.exchanges(),
            latest: self.latest.clone(),
            detached_at: self.detached_at,
            second: self.second.clone(),
            reason: self.reason.clone(),
        }
    }
}
