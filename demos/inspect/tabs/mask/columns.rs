//! The payload in columns: index, wire, key, plain and text of each byte, with a frame around the
//! step.
//!
//! Long payloads are shown one page at a time.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::unmasking::Unmasking;
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget};
use crate::demos::inspect::parts::colors::GAP_LETTER;
use crate::demos::inspect::parts::payload::{MISSING_DIGITS, display_char};
use crate::demos::inspect::session::payload_text::{PayloadKind, TextBefore, Utf8State};
use crate::stage::FieldColor;
use crate::text;
use crate::wire::frame::utf8::Utf8Validator;

/// The width of the names at the left in cells.
const NAMES_WIDTH: u16 = 10;

/// The width of a column in cells. The right edge of the frame stands in the next column.
const CELL_WIDTH: u16 = 5;

/// The width of the remarks at the right in cells.
const NOTES_WIDTH: u16 = 40;

/// The columns of one turn of the key.
const KEY_TURN: u16 = 4;

/// Whether there is room for remarks beside two turns of the key, so that the second one is in sight.
pub(crate) fn has_notes(width: u16) -> bool {
    width > NAMES_WIDTH + NOTES_WIDTH + 2 * KEY_TURN * CELL_WIDTH
}

/// Returns the number of rows of the table.
pub(crate) fn row_count(unmasking: &Unmasking, height: u16) -> u16 {
    // On a small screen the row `i mod 4` is left out.
    let all = if height < 12 { 6 } else { 7 };
    all + u16::from(unmasking.apply_twice)
}

/// Returns the range of shown columns: the page that contains the step.
fn visible_columns(unmasking: &Unmasking, width: u16) -> Range<usize> {
    let notes = if has_notes(width) { NOTES_WIDTH } else { 0 };
    let room = usize::from(width.saturating_sub(NAMES_WIDTH + notes + 1) / CELL_WIDTH).max(1);
    // A page holds whole repetitions of the key and whole wide steps, if they fit.
    let room =
        [8, 4].into_iter().find(|unit| room >= *unit).map_or(room, |unit| room / unit * unit);
    let first = unmasking.step / room * room;
    first..(first + room).min(unmasking.wire_bytes.len())
}

/// A row of the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ColumnsRow {
    Index,
    Wire,
    Key,
    KeyIndex,
    StepFrame,
    Plain,
    Text,
    KeyAgain,
}

impl ColumnsRow {
    fn name(self) -> &'static str {
        match self {
            Self::Index => "i",
            Self::Wire => "wire",
            Self::Key | Self::KeyAgain => "⊕ key",
            Self::KeyIndex => "i mod 4",
            Self::StepFrame => "",
            Self::Plain => "= plain",
            Self::Text => "text",
        }
    }
}

pub(crate) fn draw(unmasking: &Unmasking, area: Rect, canvas: &mut Canvas) {
    let table = row_count(unmasking, area.height.max(12));
    let short = area.height < table;
    let mut parts = vec![ColumnsRow::Index, ColumnsRow::Wire, ColumnsRow::Key];
    parts.extend((!short).then_some(ColumnsRow::KeyIndex));
    parts.extend([ColumnsRow::StepFrame, ColumnsRow::Plain, ColumnsRow::Text]);
    parts.extend(unmasking.apply_twice.then_some(ColumnsRow::KeyAgain));
    let page = visible_columns(unmasking, area.width);
    let spelling = spell(unmasking, page.end);
    for (row, part) in (0..).zip(&parts) {
        let name = Rect { width: NAMES_WIDTH.min(area.width), ..area };
        canvas.draw_line(&Line::styled(part.name(), canvas.theme.dim()), row, name);
        for (column, index) in (0..).zip(page.clone()) {
            let x = area.x + NAMES_WIDTH + column * CELL_WIDTH;
            let spot = Rect { x, y: area.y + row, width: CELL_WIDTH, height: 1 }.intersection(area);
            let (shown, style) = cell_text(unmasking, *part, index, &spelling, canvas);
            canvas.draw_line(&Line::styled(pad_cell(&shown), style), 0, spot);
            canvas.add_target(spot, ClickTarget::MaskStep(index));
        }
    }
    draw_edge(unmasking, &page, &parts, area, canvas);
    draw_notes(unmasking, &page, &parts, &spelling, area, canvas);
}

