//! All events of a talk as one stream: terminal input, signals, minutes and the state of the
//! servers.
//!
//! The sources run in the caller's scope and end with it.

use std::io;
use std::time::Duration;

use crossterm::event::Event as Input;
use futures_util::stream::{self, Stream, StreamExt as _};
#[cfg(unix)]
use tokio::io::Interest;
#[cfg(unix)]
use tokio::io::unix::AsyncFd;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
#[cfg(unix)]
use tokio::time::timeout;
use tokio::time::{Instant, interval_at};

use crate::app::footer::ServerStatus;
use crate::app::highlight::Highlighter;
use crate::app::pictures::PictureLoader;
use crate::app::state::AppEvent;
use crate::app::terminal::input::terminal_input;
#[cfg(unix)]
use crate::app::terminal::screen::restore_immediately;
use crate::app::terminal::terminal_reply::{FilteredInput, TerminalReplyFilter};
use crate::scope::Scope;
use crate::servers::{ServerBundle, ServerState};

const MINUTE: Duration = Duration::from_mins(1);

/// How long the loop may take to end after a signal, before the signals' thread takes over.
#[cfg(unix)]
const SIGNAL_GRACE_PERIOD: Duration = Duration::from_secs(2);

/// Returns the event stream of a talk, and a sender for further events.
pub fn event_stream(
    scope: &Scope,
    signals: Signals,
) -> (mpsc::Sender<AppEvent>, impl Stream<Item = AppEvent> + Unpin) {
    let (sender, mailbox) = mpsc::channel(64);
    spawn_minute_timer(scope, sender.clone());
    #[cfg(unix)]
    watch_terminal(scope, sender.clone());
    let input = filter_input(terminal_input());
    let others = stream::select(receiver_stream(mailbox), receiver_stream(signals.events));
    (sender, Box::pin(stream::select(input, others)))
}

/// Ends the talk once the terminal is gone. SIGHUP says so to the terminal's own session only.
#[cfg(unix)]
fn watch_terminal(scope: &Scope, sender: mpsc::Sender<AppEvent>) {
    // A hangup is always reported. Input is not asked for where that is possible, so that keys
    // don't wake this task.
    #[cfg(target_os = "linux")]
    const INTEREST: Interest = Interest::PRIORITY;
    #[cfg(not(target_os = "linux"))]
    const INTEREST: Interest = Interest::READABLE;
    #[expect(deprecated, reason = "nothing closes standard output; what replaces this is unsafe")]
    let terminal = AsyncFd::with_interest(io::stdout(), INTEREST);
    // It fails for files and on systems that can't wait for terminals.
    let Ok(terminal) = terminal else { return };
    scope.spawn("terminal", async move {
        while let Ok(mut ready) = terminal.ready(INTEREST).await {
            if ready.ready().is_read_closed() {
                let hangup = rustix::process::Signal::HUP.as_raw();
                let _ = sender.send(AppEvent::Signal(hangup)).await;
                return;
            }
            ready.clear_ready();
        }
    });
}

/// Starts the thread that loads pictures. It reads files with `read`, and sends its answers as
/// events.
///
/// # Errors
///
/// If no thread can be spawned.
pub fn start_picture_loader(
    scope: &Scope,
    read: impl Fn(&str) -> Result<Vec<u8>, String> + Send + 'static,
    sender: mpsc::Sender<AppEvent>,
) -> io::Result<PictureLoader> {
    PictureLoader::start(scope, read, move |picture| {
        let sender = sender.clone();
        async move { sender.send(AppEvent::Picture(picture)).await.is_ok() }
    })
}

fn receiver_stream(mailbox: mpsc::Receiver<AppEvent>) -> impl Stream<Item = AppEvent> {
    stream::unfold(mailbox, |mut mailbox| async move {
        mailbox.recv().await.map(|event| (event, mailbox))
    })
}

/// The signals that end a talk, and SIGCONT. They are caught as long as this exists.
///
/// It must be created before the terminal is taken. A signal in between would end the process at
/// once and leave the terminal in raw mode.
pub struct Signals {
    events: mpsc::Receiver<AppEvent>,
}

impl Signals {
    /// Catches the signals on a thread of its own in `scope`, because a terminal that accepts no
    /// output blocks the loop that draws. If the loop does not end in time, or a second signal
    /// arrives, that thread restores the terminal as far as possible, and the signal takes its
    /// default action.
    ///
    /// # Errors
    ///
    /// Fails if the handlers cannot be installed or the thread cannot be spawned.
    pub fn install(scope: &Scope) -> io::Result<Self> {
        let (sender, arrivals) = mpsc::channel(8);
        #[cfg(unix)]
        forward_signals(scope, sender)?;
        #[cfg(not(unix))]
        let _ = (scope, sender);
        Ok(Self { events: arrivals })
    }
}

