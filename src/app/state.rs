//! The state of a talk, and which of its parts handles an event.
//!
//! This file draws nothing. It talks to no engine, only to the demos of the open slide. Moving
//! between slides and within one is `navigation`.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Instant;

use crossterm::event::{Event as Input, KeyEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::app::config::AppConfig;
use crate::app::deck_update::DeckUpdate;
use crate::app::footer::ServerStatus;
use crate::app::highlight::Highlighter;
use crate::app::overlay::Overlay;
use crate::app::pictures::{Gallery, GraphicsAnswer, PictureEvent};
use crate::app::prepared_layout::PreparedLayout;
use crate::app::slots::{DemoSlot, KeptDemos};
use crate::app::steering::{MouseReports, Steering};
use crate::app::transition::TransitionState;
use crate::deck::{self, Deck, Slide};
use crate::slide::{
    HighlightedListing, Highlights, Listing, PictureSizes, SlideLayout, SlideProgress,
};
use crate::stage::{Brightness, DemoPosition, EffectConsents, FrameLinks, Services, Theme};

/// An event that changes a talk.
#[derive(Clone, Debug, PartialEq)]
pub enum AppEvent {
    /// Terminal input: a key, a paste, the mouse or a new size.
    Input(Input),
    /// The terminal reported whether its background is dark or light.
    Background(Brightness),
    /// The terminal reported what it has for pictures and large text.
    Graphics(GraphicsAnswer),
    /// Something is known about a picture.
    Picture(PictureEvent),
    /// A code block has been highlighted.
    Highlighted(HighlightedListing),
    /// The deck was saved and read again.
    Reloaded(Box<DeckUpdate>),
    /// The deck was saved, but could not be read, for this reason.
    ReloadFailed(String),
    /// The state of the bundled servers changed.
    Servers(Vec<ServerStatus>),
    /// A minute of the talk has passed.
    Minute,
    /// The signal of this number asked the process to end.
    Signal(i32),
    /// The process was stopped and continues (SIGCONT). The terminal's modes and size may have
    /// changed.
    Continued,
}

/// How a run of the event loop ended, or what it asks of the terminal before it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoopExit {
    /// The user quit.
    Quit,
    /// A signal of this number asked for the end.
    Signal(i32),
    /// The user pressed Ctrl-Z to return to the shell for a while.
    Suspend,
    /// The process was stopped from outside and continues. The terminal must be taken again.
    Continued,
    /// Not an end: the loop asks to put this text on the clipboard.
    CopyToClipboard(String),
    /// Not an end: the loop asks for these reports of the mouse.
    CaptureMouse(MouseReports),
}

/// The state of a talk.
pub struct App {
    pub(crate) config: AppConfig,
    pub(crate) theme: Theme,
    /// The terminal's background: dark, until it says otherwise.
    pub(crate) terminal_brightness: Brightness,
    pub(crate) area: Rect,
    pub(crate) slide_index: usize,
    pub(crate) progress: SlideProgress,
    pub(crate) slots: Vec<DemoSlot>,
    /// The index of the demo that has the keyboard.
    pub(crate) focus: Option<usize>,
    pub(super) last_focus: Option<usize>,
    /// The demos of slides that were left.
    pub(crate) kept: KeptDemos,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) steering: Steering,
    /// Whether the warnings about the slide stand in its corner.
    pub(crate) shows_warnings: bool,
    pub(crate) elapsed_minutes: u64,
    pub(crate) servers: Vec<ServerStatus>,
    /// The layout of the open slide, once it is asked for: nobody sees a slide that is passed over.
    pub(crate) layout: OnceCell<SlideLayout>,
    /// Whether the layout is new, and what follows it is still to be done.
    pub(crate) needs_follow_up: bool,
    /// Whether the threads in the background may not know of the last frame.
    pub(crate) needs_threads: bool,
    /// The layout of the slide that was open before, which is dropped once the frame is drawn.
    pub(crate) layout_to_drop: Option<SlideLayout>,
    /// The layout of the slide that the next key probably opens.
    pub(crate) prepared: Option<PreparedLayout>,
    pub(crate) highlights: Highlights,
    pub(crate) pictures: PictureSizes,
    pub(crate) gallery: Gallery,
    pub(crate) highlighter: Option<Highlighter>,
    /// The code that the highlighter was asked for and has not answered.
    pub(crate) awaited_listings: Vec<Listing>,
    services: Arc<Services>,
    pub(crate) dirty: bool,
    pub(crate) transition: TransitionState,
    /// The links of the open slide.
    pub(crate) links: FrameLinks,
    pub(crate) repaint: bool,
    /// The reports of the mouse that were asked for.
    pub(crate) mouse_reports: MouseReports,
    /// Whether the terminal has reported a new size, so that its cells may be others too.
    pub(crate) window_changed: bool,
    pub(crate) exit: Option<LoopExit>,
    /// Why the demo that was last restarted had stopped.
    pub(crate) stopped: Option<String>,
    /// The effects that demos may have outside the talk: those of the configuration, and those that
    /// the user has allowed since.
    pub(crate) consents: EffectConsents,
    /// Whether the hint that letters are small was given.
    pub(crate) font_hint_given: bool,
    /// A message above the footer, until the first key press.
    pub(crate) notice: Option<String>,
    /// Why the deck that was saved last is not the one that is shown.
    pub(crate) reload_error: Option<String>,
    /// The input that waits for the rest of the deck.
    pub(crate) held: Vec<Input>,
}

