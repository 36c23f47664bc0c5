//! The compression of one message: what each bit of its DEFLATE data says, where it points back to, what was saved.
//!
//! The data is explained by `wire::deflate::listing`; here the message and what came before it are put together, and drawn.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::Cmd;
use super::canvas::{Canvas, ClickTarget, split_rows};
use super::connection::MAX_BYTES_SHOWN;
use super::prose::{self, labelled_paragraph};
use super::state::{Inspect, Tab};
use super::symbols::{item_line, item_lines};
use super::{accept_steps, chrome};
use crate::stage::Theme;
use crate::wire::deflate::inflate::Inflater;
use crate::wire::deflate::listing::{DeflateItem, DeflateItemKind, DeflateListing};
use crate::wire::{ByteLen, FragmentRole, Side, TraceRow, format};

/// The tab's keys.
pub(super) const KEY_HINT: &str =
    "↑↓ symbol  l runs of literals as one  [ ] frame  ⏎ type and send  ? why  h keys";

/// Payload bytes of earlier messages that are inflated for the window; where there are more, the tab says so.
const MAX_HISTORY_INFLATED: u64 = 8 << 20;

/// What the tab remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct DeflateTabState {
    /// The rows of the message that was looked at last, and how many of their frames were there.
    rows: Vec<usize>,
    frames_present: usize,
    message: Option<InspectedMessage>,
    selected_item: usize,
    /// Literals that follow each other stand in one line.
    merge_literals: bool,
}

/// A message that was looked at.
#[derive(Clone, Debug)]
pub(super) struct InspectedMessage {
    pub(super) listing: DeflateListing,
    /// Its items as they are listed.
    visible_items: Vec<DeflateItem>,
    pub(super) payload: Vec<u8>,
    /// What earlier messages left in the window.
    pub(super) window: Vec<u8>,
    /// Why the window, or the message, is not what it should be.
    warning: Option<&'static str>,
}

/// Looks at the message of the chosen frame, once; nothing is done while another tab is shown.
pub(super) fn follow(inspect: &mut Inspect) {
    if inspect.tab != Tab::Deflate {
        return;
    }
    let rows =
        inspect.current_row().map(|row| inspect.connection().trace.message_rows(row)).unwrap_or_default();
    let there = rows.iter().filter(|row| inspect.frame(**row).is_some()).count();
    let known = &inspect.deflate;
    if there == known.frames_present && rows == known.rows {
        return;
    }
    let message = inspect_message(inspect, &rows);
    let runs = message.as_ref().is_some_and(|message| message.listing.items.len() > 60);
    inspect.deflate =
        DeflateTabState { rows, frames_present: there, message, selected_item: 0, merge_literals: runs };
    update_visible_items(&mut inspect.deflate);
}

fn inspect_message(inspect: &Inspect, rows: &[usize]) -> Option<InspectedMessage> {
    let first = *rows.first()?;
    let row = inspect.connection().trace.rows().get(first).filter(|row| row.is_compressed())?;
    let deflate = inspect.connection().trace.agreed().deflate?;
    let (from, bits) = (row.from(), deflate.window_bits(row.from()));
    let (window, mut amiss) = if deflate.context_takeover(from) {
        window_before(inspect, from, first, bits)
    } else {
        (Vec::new(), None)
    };
    let mut payload = Vec::new();
    for row in rows {
        match whole_payload(inspect, *row) {
            Some(piece) => payload.extend(piece),
            None => {
                amiss = Some("a frame of this message is not in memory any more, or too long to be shown");
            }
        }
    }
    Some(InspectedMessage {
        listing: DeflateListing::new(&window, &payload, bits),
        visible_items: Vec::new(),
        payload,
        window,
        warning: amiss,
    })
}

/// The payload of a row; none where it is not all there, or longer than what is shown.
fn whole_payload(inspect: &Inspect, row: usize) -> Option<Vec<u8>> {
    let short = inspect.connection().trace.rows().get(row)?.len() <= MAX_BYTES_SHOWN;
    inspect.frame(row).filter(|frame| short && frame.complete).map(|frame| frame.payload())
}

/// What the messages before a row left in its sender's window, found by inflating them.
fn window_before(inspect: &Inspect, from: Side, before: usize, bits: u8) -> (Vec<u8>, Option<&'static str>) {
    let is_part =
        |row: &TraceRow| matches!(row.role(), FragmentRole::First { .. } | FragmentRole::Continuation { .. });
    let rows = inspect.connection().trace.rows().iter().enumerate().take(before);
    let earlier = rows.filter(|(_, row)| row.from() == from && row.is_compressed() && is_part(row));
    let (mut inflater, mut window, mut taken) = (Inflater::new(bits), Vec::new(), ByteLen::ZERO);
    let most = 1 << bits;
    let keep = |window: &mut Vec<u8>, piece: &[u8]| {
        window.extend_from_slice(piece);
        window.drain(..window.len().saturating_sub(most));
    };
    for (number, row) in earlier {
        taken += row.payload_len();
        if taken > MAX_HISTORY_INFLATED {
            return (
                window,
                Some("more came before it than is inflated here: what it copies from there is not shown"),
            );
        }
        let Some(payload) = whole_payload(inspect, number) else {
            return (
                window,
                Some("an earlier message is not in memory any more: what was copied from it is not known"),
            );
        };
        if matches!(row.role(), FragmentRole::First { .. }) {
            inflater.begin_message(true);
        }
        let mut input = payload.as_slice();
        loop {
            let piece = inflater.push(&mut input);
            if piece.is_empty() {
                break;
            }
            keep(&mut window, piece);
        }
        if row.header().fin {
            keep(&mut window, inflater.end_message());
        }
    }
    (window, None)
}

