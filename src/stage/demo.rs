//! The trait of all demos: a state machine with a view.
//!
//! A demo changes only in [`Demo::update`], draws only in [`Demo::view`], and has effects only in
//! [`Demo::perform`], which cannot see its state.

use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::stage::{
    DeclaredEffect, Diagnostic, KeyHint, SettingSpec, Settings, Stage, ViewContext,
};

/// A live demo on a slide.
pub trait Demo: Sized + Send + 'static {
    /// The word after ```` ```demo ````.
    const NAME: &'static str;
    /// A description in one line.
    const ABOUT: &'static str;
    /// The settings that it accepts.
    const SETTINGS: &'static [SettingSpec];
    /// The keys that it handles while it has the keyboard.
    const KEYS: &'static [KeyHint];
    /// The key that shows all keys, if the demo has one.
    const HELP_KEY: Option<&'static str> = None;
    /// The minimum number of rows that the slide gives it.
    const MIN_ROWS: u16;
    /// A report from the demo's engines.
    type Msg: Send + 'static;
    /// A command to the demo's engines. It is plain data, so that tests can compare it.
    type Cmd: Send + 'static;

    /// Opens the demo with its slide. Returns it with the commands to carry out at once.
    ///
    /// # Errors
    ///
    /// Fails on settings that only the demo itself can validate.
    fn open(settings: &Settings) -> Result<(Self, Vec<Self::Cmd>), Diagnostic>;

    /// Checks settings that only the demo itself can validate, for decks that are opened or checked:
    /// all their demos with settings are, so it opens nothing that takes time.
    ///
    /// # Errors
    ///
    /// As for [`Demo::open`].
    fn check(settings: &Settings) -> Result<(), Diagnostic> {
        Self::open(settings).map(drop)
    }

    /// Returns the effects that opening the demo has outside the talk. It is opened only once all
    /// of them are allowed. Everything that [`Demo::open`] or a later command does beyond loopback
    /// must be declared, and every file that it writes, unless the user asked for that file with a
    /// key.
    ///
    /// # Errors
    ///
    /// As for [`Demo::open`].
    fn effects(_settings: &Settings) -> Result<Vec<DeclaredEffect>, Diagnostic> {
        Ok(Vec::new())
    }

    /// Handles one event and returns the commands that follow. Nothing else changes the demo.
    fn update(&mut self, event: DemoEvent<Self::Msg>) -> Vec<Self::Cmd>;

    /// Returns how often the demo needs a [`DemoEvent::Tick`]; `None` while nothing moves.
    fn tick_interval(&self) -> Option<Duration> {
        None
    }

    /// Whether something is open in the demo that Esc closes, such as a prompt. If not, Esc returns
    /// the keyboard to the slides.
    fn wants_escape(&self) -> bool {
        false
    }

    /// Whether the demo has more to show one step at a time, so that the key of a presentation
    /// clicker goes on in it, as a [`DemoEvent::Next`], before it leaves the slide.
    fn takes_next(&self) -> bool {
        false
    }

    /// Whether the demo goes on where it was when its slide is opened again, although its work has
    /// ended with the slide. If not, it is frozen.
    fn outlives_slide(&self) -> bool {
        false
    }

    /// Draws the demo at any size, down to 1x1, and changes nothing.
    fn view(&self, area: Rect, buffer: &mut Buffer, look: &ViewContext);

    /// Carries out a command. It has no `self`, so results come back as messages.
    fn perform(cmd: Self::Cmd, stage: &Stage<Self::Msg>);
}

/// An event for a demo.
#[derive(Clone, Debug, PartialEq)]
pub enum DemoEvent<M> {
    /// The keyboard, which the demo has just been given.
    Focus,
    /// A key, while the demo has the keyboard.
    Key(KeyEvent),
    /// The next step, which the key of a presentation clicker asks for: whether or not the demo has
    /// the keyboard, as long as [`Demo::takes_next`].
    Next,
    /// Its slide was left, which has ended all its work; for a demo that goes on, as
    /// [`Demo::outlives_slide`] says.
    Left,
    /// Pasted text, while the demo has the keyboard.
    Paste(String),
    /// A click at a position, and the area that the demo was drawn into.
    Click(Position, Rect),
    /// The mouse wheel: the number of notches down, negative if up.
    Wheel(isize),
    /// The current time, as often as [`Demo::tick_interval`] asks for it.
    Tick(Instant),
    /// A report from one of the demo's engines.
    Msg(M),
}
