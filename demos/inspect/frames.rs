//! The frames: the list, the bytes of one of them, its bits, and what each field means.
//!
//! A field is the same colour and the same letter wherever it stands. The parts are drawn by `list`, `hex` and `fields`.

use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::text::Line;

use super::canvas::{Canvas, split_rows};
use super::state::Inspect;
use super::{fields, hex, list, rules};
use crate::stage::Theme;
use crate::wire::{Field, FieldSpan, Frame, Side, format};

pub(super) fn draw(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let Some(current) = inspect.current_row() else {
        let message = match &inspect.filter {
            Some(filter) => format!("No frame passes the filter {}   f changes it", filter.text),
            None => "No frame yet: the handshake comes first.".to_owned(),
        };
        canvas.draw_line(&Line::styled(message, canvas.theme.dim()), 1, area);
        for (row, line) in (3..).zip(list::partial_frame_lines(inspect, canvas)) {
            canvas.draw_line(&line, row, area);
        }
        return;
    };
    let most = match area.height {
        0..=11 => 2,
        12..=17 => 3,
        18..=25 => 5,
        26..=40 => 7,
        height => height / 3,
    };
    let (list, rest) = split_rows(area, list::wanted_rows(inspect, most));
    list::draw(inspect, current, list, canvas);
    let Some((_, _, frame)) = inspect.current_frame() else {
        let message = "The bytes of this frame are being fetched, or not in memory any more.";
        return canvas.draw_line(&Line::styled(message, canvas.theme.dim()), 1, rest);
    };
    let Some((raw, spans)) = inspect.bytes_under_cursor() else { return };
    let (title, rest) = split_rows(rest, 1);
    canvas.draw_rule(&frame_title(inspect, current, &frame), title);
    let bits = rest.height >= 16;
    let most = if rest.height >= 14 { rest.height / 3 } else { 3 };
    let (bytes, rest) = split_rows(rest, hex::row_count(raw.len(), rest.width).min(most));
    let picture = hex::HexDump {
        raw: &raw,
        spans: &spans,
        header: frame.header.len(),
        draft: inspect.draft.as_ref(),
        compressed: frame.context.compressed,
    };
    picture.draw(inspect.cursor, bytes, canvas);
    let rest = if bits { fields::draw_bits(inspect, &raw, &spans, rest, canvas) } else { rest };
    // the page that `?` opens stands below, where it has room
    let table = spans.len() as u16 + DETAIL_ROWS;
    let (rest, page) =
        split_rows(rest, if rest.height >= table + MIN_RULE_ROWS { table } else { rest.height });
    fields::draw(inspect, &frame, &spans, rest, canvas);
    rules::draw_below(inspect, page, canvas);
}

/// Rows for the explanation of one field, its title among them.
const DETAIL_ROWS: u16 = 6;

/// Rows from which a page of rules is worth showing.
const MIN_RULE_ROWS: u16 = 10;

fn frame_title(inspect: &Inspect, row: usize, frame: &Frame) -> String {
    if let Some(draft) = &inspect.draft {
        let changed = if draft.is_changed() { "changed" } else { "as it was" };
        return format!(
            "In your hand: frame {row}, {changed} · {} · nothing is sent until Enter",
            format::byte_count(draft.bytes().len() as u64)
        );
    }
    let (header, payload) = (frame.header.len(), frame.header.payload_len);
    let way = match frame.context.from {
        Side::Client => "client to server",
        Side::Server => "server to client",
    };
    let after = if frame.after_fault { " · after a fault: a receiver would not read it" } else { "" };
    format!(
        "Frame {row} · {way} · {} = {header} header + {} payload · at 0x{:04x}{after}",
        format::byte_count(payload + header),
        format::group_thousands(payload.get()),
        inspect.connection().trace.stream_offset(frame.context.from, frame.offset).get(),
    )
}

/// The letter and the colour of a field; a field of one byte's part has the part's number behind the letter.
pub(super) fn field_tag(span: &FieldSpan, theme: &Theme) -> (&'static str, Color) {
    let (letters, index) = match span.field {
        Field::Fin => ("A1", 0),
        Field::Rsv1 => ("A2", 0),
        Field::Rsv2 => ("A3", 0),
        Field::Rsv3 => ("A4", 0),
        Field::Opcode => ("A5", 0),
        Field::Mask => ("B1", 1),
        Field::Length => ("B2", 1),
        Field::ExtendedLength => ("L", 2),
        Field::MaskingKey => ("K", 3),
        Field::Payload => ("P", 4),
        Field::CloseCode => ("C", 5),
        Field::CloseReason => ("R", 6),
    };
    (letters, theme.field(index))
}

#[cfg(test)]
mod tests {
    use super::super::chrome::tests::render_text;
    use super::super::state::tests::opened;

    #[test]
    fn a_typed_hello_is_shown_with_its_mask_undone() {
        let (mut inspect, _inbox) = opened();
        inspect.selected_row = Some(0);
        inspect.cursor.bit = 4;
        let shown = render_text(&inspect, 100, 30);
        for part in [
            "▶    0   0.600 ms  C→S   1   text          37fa213d         5  \"Hello\"",
            "0000  81 85 37 fa 21 3d 7f 9f 4d 51 58",
            "      A  B  K  K  K  K  P  P  P  P  P",
            "plain                   H  e  l  l  o",
            "A5 opcode",
            "the payload is UTF-8, judged over the whole message",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
    }
}
