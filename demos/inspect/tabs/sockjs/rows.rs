//! How a row of a session looks in the list, and below it.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use wiretalk_core::wire::sockjs::{RowKind, RowPlace, SECOND_RECEIVER, SockJsRow};

use super::session_rows::PlacedRow;
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::parts::units::format_time;
use crate::stage::Theme;
use crate::text;
use crate::text::units::group_thousands;
use crate::wire::format;

/// The cells of the column with the transport: the longest name is `xhr_streaming`.
const TRANSPORT_WIDTH: usize = 13;

/// The number of characters shown of a text in the list.
const MAX_CHARS_SHOWN: usize = 200;

/// Returns the line of a row; `number` is that of its connection, if the session has several.
pub(super) fn line(
    place: &PlacedRow,
    row: &SockJsRow,
    number: Option<usize>,
    is_current: bool,
    theme: &Theme,
) -> Line<'static> {
    let (color, arrow) = side_style(row.from, theme);
    let mark = if is_current { "▶ " } else { "  " };
    let number = number.map_or_else(String::new, |number| format!("#{number:<3} "));
    let (what, text) = content(row);
    let transport = row.session.transport();
    Line::from(vec![
        Span::styled(mark, Style::new().fg(theme.accent)),
        Span::styled(format!("{:>10}  {number}", format_time(place.at)), theme.dim()),
        Span::styled(format!("{arrow} "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
        Span::styled(format!("{transport:<TRANSPORT_WIDTH$}  "), theme.dim()),
        Span::styled(what, Style::new().fg(kind_color(row, theme))),
        Span::styled(text, Style::new().fg(theme.text)),
    ])
}

/// Returns what a row is, and its text in quotation marks.
fn content(row: &SockJsRow) -> (String, String) {
    let quoted = format::quote(row.text.as_bytes(), MAX_CHARS_SHOWN);
    let more = if row.is_cut() { "…" } else { "" };
    match &row.kind {
        RowKind::Message => (String::new(), format!("{quoted}{more}")),
        RowKind::Open => ("o open".to_owned(), String::new()),
        RowKind::Heartbeat => ("h heartbeat".to_owned(), String::new()),
        RowKind::NoMessages => ("no messages".to_owned(), String::new()),
        RowKind::Close(code) => (format!("c close {code} "), quoted),
        RowKind::Fault(_) => ("✗ no frame of SockJS ".to_owned(), quoted),
        RowKind::Answer(status) => (format!("answered {status}"), String::new()),
        RowKind::Unread(why) => (format!("… {why}"), String::new()),
    }
}

fn kind_color(row: &SockJsRow, theme: &Theme) -> Color {
    match row.kind {
        RowKind::Fault(_) => theme.bad,
        RowKind::Answer(_) | RowKind::Unread(_) | RowKind::Close(SECOND_RECEIVER) => theme.warn,
        RowKind::Close(_) | RowKind::Open => theme.good,
        RowKind::Message | RowKind::Heartbeat | RowKind::NoMessages => theme.dim,
    }
}

/// Returns lines about a row: its place, its text, and the rule that it breaks.
pub(super) fn details(row: &SockJsRow, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let place = match row.place {
        RowPlace::Frame(number) => {
            format!("in the message that ends with frame {number} of the {}", row.from)
        }
        RowPlace::Exchange(_) => format!("in a request to {}", row.session.path()),
    };
    let span = &row.span;
    let bytes = match (&row.kind, (span.end - span.start).get()) {
        (RowKind::Message, len) => format!(
            "message {} of its frame, bytes {} to {} ({} as text) ",
            row.index,
            group_thousands(span.start.get()),
            group_thousands(span.start.get() + len),
            format::byte_count(row.text_len)
        ),
        _ => String::new(),
    };
    let explained = match &row.kind {
        RowKind::Fault(fault) => format!("✗ SockJS: {fault}"),
        RowKind::Unread(why) => why.to_string(),
        RowKind::Close(SECOND_RECEIVER) => {
            "a second receiver came while the first was still there; the session goes on".to_owned()
        }
        _ => format::quote(row.text.as_bytes(), MAX_CHARS_SHOWN),
    };
    let texts = [(format!("{bytes}{place}"), theme.dim), (explained, theme.text)];
    let lines = texts.into_iter().map(|(line, color)| {
        let line = text::sanitize(&line).into_owned();
        Line::styled(text::ellipsize(&line, width.into()).into_owned(), Style::new().fg(color))
    });
    lines.collect()
}