/// Pads a cell by two cells at the left, for the frame's edge and a blank, or by fewer if the
/// content is long.
fn pad_cell(shown: &str) -> String {
    let spare = usize::from(CELL_WIDTH).saturating_sub(text::width(shown));
    format!("{}{shown}", " ".repeat(spare.min(2)))
}

/// Returns the text of one cell and its style.
fn cell_text(
    unmasking: &Unmasking,
    part: ColumnsRow,
    index: usize,
    spelling: &Spelling,
    canvas: &Canvas,
) -> (String, Style) {
    let theme = canvas.theme;
    let done = index < unmasking.step_range().end;
    let key = unmasking.key[index % 4];
    if unmasking.is_missing(index) {
        match part {
            ColumnsRow::Wire | ColumnsRow::Plain | ColumnsRow::KeyAgain => {
                return (MISSING_DIGITS.to_owned(), theme.dim());
            }
            ColumnsRow::Text => return (GAP_LETTER.to_owned(), Style::new().fg(theme.warn)),
            _ => {}
        }
    }
    let changed = unmasking.wire_bytes[index] != unmasking.original_wire_bytes[index];
    let byte = |byte: u8, color: Color| (format!("{byte:02x}"), Style::new().fg(color));
    match part {
        ColumnsRow::Index if index >= 10_000 => (format!("…{:03}", index % 1000), theme.dim()),
        ColumnsRow::Index => (index.to_string(), theme.dim()),
        ColumnsRow::Wire if changed => {
            let (shown, style) = byte(unmasking.wire_bytes[index], theme.bad);
            (shown + "≠", style)
        }
        ColumnsRow::Wire => byte(unmasking.wire_bytes[index], theme.field(FieldColor::Payload)),
        ColumnsRow::Key => byte(key, theme.field(FieldColor::MaskingKey)),
        ColumnsRow::KeyIndex => ((index % 4).to_string(), theme.faint()),
        ColumnsRow::StepFrame => ((if done { "──" } else { "··" }).to_owned(), theme.faint()),
        ColumnsRow::Plain | ColumnsRow::Text | ColumnsRow::KeyAgain if !done => {
            ("·".to_owned(), theme.faint())
        }
        ColumnsRow::Plain => (
            format!("{:02x}", unmasking.plain_bytes[index]),
            Style::new().fg(theme.text).add_modifier(Modifier::BOLD),
        ),
        ColumnsRow::Text => {
            let bad = spelling.invalid_at.is_some_and(|broken| index >= broken)
                && unmasking.payload_kind == PayloadKind::Text;
            let color = if bad { theme.bad } else { theme.good };
            (spelling.cells[index].clone(), Style::new().fg(color).add_modifier(Modifier::BOLD))
        }
        ColumnsRow::KeyAgain => {
            byte(unmasking.plain_bytes[index] ^ key, theme.field(FieldColor::Payload))
        }
    }
}

/// Draws the frame around the step, from the row of the wire to the line below the key.
fn draw_edge(
    unmasking: &Unmasking,
    page: &Range<usize>,
    parts: &[ColumnsRow],
    area: Rect,
    canvas: &mut Canvas,
) {
    let group = unmasking.step_range();
    // A wide step can be cut off by the end of the page.
    let (first, end) = (group.start.max(page.start), group.end.min(page.end));
    if first >= end {
        return;
    }
    let style = Style::new().fg(canvas.theme.accent).add_modifier(Modifier::BOLD);
    let left = area.x + NAMES_WIDTH + (first - page.start) as u16 * CELL_WIDTH;
    let right = area.x + NAMES_WIDTH + (end - page.start) as u16 * CELL_WIDTH;
    for (row, part) in (0..).zip(parts) {
        let mut put = |x: u16, sign: &str| {
            let spot = Rect { x, y: area.y + row, width: 1, height: 1 }.intersection(area);
            canvas.draw_line(&Line::styled(sign.to_owned(), style), 0, spot);
        };
        match part {
            ColumnsRow::Wire | ColumnsRow::Key | ColumnsRow::KeyIndex => {
                put(left, "┃");
                put(right, "┃");
            }
            ColumnsRow::StepFrame => {
                put(left, "┗");
                (left + 1..right).for_each(|x| put(x, "━"));
                put(right, "┛");
            }
            _ => {}
        }
    }
}