impl App {
    /// Creates a talk at the slide where it starts, on a screen of `size`. The demos of that slide open at
    /// once, so this must be called within a tokio runtime.
    pub fn new(config: AppConfig, size: Size) -> Self {
        let terminal_brightness = Brightness::default();
        let theme = *config.themes.of(terminal_brightness);
        let highlights = Highlights::default();
        let area = Rect::new(0, 0, size.width, size.height);
        let services = Arc::new(config.services.clone());
        let shows_warnings = config.rehearse;
        let (consents, notice) = (config.consents.clone(), config.notice.clone());
        let steering = Steering::new(config.keys.clone(), config.route);
        let mut app = Self {
            config,
            theme,
            terminal_brightness,
            area,
            slide_index: 0,
            progress: SlideProgress::default(),
            slots: Vec::new(),
            focus: None,
            last_focus: None,
            kept: KeptDemos::default(),
            overlay: None,
            steering,
            shows_warnings,
            elapsed_minutes: 0,
            servers: Vec::new(),
            layout: OnceCell::new(),
            needs_follow_up: false,
            needs_threads: false,
            layout_to_drop: None,
            prepared: None,
            highlights,
            pictures: PictureSizes::default(),
            gallery: Gallery::default(),
            highlighter: None,
            awaited_listings: Vec::new(),
            services,
            dirty: true,
            transition: TransitionState::default(),
            links: FrameLinks::default(),
            repaint: false,
            mouse_reports: MouseReports::default(),
            window_changed: false,
            exit: None,
            stopped: None,
            consents,
            font_hint_given: false,
            notice,
            reload_error: None,
            held: Vec::new(),
        };
        let start = app.config.start.unwrap_or_else(|| app.first_place());
        app.open_slide(start.slide, start.step);
        app.hint_at_font();
        if app.config.standalone.is_some() {
            app.focus_next_demo();
        }
        app
    }

    /// Returns the deck that is shown.
    pub fn deck(&self) -> &Deck {
        &self.config.deck
    }

    /// Returns the index of the open slide, from 0.
    pub fn slide_index(&self) -> usize {
        self.slide_index
    }

    /// Handles one event that comes alone, as the keys of a script do: long after the one before,
    /// and long before the next.
    pub fn update(&mut self, event: AppEvent) {
        self.steering.typing.end_word();
        self.handle(event, Instant::now());
        self.release_waiting_key();
        self.steering.typing.end_word();
        self.follow_up();
        self.wake_threads();
    }

    /// Handles one event that came at `now`. A letter may have to wait for what follows it.
    pub(crate) fn handle(&mut self, event: AppEvent, now: Instant) {
        match event {
            AppEvent::Input(input) => {
                if let Some(input) = self.hold(input) {
                    self.handle_input(input, now);
                }
            }
            AppEvent::Background(theme) => self.apply_terminal_background(theme),
            AppEvent::Graphics(answer) => self.set_graphics(answer),
            AppEvent::Picture(picture) => self.add_picture(picture),
            AppEvent::Highlighted(listing) => self.add_highlighted(listing),
            AppEvent::Reloaded(update) => {
                self.reload(*update);
                self.release_held(now);
            }
            AppEvent::ReloadFailed(reason) => {
                self.set_reload_error(reason);
                self.release_held(now);
            }
            AppEvent::Servers(statuses) => {
                self.dirty |= self.servers != statuses;
                self.servers = statuses;
            }
            AppEvent::Minute => {
                self.elapsed_minutes += 1;
                self.dirty = true;
            }
            AppEvent::Signal(number) => self.exit = Some(LoopExit::Signal(number)),
            AppEvent::Continued => {
                self.repaint = true;
                self.exit = Some(LoopExit::Continued);
            }
        }
    }

