//! The connections tab: all connections in a table, for finding one among many.
//!
//! `columns` decides which columns fit, and `row` what a row says. Only rows in sight are made.

mod columns;
mod row;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use crate::demos::inspect::action::{Action, Tab};
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget};
use crate::demos::inspect::session::Session;
use crate::inspect::{ConnectionKind, describe_kinds};
use crate::text;
use crate::text::units::group_thousands;
use columns::Columns;
use row::ConnectionRow;

/// Returns the tab's keys.
pub(crate) fn key_hints(session: &Session) -> Vec<&'static str> {
    let mut hints = vec!["↑↓ ⏎ open", "/ find", "a all, also HTTP"];
    if session.connections.len() > 1 {
        hints.push("< > previous, next");
    }
    hints
}

/// The number of connections that `{` and `}` pass over.
const LARGE_STEP: isize = 20;

/// Handles a key. Returns `None` if it is not one of this tab's.
pub(crate) fn key(session: &mut Session, key: KeyEvent) -> Option<Vec<Action>> {
    let connections = &mut session.connections;
    match key.code {
        KeyCode::Up | KeyCode::Char('[' | 'k') => connections.move_cursor(-1),
        KeyCode::Down | KeyCode::Char(']' | 'j') => connections.move_cursor(1),
        KeyCode::Char('{') => connections.move_cursor(-LARGE_STEP),
        KeyCode::Char('}') => connections.move_cursor(LARGE_STEP),
        KeyCode::Home => connections.move_cursor(isize::MIN),
        KeyCode::End => connections.move_cursor(isize::MAX),
        KeyCode::Char('a') => connections.toggle_lists_all(),
        KeyCode::Enter => return Some(open(session, session.connections.cursor())),
        _ => return None,
    }
    Some(Vec::new())
}

/// Puts the cursor on a connection, and opens it if the cursor is there already.
pub(crate) fn click(session: &mut Session, index: usize) -> Vec<Action> {
    if session.connections.cursor() == index {
        return open(session, index);
    }
    session.connections.move_cursor_to(index);
    Vec::new()
}

/// Returns the actions that show a connection: its frames, or the handshake if it has none.
fn open(session: &Session, index: usize) -> Vec<Action> {
    let has_frames = session
        .connections
        .all()
        .get(index)
        .is_some_and(|connection| !connection.trace.rows().is_empty());
    let is_sockjs = session
        .connections
        .all()
        .get(index)
        .is_some_and(|connection| connection.kind() == ConnectionKind::SockJs);
    let tab = match (has_frames, is_sockjs) {
        (true, _) => Tab::Frames,
        (false, true) => Tab::SockJs,
        (false, false) => Tab::Handshake,
    };
    vec![Action::ShowConnection(index), Action::Show(tab)]
}

pub(crate) fn draw(session: &Session, area: Rect, canvas: &mut Canvas) {
    let connections = &session.connections;
    let hidden = hidden_text(session);
    let footer = u16::from(hidden.is_some() && area.height >= 4);
    let height = area.height.saturating_sub(1 + footer);
    let (total, at) = position(session);
    // The connection after the one under the cursor stays in sight.
    let first = (at + 2).min(total).saturating_sub(usize::from(height));
    let listed = (0..connections.len()).filter(|index| connections.is_listed(*index));
    let rows: Vec<ConnectionRow> = listed
        .skip(first)
        .take(height.into())
        .map(|index| ConnectionRow::new(session, index, canvas.theme))
        .collect();
    let columns = Columns::fit(&rows, connections.len(), area.width);
    canvas.draw_line(&columns.titles(canvas.theme), 0, area);
    draw_position(total, at, usize::from(height), area, canvas);
    for (line, row) in (1..).zip(&rows) {
        let spot = Rect { y: area.y + line, height: 1, ..area };
        canvas.add_target(spot, ClickTarget::Connection(row.index));
        if row.index == connections.cursor() {
            canvas.buffer.set_style(spot, Style::new().bg(canvas.theme.selected));
        }
        canvas.draw_line(&columns.line(row, canvas.theme), 0, spot);
    }
    if let Some(text) = hidden.filter(|_| footer > 0) {
        let text = text::ellipsize(&text, area.width.into()).into_owned();
        canvas.draw_line(&Line::styled(text, canvas.theme.dim()), area.height - 1, area);
    }
}

/// Draws which of the rows the cursor is on into the row of titles, if not all rows are in sight.
fn draw_position(total: usize, at: usize, height: usize, area: Rect, canvas: &mut Canvas) {
    if total <= height {
        return;
    }
    let text = format!(" {}/{total}", at + 1);
    let width = (text::width(&text) as u16).min(area.width);
    let spot = Rect { x: area.right() - width, width, height: area.height.min(1), ..area };
    canvas.draw_line(&Line::styled(text, canvas.theme.dim()), 0, spot);
}

/// Returns the number of listed connections, and how many of them are before the cursor.
fn position(session: &Session) -> (usize, usize) {
    let connections = &session.connections;
    let listed = (0..connections.len()).filter(|index| connections.is_listed(*index));
    listed.fold((0, 0), |(total, before), index| {
        (total + 1, before + usize::from(index < connections.cursor()))
    })
}

/// Returns what is not listed, by kind; `None` if everything is.
fn hidden_text(session: &Session) -> Option<String> {
    let connections = &session.connections;
    if let Some(filter) = connections.filter() {
        let (count, of) = (filter.count() as u64, connections.len() as u64);
        let [count, of] = [count, of].map(group_thousands);
        return Some(format!(
            "{count} of {of} have {:?}: / and an empty line list all",
            filter.text
        ));
    }
    if connections.lists_all() {
        return None;
    }
    let hidden = || {
        let all = connections.all().iter().enumerate();
        all.filter(|(index, _)| !connections.is_listed(*index)).map(|(_, connection)| connection)
    };
    let kinds = describe_kinds(hidden().map(|connection| {
        let exchanges = connection.trace.exchanges();
        (connection.kind(), exchanges.all().len() as u64 + exchanges.dropped())
    }));
    let count = hidden().count() as u64;
    (count > 0).then(|| format!("a lists {} more: {kinds}", group_thousands(count)))
}

#[cfg(test)]
mod tests;
