//! The handshake tab: both heads line by line, the bytes of one line, the accept value step by
//! step, and all checks with their reasons.
//!
//! `wire::handshake` validates the heads. `head_rows` draws a head, `head_line` the
//! bytes of a line, and `accept_steps` the checks.

mod accept_steps;
mod exchanges;
mod head_line;
mod head_rows;
mod http2;
mod page;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;

use crate::demos::inspect::action::Action;
use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::parts::page::RulesPage;
use crate::demos::inspect::parts::prose;
use crate::demos::inspect::session::Session;
use crate::text;
use crate::wire::Side;
use accept_steps::ACCEPT_STEP_COUNT;
use head_rows::HeadRows;

/// Returns the tab's keys.
pub(crate) fn key_hints(session: &Session) -> Vec<&'static str> {
    if session.head_lines().is_empty() {
        return session.type_hint().into_iter().collect();
    }
    let mut hints = vec!["↑↓ line", "←→ byte"];
    if accept_steps::accept_value(session).is_some() {
        hints.extend(["n p accept step by step", "a all of it"]);
    }
    hints.extend(session.type_hint());
    hints.push("? why");
    hints
}

/// The width in columns from which on the heads are shown side by side.
const SIDE_BY_SIDE_WIDTH: u16 = 84;

/// The state of the tab.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandshakeTabState {
    /// The index of the line under the cursor. Lines of the response follow those of the request.
    pub(crate) line: usize,
    /// The index of the byte under the cursor within that line.
    pub(crate) byte: usize,
    /// The last shown step of the accept value; `None` shows all.
    pub(crate) step: Option<usize>,
}

/// Handles a key. Returns `None` if it is not one of this tab's.
pub(crate) fn key(
    state: &mut HandshakeTabState,
    session: &Session,
    key: KeyEvent,
) -> Option<Vec<Action>> {
    let lines = session.head_lines();
    let last = lines.len().saturating_sub(1);
    let bytes = lines.get(state.line.min(last)).map_or(0, |line| line_len(session, *line));
    match key.code {
        KeyCode::Up => (state.line, state.byte) = (state.line.saturating_sub(1), 0),
        KeyCode::Down => (state.line, state.byte) = ((state.line + 1).min(last), 0),
        KeyCode::Left => state.byte = state.byte.saturating_sub(1),
        KeyCode::Right => state.byte = (state.byte + 1).min(bytes.saturating_sub(1)),
        KeyCode::Char('n') => {
            // After the last step all of them are shown again.
            state.step = state
                .step
                .map_or(Some(0), |step| (step + 1 < ACCEPT_STEP_COUNT).then_some(step + 1));
        }
        KeyCode::Char('p') => {
            state.step = state.step.map_or(Some(ACCEPT_STEP_COUNT - 1), |step| step.checked_sub(1));
        }
        KeyCode::Char('a') => state.step = None,
        _ => return None,
    }
    Some(Vec::new())
}

fn line_len(session: &Session, (from, line): (Side, usize)) -> usize {
    let head = session.connection().trace.head(from).and_then(|validated| validated.head.as_ref());
    head.and_then(|head| head.lines().get(line))
        .map_or(0, |line| line.line_end.end - line.text.start)
}

/// Moves the cursor to a line of a head.
pub(crate) fn click(state: &mut HandshakeTabState, session: &Session, from: Side, number: usize) {
    if let Some(line) = session.head_lines().iter().position(|line| *line == (from, number)) {
        (state.line, state.byte) = (line, 0);
    }
}

/// Returns the page of the line under the cursor.
pub(crate) fn page(state: &HandshakeTabState, session: &Session) -> Option<RulesPage> {
    page::line_page(session, line_under_cursor(state, session)?)
}

/// Returns the line under the cursor, as its sender and its index in that head.
fn line_under_cursor(state: &HandshakeTabState, session: &Session) -> Option<(Side, usize)> {
    let lines = session.head_lines();
    lines.get(state.line.min(lines.len().saturating_sub(1))).copied()
}