#[cfg(unix)]
fn forward_signals(scope: &Scope, sender: mpsc::Sender<AppEvent>) -> io::Result<()> {
    let ends = [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::hangup(),
        SignalKind::quit(),
    ];
    let kinds = ends.into_iter().chain([continued()]);
    let arrivals = kinds.map(|kind| {
        let arrivals = stream::unfold(signal(kind)?, |mut signal| async move {
            signal.recv().await.map(|()| ((), signal))
        });
        Ok(Box::pin(arrivals.map(move |()| kind)))
    });
    let mut arrivals = stream::select_all(arrivals.collect::<io::Result<Vec<_>>>()?);
    scope.spawn_thread("signals", move |_| async move {
        while let Some(kind) = arrivals.next().await {
            if kind == continued() {
                // If the queue is full, the events in it already cause a fresh frame.
                let _ = sender.try_send(AppEvent::Continued);
                continue;
            }
            let number = kind.as_raw_value();
            let _ = sender.try_send(AppEvent::Signal(number));
            // If the loop ends in time, the scope ends this thread during the wait.
            let second = arrivals.by_ref().filter(|kind| std::future::ready(*kind != continued()));
            let second =
                timeout(SIGNAL_GRACE_PERIOD, std::pin::pin!(second).next()).await.ok().flatten();
            restore_immediately();
            // It fails only for numbers that are not signals.
            let number = second.map_or(number, |kind| kind.as_raw_value());
            let _ = signal_hook::low_level::emulate_default_handler(number);
        }
    })
}

#[cfg(unix)]
fn continued() -> SignalKind {
    SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())
}

/// Turns terminal input into events, and the terminal's own answers in it into events of theirs.
fn filter_input(inputs: impl Stream<Item = Input>) -> impl Stream<Item = AppEvent> {
    let mut answers = TerminalReplyFilter::default();
    inputs.flat_map(move |event| {
        let found = match answers.filter(event) {
            FilteredInput::Background(theme) => vec![AppEvent::Background(theme)],
            FilteredInput::Graphics(answer) => vec![AppEvent::Graphics(answer)],
            FilteredInput::Events(replayed) => replayed.into_iter().map(AppEvent::Input).collect(),
            FilteredInput::Pending => Vec::new(),
        };
        stream::iter(found)
    })
}

fn spawn_minute_timer(scope: &Scope, sender: mpsc::Sender<AppEvent>) {
    scope.spawn("minutes", async move {
        let mut minutes = interval_at(Instant::now() + MINUTE, MINUTE);
        loop {
            minutes.tick().await;
            if sender.send(AppEvent::Minute).await.is_err() {
                return;
            }
        }
    });
}

/// Starts the thread that highlights code, which sends what it has done as events.
///
/// # Errors
///
/// If no thread can be spawned.
pub fn start_highlighter(scope: &Scope, sender: mpsc::Sender<AppEvent>) -> io::Result<Highlighter> {
    Highlighter::start(scope, move |listing| {
        let sender = sender.clone();
        async move { sender.send(AppEvent::Highlighted(listing)).await.is_ok() }
    })
}

/// Sends an event whenever one of the bundled servers comes up or goes down.
pub fn watch_servers(servers: &ServerBundle, scope: &Scope, sender: mpsc::Sender<AppEvent>) {
    let (http, websocket) = (servers.http.clone(), servers.websocket.clone());
    scope.spawn("server status", async move {
        let (mut http_changes, mut websocket_changes) = (http.watch(), websocket.watch());
        loop {
            let statuses =
                vec![server_status("http", &http.state()), server_status("ws", &websocket.state())];
            if sender.send(AppEvent::Servers(statuses)).await.is_err() {
                return;
            }
            // `changed` fails once a server has ended. That disables its branch, and the other
            // server is still watched.
            tokio::select! {
                Ok(()) = http_changes.changed() => {}
                Ok(()) = websocket_changes.changed() => {}
                else => return,
            }
        }
    });
}

fn server_status(name: &'static str, state: &ServerState) -> ServerStatus {
    let up = match state {
        ServerState::Starting => None,
        ServerState::Up(_) => Some(true),
        ServerState::Failed(_) | ServerState::Ended => Some(false),
    };
    ServerStatus { name, is_up: up }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::stage::Brightness;

    #[tokio::test]
    async fn an_answer_between_two_keys_becomes_one_event() {
        let key = |letter, modifiers| Input::Key(KeyEvent::new(KeyCode::Char(letter), modifiers));
        let mut keys = vec![key('n', KeyModifiers::NONE), key(']', KeyModifiers::ALT)];
        keys.extend("11;rgb:ffff/ffff/ffff".chars().map(|letter| key(letter, KeyModifiers::NONE)));
        keys.extend([key('\\', KeyModifiers::ALT), key('p', KeyModifiers::NONE)]);
        let found: Vec<AppEvent> = filter_input(stream::iter(keys)).collect().await;
        assert_eq!(
            found,
            [
                AppEvent::Input(key('n', KeyModifiers::NONE)),
                AppEvent::Background(Brightness::Light),
                AppEvent::Input(key('p', KeyModifiers::NONE))
            ]
        );
    }
}