/// Lists the items, literals that follow each other in one if that is wished.
fn update_visible_items(state: &mut DeflateTabState) {
    let Some(message) = &mut state.message else { return };
    message.visible_items.clear();
    for item in &message.listing.items {
        match message.visible_items.last_mut() {
            Some(last)
                if state.merge_literals
                    && last.kind == DeflateItemKind::Literal
                    && item.kind == DeflateItemKind::Literal =>
            {
                (last.bits.end, last.output.end) = (item.bits.end, item.output.end);
            }
            _ => message.visible_items.push(item.clone()),
        }
    }
    state.selected_item = state.selected_item.min(message.visible_items.len().saturating_sub(1));
}

/// Takes a key; none if it is not one of this tab's.
pub(super) fn key(inspect: &mut Inspect, key: KeyEvent) -> Option<Vec<Cmd>> {
    let state = &mut inspect.deflate;
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

/// Goes to an item.
pub(super) fn click(inspect: &mut Inspect, number: usize) {
    inspect.deflate.selected_item = number;
}

pub(super) fn draw(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let state = &inspect.deflate;
    let Some(message) = &state.message else {
        let lines = absence_lines(inspect, area.width, theme);
        return prose::draw_lines(&lines, area, canvas);
    };
    let summary = summary_lines(inspect, message, area.width, theme);
    let (top, rest) = split_rows(area, (summary.len() as u16).min(area.height / 2));
    prose::draw_lines(&summary, top, canvas);
    let detail = if rest.height >= 16 { 8 } else { rest.height / 2 };
    let rows = (message.visible_items.len() as u16 + 1).min(rest.height - detail);
    let (items, rest) = split_rows(rest, rows);
    let last = message.visible_items.len().saturating_sub(1);
    canvas.draw_rule(
        &format!(
            "symbol {} of {} · bit 0 is the least significant of byte 0",
            state.selected_item + 1,
            last + 1
        ),
        items,
    );
    let body = split_rows(items, 1).1;
    let shown = usize::from(body.height);
    let first = (state.selected_item + 2).min(message.visible_items.len()).saturating_sub(shown);
    for (row, (number, item)) in message.visible_items.iter().enumerate().skip(first).take(shown).enumerate()
    {
        let spot = Rect { y: body.y + row as u16, height: 1, ..body };
        canvas.add_target(spot, ClickTarget::Symbol(number));
        if number == state.selected_item {
            canvas.buffer.set_style(spot, Style::new().bg(theme.selected));
        }
        canvas.draw_line(&item_line(message, item, number == state.selected_item, theme), 0, spot);
    }
    let Some(item) = message.visible_items.get(state.selected_item) else { return };
    let (title, rest) = split_rows(rest, 1);
    canvas.draw_rule("What it says", title);
    prose::draw_lines(&item_lines(message, item, rest.width, theme), rest, canvas);
}

/// What was saved, and what is amiss.
fn summary_lines(
    inspect: &Inspect,
    message: &InspectedMessage,
    width: u16,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let lens = &message.listing;
    let rows = &inspect.deflate.rows;
    let from = rows
        .first()
        .and_then(|row| inspect.connection().trace.rows().get(*row))
        .map_or(Side::Client, TraceRow::from);
    let (color, arrow) = chrome::side_style(from, theme);
    let saved = lens.saved();
    let gain = match saved {
        0.. => format!("{} saved", format::byte_count(saved.unsigned_abs())),
        _ => format!("{} MORE than without", format::byte_count(saved.unsigned_abs())),
    };
    let ratio = lens.ratio().map_or_else(String::new, |ratio| format!(", {ratio:.2} : 1"));
    let frames = if rows.len() == 1 {
        format!("frame {}", rows[0])
    } else {
        format!("{} frames from {}", rows.len(), rows[0])
    };
    let sum = format!(
        "{} on the wire are {} of message: {gain}{ratio}",
        format::byte_count(lens.payload_len),
        format::byte_count(lens.data_len)
    );
    let good = if saved >= 0 { theme.good } else { theme.warn };
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{arrow} {frames}  "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
        Span::styled(sum, Style::new().fg(good).add_modifier(Modifier::BOLD)),
    ])];
    let before = match (message.window.len() as u64, lens.bytes_from_earlier) {
        (0, _) => "Nothing stands in the window before it.".to_owned(),
        (window, copied) => format!(
            "{} of earlier messages stand in the window before it; {} are copied from there.",
            format::byte_count(window),
            format::byte_count(copied)
        ),
    };
    lines.extend(labelled_paragraph("", &before, 0, width, theme.dim(), theme));
    let bad = Style::new().fg(theme.bad);
    if let Some(text) = message.warning {
        lines.extend(labelled_paragraph("! ", text, 2, width, Style::new().fg(theme.warn), theme));
    }
    if let Some(fault) = lens.fault {
        lines.extend(labelled_paragraph("✗ ", &format!("broken: {fault}"), 2, width, bad, theme));
    }
    if lens.over_limit {
        lines.extend(labelled_paragraph("! ", "inflating stopped at the limit", 2, width, bad, theme));
    }
    if lens.omitted_items > 0 {
        let text = format!("{} more symbols are not listed", format::group_thousands(lens.omitted_items));
        lines.extend(labelled_paragraph("! ", &text, 2, width, theme.dim(), theme));
    }
    lines
}

