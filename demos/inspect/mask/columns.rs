//! The payload in columns: index, wire, key, plain and text of each byte, and a frame around the step.
//!
//! Long payloads are shown a page at a time.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::super::canvas::{Canvas, Target};
use super::super::reading::{self, Reading, Stand};
use super::work::Work;
use crate::text;
use crate::wire::utf8::Utf8Validator;

/// Cells of the names at the left.
const NAMES: u16 = 10;

/// Cells of a column; the frame's right edge stands in the next one.
const CELL: u16 = 5;

/// Cells of the remarks at the right.
const NOTES: u16 = 40;

/// There is room for remarks beside the columns.
pub(super) fn has_notes(width: u16) -> bool {
    width >= 88
}

/// The rows of the table.
pub(super) fn rows(work: &Work, height: u16) -> u16 {
    let all = if height < 12 { 6 } else { 7 };
    all + u16::from(work.twice)
}

/// The columns that are shown.
fn page(work: &Work, width: u16) -> Range<usize> {
    let notes = if has_notes(width) { NOTES } else { 0 };
    let room = usize::from(width.saturating_sub(NAMES + notes + 1) / CELL).max(1);
    // whole turns of the key, and whole wide steps, where they fit
    let room = [8, 4].into_iter().find(|unit| room >= *unit).map_or(room, |unit| room / unit * unit);
    let first = work.step / room * room;
    first..(first + room).min(work.wire.len())
}

/// A row of the table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Index,
    Wire,
    Key,
    Turn,
    Edge,
    Plain,
    Text,
    Again,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Index => "i",
            Self::Wire => "wire",
            Self::Key | Self::Again => "⊕ key",
            Self::Turn => "i mod 4",
            Self::Edge => "",
            Self::Plain => "= plain",
            Self::Text => "text",
        }
    }
}

pub(super) fn draw(work: &Work, area: Rect, canvas: &mut Canvas) {
    let table = rows(work, area.height.max(12));
    let short = area.height < table;
    let mut parts = vec![Part::Index, Part::Wire, Part::Key];
    parts.extend((!short).then_some(Part::Turn));
    parts.extend([Part::Edge, Part::Plain, Part::Text]);
    parts.extend(work.twice.then_some(Part::Again));
    let page = page(work, area.width);
    let letters = letters(work, page.end);
    for (row, part) in (0..).zip(&parts) {
        let name = Rect { width: NAMES.min(area.width), ..area };
        canvas.line(&Line::styled(part.name(), canvas.theme.dim()), row, name);
        for (column, index) in (0..).zip(page.clone()) {
            let x = area.x + NAMES + column * CELL;
            let spot = Rect { x, y: area.y + row, width: CELL, height: 1 }.intersection(area);
            let (shown, style) = cell(work, *part, index, &letters, canvas);
            canvas.line(&Line::styled(in_column(&shown), style), 0, spot);
            canvas.spot(spot, Target::Step(index));
        }
    }
    draw_edge(work, &page, &parts, area, canvas);
    draw_notes(work, &page, &parts, &letters, area, canvas);
}

/// Two cells from the left, where the frame's edge and a blank stand; what is long begins earlier.
fn in_column(shown: &str) -> String {
    let spare = usize::from(CELL).saturating_sub(text::width(shown));
    format!("{}{shown}", " ".repeat(spare.min(2)))
}

/// What stands in one cell, and how.
fn cell(work: &Work, part: Part, index: usize, letters: &Letters, canvas: &Canvas) -> (String, Style) {
    let theme = canvas.theme;
    let done = index < work.group().end;
    let key = work.key[index % 4];
    let changed = work.wire[index] != work.seen[index];
    let byte = |byte: u8, color: Color| (format!("{byte:02x}"), Style::new().fg(color));
    match part {
        Part::Index if index >= 10_000 => (format!("…{:03}", index % 1000), theme.dim()),
        Part::Index => (index.to_string(), theme.dim()),
        Part::Wire if changed => {
            let (shown, style) = byte(work.wire[index], theme.bad);
            (shown + "≠", style)
        }
        Part::Wire => byte(work.wire[index], theme.field(4)),
        Part::Key => byte(key, theme.field(3)),
        Part::Turn => ((index % 4).to_string(), theme.faint()),
        Part::Edge => ((if done { "──" } else { "··" }).to_owned(), theme.faint()),
        Part::Plain | Part::Text | Part::Again if !done => ("·".to_owned(), theme.faint()),
        Part::Plain => {
            (format!("{:02x}", work.plain[index]), Style::new().fg(theme.text).add_modifier(Modifier::BOLD))
        }
        Part::Text => {
            let bad = letters.broken.is_some_and(|broken| index >= broken) && work.reading == Reading::Text;
            let color = if bad { theme.bad } else { theme.good };
            (letters.shown[index].clone(), Style::new().fg(color).add_modifier(Modifier::BOLD))
        }
        Part::Again => byte(work.plain[index] ^ key, theme.field(4)),
    }
}

/// The frame around the step, from the wire's row to the line below the key.
fn draw_edge(work: &Work, page: &Range<usize>, parts: &[Part], area: Rect, canvas: &mut Canvas) {
    let group = work.group();
    let (first, end) = (group.start.max(page.start), group.end.min(page.end));
    if first >= end {
        return;
    }
    let style = Style::new().fg(canvas.theme.accent).add_modifier(Modifier::BOLD);
    let left = area.x + NAMES + (first - page.start) as u16 * CELL;
    let right = area.x + NAMES + (end - page.start) as u16 * CELL;
    for (row, part) in (0..).zip(parts) {
        let mut put = |x: u16, sign: &str| {
            let spot = Rect { x, y: area.y + row, width: 1, height: 1 }.intersection(area);
            canvas.line(&Line::styled(sign.to_owned(), style), 0, spot);
        };
        match part {
            Part::Wire | Part::Key | Part::Turn => [left, right].into_iter().for_each(|x| put(x, "┃")),
            Part::Edge => {
                put(left, "┗");
                (left + 1..right).for_each(|x| put(x, "━"));
                put(right, "┛");
            }
            _ => {}
        }
    }
}