    /// Handles input, which ends a transition and may begin one.
    fn handle_input(&mut self, input: Input, now: Instant) {
        self.dirty |= self.transition.complete();
        let before = self.slide_index;
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => self.handle_key(key, now),
            Input::Paste(text) => self.handle_paste(text),
            Input::Resize(width, height) => self.resize(width, height),
            Input::Mouse(mouse) => self.handle_mouse(mouse),
            _ => {}
        }
        self.transition.begin(self.config.transition, (before, self.slide_index), now);
    }

    /// Keeps a frame that was drawn, if a transition may begin at it.
    pub(crate) fn remember_frame(&mut self, frame: &Buffer) {
        if self.config.transition.is_some() {
            self.transition.remember(frame);
        }
    }

    /// Passes the time to the open demos that asked for ticks.
    pub(crate) fn tick(&mut self, now: Instant) {
        for demo in self.slots.iter_mut().flatten().filter(|demo| demo.tick_interval().is_some()) {
            demo.tick(now);
            self.dirty = true;
        }
    }

    /// Returns the open slide.
    pub(crate) fn slide(&self) -> &Slide {
        &self.config.deck.slides[self.slide_index]
    }

    pub(crate) fn open_slot(&self, demo: usize, fence: &deck::DemoFence) -> DemoSlot {
        if let Some(standalone) = &self.config.standalone {
            return Ok(standalone.open(self.services.clone()));
        }
        let spot = DemoPosition { slide: self.slide_index, demo };
        self.config.registry.open(fence, spot, &self.consents, self.services.clone())
    }
}
#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

    use crossterm::event::KeyCode;

    use super::*;
    use crate::stage::{
        Demo, DemoEntry, DemoEvent, Diagnostic, KeyHint, Registry, SettingSpec, Settings, Stage,
        StandaloneDemo, ViewContext,
    };

    static HAS_SOMETHING_OPEN: AtomicBool = AtomicBool::new(false);
    static ESCAPES: AtomicU32 = AtomicU32::new(0);

    /// A demo that counts the Escs it is given.
    struct Counter;

    static COUNTER: [DemoEntry; 1] = [DemoEntry::of::<Counter>()];

    impl Demo for Counter {
        const NAME: &'static str = "counter";
        const ABOUT: &'static str = "";
        const SETTINGS: &'static [SettingSpec] = &[];
        const KEYS: &'static [KeyHint] = &[];
        const MIN_ROWS: u16 = 1;
        type Msg = ();
        type Cmd = ();

        fn open(_: &Settings) -> Result<(Self, Vec<()>), Diagnostic> {
            Ok((Self, Vec::new()))
        }

        fn update(&mut self, event: DemoEvent<()>) -> Vec<()> {
            if matches!(event, DemoEvent::Key(key) if key.code == KeyCode::Esc) {
                ESCAPES.fetch_add(1, Relaxed);
            }
            Vec::new()
        }

        fn wants_escape(&self) -> bool {
            HAS_SOMETHING_OPEN.load(Relaxed)
        }

        fn view(&self, _: Rect, _: &mut Buffer, _: &ViewContext) {}

        fn perform((): (), _: &Stage<()>) {}
    }

    #[tokio::test]
    async fn esc_gives_the_keys_back_unless_the_demo_has_something_open_or_stands_alone() {
        for (standalone, has_something_open) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            HAS_SOMETHING_OPEN.store(has_something_open, Relaxed);
            ESCAPES.store(0, Relaxed);
            let config = AppConfig {
                standalone: standalone.then(|| StandaloneDemo::new(|| (Counter, Vec::new()))),
                ..AppConfig::bare("```demo counter\n```\n", Registry::new(&COUNTER))
            };
            let mut app = App::new(config, Size { width: 60, height: 20 });
            let press = |app: &mut App, code: KeyCode| {
                app.update(AppEvent::Input(Input::Key(code.into())));
            };
            if !standalone {
                press(&mut app, KeyCode::Enter);
            }
            assert_eq!(app.focus, Some(0));
            press(&mut app, KeyCode::Esc);
            let is_for_the_demo = standalone || has_something_open;
            assert_eq!(
                (app.focus.is_some(), ESCAPES.load(Relaxed)),
                (is_for_the_demo, u32::from(is_for_the_demo)),
                "standalone: {standalone}, something open: {has_something_open}"
            );
        }
    }
}
