//! One line of a head: its bytes in hex with their parts marked, and the purpose of the line.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::accept_steps::LetteredCheck;
use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::parts::colors::head_part_color;
use crate::demos::inspect::parts::colors::result_symbol;
use crate::demos::inspect::parts::prose;
use crate::demos::inspect::parts::prose::labelled_paragraph;
use crate::demos::inspect::session::Session;
use crate::stage::Theme;
use crate::wire::handshake::accept::decode_key;
use crate::wire::handshake::{Head, HeadLineKind, HeadPart, HeadPartKind};
use crate::wire::{Side, format};

/// Returns the number of bytes per row.
fn bytes_per_row(width: u16) -> usize {
    (usize::from(width.saturating_sub(6)) / 3).clamp(1, 48)
}

/// Returns the number of rows that the line takes, with its title.
pub(crate) fn row_count(head: &Head, line: usize, width: u16) -> u16 {
    let bytes = head.lines().get(line).map_or(0, |line| line.line_end.end - line.text.start);
    1 + 2 * u16::try_from(bytes.div_ceil(bytes_per_row(width)).max(1)).unwrap_or(1000)
}

/// Draws the title, the hex and the marks. The byte under the cursor is reversed.
pub(crate) fn draw(head: &Head, number: usize, byte: usize, area: Rect, canvas: &mut Canvas) {
    let Some(line) = head.lines().get(number) else { return };
    let (start, end) = (line.text.start, line.line_end.end);
    let cursor = (start + byte).min(end.saturating_sub(1));
    let parts: Vec<HeadPart> =
        head.parts().into_iter().filter(|part| part.line == number).collect();
    let under =
        parts.iter().find(|part| part.bytes.contains(&cursor)).map_or("", |part| part.kind.name());
    let value = head.raw()[cursor];
    let shown = match value {
        b'\r' => "carriage return".to_owned(),
        b'\n' => "line feed".to_owned(),
        b' ' => "a blank".to_owned(),
        _ => format::quote(&[value], 1),
    };
    canvas.draw_divider(
        &format!("byte 0x{cursor:04x} = {value:02x} = {shown}, {under} · ←→ byte"),
        area,
    );
    let body = split_rows(area, 1).1;
    let per_row = bytes_per_row(area.width);
    let shown = usize::from(body.height / 2).max(1);
    let first = ((cursor - start) / per_row + 1).saturating_sub(shown);
    for row in 0..shown {
        let from = start + (first + row) * per_row;
        if from >= end {
            break;
        }
        let to = (from + per_row).min(end);
        let [hex, marks] = hex_row(head, &parts, from..to, cursor, canvas.theme);
        canvas.draw_line(&hex, 2 * row as u16, body);
        canvas.draw_line(&marks, 2 * row as u16 + 1, body);
    }
}

fn hex_row(
    head: &Head,
    parts: &[HeadPart],
    row: std::ops::Range<usize>,
    cursor: usize,
    theme: &Theme,
) -> [Line<'static>; 2] {
    let mut hex = Line::styled(format!("{:04x}  ", row.start), theme.faint());
    let mut marks = Line::raw("      ");
    for part in parts.iter().filter(|part| part.bytes.start < row.end && part.bytes.end > row.start)
    {
        let here = part.bytes.start.max(row.start)..part.bytes.end.min(row.end);
        let style = Style::new().fg(head_part_color(part.kind, theme));
        for at in here.clone() {
            let style = if at == cursor {
                style.add_modifier(Modifier::REVERSED | Modifier::BOLD)
            } else {
                style
            };
            hex.push_span(Span::styled(format!("{:02x}", head.raw()[at]), style));
            hex.push_span(Span::raw(" "));
        }
        // A part may run over several rows. Only its first and last row get a corner.
        let (begins, ends) = (here.start == part.bytes.start, here.end == part.bytes.end);
        let mark = bracket(&part_label(head, part), 3 * here.len() - 1, begins, ends);
        marks.push_span(Span::styled(mark + " ", style));
    }
    [hex, marks]
}

