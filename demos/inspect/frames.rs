//! The frames: a list, the bytes of one of them, and what each field means.
//!
//! A field is the same colour and the same letter wherever it stands.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span as Text, Text as Lines};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::state::{Entry, Inspect};
use super::view::side;
use crate::stage::{self, Theme};
use crate::text;
use crate::wire::words;
use crate::wire::{Field, Frame, Opcode, Span};

pub(super) fn draw(inspect: &Inspect, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let Some(current) = inspect.current() else {
        let told = "No frame yet: the handshake comes first.";
        return stage::line(&Line::styled(told, theme.dim()), 1, area, buffer);
    };
    let frame = inspect.frame(inspect.entries[current]);
    let spans = frame.spans();
    let most = if area.height >= 24 { 8 } else { (area.height / 5 + 1).max(2) };
    let list = (inspect.entries.len() as u16).clamp(2, most);
    let bytes = Hex::rows(frame, area.width).min(if area.height >= 20 { 9 } else { 3 }) as u16;
    let [list, title, hex, fields] = Layout::vertical([
        Constraint::Length(list),
        Constraint::Length(1),
        Constraint::Length(bytes),
        Constraint::Fill(1),
    ])
    .areas(area);
    draw_list(inspect, current, list, buffer, theme);
    stage::rule(&describe(inspect.entries[current], current, frame), title, buffer, theme);
    Hex { frame, spans: &spans, cursor: inspect.field }.draw(hex, buffer, theme);
    draw_fields(inspect, frame, &spans, fields, buffer, theme);
}

fn describe(entry: Entry, number: usize, frame: &Frame) -> String {
    let (header, payload) = (frame.header.len(), frame.payload_on_wire().len());
    format!(
        "Frame {number} · {} · {} = {header} header + {payload} payload · stream offset {}",
        match entry.from {
            crate::wire::Side::Client => "client to server",
            crate::wire::Side::Server => "server to client",
        },
        words::bytes(frame.raw().len() as u64),
        frame.offset,
    )
}

fn draw_list(inspect: &Inspect, current: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let rows = usize::from(area.height);
    // one more than the current frame, so that an answer is seen beside what it answers
    let first = (current + 2).min(inspect.entries.len()).saturating_sub(rows);
    for (row, (number, entry)) in inspect.entries.iter().enumerate().skip(first).take(rows).enumerate() {
        let frame = inspect.frame(*entry);
        let (color, arrow) = side(entry.from, theme);
        let chosen = number == current;
        let mark = if chosen { "▶" } else { " " };
        let opcode = frame.header.opcode;
        let kind = if opcode.is_control() { theme.control } else { theme.text };
        let faults = inspect.seen.stream(entry.from).said().faults_of(entry.index).count();
        let mut line = Line::from(vec![
            Text::styled(format!("{mark}{number:>3} "), Style::new().fg(theme.accent)),
            Text::styled(format!("{arrow}  "), Style::new().fg(color).add_modifier(Modifier::BOLD)),
            Text::styled(format!("{:<13}", opcode.name()), Style::new().fg(kind)),
            Text::styled(format!("{:>9}  ", words::bytes(frame.payload_on_wire().len() as u64)), theme.dim()),
            Text::raw(preview(frame)),
            Text::styled(format!("  {}", moment(entry.at)), theme.dim()),
        ]);
        if faults > 0 {
            line.push_span(Text::styled(format!("  ✗ {faults} broken"), Style::new().fg(theme.bad)));
        }
        let spot = Rect { y: area.y + row as u16, height: 1, ..area };
        if chosen {
            buffer.set_style(spot, Style::new().bg(theme.selected));
        }
        stage::line(&line, row as u16, area, buffer);
    }
}

fn moment(at: std::time::Duration) -> String {
    match at.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.3} ms", seconds * 1e3),
        seconds => format!("{seconds:.3} s"),
    }
}

fn preview(frame: &Frame) -> String {
    match (frame.close(), frame.header.opcode) {
        (Some((code, reason)), _) => format!("{code} {}", words::quoted(&reason, 40)),
        (None, Opcode::Binary) => words::hex_row(&frame.payload(), 12),
        _ => words::quoted(&frame.payload(), 32),
    }
}

