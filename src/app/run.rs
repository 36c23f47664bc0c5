//! The event loop: events in, frames out, and nothing in between but waiting.
//!
//! A frame is drawn only if something changed. Keys are answered at once; reports of demos are
//! drawn at most sixty times a second.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::time::{Instant, sleep_until};

use crate::app::state::{App, End, Event};

/// The shortest time between two frames that no key asked for.
const FRAME: Duration = Duration::from_millis(16);
/// The most events taken before the next frame.
const BURST: usize = 512;

/// Plays the talk on `terminal` until it ends or is to be suspended.
///
/// The end of the stream of events is an end like `q`. Called again after [`End::Suspend`] or
/// [`End::Continued`], it goes on where it was, with a fresh frame.
///
/// # Errors
///
/// If the terminal cannot be written to.
pub async fn run<B: Backend>(
    app: &mut App,
    terminal: &mut Terminal<B>,
    events: &mut (impl Stream<Item = Event> + Unpin),
) -> Result<End, B::Error> {
    let mut last = Instant::now();
    let mut ticked = Instant::now();
    loop {
        if let Some(end) = app.end.take() {
            app.repaint = true;
            return Ok(end);
        }
        if let Some(errand) = app.errand() {
            return Ok(errand);
        }
        if app.dirty || app.repaint {
            paint(app, terminal)?;
            last = Instant::now();
        }
        let tick = app.pace().map(|pace| ticked + pace);
        tokio::select! {
            biased;
            woken = poll_fn(|context| wake(app, events, context)) => if woken == Wake::Mail {
                app.dirty = true;
                // what comes in meanwhile shares the frame; a key does not wait for it
                tokio::select! {
                    biased;
                    () = poll_fn(|context| take(app, events, context)) => {}
                    () = sleep_until(last + FRAME) => {}
                }
            },
            () = sleep_until(tick.unwrap_or_else(Instant::now)), if tick.is_some() => {
                ticked = Instant::now();
                app.tick(ticked.into_std());
            }
        }
    }
}

/// What a turn of the loop is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wake {
    Event,
    Mail,
}

fn wake(
    app: &mut App,
    events: &mut (impl Stream<Item = Event> + Unpin),
    context: &mut Context,
) -> Poll<Wake> {
    if take(app, events, context).is_ready() {
        return Poll::Ready(Wake::Event);
    }
    app.poll_mail(context).map(|()| Wake::Mail)
}

/// Takes all events that are there, so that they share a frame; ready if there was one.
///
/// The stream is always polled with the task's own waker: crossterm's stream keeps the first waker
/// it is given until that has been woken.
fn take(app: &mut App, events: &mut (impl Stream<Item = Event> + Unpin), context: &mut Context) -> Poll<()> {
    let mut any = Poll::Pending;
    for _ in 0..BURST {
        match events.poll_next_unpin(context) {
            Poll::Ready(Some(event)) => app.update(event),
            Poll::Ready(None) => {
                app.end.get_or_insert(End::Quit);
            }
            Poll::Pending => return any,
        }
        any = Poll::Ready(());
        if app.end.is_some() {
            return any;
        }
    }
    any
}

/// Draws the talk as it is now, at the size that the terminal has now: the event that tells of a new
/// size may still be on its way.
///
/// # Errors
///
/// If the terminal cannot be written to.
pub fn paint<B: Backend>(app: &mut App, terminal: &mut Terminal<B>) -> Result<(), B::Error> {
    if std::mem::take(&mut app.repaint) {
        terminal.clear()?;
    }
    terminal.draw(|frame| {
        app.fit(frame.area());
        app.view(frame.buffer_mut());
    })?;
    app.dirty = false;
    Ok(())
}

impl App {
    /// The shortest pace that an open demo asks for.
    fn pace(&self) -> Option<Duration> {
        self.stands.iter().flatten().filter_map(|live| live.pace()).min()
    }

    /// Ready once a demo has had mail.
    fn poll_mail(&mut self, context: &mut Context) -> Poll<()> {
        let mut any = Poll::Pending;
        for live in self.stands.iter_mut().flatten() {
            if live.poll_mail(context).is_ready() {
                any = Poll::Ready(());
            }
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;
    use ratatui::layout::Size;

    use super::*;
    use crate::app::Show;
    use crate::deck;
    use crate::stage::{Consents, Depth, House, Registry};

    #[test]
    fn a_frame_fits_the_window_even_before_its_new_size_is_told() {
        let source = "A line that is longer than forty cells, so that it runs over several rows then.";
        let (deck, warnings) = deck::parse(source);
        let show = Show {
            deck,
            file: "deck.md".to_owned(),
            warnings,
            registry: Registry::new(&[]),
            house: House::default(),
            theme: None,
            depth: Depth::True,
            consents: Consents::default(),
            notice: None,
            alone: false,
        };
        let mut app = App::new(show, Size { width: 100, height: 30 });
        for (width, height) in [(40, 10), (100, 30)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            paint(&mut app, &mut terminal).unwrap();
            let shown = terminal.backend().to_string();
            let footer = shown.trim_end().lines().last().unwrap();
            assert!(footer.ends_with("1/1 \""), "{shown}");
            assert!(shown.contains("then."), "the end of the line has a row of its own: {shown}");
        }
    }
}
