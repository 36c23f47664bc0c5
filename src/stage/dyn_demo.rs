//! A running demo without its types, with what its view needs and the keys it handles; and a demo
//! that is not opened by a slide.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::stage::{Services, Theme};

/// A running demo without its types.
pub trait DynDemo: Send {
    /// Says that the demo has just been given the keyboard.
    fn focus(&mut self);
    /// Passes a key to the demo.
    fn key(&mut self, key: KeyEvent);
    /// Whether the demo has a next step to show.
    fn takes_next(&self) -> bool;
    /// Shows the demo's next step.
    fn next(&mut self);
    /// Passes pasted text to the demo.
    fn paste(&mut self, text: String);
    /// Passes a click to the demo, at a position of the area that it was drawn into.
    fn click(&mut self, at: Position, area: Rect);
    /// Passes a turn of the mouse wheel to the demo: the number of notches down, negative if up.
    fn wheel(&mut self, by: isize);
    /// Returns the text that the demo asked to put on the clipboard, and forgets it.
    fn take_clipboard(&mut self) -> Option<String>;
    /// Passes the current time to the demo.
    fn tick(&mut self, now: Instant);
    /// Returns how often the demo needs the time; `None` if never.
    fn tick_interval(&self) -> Option<Duration>;
    /// Handles the reports that have arrived. Ready if there was one.
    fn poll_mailbox(&mut self, context: &mut Context) -> Poll<()>;
    /// Draws the demo, and why it has stopped if it has.
    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext);
    /// Returns the keys that the demo handles.
    fn keys(&self) -> &'static [KeyHint];
    /// Returns the key that shows all keys, if the demo has one.
    fn help_key(&self) -> Option<&'static str>;
    /// Returns the minimum number of rows that the slide gives it.
    fn min_rows(&self) -> u16;
    /// Whether something is open in the demo that Esc closes.
    fn wants_escape(&self) -> bool;
    /// Returns why the demo no longer handles events: a panic, or work that could not be started.
    /// `None` while it runs.
    fn stopped(&self) -> Option<&str>;
    /// Ends what the demo does, because its slide is left. What it shows stays; a demo that was
    /// doing something is frozen from then on.
    fn freeze(&mut self);
    /// Whether the demo is frozen: it is drawn and handles no events.
    fn is_frozen(&self) -> bool;
    /// Whether the demo was used: it was given a key, a click or a paste.
    fn was_used(&self) -> bool;
}

/// A demo that has the screen to itself, or is open over another one. It is opened with a value of
/// its own type where a slide would give it settings, and nobody is asked for consent: whoever
/// starts the program with it, or presses the key that opens it, wants what it does.
#[derive(Clone)]
pub struct StandaloneDemo(pub(super) Arc<OpenStandalone>);

type OpenStandalone = dyn Fn(Arc<Services>) -> Box<dyn DynDemo> + Send + Sync;

impl StandaloneDemo {
    /// Opens it; it needs a tokio runtime around it.
    pub fn open(&self, services: Arc<Services>) -> Box<dyn DynDemo> {
        (self.0)(services)
    }
}

/// One line of the key help: a key, or several that belong together, with their effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHint {
    /// The names of the keys, as the help shows them.
    pub keys: &'static str,
    /// The effect of the keys.
    pub about: &'static str,
}

/// What a view needs besides the demo's own state.
#[derive(Clone, Copy, Debug)]
pub struct ViewContext<'a> {
    /// The colours.
    pub theme: &'a Theme,
    /// Whether the demo has the keyboard.
    pub focused: bool,
}