/// The text that the bytes up to some index spell.
struct Spelling {
    /// The cell below each byte. A character stands below its last byte.
    cells: Vec<String>,
    /// The index of the first invalid byte.
    invalid_at: Option<usize>,
    /// The character that ends at the step.
    step_char: Option<char>,
    /// The state of the decoder after the step.
    utf8_state: Utf8State,
}

fn spell(unmasking: &Unmasking, end: usize) -> Spelling {
    let carried = unmasking.carried.bytes();
    // After bytes that were not captured, it is unknown where a character begins.
    let mut is_known = unmasking.carried != TextBefore::Unknown;
    let mut spelled_text = Spelling {
        cells: Vec::new(),
        invalid_at: None,
        step_char: None,
        utf8_state: Utf8State::Complete,
    };
    let mut text = Utf8Validator::new();
    let mut open = carried.to_vec();
    // It cannot fail: these bytes were found to be the start of a character.
    let _ = text.push(carried);
    let last = unmasking.step_range().end - 1;
    for (index, byte) in unmasking.plain_bytes[..end.max(last + 1)].iter().enumerate() {
        if unmasking.is_missing(index) {
            is_known = false;
        }
        if !is_known {
            spelled_text.cells.push(match byte {
                b' ' => "␣".to_owned(),
                b'!'..=b'~' => char::from(*byte).to_string(),
                _ => "·".to_owned(),
            });
            if index == last {
                spelled_text.step_char = Some(char::from(*byte)).filter(char::is_ascii_graphic);
                spelled_text.utf8_state = Utf8State::Unknown;
            }
            continue;
        }
        if spelled_text.invalid_at.is_none() && text.push(&[*byte]).is_err() {
            spelled_text.invalid_at = Some(index);
        }
        open.push(*byte);
        let whole = text.pending().is_none();
        let letter =
            str::from_utf8(&open).ok().filter(|_| whole).and_then(|open| open.chars().next());
        spelled_text.cells.push(match (spelled_text.invalid_at, letter) {
            (Some(broken), _) if broken == index => "✗".to_owned(),
            // After an invalid byte it is unknown where characters begin, so only ASCII is shown as
            // text.
            (Some(_), _) if matches!(byte, b' '..=b'~') => char::from(*byte).to_string(),
            (None, Some(' ')) => "␣".to_owned(),
            (None, Some(letter)) => display_char(letter),
            (None, None) => "…".to_owned(),
            (Some(_), _) => "·".to_owned(),
        });
        if index == last {
            spelled_text.step_char = letter.filter(|_| spelled_text.invalid_at.is_none());
            spelled_text.utf8_state = match (spelled_text.invalid_at, text.pending()) {
                (Some(at), _) => Utf8State::Invalid(at),
                (None, Some((have, of))) => Utf8State::Partial(have, of),
                (None, None) => Utf8State::Complete,
            };
        }
        if whole || spelled_text.invalid_at.is_some() {
            open.clear();
        }
    }
    spelled_text
}

/// Describes what the byte at the step spells.
pub(crate) fn describe_step(unmasking: &Unmasking) -> String {
    if unmasking.gap_at_step().is_some() {
        return "not captured".to_owned();
    }
    let spelled_text = spell(unmasking, unmasking.step_range().end);
    match (unmasking.payload_kind, spelled_text.step_char, spelled_text.utf8_state) {
        (PayloadKind::Compressed, ..) => "a byte of a DEFLATE stream".to_owned(),
        (_, Some(letter), _) => {
            format!("= {:?}   U+{:04X}", letter, u32::from(letter))
        }
        (_, None, Utf8State::Partial(have, of)) => {
            format!("byte {have} of the {of} of a character")
        }
        (PayloadKind::Text, None, Utf8State::Unknown) => {
            "part of a character that is not known".to_owned()
        }
        (PayloadKind::Text, ..) => "no character has this byte here".to_owned(),
        _ => format!("= {}", unmasking.plain_bytes[unmasking.step]),
    }
}

