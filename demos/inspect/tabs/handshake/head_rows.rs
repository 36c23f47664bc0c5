//! A head in rows: each line in the colours of its parts, folded to the width, with the result of
//! its check.

use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::accept_steps::LetteredCheck;
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::parts::colors::{head_part_color, result_symbol, side_style};
use crate::demos::inspect::parts::prose;
use crate::demos::inspect::parts::units::format_time;
use crate::demos::inspect::session::Session;
use crate::stage::Theme;
use crate::text;
use crate::wire::handshake::{Head, HeadPartKind, ValidatedHead};
use crate::wire::{Side, format};

/// The maximum number of rows that a line of a head takes.
const MAX_FOLDED_ROWS: usize = 4;

/// A head in rows: long lines are folded, and each has the result of its check.
pub(super) struct HeadRows {
    pub(super) from: Side,
    title: Line<'static>,
    /// The rows, each with the index of its line in the head; `None` for rows after the head.
    pub(super) lines: Vec<(Option<usize>, Line<'static>)>,
    cursor: Option<usize>,
}

impl HeadRows {
    pub(super) fn new(
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

    pub(super) fn draw(&self, area: Rect, canvas: &mut Canvas) {
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

/// Returns the body of a refusal as text; otherwise lines about the bytes that arrived together with
/// the end of the head, and whether that is legal.
fn bytes_after_head(
    session: &Session,
    from: Side,
    glued: usize,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    if let Some(body) = session.connection().refusal_text().filter(|_| from == Side::Server) {
        let title = format!(" body · {}", format::byte_count(body.len() as u64));
        let mut lines = vec![Line::styled(title, theme.dim())];
        for line in body.trim_end().lines() {
            let plain = Style::new().fg(theme.text);
            lines.extend(prose::labelled_paragraph(
                "",
                &text::sanitize(line),
                1,
                width,
                plain,
                theme,
            ));
        }
        return lines;
    }
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
            let style = Style::new().fg(head_part_color(part.kind, theme));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_and_not_cut() {
        let spans = vec![Span::raw("name: "), Span::raw("0123456789")];
        let rows = fold(spans, 8);
        let rows: Vec<String> =
            rows.iter().map(|row| row.iter().map(|span| &*span.content).collect()).collect();
        assert_eq!(rows, ["name: 01", "  234567", "  89"]);
        assert_eq!(fold(vec![Span::raw("abc")], 0).len(), 1);
    }
}