/// Returns `└─── field name ───┘` in `cells` cells. If that is too narrow, only the name or only a
/// line.
fn bracket(label: &str, cells: usize, begins: bool, ends: bool) -> String {
    let (left, right) = (if begins { "└" } else { "─" }, if ends { "┘" } else { "─" });
    let wide = label.chars().count();
    if cells >= wide + 4 {
        return format!("{left}{:─^width$}{right}", format!(" {label} "), width = cells - 2);
    }
    if cells >= wide {
        return format!("{label:^cells$}");
    }
    if cells < 3 { " ".repeat(cells) } else { format!("{left}{}{right}", "─".repeat(cells - 2)) }
}

fn part_label(head: &Head, part: &HeadPart) -> String {
    let text = String::from_utf8_lossy(&head.raw()[part.bytes.clone()]).into_owned();
    match part.kind {
        HeadPartKind::Colon => ":".to_owned(),
        HeadPartKind::Space => "SP".to_owned(),
        HeadPartKind::LineEnd if text == "\r\n" => "CR LF".to_owned(),
        HeadPartKind::LineEnd => "LF".to_owned(),
        HeadPartKind::Value => {
            let count = part.bytes.len();
            // The two fields whose values are base64 (RFC 6455 section 4.2.2).
            let coded = ["Sec-WebSocket-Key", "Sec-WebSocket-Accept"];
            let field = match head.lines()[part.line].kind {
                HeadLineKind::Field(index) => head.fields().get(index),
                _ => None,
            };
            let decoded = field
                .filter(|field| coded.iter().any(|name| head.is_named(field, name)))
                .and_then(|_| decode_key(&text));
            let decoded =
                decoded.map_or_else(String::new, |bytes| format!(" = {} bytes", bytes.len()));
            format!("value: {count} character{}{decoded}", if count == 1 { "" } else { "s" })
        }
        role => role.name().to_owned(),
    }
}

/// Explains a line: its purpose, what was found in it, and its problems.
pub(crate) fn explain_line(
    session: &Session,
    (from, number): (Side, usize),
    checks: &[LetteredCheck],
    width: u16,
    theme: &Theme,
) -> (String, Vec<Line<'static>>) {
    let Some(validated) = session.connection().trace.head(from) else {
        return (String::new(), Vec::new());
    };
    let Some(head) = &validated.head else { return (String::new(), Vec::new()) };
    let plain = Style::new().fg(theme.text);
    let mut lines = Vec::new();
    let row = checks.iter().find(|row| row.from == from && row.check.line == Some(number));
    let title = row.map_or_else(
        || "Why · this line".to_owned(),
        |row| format!("Why · {}, {}", row.check.name, row.check.section),
    );
    match row {
        Some(row) => {
            let (sign, color) = result_symbol(row.check.result, theme);
            let style = if color == theme.good { plain } else { Style::new().fg(color) };
            lines.extend(labelled_paragraph(
                sign,
                &format::escape_controls(&row.check.finding),
                2,
                width,
                style,
                theme,
            ));
        }
        None if head.lines().get(number).is_some_and(|line| line.kind == HeadLineKind::Blank) => {
            let text = after_blank_line(head, session.connection().trace.is_open());
            lines.extend(labelled_paragraph("", text, 0, width, plain, theme));
        }
        None => {
            let text = "The handshake does not need this line; HTTP allows any further header.";
            lines.extend(labelled_paragraph("", text, 0, width, plain, theme));
        }
    }
    let line = head.lines().get(number);
    for problem in &validated.validation.problems {
        let within = problem.span.as_ref().zip(line).is_some_and(|(span, line)| {
            span.start >= line.text.start && span.start < line.line_end.end
        });
        if within {
            let rule = problem.code.rule();
            let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
            let text = format::escape_controls(&format!(
                "{}: {}{hint}. {}",
                rule.name, rule.summary, rule.rationale
            ));
            lines.extend(labelled_paragraph(
                "✗",
                &text,
                2,
                width,
                Style::new().fg(theme.bad),
                theme,
            ));
        }
    }
    let text = purpose(head, number);
    if !text.is_empty() {
        lines.extend(labelled_paragraph("", text, 0, width, theme.dim(), theme));
    }
    (title, lines)
}

