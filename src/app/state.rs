//! What the stage knows, and how each event changes it.
//!
//! Nothing is drawn here. The only engines touched are the demos of the slide that is open.

use std::sync::Arc;
use std::time::Instant;

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyEventKind};
use ratatui::layout::{Rect, Size};

use crate::app::footer::{Keys, Lamp};
use crate::app::highlight::Highlights;
use crate::app::keys::{self, Action};
use crate::app::slide::{Progress, Sheet};
use crate::deck::{self, Deck, Slide, Warning};
use crate::stage::{Closed, Consents, Depth, House, Live, Registry, Spot, Theme};

/// A talk and everything it is shown with.
#[derive(Clone)]
pub struct Show {
    /// The slides.
    pub deck: Deck,
    /// The file's name, as warnings show it.
    pub file: String,
    /// What is odd about the deck.
    pub warnings: Vec<Warning>,
    /// The demos it may name.
    pub registry: Registry,
    /// The bundled servers.
    pub house: House,
    /// The theme, if the command line or the deck decides; else the terminal's ground does.
    pub theme: Option<deck::ThemeChoice>,
    /// The colours the terminal can show.
    pub depth: Depth,
    /// What the deck may do outside of the talk without asking.
    pub consents: Consents,
    /// What the reader should know first; it stands above the footer until the first key.
    pub notice: Option<String>,
    /// There is no talk, only one demo, which has the screen and the keys from the start.
    pub alone: bool,
}

/// What happens to a talk.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A key, a paste, a new size.
    Input(Input),
    /// The terminal told the colour of its ground.
    Ground(deck::ThemeChoice),
    /// Code has been highlighted.
    Highlighted(Highlights),
    /// The state of the bundled servers changed.
    Lamps(Vec<Lamp>),
    /// A minute has passed.
    Minute,
    /// The process was asked to end, by the signal of this number.
    Signal(i32),
    /// The process goes on after it was stopped; the terminal may be another than before.
    Continued,
}

/// How a run of the event loop ended, or what it asks of the terminal before it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The reader is done.
    Quit,
    /// A signal of this number asked for the end.
    Signal(i32),
    /// The reader wants the shell for a while.
    Suspend,
    /// The process was stopped from outside and goes on: the terminal must be taken again.
    Continued,
    /// Not an end: a text for the clipboard.
    Copy(String),
    /// Not an end: whether the terminal is to report the mouse.
    Mouse(bool),
}

/// A demo of the open slide: alive, or what keeps it from opening.
pub(crate) type Stand = Result<Box<dyn Live>, Closed>;

/// What is drawn over the slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlay {
    Help,
    Notes,
}

/// The state of a talk.
pub struct App {
    pub(crate) show: Show,
    pub(crate) theme: &'static Theme,
    pub(crate) area: Rect,
    pub(crate) at: usize,
    pub(crate) progress: Progress,
    pub(crate) stands: Vec<Stand>,
    /// The demo that has the keys.
    pub(crate) focus: Option<usize>,
    last_focus: Option<usize>,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) typed: Option<String>,
    pub(crate) minutes: u64,
    pub(crate) lamps: Vec<Lamp>,
    pub(crate) sheet: Sheet,
    pub(crate) highlights: Highlights,
    house: Arc<House>,
    pub(crate) dirty: bool,
    pub(crate) repaint: bool,
    /// The terminal reports the mouse.
    pub(crate) mouse: bool,
    pub(crate) end: Option<End>,
    /// Why a demo had stopped that was restarted.
    pub(crate) stopped: Option<String>,
}

impl App {
    /// A talk at its first slide, on a screen of `size`. A demo on that slide opens at once, which
    /// needs a tokio runtime around it.
    pub fn new(show: Show, size: Size) -> Self {
        let theme = Theme::of(show.theme.unwrap_or(deck::ThemeChoice::Dark));
        let highlights = Highlights::default();
        let area = Rect::new(0, 0, size.width, size.height);
        let sheet = Sheet::empty(theme);
        let house = Arc::new(show.house.clone());
        let mut app = Self {
            show,
            theme,
            area,
            at: 0,
            progress: Progress::default(),
            stands: Vec::new(),
            focus: None,
            last_focus: None,
            overlay: None,
            typed: None,
            minutes: 0,
            lamps: Vec::new(),
            sheet,
            highlights,
            house,
            dirty: true,
            repaint: false,
            mouse: false,
            end: None,
            stopped: None,
        };
        app.open(0, 0);
        if app.show.alone {
            app.give_keys();
        }
        app
    }