pub(crate) fn draw(state: &HandshakeTabState, session: &Session, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let Some(at) = line_under_cursor(state, session) else {
        return draw_without_head(session, area, canvas);
    };
    let before = exchanges::lines(session, usize::from(area.height / 5), area.width, theme);
    let (first, area) = split_rows(area, before.len() as u16);
    prose::draw_lines(&before, first, canvas);
    let checks = accept_steps::lettered_checks(session);
    let wide = area.width >= SIDE_BY_SIDE_WIDTH;
    let half = if wide { (area.width - 3) / 2 } else { area.width };
    let heads = [Side::Client, Side::Server]
        .map(|from| HeadRows::new(session, from, at, &checks, half, theme));
    // Without room for both heads, only the one with the cursor is shown.
    let tallest =
        heads.iter().filter(|rows| wide || rows.from == at.0).map(|rows| rows.lines.len()).max();
    let steps = accept_steps::accept_step_lines(session, state.step, area.width, theme);
    let (checked, check_rows) = accept_steps::check_lines(session, &checks, at, area.width, theme);
    let (title, explanation) = head_line::explain_line(session, at, &checks, area.width, theme);
    let head = session.connection().trace.head(at.0).and_then(|validated| validated.head.as_ref());
    let wanted = WantedRows {
        heads: tallest.unwrap_or(0) as u16 + 1,
        bytes: head.map_or(0, |head| head_line::row_count(head, at.1, area.width)),
        steps: steps.as_ref().map_or(0, |(_, lines)| lines.len() as u16 + 1),
        checks: check_rows.len() as u16 + 1,
        explanation: explanation.len() as u16 + 1,
        stepping: state.step.is_some(),
    };
    let [first, bytes, accept, list, last] =
        Layout::vertical(wanted.share_out(area.height).map(Constraint::Length)).areas(area);
    if wide {
        let [left, right] = Layout::horizontal([Constraint::Length(half), Constraint::Fill(1)])
            .spacing(3)
            .areas(first);
        for y in first.top()..first.bottom() {
            canvas.buffer.set_string(left.right() + 1, y, "│", theme.faint());
        }
        heads[0].draw(left, canvas);
        heads[1].draw(right, canvas);
    } else {
        heads[usize::from(at.0 == Side::Server)].draw(first, canvas);
        let hint =
            if at.0 == Side::Client { "↓ on to the response" } else { "↑ back to the request" };
        let wide = (text::width(hint) as u16).min(first.width);
        let row = Rect { x: first.right() - wide, width: wide, ..first };
        canvas.draw_line(&Line::styled(hint, theme.dim()), 0, row);
    }
    if let Some(head) = head {
        head_line::draw(head, at.1, state.byte, bytes, canvas);
    }
    if let Some((title, lines)) = steps {
        head_line::draw_pane(&title, &lines, accept, canvas);
    }
    head_line::draw_pane(&checked, &check_rows, list, canvas);
    head_line::draw_pane(&title, &explanation, last, canvas);
}

/// The number of rows that each part of the tab needs.
struct WantedRows {
    heads: u16,
    bytes: u16,
    steps: u16,
    checks: u16,
    explanation: u16,
    stepping: bool,
}

impl WantedRows {
    /// Distributes `height` rows, from the top: heads, bytes, steps, checks, explanation. The most
    /// important parts are served first, and the rest goes to those that need more.
    fn share_out(&self, height: u16) -> [u16; 5] {
        let mut left = height;
        let mut take = |max_rows: u16, min_rows: u16| {
            // Below its minimum a part would show little more than its title, so it gets no rows.
            let rows = if left < min_rows { 0 } else { max_rows.min(left) };
            left -= rows;
            rows
        };
        let mut heads = take(self.heads.min((height / 2).max(4)), 1);
        // While the user goes through the steps, they matter more than the explanation.
        let first = if self.stepping { take(self.steps, 4) } else { 0 };
        let mut explanation = take(self.explanation.min(3), 2);
        let mut bytes = take(self.bytes.min(3), 3);
        // Unless the user goes through them, the steps are shown whole or not at all.
        let steps = first + if self.stepping { 0 } else { take(self.steps, self.steps) };
        // Its title and one row: what failed comes first.
        let checks = take(self.checks, 2);
        for (rows, wanted) in [
            (&mut heads, self.heads),
            (&mut bytes, self.bytes),
            (&mut explanation, self.explanation),
        ] {
            if *rows > 0 {
                *rows += take(wanted.saturating_sub(*rows), 1);
            }
        }
        [heads, bytes, steps, checks, explanation]
    }
}

