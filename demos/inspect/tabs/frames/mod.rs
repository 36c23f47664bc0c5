//! The frames tab: the list, and the bytes, bits and fields of the selected frame.
//!
//! A field has the same colour and letter everywhere. `list`, `hex`, `bits` and `fields` draw the
//! parts.

mod fields;
mod list;

use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::parts::colors::GAP_LETTER;
use crate::demos::inspect::parts::{bits, hex, page};
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::frame_draft::Draft;
use crate::demos::inspect::session::selection::ShownBytes;
use crate::demos::inspect::tabs::{field_page, no_frames};
use crate::wire::{Frame, Side, format};

/// Returns the tab's keys.
pub(crate) fn key_hints(session: &Session) -> Vec<&'static str> {
    if session.current_row().is_none() {
        return session.type_hint().into_iter().collect();
    }
    let mut hints = vec!["[ ] frame", "↑↓ field", "←→ byte"];
    hints.extend(session.type_hint());
    hints.extend(["x flip", "e edit", "? why", "m mask"]);
    hints
}

pub(crate) fn draw(session: &Session, area: Rect, canvas: &mut Canvas) {
    let Some(current) = session.current_row() else {
        let message = match &session.filter {
            Some(filter) => {
                let trace = &session.connection().trace;
                let progress = filter.progress(trace);
                let so_far = progress.map_or_else(String::new, |done| format!(" so far, {done}"));
                format!("No frame passes the filter {}{so_far}   f changes it", filter.text)
            }
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
    let Some(ShownBytes { raw, spans, missing }) = session.bytes_under_cursor() else { return };
    let (title, rest) = split_rows(rest, 1);
    canvas.draw_divider(&frame_title(session, current, &frame), title);
    let with_bits = rest.height >= 16;
    let max_rows = if rest.height >= 14 { rest.height / 3 } else { 3 };
    let (bytes, rest) = split_rows(rest, hex::row_count(raw.len(), rest.width).min(max_rows));
    let picture = hex::HexDump {
        raw: &raw,
        spans: &spans,
        header_len: frame.header.len(),
        missing: &missing,
        original: session.draft.as_ref().map(Draft::original),
        compressed: frame.context.compressed,
    };
    picture.draw(session.cursor, bytes, canvas);
    let rest = if with_bits {
        bits::draw(&raw, &missing, &spans, session.cursor, rest, canvas)
    } else {
        rest
    };
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
    let missing = match session.connection().trace.rows().get(row) {
        Some(row) if row.has_gap() => {
            let missing = session.connection().missing_len(row);
            format!("{GAP_LETTER}: {} not captured · ", format::byte_count(missing))
        }
        _ => String::new(),
    };
    format!(
        "Frame {row} · {missing}{way} · {} = {header} header + {} payload · at 0x{:04x}{after}",
        format::byte_count(payload + header),
        format::group_thousands(payload.get()),
        session.connection().trace.stream_offset(frame.context.from, frame.offset).get(),
    )
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use crate::demos::inspect::messages::Cmd;
    use crate::demos::inspect::overlays::mode::InputMode;
    use crate::demos::inspect::state::Inspect;
    use crate::demos::inspect::testing::{
        Captured, REQUEST, RESPONSE, assert_contains, opened, opened_capture, press,
        press_and_fetch, render_text,
    };
    use crate::wire::frame::encode;
    use crate::wire::{Opcode, Side};

    /// Returns a capture with a masked text that lacks 40 bytes in its middle, then 500 bytes of
    /// the server between two frames.
    fn with_gaps() -> Inspect {
        let text = "The beginning is known. 0123456789012345678901234567890123456789 And the end.";
        let masked = encode::single_frame(Opcode::Text, text.as_bytes(), Some([1, 2, 3, 4]));
        opened_capture(
            &[
                (Side::Client, Captured::Bytes(REQUEST)),
                (Side::Server, Captured::Bytes(RESPONSE)),
                (Side::Client, Captured::Bytes(&masked[..30])),
                (Side::Client, Captured::Missing(40)),
                (Side::Client, Captured::Bytes(&masked[70..])),
                (Side::Server, Captured::Bytes(b"\x81\x03one")),
                (Side::Server, Captured::Missing(500)),
                (Side::Server, Captured::Bytes(b"\x81\x03two")),
            ],
            None,
        )
    }

    #[test]
    fn bytes_that_were_not_captured_have_no_digits_and_no_text() {
        let mut inspect = with_gaps();
        let shown = render_text(&inspect, 160, 40);
        assert_contains(
            &shown,
            &[
                "◌ 40 bytes not captured \"The beginning is known. \" … 40 bytes not captured …",
                "\" And the end.\"",
                "N: 40 bytes not captured",
                "··",
                "S→C   500 bytes not captured here",
                "40 of 77 bytes not captured",
            ],
        );
        assert_eq!(shown.matches("··").count(), 40, "{shown}");
        for tab in ['3', '4', '5', '6', '?'] {
            press_and_fetch(&mut inspect, KeyCode::Char(tab));
            let shown = render_text(&inspect, 160, 40);
            // A masked zero is a byte of the key, an unmasked one is 00.
            for invented in ["01 02 03 04 01", "00 00 00", "\\x00", "\\x01\\x02"] {
                assert!(!shown.contains(invented), "{invented:?} on {tab}\n{shown}");
            }
            press(&mut inspect, KeyCode::Esc);
        }
    }

    #[test]
    fn the_byte_under_the_cursor_has_no_bits_in_a_gap() {
        let mut inspect = with_gaps();
        inspect.session.cursor.byte = 40;
        let shown = render_text(&inspect, 160, 40);
        assert_contains(&shown, &["Byte 40 was not captured"]);
        press_and_fetch(&mut inspect, KeyCode::Char('3'));
        let shown = render_text(&inspect, 160, 40);
        assert_contains(&shown, &["Step i = 24…63", "40 bytes not captured: nothing to unmask"]);
        press_and_fetch(&mut inspect, KeyCode::Char('n'));
        assert_eq!(inspect.session.cursor.byte, 70, "a gap is one step");
    }

    #[test]
    fn a_frame_with_a_gap_is_neither_edited_nor_copied_as_if_it_was_whole() {
        let mut inspect = with_gaps();
        for key in ['x', 'e'] {
            press(&mut inspect, KeyCode::Char(key));
            assert!(inspect.session.draft.is_none() && inspect.mode == InputMode::Browse);
            let notice = inspect.session.notice.as_deref();
            assert_eq!(notice, Some("frame 0 lacks 40 bytes: it cannot be edited"));
        }
        for (form, expected) in [
            ('h', Some("81 cd 01 02 03 04 55 6a")),
            ('t', Some("The beginning is known.  … 40 bytes not captured …  And the end.")),
            ('j', None),
            ('c', None),
            ('s', None),
            ('r', None),
            ('p', None),
        ] {
            press(&mut inspect, KeyCode::Char('y'));
            let copied = press(&mut inspect, KeyCode::Char(form));
            match (&copied[..], expected) {
                ([Cmd::Copy(text)], Some(expected)) => {
                    assert!(text.starts_with(expected), "{text}");
                    assert!(text.contains(" … 40 bytes not captured … "), "{text}");
                }
                ([], None) => {
                    let notice = inspect.session.notice.as_deref().unwrap();
                    assert!(notice.contains("not captured"), "{notice}");
                }
                (copied, _) => panic!("{form}: {copied:?}"),
            }
        }
    }

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
