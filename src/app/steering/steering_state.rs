//! [`Steering`]: what the stage knows of its keys and of what was pressed before.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::app::overlay::SearchHits;
use crate::app::steering::jump_history::JumpHistory;
use crate::app::steering::keys::KeyMap;
use crate::app::steering::keys::TypingGuard;
use crate::app::steering::route::Route;
use crate::deck::Slide;

/// The state of the steering.
#[derive(Debug)]
pub(crate) struct Steering {
    pub(crate) keys: KeyMap,
    pub(crate) route: Route,
    /// The slide number that is being typed.
    pub(crate) number: Option<String>,
    pub(crate) history: JumpHistory,
    /// Whether the open slide was come to from the one behind it.
    pub(crate) goes_back: bool,
    pub(crate) typing: TypingGuard,
    /// The search that is on.
    pub(crate) hits: Option<SearchHits>,
    pub(crate) showing: Showing,
    pub(crate) laser: Option<Laser>,
    /// Whether the end of the talk was asked for once.
    pub(crate) asks_to_quit: bool,
    /// Whether a demo had the keyboard since the talk began.
    pub(crate) demo_has_run: bool,
}

impl Steering {
    /// A talk that has just begun.
    pub(crate) fn new(keys: KeyMap, route: Route) -> Self {
        Self {
            keys,
            route,
            number: None,
            history: JumpHistory::default(),
            goes_back: false,
            typing: TypingGuard::default(),
            hits: None,
            showing: Showing::Slide,
            laser: None,
            asks_to_quit: false,
            demo_has_run: false,
        }
    }

    /// Returns the index of the slide that comes after the one at `index`, in the direction in
    /// which the talk goes.
    pub(crate) fn adjacent(&self, slides: &[Slide], index: usize) -> Option<usize> {
        if self.goes_back {
            self.route.previous(slides, index)
        } else {
            self.route.next(slides, index)
        }
    }
}

/// The picture that the room sees.
#[derive(Debug, PartialEq)]
pub(crate) enum Showing {
    /// The slide as it is.
    Slide,
    /// A blank screen.
    Blank,
    /// The picture of the moment in which it was held. The talk goes on beneath.
    Still(Box<Buffer>),
}

/// The laser pointer, with the place of the mouse once it has moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Laser {
    pub(crate) at: Option<Position>,
}

/// The reports of the mouse that the terminal sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseReports {
    /// Nothing: the terminal selects text itself.
    #[default]
    Off,
    /// Clicks and the wheel.
    Clicks,
    /// Every move as well.
    Moves,
}