/// Draws the remarks about key and text beside their rows. Without room, the one about the text
/// stands below the table.
fn draw_notes(
    unmasking: &Unmasking,
    page: &Range<usize>,
    parts: &[ColumnsRow],
    spelling: &Spelling,
    area: Rect,
    canvas: &mut Canvas,
) {
    let theme = canvas.theme;
    let (text, good) = utf8_status(unmasking, spelling);
    let style = Style::new().fg(if good { theme.dim } else { theme.bad });
    if !has_notes(area.width) {
        let row = parts.len() as u16;
        let line = Line::from(vec![
            Span::raw(" ".repeat(NAMES_WIDTH.into())),
            Span::styled(
                text::ellipsize(&text, usize::from(area.width.saturating_sub(NAMES_WIDTH)))
                    .into_owned(),
                style,
            ),
        ]);
        return canvas.draw_line(&line, row, area);
    }
    let x = area.x + NAMES_WIDTH + page.len() as u16 * CELL_WIDTH + 3;
    let beside = Rect { x, width: area.right().saturating_sub(x), ..area };
    let row = |wanted| parts.iter().position(|part| *part == wanted).unwrap_or(0) as u16;
    let turn = unmasking.step / 4 * 4;
    let again = if turn > 0 {
        format!("the 4-byte key started again at i = {turn}")
    } else if unmasking.wire_bytes.len() > 4 {
        "the 4-byte key starts again at i = 4".to_owned()
    } else {
        "the key is 4 bytes long".to_owned()
    };
    canvas.draw_line(&Line::styled(again, theme.dim()), row(ColumnsRow::Key), beside);
    canvas.draw_line(&Line::styled(text, style), row(ColumnsRow::Text), beside);
    if unmasking.changed {
        let text = Line::styled("≠ changed · r restores it", Style::new().fg(theme.warn));
        canvas.draw_line(&text, row(ColumnsRow::Wire), beside);
    }
    if unmasking.apply_twice {
        let text =
            Line::styled("the wire's bytes again: ⊕ undoes itself", Style::new().fg(theme.good));
        canvas.draw_line(&text, row(ColumnsRow::KeyAgain), beside);
    }
}

/// Returns the state of the text up to the step, and whether it is valid.
fn utf8_status(unmasking: &Unmasking, spelling: &Spelling) -> (String, bool) {
    match unmasking.payload_kind {
        PayloadKind::Compressed => return ("compressed: text only once inflated".to_owned(), true),
        PayloadKind::Binary => return ("binary: any bytes are valid".to_owned(), true),
        PayloadKind::Other => return ("not part of a message".to_owned(), true),
        PayloadKind::Text => {}
    }
    let carried = match &unmasking.carried {
        TextBefore::Partial(carried) => carried,
        TextBefore::Invalid => return ("UTF-8: invalid in an earlier fragment".to_owned(), false),
        TextBefore::Unknown => {
            return ("UTF-8: not known, earlier bytes are missing".to_owned(), true);
        }
    };
    let begun = if carried.is_empty() { "" } else { " · begun in the frame before" };
    match spelling.utf8_state {
        Utf8State::Complete => ("UTF-8 so far: valid, nothing pending".to_owned(), true),
        Utf8State::Partial(have, of) => {
            (format!("UTF-8 so far: valid, {have} of {of} bytes{begun}"), true)
        }
        Utf8State::Invalid(at) => (format!("UTF-8: invalid at i = {at}"), false),
        Utf8State::Unknown => ("UTF-8: not known after bytes not captured".to_owned(), true),
    }
}
