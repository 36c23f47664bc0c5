//! The compression of one message: the meaning of each bit of its DEFLATE data, the source of each
//! match, and what was saved.
//!
//! `wire::deflate::listing` explains the data. This file joins the message and draws it.

mod message;
mod symbols;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::demos::inspect::action::Action;
use crate::demos::inspect::parts::agreement::deflate_agreement;
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::parts::prose::{self, labelled_paragraph};
use crate::demos::inspect::session::Session;
use crate::demos::inspect::tabs::no_frames;
use crate::stage::Theme;
use crate::wire::deflate::inflate::InflateFault;
use crate::wire::{Side, TraceRow, format};
pub(crate) use message::{DeflateTabState, follow};
use message::{InspectedMessage, update_visible_items};
use symbols::{item_line, item_lines};

/// Returns the tab's keys.
pub(crate) fn key_hints(state: &DeflateTabState, session: &Session) -> Vec<&'static str> {
    let mut hints = Vec::new();
    if state.message.is_some() {
        hints.extend(["↑↓ symbol", "l runs of literals as one"]);
    }
    if session.current_row().is_some() {
        hints.push("[ ] frame");
    }
    hints.extend(session.type_hint());
    if session.current_row().is_some() {
        hints.push("? why");
    }
    hints
}

/// Handles a key. Returns `None` if it is not one of this tab's.
pub(crate) fn key(state: &mut DeflateTabState, key: KeyEvent) -> Option<Vec<Action>> {
    let last = state.message.as_ref()?.visible_items.len().saturating_sub(1);
    match key.code {
        KeyCode::Up => state.selected_item = state.selected_item.saturating_sub(1),
        KeyCode::Down => state.selected_item = (state.selected_item + 1).min(last),
        KeyCode::Char('l') => {
            state.merge_literals = !state.merge_literals;
            update_visible_items(state);
        }
        _ => return None,
    }
    Some(Vec::new())
}

/// Selects an item.
pub(crate) fn click(state: &mut DeflateTabState, number: usize) {
    state.selected_item = number;
}

pub(crate) fn draw(state: &DeflateTabState, session: &Session, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let Some(message) = &state.message else {
        let lines = absence_lines(session, area.width, theme);
        return prose::draw_lines(&lines, area, canvas);
    };
    let mut summary = summary_lines(session, &state.rows, message, area.width, theme);
    summary.insert(1, hex_line(message, state.selected_item, area.width, theme));
    let (top, rest) = split_rows(area, (summary.len() as u16).min(area.height / 2));
    prose::draw_lines(&summary, top, canvas);
    let Some(item) = message.visible_items.get(state.selected_item) else { return };
    let explanation = item_lines(message, item, rest.width, theme);
    // The explanation gets its rows first; the list scrolls.
    let most = if rest.height >= 16 { 8 } else { rest.height / 2 };
    let detail = (explanation.len() as u16 + 1).min(most);
    let rows = (message.visible_items.len() as u16 + 1).min(rest.height - detail);
    let (items, rest) = split_rows(rest, rows);
    let last = message.visible_items.len().saturating_sub(1);
    canvas.draw_divider(
        &format!(
            "symbol {} of {} · bit 0 is the least significant of byte 0",
            state.selected_item + 1,
            last + 1
        ),
        items,
    );
    let body = split_rows(items, 1).1;
    let shown = usize::from(body.height);
    // The item after the selected one stays visible.
    let first = (state.selected_item + 2).min(message.visible_items.len()).saturating_sub(shown);
    for (row, (number, item)) in
        message.visible_items.iter().enumerate().skip(first).take(shown).enumerate()
    {
        let spot = Rect { y: body.y + row as u16, height: 1, ..body };
        canvas.add_target(spot, ClickTarget::Symbol(number));
        if number == state.selected_item {
            canvas.buffer.set_style(spot, Style::new().bg(theme.selected));
        }
        canvas.draw_line(&item_line(message, item, number == state.selected_item, theme), 0, spot);
    }
    let (title, rest) = split_rows(rest, 1);
    canvas.draw_divider("What it says", title);
    prose::draw_lines(&explanation, rest, canvas);
}

