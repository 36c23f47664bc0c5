//! The SockJS tab: what a session says, over all its requests and connections, in the order of time.
//!
//! `session_rows` gathers the rows of a session, and `rows` draws one of them.

mod rows;
mod session_rows;
#[cfg(test)]
mod tests;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use wiretalk_core::wire::sockjs::{RowPlace, SockJsRow};

use crate::demos::inspect::action::{Action, ByteCursor, Place, Tab};
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::session::Session;
use crate::text;
use session_rows::{PlacedRow, SessionRows};

/// The tab's keys.
pub(crate) const KEY_HINTS: &[&str] = &["[ ] { } row", "⏎ its frame or request", "s next session"];

/// The number of rows that `{` and `}` pass over.
const LARGE_STEP: isize = 20;

/// The rows below the list, for the row under the cursor.
const DETAIL_ROWS: u16 = 4;

/// The state of the tab.
#[derive(Debug, Default)]
pub(crate) struct SockJsTabState {
    /// The session that was chosen; `None` for the first one of the shown connection.
    chosen: Option<Box<str>>,
    /// The row under the cursor; `None` follows the newest.
    selected: Option<usize>,
    rows: SessionRows,
}

/// Whether any connection speaks SockJS.
pub(crate) fn is_spoken(session: &Session) -> bool {
    let mut all = session.connections.all().iter();
    all.any(|connection| !connection.trace.sockjs().rows().is_empty())
}

/// Gathers the rows of the session that is shown, if there are more than before.
pub(crate) fn follow(state: &mut SockJsTabState, session: &Session) {
    let first =
        || Some(session.connection().trace.sockjs().rows().first()?.session.session.clone());
    let any = || session_rows::sessions(session).into_iter().next();
    match state.chosen.clone().or_else(first).or_else(any) {
        Some(name) => state.rows.update(&name, session),
        None => state.rows = SessionRows::default(),
    }
}

/// Handles a key. Returns `None` if it is not one of this tab's.
pub(crate) fn key(
    state: &mut SockJsTabState,
    session: &Session,
    key: KeyEvent,
) -> Option<Vec<Action>> {
    match key.code {
        KeyCode::Up | KeyCode::Char('[' | 'k') => move_by(state, -1),
        KeyCode::Down | KeyCode::Char(']' | 'j') => move_by(state, 1),
        KeyCode::Char('{') => move_by(state, -LARGE_STEP),
        KeyCode::Char('}') => move_by(state, LARGE_STEP),
        KeyCode::Home => state.selected = Some(0),
        KeyCode::End => state.selected = None,
        KeyCode::Char('s') => choose_next(state, session),
        KeyCode::Enter => return Some(open(state, session)),
        _ => return None,
    }
    Some(Vec::new())
}

/// Moves the cursor by rows.
pub(crate) fn move_by(state: &mut SockJsTabState, by: isize) {
    let last = state.rows.list.len().saturating_sub(1);
    let at = current(state).saturating_add_signed(by);
    state.selected = (at < last).then_some(at);
}

/// Puts the cursor on a row, and opens it if the cursor is there already.
pub(crate) fn click(state: &mut SockJsTabState, session: &Session, row: usize) -> Vec<Action> {
    if state.selected == Some(row) {
        return open(state, session);
    }
    state.selected = Some(row);
    Vec::new()
}

fn current(state: &SockJsTabState) -> usize {
    let last = state.rows.list.len().saturating_sub(1);
    state.selected.map_or(last, |row| row.min(last))
}

fn choose_next(state: &mut SockJsTabState, session: &Session) {
    let all = session_rows::sessions(session);
    let at = all.iter().position(|name| *name == state.rows.session);
    let next = at.map_or(0, |at| (at + 1) % all.len());
    state.chosen = all.into_iter().nth(next);
    state.selected = None;
    follow(state, session);
}

/// Returns the actions that show the frame of the row under the cursor, or the exchanges of its
/// connection.
fn open(state: &SockJsTabState, session: &Session) -> Vec<Action> {
    let Some((place, row)) = under_cursor(state, session) else { return Vec::new() };
    let show = Action::ShowConnection(place.connection);
    let RowPlace::Frame(number) = row.place else {
        return vec![show, Action::Show(Tab::Handshake)];
    };
    let trace = &session.connections.all()[place.connection].trace;
    let mut frames = trace.rows().iter();
    let at = frames.position(|frame| frame.from() == row.from && frame.frame_number() == number);
    let cursor = at.map(|at| Action::MoveTo(Place::Frame(at, ByteCursor::default())));
    [show].into_iter().chain(cursor).chain([Action::Show(Tab::Frames)]).collect()
}

fn under_cursor<'a>(
    state: &SockJsTabState,
    session: &'a Session,
) -> Option<(PlacedRow, &'a SockJsRow)> {
    let place = *state.rows.list.get(current(state))?;
    Some((place, place.row(session)?))
}

pub(crate) fn draw(state: &SockJsTabState, session: &Session, area: Rect, canvas: &mut Canvas) {
    let Some(conversation) = state.rows.conversation() else {
        let text = "No SockJS here: no WebSocket and no request with the path of a session.";
        let text = text::ellipsize(text, area.width.into()).into_owned();
        canvas.draw_line(&Line::styled(text, canvas.theme.dim()), 0, area);
        return;
    };
    let (head, rest) = split_rows(area, 2);
    let others = state.rows.others().map_or_else(String::new, |others| format!(" · s: {others}"));
    let lines = [
        (format!("{}{others}", conversation.title()), canvas.theme.heading()),
        (conversation.outcome(), canvas.theme.dim()),
    ];
    for (row, (line, style)) in (0..).zip(lines) {
        let line = text::sanitize(&line).into_owned();
        let line = text::ellipsize(&line, area.width.into()).into_owned();
        canvas.draw_line(&Line::styled(line, style), row, head);
    }
    let details = if rest.height >= 3 * DETAIL_ROWS { DETAIL_ROWS } else { 0 };
    let (list, below) = split_rows(rest, rest.height - details);
    draw_list(state, session, list, canvas);
    if let Some((_, row)) = under_cursor(state, session).filter(|_| details > 0) {
        canvas.draw_divider("", below);
        for (at, line) in (1..).zip(rows::details(row, below.width, canvas.theme)) {
            canvas.draw_line(&line, at, below);
        }
    }
}

fn draw_list(state: &SockJsTabState, session: &Session, area: Rect, canvas: &mut Canvas) {
    let all = &state.rows.list;
    let at = current(state);
    // The row after the one under the cursor stays in sight.
    let first = (at + 2).min(all.len()).saturating_sub(area.height.into());
    let has_several = state.rows.conversation().is_some_and(|found| found.connections.len() > 1);
    for (line, (index, place)) in (0..).zip(all.iter().enumerate().skip(first)) {
        if line == area.height {
            break;
        }
        let Some(row) = place.row(session) else { continue };
        let spot = Rect { y: area.y + line, height: 1, ..area };
        canvas.add_target(spot, ClickTarget::SockJsRow(index));
        if index == at {
            canvas.buffer.set_style(spot, Style::new().bg(canvas.theme.selected));
        }
        let number = has_several.then(|| session.connections.all()[place.connection].number);
        canvas.draw_line(&rows::line(place, row, number, index == at, canvas.theme), 0, spot);
    }
}
