//! [`run_sockjs`]: one session, from its first request to its end, with a report for each change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::book::Book;
use super::error::SockJsError;
use super::options::{SockJsCommand, SockJsOptions};
use super::receiver::{Receiver, TaskEvent, second_frame};
use super::report::{SockJsReport, SockJsState};
use super::sender::{SendOrder, Sender};
use super::websocket;
use crate::net::add_clamped;
use crate::scope::Scope;
use crate::sockjs::Frame;

/// The number of events and orders of a session that wait to be read.
const QUEUE: usize = 64;

/// How long after its time a session is asked for, and how often it is asked for again.
const PROBE_PAUSE: Duration = Duration::from_millis(300);

/// Runs a session until it has ended, or until `commands` has. Its tasks are those of `scope`, and
/// end with the returned future.
pub async fn run_sockjs(
    options: SockJsOptions,
    scope: &Scope,
    commands: mpsc::Receiver<SockJsCommand>,
    report: impl Fn(SockJsReport) + Send,
) {
    let scope = scope.child();
    let book = Book::new(&options);
    report(book.report());
    if options.transport.is_websocket() {
        websocket::run(options, &scope, book, commands, &report).await;
    } else {
        let (event_sender, events) = mpsc::channel(QUEUE);
        let (orders, order_receiver) = mpsc::channel(QUEUE);
        let options = Arc::new(options);
        let sender = Sender {
            options: options.clone(),
            scope: scope.child(),
            log: book.log.clone(),
            events: event_sender.clone(),
        };
        scope.spawn("sockjs sender", sender.run(order_receiver));
        let (receiving, is_last) = (None, Arc::default());
        let probe_at = None;
        let session = HttpSession {
            options,
            scope,
            book,
            event_sender,
            orders,
            receiving,
            is_last,
            probe_at,
        };
        session.run(events, commands, &report).await;
    }
}

/// A session over HTTP.
struct HttpSession {
    options: Arc<SockJsOptions>,
    scope: Scope,
    book: Book,
    event_sender: mpsc::Sender<TaskEvent>,
    orders: mpsc::Sender<SendOrder>,
    /// The scope of the receiver, while there is one.
    receiving: Option<Scope>,
    is_last: Arc<AtomicBool>,
    /// When to ask whether the session is gone.
    probe_at: Option<Instant>,
}

impl HttpSession {
    async fn run(
        mut self,
        mut events: mpsc::Receiver<TaskEvent>,
        mut commands: mpsc::Receiver<SockJsCommand>,
        report: &(impl Fn(SockJsReport) + Send),
    ) {
        let log = self.book.log.clone();
        self.attach();
        loop {
            self.book.settle();
            report(self.book.report());
            if self.book.state == SockJsState::Closed {
                return;
            }
            let probe_at = self.probe_at;
            let probe = async move {
                match probe_at {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(event) = events.recv() => self.apply(event),
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                () = log.changed() => {}
                () = probe => self.probe(),
            }
        }
    }

    fn attach(&mut self) {
        if self.receiving.is_some() {
            return;
        }
        self.is_last = Arc::default();
        self.probe_at = None;
        let scope = self.scope.child();
        let receiver = Receiver {
            options: self.options.clone(),
            scope: scope.child(),
            log: self.book.log.clone(),
            events: self.event_sender.clone(),
            is_last: self.is_last.clone(),
        };
        scope.spawn("sockjs receiver", receiver.run());
        self.receiving = Some(scope);
    }

    fn detach(&mut self) {
        if let Some(scope) = self.receiving.take() {
            scope.cancel();
        }
        self.book.detach();
        self.probe_at = Some(Self::probe_time(self.options.session_timeout));
    }

    fn probe_time(after: Duration) -> Instant {
        add_clamped(Instant::now(), after.saturating_add(PROBE_PAUSE))
    }

    fn probe(&mut self) {
        self.probe_at = None;
        // A full queue of messages is a probe too.
        let _ = self.orders.try_send(SendOrder::Probe);
    }

    fn obey(&mut self, command: SockJsCommand) {
        match command {
            SockJsCommand::Send(text) => {
                self.book.send(&text);
                if self.orders.try_send(SendOrder::Message(text)).is_err() {
                    self.book.reason = Some("too many messages wait to be sent".to_owned());
                }
            }
            SockJsCommand::Attach => self.attach(),
            // A polling request ends by itself. Broken off, it would end the session.
            SockJsCommand::Detach if self.options.transport.is_polling() => {
                self.is_last.store(true, Ordering::Relaxed);
            }
            SockJsCommand::Detach => self.detach(),
            SockJsCommand::OpenSecondReceiver => {
                let (options, events) = (self.options.clone(), self.event_sender.clone());
                let (scope, log) = (self.scope.child(), self.book.log.clone());
                self.scope.spawn("sockjs second receiver", async move {
                    let frame = second_frame(&options, &scope, &log).await;
                    // Fails only if the session has ended.
                    let _ = events.send(TaskEvent::Second(frame)).await;
                });
            }
        }
    }

    fn apply(&mut self, event: TaskEvent) {
        match event {
            TaskEvent::Waiting => self.book.attach(),
            TaskEvent::Frame(frame) => {
                let is_close = matches!(frame, Frame::Close { .. });
                self.book.frame(frame);
                if is_close {
                    self.detach();
                }
            }
            TaskEvent::Ended if self.is_last.load(Ordering::Relaxed) => self.detach(),
            // Another request follows at once.
            TaskEvent::Ended => {}
            TaskEvent::Broken(error) => {
                let is_open = self.book.state == SockJsState::Open;
                self.detach();
                let reason = error.to_string();
                let why = if is_open { format!("1006 {reason}") } else { reason };
                self.book.end(&why);
            }
            TaskEvent::Second(Ok(frame)) => self.book.second = Some(frame),
            TaskEvent::Second(Err(error)) | TaskEvent::NotTaken(error) => {
                self.book.reason.get_or_insert_with(|| error.to_string());
            }
            TaskEvent::Taken => self.book.answered(),
            TaskEvent::Probed(Err(SockJsError::Status(StatusCode::NOT_FOUND))) => {
                self.book.end("timed out: the server does not know it any more");
            }
            // Asked again, unless there is a receiver now.
            TaskEvent::Probed(_) => {
                let asks = self.receiving.is_none();
                self.probe_at = asks.then(|| Self::probe_time(Duration::ZERO));
            }
        }
    }
}
