//! [`run_fall_back`]: a client that tries one transport after the other, with the order and the time
//! limits of sockjs-client 1.6.1 (`lib/transport-list.js`, `lib/main.js`), and begins anew when its
//! session is lost. The latter is what applications do; sockjs-client leaves it to them.

mod info;

use std::collections::VecDeque;
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, sleep_until};

use super::options::{SockJsCommand, SockJsOptions};
use super::report::{LineCost, SockJsReport, SockJsState};
use super::session::run_sockjs;
use super::wire_log::WireLog;
use crate::net::{Target, add_clamped};
use crate::scope::Scope;
use crate::sockjs::Transport;

/// The number of steps that are kept, the newest ones.
const MAX_STEPS: usize = 64;

/// The number of commands that wait to be read.
const QUEUE: usize = 16;

/// The time limit of `/info`.
const INFO_LIMIT: Duration = Duration::from_secs(8);

/// What a client that falls back is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FallBackOptions {
    /// The server. The path of the URL is the prefix of the service.
    pub target: Target,
    /// The transports in the order in which they are tried.
    pub transports: Vec<Transport>,
    /// The pause before it begins anew.
    pub pause: Duration,
}

/// A step, and when it was taken, counted from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FallBackStep {
    /// The time since the start.
    pub at: Duration,
    /// The event.
    pub kind: FallBackStepKind,
}

/// What a client that falls back has done or met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FallBackStepKind {
    /// `/info` was answered: whether WebSockets are offered, and how long it took.
    Info(bool, Duration),
    /// `/info` was not answered as it should be.
    NoInfo(String),
    /// A transport is tried, for so long at most.
    Try(Transport, Duration),
    /// It was refused, or has failed before the session was open.
    Refused(Transport, String),
    /// It did not open in time.
    TimedOut(Transport),
    /// The session is open.
    Open(Transport),
    /// The session was lost.
    Lost(Transport, String),
    /// No transport is left.
    NothingLeft,
}

/// The steps so far, the newest ones, and the session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FallBackReport {
    /// The steps, the oldest first.
    pub steps: VecDeque<FallBackStep>,
    /// The transport of the open session.
    pub open: Option<Transport>,
    /// What the latest line took over it.
    pub line: Option<LineCost>,
}

/// The end of one attempt.
enum Attempt {
    /// The next transport is tried.
    Next,
    /// A session was open and is lost.
    Lost,
    /// There are no more commands.
    Stopped,
}

/// Runs the client until `lines` has ended. Each line is sent over the open session; without one it
/// is dropped, as sockjs-client does.
pub async fn run_fall_back(
    options: FallBackOptions,
    scope: &Scope,
    mut lines: mpsc::Receiver<String>,
    report: impl Fn(FallBackReport) + Send,
) {
    let scope = scope.child();
    let mut steps =
        Steps { began: Instant::now(), report: FallBackReport::default(), send: &report };
    loop {
        let asked = info::ask(&options.target, &scope, &WireLog::default(), INFO_LIMIT).await;
        let mut attempt = Attempt::Next;
        match asked {
            Ok(info) => {
                steps.push(FallBackStepKind::Info(info.websocket, info.rtt));
                for transport in &options.transports {
                    if transport.is_websocket() && !info.websocket {
                        continue;
                    }
                    let limit = time_limit(*transport, info.rtt);
                    let target = options.target.clone();
                    attempt = steps.attempt(target, *transport, limit, &scope, &mut lines).await;
                    if !matches!(attempt, Attempt::Next) {
                        break;
                    }
                }
                if matches!(attempt, Attempt::Next) {
                    steps.push(FallBackStepKind::NothingLeft);
                }
            }
            Err(error) => steps.push(FallBackStepKind::NoInfo(error.to_string())),
        }
        if matches!(attempt, Attempt::Stopped) || lines.is_closed() {
            return;
        }
        sleep(options.pause).await;
    }
}

