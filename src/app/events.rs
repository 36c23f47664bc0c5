//! Everything that can happen to a talk, as one stream.
//!
//! The sources live in a scope of the caller's; when that ends, they do.

use std::io;
use std::time::Duration;

use crossterm::event::{Event as Input, EventStream};
use futures_util::stream::{self, Stream, StreamExt as _};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
#[cfg(unix)]
use tokio::time::timeout;
use tokio::time::{Instant, interval_at};

use crate::app::answers::{Answer, Answers};
use crate::app::footer::Lamp;
use crate::app::highlight::Highlights;
use crate::app::state::Event;
#[cfg(unix)]
use crate::app::terminal::give_back_at_once;
use crate::deck::Deck;
use crate::scope::Scope;
use crate::servers::{ServerBundle, ServerState};

const MINUTE: Duration = Duration::from_mins(1);

/// How long the loop may take to end after a signal.
#[cfg(unix)]
const GRACE: Duration = Duration::from_secs(2);

/// The terminal's input, the `signals`, the minutes, and the deck's code once it is highlighted.
///
/// # Errors
///
/// If threads are not to be had.
pub fn events(
    deck: &Deck,
    scope: &Scope,
    signals: Signals,
) -> io::Result<(mpsc::Sender<Event>, impl Stream<Item = Event> + Unpin)> {
    let (post, mail) = mpsc::channel(64);
    minutes(scope, post.clone());
    highlights(deck.clone(), scope, post.clone())?;
    let input = input(EventStream::new().filter_map(|event| std::future::ready(event.ok())));
    let others = stream::select(received(mail), received(signals.arrivals));
    Ok((post, Box::pin(stream::select(input, others))))
}

fn received(mail: mpsc::Receiver<Event>) -> impl Stream<Item = Event> {
    stream::unfold(mail, |mut mail| async move { mail.recv().await.map(|event| (event, mail)) })
}

/// The signals that end a talk or tell that it goes on, caught from the moment that this exists.
///
/// It is made before the terminal is taken: a signal in between would end the process at once, and
/// nobody would give the terminal back.
pub struct Signals {
    arrivals: mpsc::Receiver<Event>,
}

impl Signals {
    /// Catches them on a thread of its own in `scope`: a terminal that takes nothing in holds up the loop that draws. Where
    /// the loop does not end by itself, and for a second signal, the terminal is given back as far as it can be, and the
    /// signal has its default action.
    ///
    /// # Errors
    ///
    /// If signals or a thread are not to be had.
    pub fn catch(scope: &Scope) -> io::Result<Self> {
        let (post, arrivals) = mpsc::channel(8);
        #[cfg(unix)]
        report(scope, post)?;
        #[cfg(not(unix))]
        let _ = (scope, post);
        Ok(Self { arrivals })
    }
}

#[cfg(unix)]
fn report(scope: &Scope, post: mpsc::Sender<Event>) -> io::Result<()> {
    let ends = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit()];
    let kinds = ends.into_iter().chain([continued()]);
    let arrivals =
        kinds.map(|kind| {
            let arrivals = stream::unfold(signal(kind)?, |mut signal| async move {
                signal.recv().await.map(|()| ((), signal))
            });
            Ok(Box::pin(arrivals.map(move |()| kind)))
        });
    let mut arrivals = stream::select_all(arrivals.collect::<io::Result<Vec<_>>>()?);
    scope.spawn_thread("signals", move |_| async move {
        while let Some(kind) = arrivals.next().await {
            if kind == continued() {
                // a queue that is full holds events that bring a fresh frame too
                let _ = post.try_send(Event::Continued);
                continue;
            }
            let number = kind.as_raw_value();
            let _ = post.try_send(Event::Signal(number));
            let second = arrivals.by_ref().filter(|kind| std::future::ready(*kind != continued()));
            let second = timeout(GRACE, std::pin::pin!(second).next()).await.ok().flatten();
            give_back_at_once();
            // it fails only for signals that there are not
            let number = second.map_or(number, |kind| kind.as_raw_value());
            let _ = signal_hook::low_level::emulate_default_handler(number);
        }
    })
}

#[cfg(unix)]
fn continued() -> SignalKind {
    SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())
}

/// Terminal events with the terminal's own answers picked out.
fn input(events: impl Stream<Item = Input>) -> impl Stream<Item = Event> {
    let mut answers = Answers::default();
    events.flat_map(move |event| {
        let found = match answers.filter(event) {
            Answer::Ground(theme) => vec![Event::Ground(theme)],
            Answer::Events(events) => events.into_iter().map(Event::Input).collect(),
            Answer::Pending => Vec::new(),
        };
        stream::iter(found)
    })
}

fn minutes(scope: &Scope, post: mpsc::Sender<Event>) {
    scope.spawn("minutes", async move {
        let mut minutes = interval_at(Instant::now() + MINUTE, MINUTE);
        loop {
            minutes.tick().await;
            if post.send(Event::Minute).await.is_err() {
                return;
            }
        }
    });
}

fn highlights(deck: Deck, scope: &Scope, post: mpsc::Sender<Event>) -> io::Result<()> {
    scope.spawn_thread("highlight", move |scope| async move {
        let highlights = Highlights::of(&deck);
        if !highlights.is_empty() && !scope.is_cancelled() {
            // the loop is gone only when the talk is over
            let _ = post.send(Event::Highlighted(highlights)).await;
        }
    })
}

/// Tells the stage whenever one of the bundled servers comes up or goes down.
pub fn watch(servers: &ServerBundle, scope: &Scope, post: mpsc::Sender<Event>) {
    let (http, websocket) = (servers.http.clone(), servers.websocket.clone());
    scope.spawn("lamps", async move {
        let (mut http_changes, mut websocket_changes) = (http.watch(), websocket.watch());
        loop {
            let lamps = vec![lamp("http", &http.state()), lamp("ws", &websocket.state())];
            if post.send(Event::Lamps(lamps)).await.is_err() {
                return;
            }
            // a server that has ended says nothing more; the other may
            tokio::select! {
                Ok(()) = http_changes.changed() => {}
                Ok(()) = websocket_changes.changed() => {}
                else => return,
            }
        }
    });
}

fn lamp(name: &'static str, state: &ServerState) -> Lamp {
    let up = match state {
        ServerState::Starting => None,
        ServerState::Up(_) => Some(true),
        ServerState::Failed(_) | ServerState::Ended => Some(false),
    };
    Lamp { name, up }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::deck::ThemeChoice;

    #[tokio::test]
    async fn an_answer_between_two_keys_becomes_one_event() {
        let key = |letter, modifiers| Input::Key(KeyEvent::new(KeyCode::Char(letter), modifiers));
        let mut keys = vec![key('n', KeyModifiers::NONE), key(']', KeyModifiers::ALT)];
        keys.extend("11;rgb:ffff/ffff/ffff".chars().map(|letter| key(letter, KeyModifiers::NONE)));
        keys.extend([key('\\', KeyModifiers::ALT), key('p', KeyModifiers::NONE)]);
        let found: Vec<Event> = input(stream::iter(keys)).collect().await;
        assert_eq!(
            found,
            [
                Event::Input(key('n', KeyModifiers::NONE)),
                Event::Ground(ThemeChoice::Light),
                Event::Input(key('p', KeyModifiers::NONE))
            ]
        );
    }
}
