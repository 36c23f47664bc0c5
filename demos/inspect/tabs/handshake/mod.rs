//! The handshake tab: both heads line by line, the bytes of one line, the accept value step by
//! step, and all checks with their reasons.
//!
//! `wire::handshake` validates the heads. `head_line` draws the bytes of a line, and `accept_steps`
//! the checks.

mod accept_steps;
mod head_line;
mod page;

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::demos::inspect::action::Action;
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::parts::colors::{result_symbol, role_color};
use crate::demos::inspect::parts::page::RulesPage;
use crate::demos::inspect::parts::prose;
use crate::demos::inspect::parts::units::format_time;
use crate::demos::inspect::session::Session;
use crate::stage::Theme;
use crate::text;
use crate::wire::handshake::{Head, HeadPartKind, ValidatedHead};
use crate::wire::{Side, format};
use accept_steps::{ACCEPT_STEP_COUNT, LetteredCheck};

/// The tab's keys.
pub(crate) const KEY_HINT: &str =
    "↑↓ line  ←→ byte  n p accept step by step  a all of it  ⏎ type and send  ? why  h keys";

/// The width in columns from which on the heads are shown side by side.
const SIDE_BY_SIDE_WIDTH: u16 = 84;

/// The maximum number of rows that a line of a head takes.
const MAX_FOLDED_ROWS: usize = 4;

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
        let mut take = |most: u16, least: u16| {
            // Below its minimum a part would show little more than its title, so it gets no rows.
            let rows = if left < least { 0 } else { most.min(left) };
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
        let checks = take(self.checks, 3);
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

/// A head in rows: long lines are folded, and each has the result of its check.
struct HeadRows {
    from: Side,
    title: Line<'static>,
    /// The rows, each with the index of its line in the head; `None` for rows after the head.
    lines: Vec<(Option<usize>, Line<'static>)>,
    cursor: Option<usize>,
}

impl HeadRows {
    fn new(
        session: &Session,
        from: Side,
        cursor: (Side, usize),
        checks: &[LetteredCheck],
        width: u16,
        theme: &Theme,
    ) -> Self {
        let (color, arrow) = side_style(from, theme);
        let bold = Style::new().fg(color).add_modifier(Modifier::BOLD);
        let validated = session.connection().trace.head(from);
        let Some(head) = validated.and_then(|validated: &ValidatedHead| validated.head.as_ref())
        else {
            let title = Line::styled(format!("{arrow}  no answer yet"), theme.dim());
            return Self { from, title, lines: Vec::new(), cursor: None };
        };
        let end = head_end(session, from);
        let what = if from == Side::Client { "request" } else { "response" };
        let at = end.map_or_else(String::new, |(at, _)| format!(" · at {}", format_time(at)));
        let title = Line::styled(
            format!("{arrow}  {what} · {}{at}", format::byte_count(head.raw().len() as u64)),
            bold,
        );
        let cursor = (cursor.0 == from).then_some(cursor.1);
        let room = usize::from(width).saturating_sub(4);
        let mut lines = Vec::new();
        for number in 0..head.lines().len() {
            let row = checks.iter().find(|row| row.from == from && row.check.line == Some(number));
            let verdict = row.map(|row| (result_symbol(row.check.result, theme), row.letter));
            for (fold, spans) in
                fold(styled_line(head, number, theme), room).into_iter().enumerate()
            {
                let mark = if cursor == Some(number) && fold == 0 { "▶" } else { " " };
                let mut line = Line::styled(mark, Style::new().fg(theme.accent));
                line.spans.extend(spans);
                if let (0, Some(((sign, color), letter))) = (fold, verdict) {
                    // The result of the check is right-aligned.
                    let gap = room + 2 - line.width().min(room + 1);
                    let letter = letter.map_or_else(String::new, |letter| letter.to_string());
                    line.push_span(Span::raw(" ".repeat(gap)));
                    let style = Style::new().fg(color).add_modifier(Modifier::BOLD);
                    line.push_span(Span::styled(format!("{sign}{letter}"), style));
                }
                lines.push((Some(number), line));
            }
        }
        let glued = end.map_or(0, |(_, glued)| glued);
        lines.extend(
            bytes_after_head(session, from, glued, width, theme)
                .into_iter()
                .map(|line| (None, line)),
        );
        Self { from, title, lines, cursor }
    }

    fn draw(&self, area: Rect, canvas: &mut Canvas) {
        canvas.draw_line(&self.title, 0, area);
        let body = split_rows(area, 1).1;
        let rows = usize::from(body.height);
        let last = self.lines.iter().rposition(|(line, _)| line.is_some() && *line == self.cursor);
        let first = (last.unwrap_or(0) + 1).saturating_sub(rows);
        for (row, (number, line)) in self.lines.iter().skip(first).take(rows).enumerate() {
            let spot = Rect { y: body.y + row as u16, height: 1, ..body };
            if number.is_some() && *number == self.cursor {
                canvas.buffer.set_style(spot, Style::new().bg(canvas.theme.selected));
            }
            canvas.draw_line(line, 0, spot);
            if let Some(number) = number {
                canvas.add_target(spot, ClickTarget::HeadLine(self.from, *number));
            }
        }
    }
}

/// Returns when a head was complete, and how many bytes after it arrived in the same piece as its
/// end.
fn head_end(session: &Session, from: Side) -> Option<(Duration, usize)> {
    let trace = &session.connection().trace;
    trace.head(from)?;
    let head = trace.frames_start(from);
    let pieces = trace.arrivals().all().iter().filter(|piece| piece.from() == from);
    // The piece that contains the last byte of the head.
    let last = pieces.into_iter().find(|piece| piece.end() >= head)?;
    Some((last.time(), (last.end() - head).to_usize_saturating()))
}

/// Returns lines about the bytes that arrived together with the end of the head, and whether that
/// is legal.
fn bytes_after_head(
    session: &Session,
    from: Side,
    glued: usize,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    if glued == 0 {
        return Vec::new();
    }
    let bytes = session
        .connection()
        .read(from, session.connection().trace.frames_start(from), glued.min(8))
        .unwrap_or_default();
    let hex = format::spaced_hex(&bytes, 8) + if glued > 8 { " …" } else { "" };
    let remark = match (from, session.connection().trace.is_open()) {
        // A server may send frames right behind its 101, so both can share a segment.
        (Side::Server, true) => "the first frame came with the 101: legal",
        (Side::Server, false) => "a body: this is plain HTTP",
        (Side::Client, _) => "sent before the 101: it is not known yet whether these are frames",
    };
    let text =
        format!("{} after the blank line: {hex} · {remark}", format::byte_count(glued as u64));
    prose::labelled_paragraph(" + ", &text, 3, width, theme.dim(), theme)
}

/// Returns one line of a head, each part in its colour, with the line end made visible.
fn styled_line(head: &Head, number: usize, theme: &Theme) -> Vec<Span<'static>> {
    let parts = head.parts().into_iter().filter(|part| part.line == number);
    parts
        .map(|part| {
            let shown = String::from_utf8_lossy(&head.raw()[part.bytes.clone()]);
            let style = Style::new().fg(role_color(part.kind, theme));
            let style = match part.kind {
                HeadPartKind::Method | HeadPartKind::Status => style.add_modifier(Modifier::BOLD),
                _ => style,
            };
            let shown = match part.kind {
                // Escaped, because a bare LF must differ from CR LF.
                HeadPartKind::LineEnd => shown.escape_debug().to_string(),
                _ => text::sanitize(&shown).into_owned(),
            };
            Span::styled(shown, style)
        })
        .collect()
}

/// Folds spans into rows of at most `cells` cells. Rows after the first are indented. If there are
/// too many, the last one ends with `…`.
fn fold(spans: Vec<Span<'static>>, cells: usize) -> Vec<Vec<Span<'static>>> {
    let mut rows = vec![Vec::new()];
    let mut used = 0;
    for span in spans {
        let mut rest = &*span.content;
        while !rest.is_empty() {
            let piece = text::prefix_within(rest, cells.saturating_sub(used));
            // Up to two cells a row holds nothing but its indent, and another row would not help.
            if piece.is_empty() && used > 2 {
                if rows.len() == MAX_FOLDED_ROWS {
                    rows.last_mut().expect("it has the first row").push(Span::raw("…"));
                    return rows;
                }
                rows.push(vec![Span::raw("  ")]);
                used = 2;
                continue;
            }
            // Without room for a single character there is nothing to show, and the loop must end.
            if piece.is_empty() {
                return rows;
            }
            used += text::width(piece);
            rows.last_mut()
                .expect("it has the first row")
                .push(Span::styled(piece.to_owned(), span.style));
            rest = &rest[piece.len()..];
        }
    }
    rows
}

/// Draws why there is no head: nothing has arrived, or something that is not a head.
fn draw_without_head(session: &Session, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let mut lines = Vec::new();
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
        lines.push(Line::styled("Nothing has been received yet.", theme.dim()));
    }
    prose::draw_lines(&lines, split_rows(area, 1).1, canvas);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demos::inspect::action::Tab;
    use crate::demos::inspect::testing::render_text;
    use crate::demos::inspect::testing::{opened, press};

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
    fn long_lines_are_folded_and_not_cut() {
        let spans = vec![Span::raw("name: "), Span::raw("0123456789")];
        let rows = fold(spans, 8);
        let rows: Vec<String> =
            rows.iter().map(|row| row.iter().map(|span| &*span.content).collect()).collect();
        assert_eq!(rows, ["name: 01", "  234567", "  89"]);
        assert_eq!(fold(vec![Span::raw("abc")], 0).len(), 1);
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