    /// The slide that is open, from 0.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Takes one event.
    pub fn update(&mut self, event: Event) {
        match event {
            Event::Input(Input::Key(key)) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Input(Input::Paste(text)) => self.paste(text),
            Event::Input(Input::Resize(width, height)) => self.resize(width, height),
            Event::Input(Input::Mouse(mouse)) => self.mouse(mouse),
            Event::Input(_) => {}
            Event::Ground(theme) => self.ground(theme),
            Event::Highlighted(highlights) => self.highlighted(highlights),
            Event::Lamps(lamps) => {
                self.dirty |= self.lamps != lamps;
                self.lamps = lamps;
            }
            Event::Minute => {
                self.minutes += 1;
                self.dirty = true;
            }
            Event::Signal(number) => self.end = Some(End::Signal(number)),
            Event::Continued => {
                self.repaint = true;
                self.end = Some(End::Continued);
            }
        }
    }

    /// Tells the open demos the time.
    pub(crate) fn tick(&mut self, now: Instant) {
        for live in self.stands.iter_mut().flatten().filter(|live| live.pace().is_some()) {
            live.tick(now);
            self.dirty = true;
        }
    }

    /// The slide that is open.
    pub(crate) fn slide(&self) -> &Slide {
        &self.show.deck.slides[self.at]
    }