/// Why there is nothing to look at.
fn absence_lines(inspect: &Inspect, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let plain = Style::new().fg(theme.text);
    let current = inspect
        .current_row()
        .and_then(|row| inspect.connection().trace.rows().get(row).map(|found| (row, found)));
    let first = match current {
        None => "No frame yet.".to_owned(),
        Some((row, found)) if found.opcode().is_control() => {
            format!("Frame {row} is a control frame. Control frames are never compressed (RFC 7692 §6.1).")
        }
        Some((row, _)) => {
            format!("The message of frame {row} is not compressed: RSV1 is 0 in its first frame.")
        }
    };
    let mut lines = vec![Line::default()];
    lines.extend(labelled_paragraph("", &first, 0, width, plain.add_modifier(Modifier::BOLD), theme));
    lines.push(Line::default());
    if let Some(text) = accept_steps::deflate_agreement(inspect.connection().trace.agreed()) {
        lines.extend(labelled_paragraph("Agreed", &text, 9, width, plain, theme));
        let text = "The sender decides for each message anew: short ones often grow by compressing, so they go as they are.";
        lines.extend(labelled_paragraph("Why", text, 9, width, plain, theme));
        return lines;
    }
    let header = |from| {
        let head = inspect.connection().trace.head(from).and_then(|validated| validated.head.as_ref());
        head.map(|head| head.joined_value("Sec-WebSocket-Extensions"))
    };
    let text = |value: Option<Option<String>>, nothing: &str| match value {
        None => "the head was not seen".to_owned(),
        Some(None) => nothing.to_owned(),
        Some(Some(value)) => format::escape_controls(&value),
    };
    let offered = text(header(Side::Client), "nothing: the client sent no Sec-WebSocket-Extensions");
    let answered = text(header(Side::Server), "nothing: the server sent no Sec-WebSocket-Extensions");
    lines.extend(labelled_paragraph("Offered", &offered, 10, width, plain, theme));
    lines.extend(labelled_paragraph("Answered", &answered, 10, width, plain, theme));
    let text = "Compression needs both: a client that offers permessage-deflate, and a server that accepts it. Without that RSV1 stays 0 and every payload travels as it is.";
    lines.extend(labelled_paragraph("So", text, 10, width, plain, theme));
    lines
}

#[cfg(test)]
mod tests {
    use super::super::chrome::tests::render_text;
    use super::super::state::tests::{client_commands, opened, press, seen_after};
    use super::*;

    const HELLO: &[u8] = &[0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    const AGAIN: &[u8] = &[0xc1, 0x05, 0xf2, 0x00, 0x11, 0x00, 0x00];
    const OFFER: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    const ANSWER: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

    #[test]
    fn rfc_7692_section_7_2_3_2_the_second_hello_points_into_the_first() {
        let (mut inspect, _inbox) =
            seen_after(OFFER, ANSWER, &[(Side::Server, HELLO), (Side::Server, AGAIN)]);
        press(&mut inspect, KeyCode::End);
        press(&mut inspect, KeyCode::Char('6'));
        for _ in 0..2 {
            press(&mut inspect, KeyCode::Down);
        }
        for (width, height) in [(100, 30), (78, 15)] {
            let shown = render_text(&inspect, width, height);
            for part in ["5 bytes on the wire are 5 bytes", "4 from 5 back  \"ello\"", "▶ 11–"] {
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
    fn another_frame_is_looked_at_anew_and_runs_stand_in_one_line() {
        let (mut inspect, _inbox) =
            seen_after(OFFER, ANSWER, &[(Side::Server, HELLO), (Side::Server, AGAIN)]);
        press(&mut inspect, KeyCode::Char('6'));
        press(&mut inspect, KeyCode::Home);
        let count = |inspect: &Inspect| inspect.deflate.message.as_ref().unwrap().visible_items.len();
        assert_eq!(count(&inspect), 10);
        assert_eq!(client_commands(&press(&mut inspect, KeyCode::Char('l'))).len(), 0);
        assert_eq!(count(&inspect), 6);
        assert!(render_text(&inspect, 100, 30).contains("\"Hello\""));
    }

    #[test]
    fn without_compression_it_says_why() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('6'));
        let shown = render_text(&inspect, 100, 30);
        assert!(shown.contains("not compressed") && shown.contains("the client sent no"), "{shown}");
    }
}
