//! The mask tab.

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::Cmd;
use super::canvas::Canvas;
use super::state::Inspect;

/// The tab's keys.
pub(super) const HINT: &str = "";

/// What the tab remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct State {}

/// Takes a key; none if it is not one of this tab's.
pub(super) fn key(_inspect: &mut Inspect, _key: KeyEvent) -> Option<Vec<Cmd>> {
    None
}

pub(super) fn draw(_inspect: &Inspect, _area: Rect, _canvas: &mut Canvas) {}

/// Goes to a step.
pub(super) fn click(_inspect: &mut Inspect, _step: usize) {}
