//! The event loop: it waits for events and draws frames.
//!
//! A frame is drawn only if something changed. Keys are drawn at once, reports of demos at most
//! about sixty times a second.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use tokio::time::{Instant, sleep_until};

use crate::app::state::{App, AppEvent, LoopExit};
use crate::app::terminal::backend::FrameBackend;
use crate::app::terminal::double_buffer::DoubleBuffer;
use crate::scope::HEAD_START;

/// The minimum time between two frames that no input asked for: 60 frames a second.
const MIN_FRAME_INTERVAL: Duration = Duration::from_millis(16);
/// The maximum number of events handled before the next frame, so that a flood of input cannot keep
/// the screen from being drawn.
const MAX_EVENTS_PER_FRAME: usize = 512;

/// Runs the talk on `terminal` until it ends or asks something of the terminal.
///
/// The end of the event stream ends the talk like `q`. After any other [`LoopExit`] than `Quit` and
/// `Signal` the caller does what was asked and calls this function again. The talk then continues
/// where it was.
///
/// # Errors
///
/// Fails if the terminal cannot be written to.
pub async fn run_event_loop<B: FrameBackend>(
    app: &mut App,
    terminal: &mut DoubleBuffer<B>,
    events: &mut (impl Stream<Item = AppEvent> + Unpin),
) -> Result<LoopExit, B::Error> {
    let mut last = Instant::now();
    let mut ticked = Instant::now();
    let mut threads_due = None;
    loop {
        if let Some(exit) = app.exit.take() {
            if matches!(exit, LoopExit::Suspend | LoopExit::Continued) {
                app.forget_terminal();
            }
            app.repaint = true;
            return Ok(exit);
        }
        if let Some(request) = app.terminal_request() {
            return Ok(request);
        }
        if app.dirty || app.repaint {
            draw_frame(app, terminal)?;
            last = Instant::now();
        }
        let tick = app.tick_interval().map(|interval| ticked + interval);
        let wake = app.wake_at().map(Instant::from_std);
        let threads = app.needs_threads.then(|| *threads_due.get_or_insert(last + HEAD_START));
        tokio::select! {
            biased;
            woken = poll_fn(|context| poll_wake(app, events, context)) =>
                if woken == WakeReason::Mail {
                app.dirty = true;
                // Mail that arrives in the meantime shares the frame. Input ends the wait, so a key
                // is never delayed by a busy demo.
                tokio::select! {
                    biased;
                    () = poll_fn(|context| poll_events(app, events, context)) => {}
                    () = sleep_until(last + MIN_FRAME_INTERVAL) => {}
                }
            },
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                app.pass_time(Instant::now().into_std());
            }
            () = sleep_until(threads.unwrap_or_else(Instant::now)), if threads.is_some() => {
                threads_due = None;
                app.wake_threads();
            }
            () = sleep_until(tick.unwrap_or_else(Instant::now)), if tick.is_some() => {
                ticked = Instant::now();
                app.tick(ticked.into_std());
            }
        }
    }
}

/// Why the loop woke up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WakeReason {
    Event,
    Mail,
}

fn poll_wake(
    app: &mut App,
    events: &mut (impl Stream<Item = AppEvent> + Unpin),
    context: &mut Context,
) -> Poll<WakeReason> {
    if poll_events(app, events, context).is_ready() {
        return Poll::Ready(WakeReason::Event);
    }
    app.poll_mailboxes(context).map(|()| WakeReason::Mail)
}

/// Handles all events that are ready, so that they share a frame. Ready if there was one.
///
/// The stream must always be polled with the task's own waker, because crossterm's stream, which is
/// used outside Linux, keeps the first waker that it is given until that one has been woken.
fn poll_events(
    app: &mut App,
    events: &mut (impl Stream<Item = AppEvent> + Unpin),
    context: &mut Context,
) -> Poll<()> {
    let mut any = Poll::Pending;
    let now = Instant::now().into_std();
    for _ in 0..MAX_EVENTS_PER_FRAME {
        match events.poll_next_unpin(context) {
            Poll::Ready(Some(event)) => app.handle(event, now),
            Poll::Ready(None) => {
                app.exit.get_or_insert(LoopExit::Quit);
            }
            Poll::Pending => return any,
        }
        any = Poll::Ready(());
        if app.exit.is_some() {
            return any;
        }
    }
    any
}

