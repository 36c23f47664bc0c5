//! The parts below the columns: the step bit by bit, the experiments, and why there is a mask at
//! all.

use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::columns::describe_step;
use super::unmasking::Unmasking;
use crate::demos::inspect::parts::canvas::{Canvas, ClickTarget, split_rows};
use crate::demos::inspect::parts::payload::{hex_with_gaps, ranges_from};
use crate::stage::{FieldColor, Theme};
use crate::text;
use crate::wire::{Side, format};

/// Draws the step as an XOR of 8 or 64 bits.
pub(crate) fn draw_step(unmasking: &Unmasking, area: Rect, canvas: &mut Canvas) {
    let group = unmasking.step_range();
    let last = unmasking.wire_bytes.len() - 1;
    let title = if unmasking.wide_steps {
        format!("Step i = {}…{} of 0…{last}, eight bytes at once", group.start, group.end - 1)
    } else {
        format!(
            "Step i = {} of 0…{last} · bit 0 is the most significant, as in the RFC",
            unmasking.step
        )
    };
    let titled = area.height >= 5;
    let (divider, body) = split_rows(area, u16::from(titled));
    if let Some(gap) = unmasking.gap_at_step() {
        let (range, len) = (gap.start..gap.end - 1, format::byte_count(gap.len() as u64));
        canvas
            .draw_divider(&format!("Step i = {}…{} of 0…{last}", range.start, range.end), divider);
        let text = format!("  {len} not captured: nothing to unmask. n goes on after them.");
        return canvas.draw_line(&Line::styled(text, Style::new().fg(canvas.theme.warn)), 0, body);
    }
    canvas.draw_divider(&title, divider);
    let lines = if unmasking.wide_steps {
        wide_step_lines(unmasking, canvas.theme)
    } else {
        byte_step_lines(unmasking, canvas.theme)
    };
    // Without room the bit numbers go first, then the dividing line.
    let leave: &[usize] = match body.height {
        0..=3 => &[0, 3],
        4 => &[0],
        _ => &[],
    };
    let kept = lines.iter().enumerate().filter(|(number, _)| !leave.contains(number));
    for (row, (number, line)) in (0..).zip(kept) {
        canvas.draw_line(line, row, body);
        // Only the rows of bits can be clicked.
        if !unmasking.wide_steps && matches!(number, 1 | 2 | 4) {
            for bit in 0..8 {
                let x = body.x + BITS_COLUMN + 2 * u16::from(bit);
                let spot = Rect { x, y: body.y + row, width: 2, height: 1 }.intersection(body);
                canvas
                    .add_target(spot, ClickTarget::Bit(unmasking.header_len + unmasking.step, bit));
            }
        }
    }
}

/// The column in which the bits begin.
const BITS_COLUMN: u16 = 16;

/// The name of the row with the result. Bits in it that the key has flipped are bold.
const PLAIN_ROW_NAME: &str = "= plain";

/// Returns the rows of a step of one byte, bit by bit.
fn byte_step_lines(unmasking: &Unmasking, theme: &Theme) -> Vec<Line<'static>> {
    let (at, turn) = (unmasking.step, unmasking.step % 4);
    let (wire, key, plain) =
        (unmasking.wire_bytes[at], unmasking.key[turn], unmasking.plain_bytes[at]);
    let keys: Vec<String> = (unmasking.key.iter().enumerate())
        .map(
            |(number, byte)| {
                if number == turn { format!("[{byte:02x}]") } else { format!("{byte:02x}") }
            },
        )
        .collect();
    let row = |name: &str, byte: u8, color: Color, about: String| {
        let mut spans = vec![
            Span::styled(format!("  {name:<8}"), theme.dim()),
            Span::styled(format!("0x{byte:02x}  "), Style::new().fg(color)),
        ];
        for bit in 0..8 {
            let set = byte & 0x80 >> bit != 0;
            let turned = key & 0x80 >> bit != 0;
            let style = Style::new().fg(if set { color } else { theme.dim });
            let style = if turned && name == PLAIN_ROW_NAME {
                style.add_modifier(Modifier::BOLD)
            } else {
                style
            };
            let style =
                if bit == unmasking.bit { style.add_modifier(Modifier::REVERSED) } else { style };
            spans.push(Span::styled(if set { "1" } else { "0" }, style));
            spans.push(Span::raw(" "));
        }
        spans.push(Span::styled(format!("      {about}"), theme.dim()));
        Line::from(spans)
    };
    vec![
        Line::styled("  bit           0 1 2 3 4 5 6 7", theme.faint()),
        row("wire", wire, theme.field(FieldColor::Payload), String::new()),
        row(
            "⊕ key",
            key,
            theme.field(FieldColor::MaskingKey),
            format!("key[{turn}] of {}", keys.join(" ")),
        ),
        Line::styled(
            "                ───────────────       equal → 0     different → 1",
            theme.faint(),
        ),
        row(PLAIN_ROW_NAME, plain, theme.text, describe_step(unmasking)),
    ]
}