/// Returns the bytes of the message around the selected symbol, whose bytes are marked.
fn hex_line(
    message: &InspectedMessage,
    selected: usize,
    width: u16,
    theme: &Theme,
) -> Line<'static> {
    let bits = message.visible_items.get(selected).map_or(0..0, |item| item.bits.clone());
    let [first, end] = [bits.start / 8, bits.end.div_ceil(8)]
        .map(|at| usize::try_from(at).unwrap_or(usize::MAX).min(message.payload.len()));
    // The offset, the blank behind it, and the sign that more follows.
    let per_row = (usize::from(width).saturating_sub(8) / 3).max(1);
    let start =
        if end <= per_row { 0 } else { first.min(message.payload.len().saturating_sub(per_row)) };
    let mut line = Line::styled(format!("{start:04x}  "), theme.faint());
    for (at, byte) in message.payload.iter().enumerate().skip(start).take(per_row) {
        let style = if (first..end).contains(&at) {
            Style::new().fg(theme.accent).add_modifier(Modifier::BOLD)
        } else {
            Style::new().fg(theme.text)
        };
        line.push_span(Span::styled(format!("{byte:02x} "), style));
    }
    if start + per_row < message.payload.len() {
        line.push_span(Span::styled("…", theme.dim()));
    }
    line
}

/// Returns the summary: what was saved, and warnings.
fn summary_lines(
    session: &Session,
    rows: &[usize],
    message: &InspectedMessage,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let lens = &message.listing;
    let from = rows
        .first()
        .and_then(|row| session.connection().trace.rows().get(*row))
        .map_or(Side::Client, TraceRow::from);
    let (color, arrow) = side_style(from, theme);
    let unknown = lens.fault.filter(|fault| message.is_unknown_because_of_gap(fault));
    let saved = lens.saved();
    let gain = match saved {
        0.. => format!("{} saved", format::byte_count(saved.unsigned_abs())),
        _ => format!("{} more than without compression", format::byte_count(saved.unsigned_abs())),
    };
    let ratio = lens.ratio().map_or_else(String::new, |ratio| format!(", {ratio:.2} : 1"));
    let frames = if rows.len() == 1 {
        format!("frame {}", rows[0])
    } else {
        format!("{} frames from {}", rows.len(), rows[0])
    };
    let on_wire = format::byte_count(lens.payload_len);
    let sum = if unknown.is_some() {
        format!("{on_wire} on the wire; the length of the message is not known")
    } else {
        format!(
            "{on_wire} on the wire are {} of message: {gain}{ratio}",
            format::byte_count(lens.data_len)
        )
    };
    let good = if saved >= 0 && unknown.is_none() { theme.good } else { theme.warn };
    let mut lines = vec![Line::from(vec![
        Span::styled(
            format!("{arrow} {frames}  "),
            Style::new().fg(color).add_modifier(Modifier::BOLD),
        ),
        Span::styled(sum, Style::new().fg(good).add_modifier(Modifier::BOLD)),
    ])];
    let before = match (message.window.len() as u64, lens.bytes_from_earlier) {
        (0, _) => "The window before it is empty.".to_owned(),
        (window, copied) => format!(
            "The window before it holds {} of earlier messages; {} are copied from there.",
            format::byte_count(window),
            format::byte_count(copied)
        ),
    };
    lines.extend(labelled_paragraph("", &before, 0, width, theme.dim(), theme));
    lines.extend(warning_lines(session, message, unknown, width, theme));
    lines
}

/// Returns what is not certain or not right about a message. `unknown` is a fault that comes from a gap
/// in the capture.
fn warning_lines(
    session: &Session,
    message: &InspectedMessage,
    unknown: Option<InflateFault>,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let (lens, mut lines) = (&message.listing, Vec::new());
    let bad = Style::new().fg(theme.bad);
    if session.connection().assumes_deflate() {
        let text = "assumed because of RSV1: the capture does not show the handshake";
        lines.extend(labelled_paragraph("! ", text, 2, width, Style::new().fg(theme.warn), theme));
    }
    if let Some(text) = message.warning {
        lines.extend(labelled_paragraph("! ", text, 2, width, Style::new().fg(theme.warn), theme));
    }
    if let Some(fault) = unknown {
        let text = format!("the text is not known from here on, nobody is to blame: {fault}");
        let style = Style::new().fg(theme.warn);
        lines.extend(labelled_paragraph("! ", &text, 2, width, style, theme));
    } else if let Some(fault) = lens.fault {
        lines.extend(labelled_paragraph("✗ ", &format!("broken: {fault}"), 2, width, bad, theme));
    }
    if lens.over_limit {
        lines.extend(labelled_paragraph(
            "! ",
            "inflating stopped at the limit",
            2,
            width,
            bad,
            theme,
        ));
    }
    if lens.omitted_items > 0 {
        let text =
            format!("{} more symbols are not listed", format::group_thousands(lens.omitted_items));
        lines.extend(labelled_paragraph("! ", &text, 2, width, theme.dim(), theme));
    }
    lines
}