/// Returns how long a transport may take to open: sockjs-client's timeout for a round trip, times
/// the round trips that it allows.
fn time_limit(transport: Transport, rtt: Duration) -> Duration {
    let rto = if rtt > Duration::from_millis(100) {
        rtt.saturating_mul(4)
    } else {
        rtt.saturating_add(Duration::from_millis(300))
    };
    let round_trips = if transport == Transport::JsonpPolling { 1 } else { 2 };
    rto.saturating_mul(round_trips)
}

/// The steps of a client, and where they are reported.
struct Steps<'r, R> {
    began: Instant,
    report: FallBackReport,
    send: &'r R,
}

impl<R: Fn(FallBackReport) + Send> Steps<'_, R> {
    fn push(&mut self, kind: FallBackStepKind) {
        if self.report.steps.len() == MAX_STEPS {
            self.report.steps.pop_front();
        }
        self.report.steps.push_back(FallBackStep { at: self.began.elapsed(), kind });
        (self.send)(self.report.clone());
    }

    /// Tries a transport, and stays with its session as long as that lives.
    async fn attempt(
        &mut self,
        target: Target,
        transport: Transport,
        limit: Duration,
        scope: &Scope,
        lines: &mut mpsc::Receiver<String>,
    ) -> Attempt {
        self.push(FallBackStepKind::Try(transport, limit));
        let options = match SockJsOptions::new(target, transport) {
            Ok(options) => options,
            Err(error) => {
                self.push(FallBackStepKind::Refused(transport, error.to_string()));
                return Attempt::Next;
            }
        };
        let (commands, command_receiver) = mpsc::channel(QUEUE);
        let (sender, mut reports) = watch::channel(None::<SockJsReport>);
        let report = move |report| drop(sender.send_replace(Some(report)));
        let mut running = pin!(run_sockjs(options, scope, command_receiver, report));
        let deadline = add_clamped(Instant::now(), limit);
        let mut is_over = false;
        loop {
            let is_open = self.report.open.is_some();
            tokio::select! {
                () = &mut running, if !is_over => is_over = true,
                Ok(()) = reports.changed() => {}
                () = sleep_until(deadline.into()), if !is_open => {
                    self.push(FallBackStepKind::TimedOut(transport));
                    return Attempt::Next;
                }
                line = lines.recv() => match line {
                    // A full queue is that of a server that takes nothing: the session ends soon.
                    Some(line) if is_open => drop(commands.try_send(SockJsCommand::Send(line))),
                    Some(_) => {}
                    None => return Attempt::Stopped,
                },
            }
            let latest = reports.borrow_and_update();
            if let Some(end) = latest.as_ref().and_then(|latest| self.read(transport, latest)) {
                return end;
            }
        }
    }

    /// Reads a report of the session. Returns how the attempt has ended, once it has.
    fn read(&mut self, transport: Transport, latest: &SockJsReport) -> Option<Attempt> {
        let is_open = self.report.open.is_some();
        match latest.state {
            SockJsState::Connecting => None,
            SockJsState::Open => {
                if !is_open {
                    self.report.open = Some(transport);
                    self.push(FallBackStepKind::Open(transport));
                } else if self.report.line != latest.line {
                    self.report.line = latest.line;
                    (self.send)(self.report.clone());
                }
                None
            }
            // A session that the server closes is over for its client.
            SockJsState::Closing | SockJsState::Closed => {
                let reason = latest.reason.clone().unwrap_or_default();
                self.report.open = None;
                let (kind, attempt) = if is_open || latest.opening.is_some() {
                    (FallBackStepKind::Lost(transport, reason), Attempt::Lost)
                } else {
                    (FallBackStepKind::Refused(transport, reason), Attempt::Next)
                };
                self.push(kind);
                Some(attempt)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_limits_are_those_of_sockjs_client() {
        let ms = Duration::from_millis;
        for (transport, rtt, limit) in [
            (Transport::WebSocket, 2, 604),
            (Transport::XhrStreaming, 100, 800),
            (Transport::XhrPolling, 101, 808),
            (Transport::JsonpPolling, 200, 800),
        ] {
            assert_eq!(time_limit(transport, ms(rtt)), ms(limit), "{transport:?}");
        }
    }
}
