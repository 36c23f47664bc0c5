//! The frames tab: the list, and the bytes, bits and fields of the selected frame.
//!
//! A field has the same colour and letter everywhere. `list`, `hex`, `bits` and `fields` draw the
//! parts.

mod fields;
mod list;

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::parts::{bits, hex, page};
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::frame_draft::Draft;
use crate::demos::inspect::tabs::{field_page, no_frames};
use crate::wire::{Frame, Side, format};

/// The tab's keys.
pub(crate) const KEY_HINT: &str =
    "[ ] frame  ↑↓ field  ←→ byte  x flip  e edit  m mask  ⏎ type and send  ? why  h keys";

pub(crate) fn draw(session: &Session, area: Rect, canvas: &mut Canvas) {
    let Some(current) = session.current_row() else {
        let message = match &session.filter {
            Some(filter) => format!("No frame passes the filter {}   f changes it", filter.text),
            None => no_frames::text(session),
        };
        canvas.draw_line(&Line::styled(message, canvas.theme.dim()), 1, area);
        for (row, line) in (3..).zip(list::partial_frame_lines(session, canvas)) {
            canvas.draw_line(&line, row, area);
        }
        return;
    };
    let max_rows = match area.height {
        0..=11 => 2,
        12..=17 => 3,
        18..=25 => 5,
        26..=40 => 7,
        height => height / 3,
    };
    let (list, rest) = split_rows(area, list::wanted_rows(session, max_rows));
    list::draw(session, current, list, canvas);
    let Some((_, _, frame)) = session.current_frame() else {
        let message = "The bytes of this frame are being fetched, or no longer in memory.";
        return canvas.draw_line(&Line::styled(message, canvas.theme.dim()), 1, rest);
    };
    let Some((raw, spans)) = session.bytes_under_cursor() else { return };
    let (title, rest) = split_rows(rest, 1);
    canvas.draw_divider(&frame_title(session, current, &frame), title);
    let with_bits = rest.height >= 16;
    let max_rows = if rest.height >= 14 { rest.height / 3 } else { 3 };
    let (bytes, rest) = split_rows(rest, hex::row_count(raw.len(), rest.width).min(max_rows));
    let picture = hex::HexDump {
        raw: &raw,
        spans: &spans,
        header_len: frame.header.len(),
        original: session.draft.as_ref().map(Draft::original),
        compressed: frame.context.compressed,
    };
    picture.draw(session.cursor, bytes, canvas);
    let rest =
        if with_bits { bits::draw(&raw, &spans, session.cursor, rest, canvas) } else { rest };
    // The page that `?` opens is shown below, if there is room.
    let table = spans.len() as u16 + DETAIL_ROWS;
    let (rest, page_area) =
        split_rows(rest, if rest.height >= table + MIN_RULE_ROWS { table } else { rest.height });
    fields::draw(session, &frame, &spans, rest, canvas);
    if let Some(current) = field_page::current(session) {
        page::draw_below(&current, page_area, canvas);
    }
}

/// The number of rows for the explanation of one field, with its title.
const DETAIL_ROWS: u16 = 6;

/// The minimum number of rows for a page of rules.
const MIN_RULE_ROWS: u16 = 10;

fn frame_title(session: &Session, row: usize, frame: &Frame) -> String {
    if let Some(draft) = &session.draft {
        let changed = if draft.is_changed() { "changed" } else { "as it was" };
        let size = format::byte_count(draft.bytes().len() as u64);
        let sending =
            if session.has_peer() { "nothing is sent until Enter" } else { "nothing is sent" };
        return format!("Editing a copy of frame {row}, {changed} · {size} · {sending}");
    }
    let (header, payload) = (frame.header.len(), frame.header.payload_len);
    let way = match frame.context.from {
        Side::Client => "client to server",
        Side::Server => "server to client",
    };
    let after =
        if frame.after_fault { " · after a fault: a receiver would not read it" } else { "" };
    format!(
        "Frame {row} · {way} · {} = {header} header + {} payload · at 0x{:04x}{after}",
        format::byte_count(payload + header),
        format::group_thousands(payload.get()),
        session.connection().trace.stream_offset(frame.context.from, frame.offset).get(),
    )
}

#[cfg(test)]
mod tests {
    use crate::demos::inspect::testing::opened;
    use crate::demos::inspect::testing::render_text;

    #[test]
    fn a_typed_hello_is_shown_with_its_mask_undone() {
        let (mut inspect, _inbox) = opened();
        inspect.session.selected_row = Some(0);
        inspect.session.cursor.bit = 4;
        let shown = render_text(&inspect, 100, 30);
        for part in [
            "▶    0   0.600 ms  C→S   1   text          37fa213d         5  \"Hello\"",
            "0000  81 85 37 fa 21 3d 7f 9f 4d 51 58",
            "      A  B  K  K  K  K  P  P  P  P  P",
            "plain                   H  e  l  l  o",
            "A5 opcode",
            "the payload is UTF-8, validated over the whole message",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
    }
}