/// Returns why there is no compressed message to show.
fn absence_lines(session: &Session, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let plain = Style::new().fg(theme.text);
    let current = session
        .current_row()
        .and_then(|row| session.connection().trace.rows().get(row).map(|found| (row, found)));
    let first = match current {
        None => no_frames::text(session),
        Some((row, found)) if found.opcode().is_control() => {
            format!(
                "Frame {row} is a control frame. Control frames are never compressed (RFC 7692 \
                 §6.1)."
            )
        }
        Some((row, found)) if found.header().rsv1 => format!(
            "Frame {row} has RSV1 = 1, but no permessage-deflate is agreed, so nothing is inflated."
        ),
        Some((row, _)) => {
            format!("The message of frame {row} is not compressed: RSV1 is 0 in its first frame.")
        }
    };
    let mut lines = vec![Line::default()];
    lines.extend(labelled_paragraph(
        "",
        &first,
        0,
        width,
        plain.add_modifier(Modifier::BOLD),
        theme,
    ));
    lines.push(Line::default());
    if let Some(text) = deflate_agreement(session.connection().trace.agreed()) {
        lines.extend(labelled_paragraph("Agreed", &text, 9, width, plain, theme));
        let text = "The sender decides for each message anew: short ones often grow by \
                    compressing, so they go as they are.";
        lines.extend(labelled_paragraph("Why", text, 9, width, plain, theme));
        return lines;
    }
    let header = |from| {
        let head =
            session.connection().trace.head(from).and_then(|validated| validated.head.as_ref());
        head.map(|head| head.joined_value("Sec-WebSocket-Extensions"))
    };
    let text = |value: Option<Option<String>>, nothing: &str| match value {
        None => "the head was not seen".to_owned(),
        Some(None) => nothing.to_owned(),
        Some(Some(value)) => format::escape_controls(&value),
    };
    let offered =
        text(header(Side::Client), "nothing: the client sent no Sec-WebSocket-Extensions");
    let answered =
        text(header(Side::Server), "nothing: the server sent no Sec-WebSocket-Extensions");
    lines.extend(labelled_paragraph("Offered", &offered, 10, width, plain, theme));
    lines.extend(labelled_paragraph("Answered", &answered, 10, width, plain, theme));
    let text = "Compression needs both: a client that offers permessage-deflate, and a server \
                that accepts it. Without that RSV1 stays 0 and every payload travels as it is.";
    lines.extend(labelled_paragraph("So", text, 10, width, plain, theme));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demos::inspect::state::Inspect;
    use crate::demos::inspect::testing::render_text;
    use crate::demos::inspect::testing::{
        client_commands, inspector_after_handshake, opened, press,
    };

    const HELLO: &[u8] = &[0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    const AGAIN: &[u8] = &[0xc1, 0x05, 0xf2, 0x00, 0x11, 0x00, 0x00];
    const OFFER: &[u8] =
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const ANSWER: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

    #[test]
    fn rfc_7692_section_7_2_3_2_the_second_hello_points_into_the_first() {
        let (mut inspect, _inbox) = inspector_after_handshake(
            OFFER,
            ANSWER,
            &[(Side::Server, HELLO), (Side::Server, AGAIN)],
        );
        press(&mut inspect, KeyCode::End);
        press(&mut inspect, KeyCode::Char('6'));
        for _ in 0..2 {
            press(&mut inspect, KeyCode::Down);
        }
        for (width, height) in [(100, 30), (78, 15)] {
            let shown = render_text(&inspect, width, height);
            for part in ["5 bytes on the wire are 5 bytes", "4 from 5 back  \"ello\"", "▶ 11–"]
            {
                assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
            }
        }
        let shown = render_text(&inspect, 100, 30);
        assert!(shown.contains("in an earlier message, 4 bytes before this one:"), "{shown}");
        assert!(
            shown.contains("  Hello\n") || shown.contains("  Hello "),
            "the copied text in its place\n{shown}"
        );
    }

    #[test]
    fn another_frame_is_inspected_again_and_literals_can_be_merged() {
        let (mut inspect, _inbox) = inspector_after_handshake(
            OFFER,
            ANSWER,
            &[(Side::Server, HELLO), (Side::Server, AGAIN)],
        );
        press(&mut inspect, KeyCode::Char('6'));
        press(&mut inspect, KeyCode::Home);
        let count =
            |inspect: &Inspect| inspect.tabs.deflate.message.as_ref().unwrap().visible_items.len();
        assert_eq!(count(&inspect), 10);
        assert_eq!(client_commands(&press(&mut inspect, KeyCode::Char('l'))).len(), 0);
        assert_eq!(count(&inspect), 6);
        assert!(render_text(&inspect, 100, 30).contains("\"Hello\""));
    }

    #[test]
    fn without_compression_the_reason_is_shown() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('6'));
        let shown = render_text(&inspect, 100, 30);
        assert!(
            shown.contains("not compressed") && shown.contains("the client sent no"),
            "{shown}"
        );
    }
}
