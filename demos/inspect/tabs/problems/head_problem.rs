//! Explains a problem of a head: its line and bytes, the rule, and what follows from it.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::location::draw_hex;
use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::parts::prose::{self, labelled_paragraph, short_section};
use crate::demos::inspect::session::Session;
use crate::text;
use crate::wire::handshake::Problem as HeadProblem;
use crate::wire::{Severity, Side, format};

/// The width of the labels in cells.
const LABEL_WIDTH: usize = 9;

/// Draws a problem of a head: its line, its bytes, and the consequence.
pub(super) fn draw(session: &Session, from: Side, number: usize, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let connection = session.connection();
    let Some(problem) = connection.head_problems(from).get(number) else { return };
    let (arrow, what) =
        (side_style(from, theme).1, if from == Side::Client { "request" } else { "response" });
    let validated = connection.trace.head(from);
    let head = validated.and_then(|validated| validated.head.as_ref());
    let raw = head.map_or(connection.trace.head_bytes(from), |head| head.raw());
    let span = problem.span.clone().filter(|span| span.start < raw.len());
    let (bytes, rest) = split_rows(area, if span.is_some() { 3 } else { 1 });
    let place = span.as_ref().map_or_else(
        || match &connection.http2 {
            Some(websocket) => format!("stream {} of HTTP/2", websocket.stream_id),
            None => "nothing to mark, because something is missing".to_owned(),
        },
        |span| {
            format!(
                "byte 0x{:02x}: {}",
                span.start,
                format::quote(&raw[span.start..span.end.min(raw.len())], 50)
            )
        },
    );
    canvas.draw_divider(&format!("{arrow} {what} · {place}"), bytes);
    if let Some(span) = span {
        let colors = vec![theme.text; raw.len()];
        let label = format::byte_count(span.len() as u64);
        draw_hex(
            raw,
            &[],
            &colors,
            // An empty span marks the position of something that is missing.
            span.start..span.end.max(span.start + 1),
            &label,
            split_rows(bytes, 1).1,
            canvas,
        );
    }
    let rule = problem.code.rule();
    canvas.draw_divider(&format!("{}, {}", rule.name, short_section(rule.section)), rest);
    let status = validated.and_then(|validated| validated.validation.status);
    let mut lines = head_problem_lines(problem, from, status, area.width, canvas);
    lines.extend(body_lines(session, from, area.width, canvas));
    prose::draw_lines(&lines, split_rows(rest, 1).1, canvas);
}

fn head_problem_lines(
    problem: &HeadProblem,
    from: Side,
    status: Option<u16>,
    width: u16,
    canvas: &Canvas,
) -> Vec<Line<'static>> {
    let theme = canvas.theme;
    let rule = problem.code.rule();
    let plain = Style::new().fg(theme.text);
    let mut lines = labelled_paragraph(
        "  Found",
        rule.summary,
        LABEL_WIDTH,
        width,
        plain.add_modifier(Modifier::BOLD),
        theme,
    );
    if let Some(hint) = &problem.hint {
        lines.extend(labelled_paragraph(
            "  Hint",
            &format::escape_controls(hint),
            LABEL_WIDTH,
            width,
            plain,
            theme,
        ));
    }
    lines.extend(labelled_paragraph("  Why", rule.rationale, LABEL_WIDTH, width, plain, theme));
    let now = match (problem.severity, from, status) {
        (Severity::Fatal, Side::Client, Some(status)) => {
            format!(
                "A server refuses the request with status {status}: there is no WebSocket to \
                 close yet."
            )
        }
        (Severity::Fatal, Side::Client, None) => {
            "A server closes the connection: no HTTP response makes sense.".to_owned()
        }
        // Before the handshake is complete there are no frames, so no Close either (RFC 6455
        // sections 4.1 and 7.1.7).
        (Severity::Fatal, Side::Server, _) => {
            "A client fails the connection: it closes TCP without a Close frame.".to_owned()
        }
        _ => "Worth knowing; the connection goes on.".to_owned(),
    };
    lines.extend(labelled_paragraph("  Now", &now, LABEL_WIDTH, width, plain, theme));
    lines
}

/// Returns the body of a response that refuses the handshake, if it is text.
fn body_lines(session: &Session, from: Side, width: u16, canvas: &Canvas) -> Vec<Line<'static>> {
    let Some(body) = session.connection().refusal_text().filter(|_| from == Side::Server) else {
        return Vec::new();
    };
    let plain = Style::new().fg(canvas.theme.text);
    let label = |row: usize| if row == 0 { "  Body" } else { "" };
    let lines = body.trim_end().lines().enumerate();
    let lines = lines.flat_map(|(row, text)| {
        labelled_paragraph(
            label(row),
            &text::sanitize(text),
            LABEL_WIDTH,
            width,
            plain,
            canvas.theme,
        )
    });
    lines.collect()
}