/// Says what the blank line at the end of a head separates it from.
fn after_blank_line(head: &Head, is_open: bool) -> &'static str {
    match (head.from, is_open) {
        (Side::Client, true) => {
            "The blank line ends the head; the client's frames follow once the server has answered \
             101."
        }
        (Side::Server, true) => {
            "The blank line ends the head; what follows it is WebSocket frames."
        }
        (Side::Client, false) => {
            "The blank line ends the head; frames would follow only after a 101."
        }
        (Side::Server, false) => {
            "The blank line ends the head; what follows is the body of the response, not frames."
        }
    }
}

/// Draws lines below a title.
pub(crate) fn draw_pane(title: &str, lines: &[Line], area: Rect, canvas: &mut Canvas) {
    canvas.draw_divider(title, area);
    prose::draw_lines(lines, split_rows(area, 1).1, canvas);
}

/// Returns the purpose of a line, for readers who see it for the first time.
pub(crate) fn purpose(head: &Head, number: usize) -> &'static str {
    let Some(line) = head.lines().get(number) else { return "" };
    let field = match line.kind {
        HeadLineKind::Start if head.from == Side::Client => {
            return "The handshake is an ordinary GET, so that one port can serve pages and \
                    WebSockets, and every server and proxy understands what it refuses.";
        }
        HeadLineKind::Start => {
            return "101 says that from the next line's end on this connection speaks WebSocket. \
                    Any other status is plain HTTP: redirects and errors work as always.";
        }
        // A folded line belongs to the field that it continues.
        HeadLineKind::Field(index) | HeadLineKind::Fold(index) => head.fields().get(index),
        HeadLineKind::Other | HeadLineKind::Blank => None,
    };
    let Some(field) = field else { return "" };
    PURPOSES.iter().find(|(name, _)| head.is_named(field, name)).map_or("", |(_, text)| text)
}

static PURPOSES: [(&str, &str); 9] = [
    (
        "Host",
        "Many names can share one address: Host says which of them is meant, and an attacker who \
         points a name of his own at your server shows up here.",
    ),
    (
        "Upgrade",
        "It names the protocol to change to. Proxies that know nothing of WebSocket drop it, and \
         the handshake fails early instead of halfway.",
    ),
    (
        "Connection",
        "Upgrade concerns this one hop only, and this header says so: whoever forwards the \
         request has to decide anew. It is a list; look for the token, not for equality.",
    ),
    (
        "Sec-WebSocket-Key",
        "16 random bytes that the server has to transform and send back. Scripts cannot set \
         headers that begin with Sec-, so a form or an XMLHttpRequest cannot forge this request.",
    ),
    (
        "Sec-WebSocket-Accept",
        "It proves that the peer speaks WebSocket and read this very request, not a cached one. \
         It is not authentication: anybody can compute it.",
    ),
    (
        "Sec-WebSocket-Version",
        "13 is the version that became the RFC. A server that knows others only answers 426 and \
         lists them.",
    ),
    (
        "Sec-WebSocket-Protocol",
        "The client offers names of subprotocols, the server picks at most one: that is how both \
         know what the messages mean.",
    ),
    (
        "Sec-WebSocket-Extensions",
        "Offers and answer for what changes the frames themselves. In practice that is \
         permessage-deflate, which compresses messages and takes the bit RSV1.",
    ),
    (
        "Origin",
        "The page that wants the connection. Browsers let every page connect anywhere and send \
         cookies along, so a server has to look at this.",
    ),
];