/// Returns the rows of a wide step, with its bytes as one number.
fn wide_step_lines(unmasking: &Unmasking, theme: &Theme) -> Vec<Line<'static>> {
    let group = unmasking.step_range();
    let (first, count) = (group.start, group.len());
    let missing = ranges_from(&unmasking.missing, first);
    let row = |name: &str, bytes: &[u8], color: Color, about: String| {
        // The key is known for every byte.
        let missing = if name.ends_with("key") { &[][..] } else { &missing };
        let hex = hex_with_gaps(bytes, missing, 8);
        Line::from(vec![
            Span::styled(format!("  {name:<14}"), theme.dim()),
            Span::styled(format!("{hex:<25}"), Style::new().fg(color)),
            Span::styled(about, theme.dim()),
        ])
    };
    // A step begins at a multiple of eight, so the key always begins with its first byte.
    let twice = [unmasking.key, unmasking.key].concat();
    let there = if count < 8 {
        format!("{count} of 8 bytes are left")
    } else {
        "one number of 64 bits".to_owned()
    };
    vec![
        Line::styled(format!("  64 bits       i = {first}…{}", group.end - 1), theme.faint()),
        row("wire", &unmasking.wire_bytes[group.clone()], theme.field(FieldColor::Payload), there),
        row(
            "⊕ key",
            &twice,
            theme.field(FieldColor::MaskingKey),
            "the key twice: i mod 4 is 0 at both".to_owned(),
        ),
        Line::styled(
            "                ───────────────────────  one ⊕ for all 64 bits",
            theme.faint(),
        ),
        row(
            "= plain",
            &unmasking.plain_bytes[group.clone()],
            theme.text,
            if group.clone().any(|at| unmasking.is_missing(at)) {
                "not all of them were captured".to_owned()
            } else {
                format::quote(&unmasking.plain_bytes[group], 8)
            },
        ),
    ]
}

/// Draws the experiments, with the effect of each on the current byte.
pub(crate) fn draw_experiments(unmasking: &Unmasking, area: Rect, canvas: &mut Canvas) {
    let (divider, body) = split_rows(area, 1);
    canvas.draw_divider("Try it (nothing is sent)", divider);
    if unmasking.gap_at_step().is_some() {
        return;
    }
    let theme = canvas.theme;
    let about = area.width >= 88;
    for (row, (key, name, does, remark, on)) in (0..).zip(experiments(unmasking)) {
        let style = if on { theme.cursor() } else { theme.heading() };
        let mut line = Line::from(vec![
            Span::raw("  "),
            Span::styled(key, style),
            Span::raw(format!("  {name:<24}")),
            Span::styled(
                format!("{:<34}", text::ellipsize(&does, 34)),
                Style::new().fg(theme.text),
            ),
        ]);
        if about {
            line.push_span(Span::styled(remark, theme.dim()));
        }
        canvas.draw_line(&line, row, body);
    }
}

type Experiment = (&'static str, String, String, &'static str, bool);

fn experiments(unmasking: &Unmasking) -> [Experiment; 4] {
    let (at, bit) = (unmasking.step, unmasking.bit);
    let flip = 0x80 >> bit;
    let (wire, plain) = (unmasking.wire_bytes[at], unmasking.plain_bytes[at]);
    let letter = |byte: u8| {
        if byte.is_ascii_graphic() { format!(" '{}'", char::from(byte)) } else { String::new() }
    };
    let zero = unmasking.key == [0; 4];
    let bytes = &unmasking.wire_bytes[..unmasking.wire_bytes.len().min(5)];
    let key = format::hex(&unmasking.key);
    [
        (
            "f",
            format!("flip wire bit {bit}"),
            format!(
                "0x{wire:02x}→0x{:02x}   plain 0x{plain:02x}→0x{:02x}{}",
                wire ^ flip,
                plain ^ flip,
                letter(plain ^ flip)
            ),
            "one wire bit = one plain bit",
            unmasking.changed && wire != unmasking.original_wire_bytes[at] && !zero,
        ),
        (
            "z",
            "key := 00000000".to_owned(),
            format!("wire = plain  {}", format::quote(&unmasking.plain_bytes, 12)),
            "! W_MASK_ZERO: legal, useless",
            zero,
        ),
        (
            "t",
            "apply the key twice".to_owned(),
            format!("back to  {}", format::spaced_hex(bytes, 5)),
            "⊕ undoes itself",
            unmasking.apply_twice,
        ),
        (
            "w",
            "eight bytes a step".to_owned(),
            format!("key  {key}{key}"),
            "what real servers do, or wider",
            unmasking.wide_steps,
        ),
    ]
}

/// Draws why there is a mask, in as many sentences as there is room for.
pub(crate) fn draw_rationale(from: Side, area: Rect, canvas: &mut Canvas) {
    if area.height < 2 {
        let text = "Why: a script must not choose the bytes that stand on the wire (§10.3)";
        return canvas.draw_line(&Line::styled(text, canvas.theme.dim()), 0, area);
    }
    let (divider, body) = split_rows(area, 1);
    canvas.draw_divider("Why mask at all?", divider);
    let mut text = String::from(
        "A script in a browser may open a WebSocket to any server and choose every byte of its \
         messages. If they went on the wire as chosen, they could look like an HTTP response, \
         and a careless proxy would cache it for others. A key that the script does not know \
         makes the bytes unpredictable (§10.3). ",
    );
    if from == Side::Client {
        text += "It is not encryption: the key travels in the same frame, and only wss:// hides \
                 the content. A server does not mask (§5.1): the scripts are not on its side.";
    } else {
        text += "It is not encryption: the key travels in the same frame, and only wss:// hides \
                 the content.";
    }
    let lines = Line::styled(text, canvas.theme.dim());
    Paragraph::new(lines).wrap(Wrap { trim: true }).render(body, canvas.buffer);
}
