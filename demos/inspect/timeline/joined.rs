//! The fragments of a message put together, piece by piece, and what that teaches about checking text.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::super::canvas::{Canvas, split};
use super::super::state::Inspect;
use super::super::view::side;
use super::message::Subject;
use crate::wire::{ByteLen, FaultCode, MessageKind, format};

/// A fragment as the reassembly sees it.
struct Piece {
    row: usize,
    payload: Vec<u8>,
    /// All of it is in `payload`.
    whole: bool,
    /// Bytes of the message after it.
    sum: ByteLen,
}

/// Fragments that are put together on the screen.
const MOST: usize = 64;

fn pieces(inspect: &Inspect, subject: &Subject) -> Vec<Piece> {
    let mut sum = ByteLen::ZERO;
    let piece = |row: &usize| {
        sum += inspect.conn().trace.rows()[*row].payload_len();
        let frame = inspect.frame(*row);
        let whole = frame.as_ref().is_some_and(|frame| frame.complete);
        Piece { row: *row, payload: frame.map(|frame| frame.payload()).unwrap_or_default(), whole, sum }
    };
    subject.fragments.iter().take(MOST).map(piece).collect()
}

/// The fragments put together, piece by piece, and what that shows.
pub(super) fn draw(inspect: &Inspect, subject: &Subject, area: Rect, canvas: &mut Canvas) {
    let (rule, body) = split(area, 1);
    if body.is_empty() {
        return canvas.rule("", rule);
    }
    canvas.rule("Reassembly", rule);
    let theme = canvas.theme;
    if subject.message.is_none() {
        let told = "A control frame is delivered at once, also in the middle of a message (§5.4, §5.5).";
        return canvas.line(&Line::styled(format!("  {told}"), theme.dim()), 0, body);
    }
    let pieces = pieces(inspect, subject);
    let total = u128::from(pieces.last().map_or(0, |piece| piece.sum.get()).max(1));
    let text = inspect.conn().trace.rows()[subject.fragments[0]].kind() == Some(MessageKind::Text);
    let text = text && !inspect.conn().trace.rows()[subject.fragments[0]].is_compressed();
    let tall = body.height >= 4;
    let (mut line, mut row) = (Line::raw("  "), 0);
    for piece in &pieces {
        let full = (8 * u128::from(piece.sum.get())).div_ceil(total).min(8) as usize;
        let bar = format!("{}{}", "█".repeat(full), "▒".repeat(8 - full));
        let said =
            if text { format::quote(&piece.payload, 10) } else { format::spaced_hex(&piece.payload, 4) };
        let color = if piece.row == subject.current { theme.accent } else { side(subject.from, theme).0 };
        let spans = [
            Span::styled(format!("{} ", piece.row), theme.dim()),
            Span::styled(bar, Style::new().fg(color)),
            Span::raw(format!(" {said}    ")),
        ];
        let width: usize = spans.iter().map(Span::width).sum();
        if line.width() > 2 && (tall || line.width() + width > body.width.into()) {
            if row + 1 >= body.height.saturating_sub(u16::from(body.height > 1)) {
                line.push_span(Span::styled("…", theme.dim()));
                break;
            }
            canvas.line(&std::mem::replace(&mut line, Line::raw("  ")), row, body);
            row += 1;
        }
        line.extend(spans);
    }
    line.push_span(whole(inspect, subject, &pieces, text, canvas));
    canvas.line(&line, row, body);
    if row + 1 < body.height {
        let told = Line::styled(format!("  {}", remark(subject, &pieces, text)), theme.dim());
        canvas.line(&told, row + 1, body);
    }
}

/// What the whole message says.
fn whole(
    inspect: &Inspect,
    subject: &Subject,
    pieces: &[Piece],
    text: bool,
    canvas: &Canvas,
) -> Span<'static> {
    let theme = canvas.theme;
    if !subject.ended {
        return Span::styled("→ still open", Style::new().fg(theme.warn));
    }
    let known = pieces.len() == subject.fragments.len() && pieces.iter().all(|piece| piece.whole);
    if !text || !known {
        return Span::styled("→ complete", Style::new().fg(theme.good));
    }
    let all: Vec<u8> = pieces.iter().flat_map(|piece| piece.payload.iter().copied().take(64)).collect();
    let broken = subject.faults(inspect).iter().any(|fault| fault.code == FaultCode::Utf8);
    let (sign, color) = if broken { ("not UTF-8 ✗", theme.bad) } else { ("valid ✓", theme.good) };
    Span::styled(
        format!("→ {} {sign}", format::quote(&all, 24)),
        Style::new().fg(color).add_modifier(Modifier::BOLD),
    )
}

/// What this message teaches about checking text.
fn remark(subject: &Subject, pieces: &[Piece], text: bool) -> String {
    if !text {
        return "Only text is checked for UTF-8, and only as it was before compression (§5.6, RFC 7692 §6)."
            .to_owned();
    }
    let alone: Vec<String> = (pieces.iter().filter(|piece| piece.whole))
        .filter(|piece| str::from_utf8(&piece.payload).is_err())
        .map(|piece| piece.row.to_string())
        .collect();
    match (alone.len(), subject.fragments.len()) {
        (0, 1) => "One frame, one message: nothing has to be put together.".to_owned(),
        (0, _) => "Each frame is valid alone, by chance: a character may be cut anywhere    §5.6".to_owned(),
        (_, 1) => "The frame is the message, so the text is broken for good    §8.1".to_owned(),
        (1, _) => {
            format!("Frame {} alone is not UTF-8: check the message, not the frame    §5.6 §8.1", alone[0])
        }
        (count, _) if count <= 6 => {
            format!(
                "Frames {} alone are not UTF-8: check the message, not the frame    §5.6 §8.1",
                alone.join(", ")
            )
        }
        (count, _) => format!("{count} of its frames alone are not UTF-8: check the message    §5.6 §8.1"),
    }
}