/// Draws why there is no head: nothing has arrived, only ordinary HTTP, or something that is not a
/// head.
fn draw_without_head(session: &Session, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let mut lines = Vec::new();
    if let Some(handshake) = &session.connection().http2 {
        let lines = http2::lines(handshake, area.width, theme);
        return prose::draw_lines(&lines, area, canvas);
    }
    for from in [Side::Client, Side::Server] {
        let Some(validated) = session.connection().trace.head(from) else { continue };
        for problem in &validated.validation.problems {
            let rule = problem.code.rule();
            let text = format!("{}: {}. {}", rule.name, rule.summary, rule.rationale);
            lines.extend(prose::labelled_paragraph(
                "✗ ",
                &text,
                2,
                area.width,
                Style::new().fg(theme.bad),
                theme,
            ));
        }
    }
    if lines.is_empty() {
        let trace = &session.connection().trace;
        let text = if trace.is_open() {
            "The handshake was not captured: the bytes begin in the middle of the connection."
        } else if trace.exchanges().all().is_empty() {
            "Nothing has been received yet."
        } else {
            "Ordinary HTTP: no request on this connection asks for a WebSocket."
        };
        lines.extend(prose::labelled_paragraph("", text, 0, area.width, theme.dim(), theme));
        lines.push(Line::default());
        let rows = usize::from(area.height).saturating_sub(lines.len() + 1);
        lines.extend(exchanges::lines(session, rows, area.width, theme));
    }
    prose::draw_lines(&lines, split_rows(area, 1).1, canvas);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demos::inspect::action::Tab;
    use crate::demos::inspect::testing::{
        REQUEST, RESPONSE, assert_contains, inspector_after_handshake, opened, press, render_text,
    };

    #[test]
    fn the_whole_handshake_is_on_one_screen() {
        let (mut inspect, _inbox) = opened();
        inspect.show_tab(Tab::Handshake);
        inspect.tabs.handshake.line = 4;
        let shown = render_text(&inspect, 100, 30);
        for part in [
            "C→S  request · 140 bytes · at 0.100 ms",
            "S→C  response · 129 bytes · at 0.512 ms",
            "▶Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ",
            " field name ──",
            "value: 24 characters = 16 bytes",
            "1 key text",
            "3 SHA-1      b3 7a 4f 2c c0 62 4f 16 90 f6 46 06 cf 38 59 45 b2 be c4 ea",
            "5 compare    s3pPLMBiTxaQ9kYGzzhZRbK+xOo=   equal",
            "Checks 10/10",
            "✓a GET, HTTP/1.1",
            "no extension agreed, so RSV1 must stay 0",
            "Why · key",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
    }

    #[test]
    fn a_refusal_shows_its_body_and_what_was_not_checked() {
        let refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 44\r\nConnection: close\r\n\r\n\
            The origin http://evil.example is not mine.\n";
        let (mut inspect, _inbox) = inspector_after_handshake(REQUEST, refusal, &[]);
        inspect.show_tab(Tab::Handshake);
        let shown = render_text(&inspect, 120, 40);
        let unchecked = "Upgrade, Connection, accept, extensions, subprotocol: not checked";
        assert_contains(
            &shown,
            &["body · 44 bytes", "The origin http://evil.example is not mine.", unchecked],
        );
        assert!(!shown.contains("the token upgrade"), "{shown}");
        for _ in 0..40 {
            press(&mut inspect, KeyCode::Down);
        }
        let shown = render_text(&inspect, 120, 40);
        assert_contains(&shown, &["what follows is the body of the response, not frames"]);
        inspect.show_tab(Tab::Problems);
        assert_contains(&render_text(&inspect, 120, 40), &["Body   The origin http://evil"]);
    }

    #[test]
    fn a_check_that_failed_is_in_sight_where_there_is_room_for_one() {
        let wrong = String::from_utf8_lossy(RESPONSE).replace("s3pPLM", "S3pPLM");
        let (mut inspect, _inbox) = inspector_after_handshake(REQUEST, wrong.as_bytes(), &[]);
        inspect.show_tab(Tab::Handshake);
        let shown = render_text(&inspect, 100, 30);
        let rows: Vec<&str> = shown.lines().collect();
        let title = rows.iter().position(|row| row.contains("Checks 9/10")).unwrap();
        assert!(rows[title + 1].contains("✗j accept: "), "{shown}");
    }

    #[test]
    fn the_accept_value_is_revealed_step_by_step() {
        let (mut inspect, _inbox) = opened();
        inspect.show_tab(Tab::Handshake);
        for _ in 0..3 {
            press(&mut inspect, KeyCode::Char('n'));
        }
        let shown = render_text(&inspect, 78, 15);
        assert!(shown.contains("step 3 of 5") && shown.contains("b3 7a 4f 2c"), "{shown}");
        assert!(shown.contains("4 base64     ·"), "{shown}");
        press(&mut inspect, KeyCode::Char('p'));
        assert!(!render_text(&inspect, 78, 15).contains("b3 7a"));
        press(&mut inspect, KeyCode::Char('a'));
        assert_eq!(inspect.tabs.handshake.step, None);
    }

    #[test]
    fn the_cursor_moves_through_the_bytes_of_a_line() {
        let (mut inspect, _inbox) = opened();
        inspect.show_tab(Tab::Handshake);
        for _ in 0..99 {
            press(&mut inspect, KeyCode::Right);
        }
        assert_eq!(inspect.tabs.handshake.byte, 15);
        assert!(render_text(&inspect, 100, 30).contains("byte 0x000f = 0a = line feed, line end"));
        press(&mut inspect, KeyCode::Down);
        assert_eq!((inspect.tabs.handshake.line, inspect.tabs.handshake.byte), (1, 0));
    }

    #[test]
    fn the_most_important_parts_get_rows_first() {
        let wanted =
            WantedRows { heads: 9, bytes: 5, steps: 6, checks: 4, explanation: 3, stepping: false };
        assert_eq!(wanted.share_out(27), [9, 5, 6, 4, 3]);
        assert_eq!(wanted.share_out(12), [6, 3, 0, 0, 3]);
        assert_eq!(WantedRows { stepping: true, ..wanted }.share_out(12), [6, 0, 6, 0, 0]);
    }
}
