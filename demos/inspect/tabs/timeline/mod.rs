//! The timeline tab: TCP pieces, frames and messages of both directions over time, and the message
//! of the selected frame.
//!
//! Everything is computed from the trace.

mod joined_fragments;
mod lane_breaks;
mod lane_order;
mod lanes;
mod link_summary;
mod message_span;
mod rule_checks;
mod selected_message;
mod state;
mod time_window;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::demos::inspect::action::Action;
use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::session::Session;
use crate::demos::inspect::tabs::no_frames;
use selected_message::SelectedMessage;
pub(crate) use state::{TimelineTabState, Zoom};
use time_window::TimeWindow;

/// Returns the tab's keys.
pub(crate) fn key_hints(session: &Session) -> Vec<&'static str> {
    if session.current_row().is_none() {
        return session.type_hint().into_iter().collect();
    }
    let mut hints = vec!["←→ frame", "+ − zoom", "0 all", "o TCP pieces", "g same message"];
    hints.extend(session.type_hint());
    hints.extend(["? why", "space follow"]);
    hints
}

/// Handles a key. Returns `None` if it is not one of this tab's.
pub(crate) fn key(
    state: &mut TimelineTabState,
    session: &mut Session,
    key: KeyEvent,
) -> Option<Vec<Action>> {
    match key.code {
        KeyCode::Left => session.move_selection(-1),
        KeyCode::Right => session.move_selection(1),
        KeyCode::Char('+' | '=') => {
            state.zoom = Zoom::Scale(current_scale(state, session).saturating_sub(1));
        }
        KeyCode::Char('-') => {
            // Beyond the whole connection there is nothing to see.
            let whole = TimeWindow::whole(session, ASSUMED_COLUMNS).scale();
            state.zoom = match current_scale(state, session) {
                scale if scale < whole => Zoom::Scale(scale + 1),
                _ => Zoom::Whole,
            };
        }
        KeyCode::Char('0') => {
            state.zoom = if state.zoom == Zoom::Whole { Zoom::Message } else { Zoom::Whole };
        }
        KeyCode::Char('o') => state.shows_arrivals = !state.shows_arrivals,
        _ => return None,
    }
    Some(Vec::new())
}

/// The columns that are assumed where a scale has to fit: key handling does not know the width.
const ASSUMED_COLUMNS: u16 = 80;

/// Returns the shown scale.
fn current_scale(state: &TimelineTabState, session: &Session) -> u8 {
    let current = session.current_row().unwrap_or_default();
    TimeWindow::for_row(session, state.zoom, current, ASSUMED_COLUMNS).scale()
}

pub(crate) fn draw(state: &TimelineTabState, session: &Session, area: Rect, canvas: &mut Canvas) {
    let Some(current) = session.current_row() else {
        let text = no_frames::text(session);
        return canvas.draw_line(&Line::styled(text, canvas.theme.dim()), 1, area);
    };
    let selected = SelectedMessage::from_row(session, current);
    let height = area.height;
    let airy = height >= 40;
    let max_rows = match height {
        0..=5 => height,
        6..=13 => 6,
        14..=23 => 7,
        _ => 9,
    };
    let (above, rest) = split_rows(area, max_rows + 2 * u16::from(airy));
    lanes::draw(state, session, current, above, airy, canvas);
    let (rest, below) = split_rows(rest, rest.height.saturating_sub(u16::from(height >= 12)));
    link_summary::draw_line(session, below, canvas);
    let rules = rule_checks::fragment_rules(session, &selected);
    let listed = match height {
        0..=13 => 0,
        14..=18 => 1,
        19..=23 => 3,
        24..=39 => 5,
        _ => rules.len() as u16 + 2,
    };
    let joined = match height {
        0..=16 => 0,
        17..=23 => 2,
        24..=39 => 3,
        _ => 6,
    };
    let (body, foot) = split_rows(rest, rest.height.saturating_sub(listed + joined));
    selected_message::draw(session, &selected, body, canvas);
    let (joint, foot) = split_rows(foot, joined);
    joined_fragments::draw(session, &selected, joint, canvas);
    rule_checks::draw(&rules, foot, canvas);
}

#[cfg(test)]
mod tests;