/// The letter and the colour of a field.
fn tie(field: Field, theme: &Theme) -> (char, Color) {
    let (letter, index) = match field {
        Field::Fin | Field::Rsv1 | Field::Rsv2 | Field::Rsv3 | Field::Opcode => ('A', 0),
        Field::Mask | Field::Length => ('B', 1),
        Field::ExtendedLength => ('L', 2),
        Field::MaskingKey => ('K', 3),
        Field::Payload => ('P', 4),
        Field::CloseCode => ('C', 5),
        Field::CloseReason => ('R', 6),
    };
    (letter, theme.field(index))
}

/// The bytes of a frame: hex, the letter of each byte's field below, and what it is once unmasked.
struct Hex<'a> {
    frame: &'a Frame,
    spans: &'a [Span],
    cursor: usize,
}

impl Hex<'_> {
    /// The bytes that stand side by side in `width` columns.
    fn per_row(width: u16) -> usize {
        (usize::from(width.saturating_sub(8)) / 3).clamp(1, 32)
    }

    fn rows(frame: &Frame, width: u16) -> usize {
        3 * frame.raw().len().div_ceil(Self::per_row(width)).max(1)
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, theme: &Theme) {
        let raw = self.frame.raw();
        let plain = self.frame.payload();
        let per_row = Self::per_row(area.width);
        let under = self.spans.get(self.cursor).map_or(0, |span| span.bytes.start);
        let shown = usize::from(area.height / 3).max(1);
        let total = raw.len().div_ceil(per_row);
        let first =
            (under / per_row).saturating_sub(shown.saturating_sub(1)).min(total.saturating_sub(shown));
        let label = theme.faint();
        for row in 0..shown.min(total) {
            let start = (first + row) * per_row;
            let y = row as u16 * 3;
            let at = |line: &'static str| Text::styled(line, label);
            let mut lines =
                [vec![Text::styled(format!("{start:04x}  "), label)], vec![at("      ")], vec![at("plain ")]];
            for index in start..(start + per_row).min(raw.len()) {
                let cells = self.cell(index, raw, &plain, theme);
                lines.iter_mut().zip(cells).for_each(|(line, cell)| line.push(cell));
            }
            for (line, offset) in lines.into_iter().zip(0..) {
                stage::line(&Line::from(line), y + offset, area, buffer);
            }
        }
    }

    /// The hex digits, the letter and the plain text of one byte.
    fn cell(&self, index: usize, raw: &[u8], plain: &[u8], theme: &Theme) -> [Text<'static>; 3] {
        let span = self.spans.iter().find(|span| span.bytes.contains(&index));
        let (letter, color) = span.map_or((' ', theme.dim), |span| tie(span.field, theme));
        let hit = self.spans.get(self.cursor).is_some_and(|span| span.bytes.contains(&index));
        let style = Style::new().fg(color);
        let digits = if hit { style.add_modifier(Modifier::BOLD | Modifier::REVERSED) } else { style };
        let header = self.frame.header.len();
        let unmasked = match index.checked_sub(header).and_then(|at| plain.get(at)) {
            Some(byte @ b' '..=b'~') => format!(" {} ", char::from(*byte)),
            Some(byte) => format!("{byte:02x} "),
            None => "   ".to_owned(),
        };
        [
            Text::styled(format!("{:02x} ", raw[index]), digits),
            Text::styled(format!(" {letter} "), style),
            Text::styled(unmasked, Style::new().fg(theme.text)),
        ]
    }
}

