//! The time line: pieces, frames and messages of both directions over time, then the message of the chosen frame.
//!
//! Everything is computed from the trace; what was not seen is not drawn.

mod checks;
mod joined;
mod lanes;
mod link;
mod message;
mod window;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::Cmd;
use super::canvas::{Canvas, split};
use super::state::Inspect;
use message::Subject;
use window::Window;

/// The tab's keys.
pub(super) const HINT: &str =
    "←→ frame  + − zoom  0 fit  o TCP pieces  g same message  space follow  ⏎ type and send  ? why  h keys";

/// What the tab remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The scale that the reader chose; none fits the chosen frame and its neighbours.
    zoom: Option<u8>,
    /// The pieces are not shown.
    bare: bool,
}

/// Takes a key; none if it is not one of this tab's.
pub(super) fn key(inspect: &mut Inspect, key: KeyEvent) -> Option<Vec<Cmd>> {
    match key.code {
        KeyCode::Left => inspect.step(-1),
        KeyCode::Right => inspect.step(1),
        KeyCode::Char('+' | '=') => inspect.timeline.zoom = Some(scale(inspect).saturating_sub(1)),
        KeyCode::Char('-') => inspect.timeline.zoom = Some((scale(inspect) + 1).min(window::LARGEST)),
        KeyCode::Char('0') => inspect.timeline.zoom = None,
        KeyCode::Char('o') => inspect.timeline.bare = !inspect.timeline.bare,
        _ => return None,
    }
    Some(Vec::new())
}

/// The scale that is shown. Which one fits depends on the width, which keys do not know: that of a usual terminal is taken.
fn scale(inspect: &Inspect) -> u8 {
    let fitting = || inspect.current().map(|current| Window::fitting(inspect, current, 80).scale());
    inspect.timeline.zoom.or_else(fitting).unwrap_or_default()
}

pub(super) fn draw(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let Some(current) = inspect.current() else {
        let told = "No frame yet: the handshake comes first.";
        return canvas.line(&Line::styled(told, canvas.theme.dim()), 1, area);
    };
    let subject = Subject::of(inspect, current);
    let height = area.height;
    let airy = height >= 40;
    let most = match height {
        0..=5 => height,
        6..=13 => 6,
        14..=23 => 7,
        _ => 9,
    };
    let (above, rest) = split(area, most + 2 * u16::from(airy));
    lanes::draw(inspect, current, above, airy, canvas);
    let (rest, below) = split(rest, rest.height.saturating_sub(u16::from(height >= 12)));
    link::draw_line(inspect, below, canvas);
    let rules = checks::checks(inspect, &subject);
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
    let (body, foot) = split(rest, rest.height.saturating_sub(listed + joined));
    message::draw(inspect, &subject, body, canvas);
    let (joint, foot) = split(foot, joined);
    joined::draw(inspect, &subject, joint, canvas);
    checks::draw(&rules, foot, canvas);
}

#[cfg(test)]
mod tests;