    /// Who has the keys, for the footer.
    pub(crate) fn keys(&self) -> Keys<'_> {
        let name = |index| self.slide().demos().nth(index).map_or("demo", |fence| fence.name.as_str());
        match (&self.typed, self.focus) {
            (Some(typed), _) => Keys::GoTo(typed),
            (None, Some(index)) => Keys::Demo(name(index)),
            (None, None) => match (self.asking(), self.next_focus()) {
                (Some(index), _) => Keys::Asks(name(index)),
                (None, Some(index)) => Keys::Offer(name(index)),
                (None, None) => Keys::Slide,
            },
        }
    }

    fn key(&mut self, key: KeyEvent) {
        self.dirty = true;
        self.show.notice = None;
        if keys::is_restart(&key) && self.restart() {
            return;
        }
        let action = keys::action(&key, self.focus.is_some());
        if self.typed.is_some() && action != Some(Action::Quit) {
            return self.type_number(key.code);
        }
        if self.overlay.is_some() && key.code == KeyCode::Esc {
            self.overlay = None;
            return;
        }
        match (action, self.focus) {
            (Some(action), _) => self.act(action),
            (None, Some(index)) if key.code == KeyCode::Esc && !self.keeps_escape(index) => self.focus = None,
            (None, Some(index)) => {
                if let Some(Ok(live)) = self.stands.get_mut(index) {
                    live.key(key);
                }
            }
            (None, None) => {}
        }
    }

    /// Esc is for the demo: it has something open, or there is nothing else that could have the keys.
    fn keeps_escape(&self, index: usize) -> bool {
        self.show.alone
            || self.stands.get(index).is_some_and(|stand| matches!(stand, Ok(live) if live.wants_escape()))
    }

    fn paste(&mut self, text: String) {
        if let Some(Ok(live)) = self.focus.and_then(|index| self.stands.get_mut(index)) {
            live.paste(text);
            self.dirty = true;
        }
    }

    fn act(&mut self, action: Action) {
        let help = self.overlay == Some(Overlay::Help);
        if help {
            self.overlay = None;
        }
        match action {
            Action::Next => self.next(),
            Action::Previous => self.previous(),
            Action::First => self.open(0, 0),
            Action::Last => self.open(self.show.deck.slides.len() - 1, 0),
            Action::GoTo => self.typed = Some(String::new()),
            Action::ScrollDown => self.scroll(1),
            Action::ScrollUp => self.scroll(-1),
            Action::ShiftRight => self.shift(8),
            Action::ShiftLeft => self.shift(-8),
            Action::Focus => self.give_keys(),
            Action::Allow => self.allow(),
            Action::Notes => {
                self.overlay = (self.overlay != Some(Overlay::Notes)).then_some(Overlay::Notes);
            }
            Action::Help => self.overlay = (!help).then_some(Overlay::Help),
            Action::Quit => self.end = Some(End::Quit),
            Action::Suspend => self.end = Some(End::Suspend),
        }
    }

    fn type_number(&mut self, code: KeyCode) {
        let Some(mut typed) = self.typed.take() else { return };
        match code {
            KeyCode::Char(digit) if digit.is_ascii_digit() && typed.len() < 6 => typed.push(digit),
            KeyCode::Backspace if !typed.is_empty() => {
                typed.pop();
            }
            KeyCode::Enter => {
                if let Ok(number) = typed.parse::<usize>() {
                    self.open(number.clamp(1, self.show.deck.slides.len()) - 1, 0);
                }
                return;
            }
            KeyCode::Char(digit) if digit.is_ascii_digit() => {}
            _ => return,
        }
        self.typed = Some(typed);
    }

    fn next(&mut self) {
        if self.progress.step + 1 < self.slide().steps() {
            self.progress.step += 1;
            self.focus = None;
        } else if self.at + 1 < self.show.deck.slides.len() {
            self.open(self.at + 1, 0);
        }
    }

    fn previous(&mut self) {
        if self.progress.step > 0 {
            self.progress.step -= 1;
            self.focus = None;
        } else if let Some(before) = self.at.checked_sub(1) {
            self.open(before, usize::MAX);
        }
    }

    /// Opens a slide at a step. The demos of the slide that is left end here, with their sockets.
    fn open(&mut self, at: usize, step: usize) {
        let same = at == self.at && !self.stands.is_empty();
        self.at = at.min(self.show.deck.slides.len() - 1);
        self.progress = Progress { step: step.min(self.slide().steps() - 1), ..Progress::default() };
        self.focus = None;
        self.last_focus = None;
        if !same {
            self.stands.clear();
            self.stands =
                self.slide().demos().enumerate().map(|(index, fence)| self.stand(index, fence)).collect();
        }
        self.lay_out();
    }

    pub(crate) fn stand(&self, demo: usize, fence: &deck::Fence) -> Stand {
        let spot = Spot { slide: self.at, demo };
        self.show.registry.open(fence, spot, &self.show.consents, self.house.clone())
    }

    /// The demo that would get the keys now: the one after the last that had them.
    fn next_focus(&self) -> Option<usize> {
        let count = self.stands.len();
        let first = self.last_focus.map_or(0, |last| last + 1);
        (first..first + count).map(|index| index % count).find(|&index| self.stands[index].is_ok())
    }

    fn give_keys(&mut self) {
        self.focus = self.next_focus();
        self.last_focus = self.focus;
        // a demo that has the keys but is not to be seen would be a riddle
        if let Some(index) = self.focus {
            self.show_demo(index);
        }
    }

    /// Goes to where as much as possible of the demo is to be seen.
    pub(crate) fn show_demo(&mut self, index: usize) {
        let step = self.slide().blocks.iter().scan((0, 0), |(step, demos), block| {
            *step += usize::from(*block == deck::Block::Pause);
            *demos += usize::from(matches!(block, deck::Block::Demo(_)));
            Some((*demos > index).then_some(*step))
        });
        let step = step.flatten().next().unwrap_or(0);
        self.progress.step = self.progress.step.max(step);
        self.progress.scroll = self.sheet.scroll_to(index, self.progress).min(self.sheet.max_scroll());
    }

    pub(crate) fn scroll(&mut self, rows: isize) {
        self.progress.scroll = self.progress.scroll.saturating_add_signed(rows).min(self.sheet.max_scroll());
    }

    fn shift(&mut self, columns: isize) {
        self.progress.shift = self.progress.shift.saturating_add_signed(columns).min(self.sheet.max_shift());
    }
}
