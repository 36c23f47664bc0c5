//! What a demo is: a state machine with a view.
//!
//! A demo changes only in [`Demo::update`], draws only in [`Demo::view`], and touches the world
//! only in [`Demo::perform`], which cannot see its state.

use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::stage::{DeclaredEffect, Diagnostic, SettingSpec, Settings, Stage, Theme};

/// A live demo on a slide.
pub trait Demo: Sized + Send + 'static {
    /// The word after ```` ```demo ````.
    const NAME: &'static str;
    /// What it shows, in one line.
    const ABOUT: &'static str;
    /// The settings it takes.
    const SETTINGS: &'static [SettingSpec];
    /// The keys it knows while it has them.
    const KEYS: &'static [KeyHint];
    /// The rows below which it would be cramped.
    const MIN_ROWS: u16;
    /// What its engines report.
    type Msg: Send + 'static;
    /// What it asks of them: plain data, so that tests compare it.
    type Cmd: Send + 'static;

    /// The demo as its slide is opened, and what it asks for at once.
    ///
    /// # Errors
    ///
    /// What only the demo can judge of its settings.
    fn open(settings: &Settings) -> Result<(Self, Vec<Self::Cmd>), Diagnostic>;

    /// What opening it does outside of the talk. It is opened only once all of it is allowed;
    /// whatever [`Demo::open`] or a later command does beyond loopback, or to a file that the
    /// reader has not asked for by a key, must be declared.
    ///
    /// # Errors
    ///
    /// As for [`Demo::open`].
    fn effects(_settings: &Settings) -> Result<Vec<DeclaredEffect>, Diagnostic> {
        Ok(Vec::new())
    }

    /// Takes one event; all change is here.
    fn update(&mut self, event: DemoEvent<Self::Msg>) -> Vec<Self::Cmd>;

    /// How often it wants [`DemoEvent::Tick`]; `None` while nothing moves.
    fn tick_interval(&self) -> Option<Duration> {
        None
    }

    /// Something is open in it that Esc closes: a prompt, a page. Otherwise Esc gives the keys
    /// back.
    fn wants_escape(&self) -> bool {
        false
    }

    /// Draws it at any size and changes nothing.
    fn view(&self, area: Rect, buffer: &mut Buffer, look: &ViewContext);

    /// Carries out a command. It has no `self`: what it learns comes back as a message.
    fn perform(cmd: Self::Cmd, stage: &Stage<Self::Msg>);
}

/// What reaches a demo.
#[derive(Clone, Debug, PartialEq)]
pub enum DemoEvent<M> {
    /// A key, while the demo has the keys.
    Key(KeyEvent),
    /// Pasted text, while the demo has the keys.
    Paste(String),
    /// A click at a position of the area that the demo was drawn into.
    Click(Position, Rect),
    /// The mouse wheel: notches down, negative ones up.
    Wheel(isize),
    /// The time, as often as [`Demo::tick_interval`] asks.
    Tick(Instant),
    /// A report of one of its engines.
    Msg(M),
}

/// A key, or several that belong together, and what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHint {
    /// The keys as a person would name them.
    pub keys: &'static str,
    /// What they do.
    pub about: &'static str,
}

/// What a view needs to know besides the demo's own state.
#[derive(Clone, Copy, Debug)]
pub struct ViewContext {
    /// The colours.
    pub theme: &'static Theme,
    /// Whether the demo has the keys.
    pub focused: bool,
}
