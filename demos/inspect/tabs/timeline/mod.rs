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
pub(crate) use state::TimelineTabState;
use time_window::TimeWindow;

/// The tab's keys.
pub(crate) const KEY_HINT: &str = "←→ frame  + − zoom  0 fit  o TCP pieces  g same message  space \
                                   follow  ⏎ type and send  ? why  h keys";

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
            state.zoom = Some(current_scale(state, session).saturating_sub(1));
        }
        KeyCode::Char('-') => {
            state.zoom = Some((current_scale(state, session) + 1).min(time_window::MAX_SCALE));
        }
        KeyCode::Char('0') => state.zoom = None,
        KeyCode::Char('o') => state.hide_arrivals = !state.hide_arrivals,
        _ => return None,
    }
    Some(Vec::new())
}

/// Returns the shown scale. Which one fits depends on the width, which key handling does not know,
/// so 80 columns are assumed.
fn current_scale(state: &TimelineTabState, session: &Session) -> u8 {
    let fitting =
        || session.current_row().map(|current| TimeWindow::fitting(session, current, 80).scale());
    state.zoom.or_else(fitting).unwrap_or_default()
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