/// Draws the talk at the terminal's current size. The event that reports a new size may arrive only
/// later.
///
/// # Errors
///
/// Fails if the terminal cannot be written to.
pub fn draw_frame<B: FrameBackend>(
    app: &mut App,
    terminal: &mut DoubleBuffer<B>,
) -> Result<(), B::Error> {
    if std::mem::take(&mut app.window_changed)
        && let Ok(window) = terminal.backend_mut().window_size()
    {
        app.set_window(window.columns_rows, window.pixels);
    }
    let frame = terminal.next_frame(app.blank_cell())?;
    app.resize_to(frame.area);
    app.view(frame);
    app.remember_frame(frame);
    app.draw_sized_text(frame);
    if std::mem::take(&mut app.repaint) {
        terminal.clear()?;
    }
    terminal.backend_mut().set_links(&app.links);
    terminal.show()?;
    app.dirty = false;
    app.follow_up();
    Ok(())
}

impl App {
    /// Returns the shortest tick interval that an open demo asks for.
    fn tick_interval(&self) -> Option<Duration> {
        self.slots.iter().flatten().filter_map(|demo| demo.tick_interval()).min()
    }

    /// Handles the mail of all demos. Ready if there was any.
    fn poll_mailboxes(&mut self, context: &mut Context) -> Poll<()> {
        let mut any = Poll::Pending;
        // Every mailbox is polled, even after one was ready: each must register its waker.
        for demo in self.slots.iter_mut().flatten() {
            if demo.poll_mailbox(context).is_ready() {
                any = Poll::Ready(());
            }
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::task::Waker;

    use crossterm::event::{Event, KeyCode};
    use futures_util::{StreamExt as _, stream};
    use ratatui::backend::TestBackend;
    use ratatui::buffer::Buffer;
    use ratatui::layout::{Rect, Size};
    use tokio::time::sleep;

    use super::*;
    use crate::app::{AppConfig, MouseReports};
    use crate::published_place::SlideStep;
    use crate::stage::{
        Demo, DemoEntry, DemoEvent, Diagnostic, KeyHint, Registry, SettingSpec, Settings, Stage,
        ViewContext,
    };

    /// A demo that gets mail every millisecond.
    struct Chatter;

    static CHATTER: [DemoEntry; 1] = [DemoEntry::of::<Chatter>()];
    static FRAMES: AtomicU32 = AtomicU32::new(0);
    static MAILS: AtomicU32 = AtomicU32::new(0);

    impl Demo for Chatter {
        const NAME: &'static str = "chatter";
        const ABOUT: &'static str = "";
        const SETTINGS: &'static [SettingSpec] = &[];
        const KEYS: &'static [KeyHint] = &[];
        const MIN_ROWS: u16 = 1;
        type Msg = ();
        type Cmd = ();

        fn open(_: &Settings) -> Result<(Self, Vec<()>), Diagnostic> {
            Ok((Self, vec![()]))
        }

        fn update(&mut self, event: DemoEvent<()>) -> Vec<()> {
            if event == DemoEvent::Msg(()) {
                MAILS.fetch_add(1, Relaxed);
            }
            Vec::new()
        }

        fn view(&self, _: Rect, _: &mut Buffer, _: &ViewContext) {
            FRAMES.fetch_add(1, Relaxed);
        }

        fn perform((): (), stage: &Stage<()>) {
            let mailbox = stage.mailbox();
            stage.scope("chatter").spawn("chatter", async move {
                loop {
                    sleep(Duration::from_millis(1)).await;
                    let _ = mailbox.try_send(());
                }
            });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn mail_is_drawn_at_the_frame_limit_and_a_key_at_once() {
        let config = AppConfig::bare("```demo chatter\n```\n", Registry::new(&CHATTER));
        let size = Size { width: 60, height: 20 };
        let mut app = App::new(config, size);
        let mut terminal = DoubleBuffer::new(TestBackend::new(60, 20)).unwrap();
        let mut second =
            Box::pin(stream::once(sleep(Duration::from_secs(1))).filter_map(async |()| None));
        let asked = run_event_loop(&mut app, &mut terminal, &mut second).await.unwrap();
        assert_eq!(asked, LoopExit::CaptureMouse(MouseReports::Clicks), "a demo can be clicked");
        run_event_loop(&mut app, &mut terminal, &mut second).await.unwrap();
        let (frames, mails) = (FRAMES.swap(0, Relaxed), MAILS.load(Relaxed));
        assert!(mails > 900, "{mails} mails of 1,000 in a second");
        // One every 16 ms, or every 17 ms where the timer rounds up to the next millisecond, and
        // the first.
        assert!((58..=64).contains(&frames), "{frames} frames in a second");

        // Keys do not wait for the limit: each gets a frame of its own.
        let keys = stream::iter(0..100).then(async |_| {
            sleep(Duration::from_millis(3)).await;
            AppEvent::Input(Event::Key(KeyCode::Char('z').into()))
        });
        let mut keys = Box::pin(keys);
        run_event_loop(&mut app, &mut terminal, &mut keys).await.unwrap();
        let frames = FRAMES.swap(0, Relaxed);
        assert!(frames >= 100, "{frames} frames for 100 keys");
    }

    #[tokio::test(start_paused = true)]
    async fn threads_are_left_alone_until_the_terminal_has_drawn() {
        let (places, place) = tokio::sync::watch::channel(SlideStep::default());
        let config = AppConfig::bare("# One\n\n---\n\n# Two\n", Registry::new(&[]));
        let config = AppConfig { place: Some(places), ..config };
        let mut app = App::new(config, Size { width: 60, height: 20 });
        let mut terminal = DoubleBuffer::new(TestBackend::new(60, 20)).unwrap();
        let right = AppEvent::Input(Event::Key(KeyCode::Right.into()));
        for (events, wait, is_told) in [
            (vec![right], HEAD_START / 2, false),
            (vec![], HEAD_START * 2, true),
            (vec![], HEAD_START * 2, true),
        ] {
            let end = stream::once(sleep(wait)).filter_map(async |()| None);
            let mut events = Box::pin(stream::iter(events).chain(end));
            run_event_loop(&mut app, &mut terminal, &mut events).await.unwrap();
            app.exit = None;
            assert_eq!(app.slide_index(), 1);
            assert_eq!(place.borrow().slide, usize::from(is_told), "after {wait:?}");
        }
    }

    #[test]
    fn a_flood_of_events_shares_frames_but_not_one_without_end() {
        let config = AppConfig::bare("# One\n", Registry::new(&[]));
        let mut app = App::new(config, Size { width: 60, height: 20 });
        let taken = Cell::new(0);
        let flood = stream::repeat(AppEvent::Minute).take(10 * MAX_EVENTS_PER_FRAME);
        let mut flood = flood.inspect(|_| taken.set(taken.get() + 1));
        let mut context = Context::from_waker(Waker::noop());
        for frame in 1..=3 {
            assert!(poll_events(&mut app, &mut flood, &mut context).is_ready());
            assert_eq!(taken.get(), frame * MAX_EVENTS_PER_FRAME);
        }
    }

    #[test]
    fn a_frame_fits_the_window_even_before_its_new_size_is_reported() {
        let source =
            "A line that is longer than forty cells, so that it runs over several rows then.";
        let config = AppConfig::bare(source, Registry::new(&[]));
        let mut app = App::new(config, Size { width: 100, height: 30 });
        for (width, height) in [(40, 10), (100, 30)] {
            let mut terminal = DoubleBuffer::new(TestBackend::new(width, height)).unwrap();
            draw_frame(&mut app, &mut terminal).unwrap();
            let shown = terminal.backend().to_string();
            let footer = shown.trim_end().lines().last().unwrap();
            assert!(footer.ends_with("1/1 \""), "{shown}");
            assert!(shown.contains("then."), "the end of the line has a row of its own: {shown}");
        }
    }
}