/// What the bytes up to some index spell.
struct Letters {
    /// What is shown below each byte: a character stands below its last one.
    shown: Vec<String>,
    /// The first byte that no UTF-8 can have there.
    broken: Option<usize>,
    /// The character whose last byte is the step.
    letter: Option<char>,
    /// Where the text stands after the step.
    stand: Stand,
}

fn letters(work: &Work, end: usize) -> Letters {
    let carried = work.carried.as_deref().unwrap_or_default();
    let mut told = Letters { shown: Vec::new(), broken: None, letter: None, stand: Stand::Whole };
    let mut text = Utf8Validator::new();
    let mut open = carried.to_vec();
    let _ = text.push(carried);
    let last = work.group().end - 1;
    for (index, byte) in work.plain[..end.max(last + 1)].iter().enumerate() {
        if told.broken.is_none() && text.push(&[*byte]).is_err() {
            told.broken = Some(index);
        }
        open.push(*byte);
        let whole = text.pending().is_none();
        let letter = str::from_utf8(&open).ok().filter(|_| whole).and_then(|open| open.chars().next());
        told.shown.push(match (told.broken, letter) {
            (Some(broken), _) if broken == index => "✗".to_owned(),
            (Some(_), _) if matches!(byte, b' '..=b'~') => char::from(*byte).to_string(),
            (None, Some(' ')) => "␣".to_owned(),
            (None, Some(letter)) => reading::sign(letter),
            (None, None) => "…".to_owned(),
            (Some(_), _) => "·".to_owned(),
        });
        if index == last {
            told.letter = letter.filter(|_| told.broken.is_none());
            told.stand = match (told.broken, text.pending()) {
                (Some(at), _) => Stand::Broken(at),
                (None, Some((have, of))) => Stand::Cut(have, of),
                (None, None) => Stand::Whole,
            };
        }
        if whole || told.broken.is_some() {
            open.clear();
        }
    }
    told
}

/// What the byte at the step spells, in words.
pub(super) fn spelled(work: &Work) -> String {
    let told = letters(work, work.group().end);
    match (work.reading, told.letter, told.stand) {
        (Reading::Compressed, ..) => "a byte of a DEFLATE stream".to_owned(),
        (_, Some(letter), _) => {
            format!("= {:?}   U+{:04X}", letter, u32::from(letter))
        }
        (_, None, Stand::Cut(have, of)) => format!("byte {have} of the {of} of a character"),
        (Reading::Text, ..) => "no character can have this byte here".to_owned(),
        _ => format!("= {}", work.plain[work.step]),
    }
}

/// The remark about the key beside its row, and the one about the text beside its row, or below the table.
fn draw_notes(
    work: &Work,
    page: &Range<usize>,
    parts: &[Part],
    letters: &Letters,
    area: Rect,
    canvas: &mut Canvas,
) {
    let theme = canvas.theme;
    let (told, good) = state(work, letters);
    let style = Style::new().fg(if good { theme.dim } else { theme.bad });
    if !has_notes(area.width) {
        let row = parts.len() as u16;
        let line = Line::from(vec![
            Span::raw(" ".repeat(NAMES.into())),
            Span::styled(
                text::ellipsize(&told, usize::from(area.width.saturating_sub(NAMES))).into_owned(),
                style,
            ),
        ]);
        return canvas.line(&line, row, area);
    }
    let x = area.x + NAMES + page.len() as u16 * CELL + 3;
    let beside = Rect { x, width: area.right().saturating_sub(x), ..area };
    let row = |wanted| parts.iter().position(|part| *part == wanted).unwrap_or(0) as u16;
    let turn = work.step / 4 * 4;
    let again = if turn > 0 {
        format!("the 4-byte key started again at i = {turn}")
    } else if work.wire.len() > 4 {
        "the 4-byte key starts again at i = 4".to_owned()
    } else {
        "the key is 4 bytes long".to_owned()
    };
    canvas.line(&Line::styled(again, theme.dim()), row(Part::Key), beside);
    canvas.line(&Line::styled(told, style), row(Part::Text), beside);
    if work.changed {
        let told = Line::styled("≠ not as it was seen · r puts it back", Style::new().fg(theme.warn));
        canvas.line(&told, row(Part::Wire), beside);
    }
    if work.twice {
        let told = Line::styled("the wire's bytes again: ⊕ undoes itself", Style::new().fg(theme.good));
        canvas.line(&told, row(Part::Again), beside);
    }
}

/// How the payload reads up to the step, and whether that is fine.
fn state(work: &Work, letters: &Letters) -> (String, bool) {
    match work.reading {
        Reading::Compressed => return ("compressed: text only once inflated".to_owned(), true),
        Reading::Binary => return ("binary: any bytes are right".to_owned(), true),
        Reading::Other => return ("not part of a message".to_owned(), true),
        Reading::Text => {}
    }
    let Some(carried) = &work.carried else {
        return ("UTF-8: broken in an earlier fragment".to_owned(), false);
    };
    let begun = if carried.is_empty() { "" } else { " · begun in the frame before" };
    match letters.stand {
        Stand::Whole => ("UTF-8 so far: valid, nothing pending".to_owned(), true),
        Stand::Cut(have, of) => (format!("UTF-8 so far: valid, {have} of {of} bytes{begun}"), true),
        Stand::Broken(at) => (format!("UTF-8: broken at i = {at}"), false),
    }
}