/// One row a field, and the one under the cursor in full; without room only that one.
fn draw_fields(
    inspect: &Inspect,
    frame: &Frame,
    spans: &[Span],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let cursor = inspect.field.min(spans.len().saturating_sub(1));
    let Some(span) = spans.get(cursor) else { return };
    let wide = usize::from(area.width.max(1));
    let words = text::width(&span.meaning) / wide + 1 + faults_of(inspect, frame);
    let detail = (words as u16).clamp(1, 4).min(area.height);
    let rows = usize::from(area.height.saturating_sub(detail + 1)).min(spans.len());
    let first = (cursor + 1).saturating_sub(rows).min(spans.len() - rows.min(spans.len()));
    for (row, (number, span)) in spans.iter().enumerate().skip(first).take(rows).enumerate() {
        let (letter, color) = tie(span.field, theme);
        let chosen = number == cursor;
        let line = Line::from(vec![
            Text::styled(if chosen { "▶" } else { " " }, Style::new().fg(theme.accent)),
            Text::styled(format!("{letter} {:<16}", span.field.name()), Style::new().fg(color)),
            Text::styled(format!("{:<10}", place(span)), theme.dim()),
            Text::raw(words::harmless(&span.value)),
        ]);
        if chosen {
            let spot = Rect { y: area.y + row as u16, height: 1, ..area };
            buffer.set_style(spot, Style::new().bg(theme.selected));
        }
        stage::line(&line, row as u16, area, buffer);
    }
    let below = Rect { y: area.y + rows as u16, height: area.height - rows as u16, ..area };
    if rows > 0 {
        stage::rule(&format!("{}, {}", span.field.name(), span.section), below, buffer, theme);
    }
    let detail = Rect {
        y: below.y + u16::from(rows > 0),
        height: below.height.saturating_sub(u16::from(rows > 0)),
        ..below
    };
    explain(inspect, frame, span, rows == 0, detail, buffer, theme);
}

/// The faults of the frame that is shown; each takes a line.
fn faults_of(inspect: &Inspect, frame: &Frame) -> usize {
    inspect.seen.stream(frame.context.from).said().faults_of(frame.index).count()
}

/// Which bits of which bytes.
fn place(span: &Span) -> String {
    let (bits, bytes) = (&span.bits, &span.bytes);
    match (bits.len(), bytes.len()) {
        (8, 1) => format!("byte {}", bytes.start),
        (8, _) => format!("{}–{}", bytes.start, bytes.end.saturating_sub(1)),
        (1, _) => format!("bit {}", bits.start),
        _ => format!("bits {}–{}", bits.start, bits.end - 1),
    }
}

fn explain(
    inspect: &Inspect,
    frame: &Frame,
    span: &Span,
    alone: bool,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let (letter, color) = tie(span.field, theme);
    let mut lines = Lines::default();
    let mut first = Line::default();
    if alone {
        let name =
            format!("{letter} {} {} ", span.field.name(), text::shorten(&words::harmless(&span.value), 24));
        first.push_span(Text::styled(name, Style::new().fg(color).add_modifier(Modifier::BOLD)));
    }
    first.push_span(Text::raw(words::harmless(&span.meaning)));
    if alone {
        first.push_span(Text::styled(format!(" ({})", span.section), theme.dim()));
    }
    lines.push_line(first);
    let entry = inspect.entries[inspect.current().unwrap_or(0)];
    for fault in inspect.seen.stream(entry.from).said().faults_of(frame.index) {
        let told = format!("✗ {}: {} ({})", fault.code.name(), fault.what(), fault.section());
        lines.push_line(Line::styled(told, Style::new().fg(theme.bad)));
    }
    Paragraph::new(lines).wrap(Wrap { trim: true }).render(area, buffer);
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::opened;
    use super::*;
    use crate::stage::Look;

    fn picture(inspect: &Inspect, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        super::super::view::draw(inspect, area, &mut buffer, &Look { theme: &Theme::DARK, focused: true });
        let rows = buffer.content.chunks(width.max(1).into());
        rows.map(|row| {
            row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned() + "\n"
        })
        .collect()
    }

    #[test]
    fn a_typed_hello_is_shown_with_its_mask_undone() {
        let (mut inspect, _inbox) = opened();
        inspect.chosen = Some(0);
        inspect.field = 4;
        let shown = picture(&inspect, 92, 26);
        for part in [
            "▶  0 C→S  text           5 bytes  \"Hello\"  0.600 ms",
            "0000  81 85 37 fa 21 3d 7f 9f 4d 51 58",
            "       A  B  K  K  K  K  P  P  P  P  P",
            "plain                    H  e  l  l  o",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
    }

    #[test]
    fn it_can_be_drawn_at_any_size() {
        let (mut inspect, _inbox) = opened();
        for (width, height) in [(0, 0), (1, 1), (4, 3), (20, 6), (40, 13), (80, 17), (200, 60)] {
            for tab in [super::super::state::Tab::Frames, super::super::state::Tab::Handshake] {
                inspect.tab = tab;
                picture(&inspect, width, height);
            }
        }
    }
}
