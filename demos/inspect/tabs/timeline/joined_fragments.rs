//! The reassembly of a message, fragment by fragment, and what it shows about UTF-8 validation.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::selected_message::SelectedMessage;
use crate::demos::inspect::parts::canvas::{Canvas, split_rows};
use crate::demos::inspect::parts::colors::side_style;
use crate::demos::inspect::session::Session;
use crate::wire::{ByteLen, FaultCode, Frame, MessageKind, PayloadPiece, TraceRow, format};

/// A fragment of the message.
struct JoinedFragment {
    row: usize,
    payload: Vec<u8>,
    /// The payload with its gaps.
    pieces: Vec<PayloadPiece>,
    /// Whether `payload` is complete and was captured.
    is_complete: bool,
    /// The number of bytes of the message up to the end of this fragment.
    cumulative_len: ByteLen,
}

/// The maximum number of fragments that are shown.
const MAX_FRAGMENTS_SHOWN: usize = 64;

fn fragments(session: &Session, selected: &SelectedMessage) -> Vec<JoinedFragment> {
    let mut sum = ByteLen::ZERO;
    let fragment = |row: &usize| {
        sum += session.connection().trace.rows()[*row].payload_len();
        let frame = session.frame(*row);
        let whole =
            frame.as_ref().is_some_and(|frame| frame.complete && frame.missing().is_empty());
        JoinedFragment {
            row: *row,
            pieces: frame.as_ref().map(Frame::payload_pieces).unwrap_or_default(),
            payload: frame.map(|frame| frame.payload()).unwrap_or_default(),
            is_complete: whole,
            cumulative_len: sum,
        }
    };
    selected.fragments.iter().take(MAX_FRAGMENTS_SHOWN).map(fragment).collect()
}

/// Draws the reassembly, with a remark about it.
pub(crate) fn draw(session: &Session, selected: &SelectedMessage, area: Rect, canvas: &mut Canvas) {
    let (divider, body) = split_rows(area, 1);
    if body.is_empty() {
        return canvas.draw_divider("", divider);
    }
    let theme = canvas.theme;
    if selected.message.is_none() {
        canvas.draw_divider("Reassembly", divider);
        let sentence =
            "A control frame is delivered at once, also in the middle of a message (§5.4, §5.5).";
        return canvas.draw_line(&Line::styled(format!("  {sentence}"), theme.dim()), 0, body);
    }
    let title = "Reassembly · █ of the message after this frame, ▒ still to come";
    canvas.draw_divider(title, divider);
    let fragments = fragments(session, selected);
    // In 128 bits, because a claimed length times eight can exceed 64 bits. At least 1, because a
    // message can be empty.
    let total =
        u128::from(fragments.last().map_or(0, |fragment| fragment.cumulative_len.get()).max(1));
    let text =
        session.connection().trace.rows()[selected.fragments[0]].kind() == Some(MessageKind::Text);
    let text = text && !session.connection().trace.rows()[selected.fragments[0]].is_compressed();
    let tall = body.height >= 4;
    let (mut line, mut row) = (Line::raw("  "), 0);
    for fragment in &fragments {
        let full = (8 * u128::from(fragment.cumulative_len.get())).div_ceil(total).min(8) as usize;
        let bar = format!("{}{}", "█".repeat(full), "▒".repeat(8 - full));
        let content = PayloadPiece::join(&fragment.pieces, |bytes| {
            if text { format::quote(bytes, 10) } else { format::spaced_hex(bytes, 4) }
        });
        let color = if fragment.row == selected.current {
            theme.accent
        } else {
            side_style(selected.from, theme).0
        };
        let spans = [
            Span::styled(format!("{} ", fragment.row), theme.dim()),
            Span::styled(bar, Style::new().fg(color)),
            Span::raw(format!(" {content}    ")),
        ];
        let width: usize = spans.iter().map(Span::width).sum();
        if line.width() > 2 && (tall || line.width() + width > body.width.into()) {
            if row + 1 >= body.height.saturating_sub(u16::from(body.height > 1)) {
                line.push_span(Span::styled("…", theme.dim()));
                break;
            }
            canvas.draw_line(&std::mem::replace(&mut line, Line::raw("  ")), row, body);
            row += 1;
        }
        line.extend(spans);
    }
    line.push_span(message_summary(session, selected, &fragments, text, canvas));
    canvas.draw_line(&line, row, body);
    if row + 1 < body.height {
        let sentence =
            Line::styled(format!("  {}", utf8_remark(selected, &fragments, text)), theme.dim());
        canvas.draw_line(&sentence, row + 1, body);
    }
}

/// Returns the state or the text of the whole message.
fn message_summary(
    session: &Session,
    selected: &SelectedMessage,
    fragments: &[JoinedFragment],
    text: bool,
    canvas: &Canvas,
) -> Span<'static> {
    let theme = canvas.theme;
    if !selected.ended {
        return Span::styled("→ still open", Style::new().fg(theme.warn));
    }
    let rows = session.connection().trace.rows();
    if selected.fragments.iter().filter_map(|row| rows.get(*row)).any(TraceRow::has_gap) {
        return Span::styled("→ not all of it was captured", Style::new().fg(theme.warn));
    }
    let known = fragments.len() == selected.fragments.len()
        && fragments.iter().all(|fragment| fragment.is_complete);
    if !text || !known {
        return Span::styled("→ complete", Style::new().fg(theme.good));
    }
    // The start of each fragment is enough, because the quote is cut anyway.
    let all: Vec<u8> =
        fragments.iter().flat_map(|fragment| fragment.payload.iter().copied().take(64)).collect();
    let broken = selected.faults(session).iter().any(|fault| fault.code == FaultCode::Utf8);
    let (sign, color) =
        if broken { ("not UTF-8 ✗", theme.bad) } else { ("valid ✓", theme.good) };
    Span::styled(
        format!("→ {} {sign}", format::quote(&all, 24)),
        Style::new().fg(color).add_modifier(Modifier::BOLD),
    )
}

/// Returns a remark about UTF-8 validation that fits this message.
fn utf8_remark(selected: &SelectedMessage, fragments: &[JoinedFragment], text: bool) -> String {
    if !text {
        return "Only text is checked for UTF-8, and only as it was before compression (§5.6, RFC \
                7692 §6)."
            .to_owned();
    }
    let alone: Vec<String> = (fragments.iter().filter(|fragment| fragment.is_complete))
        .filter(|fragment| str::from_utf8(&fragment.payload).is_err())
        .map(|fragment| fragment.row.to_string())
        .collect();
    match (alone.len(), selected.fragments.len()) {
        _ if fragments.iter().any(|fragment| !fragment.is_complete) => {
            "What was not captured is not judged.".to_owned()
        }
        (0, 1) => "One frame, one message: nothing has to be put together.".to_owned(),
        (0, _) => "Each frame is valid alone, by chance: a character may be cut anywhere    §5.6"
            .to_owned(),
        (_, 1) => "The frame is the message, so the text is broken for good    §8.1".to_owned(),
        (1, _) => {
            format!(
                "Frame {} alone is not UTF-8: check the message, not the frame    §5.6 §8.1",
                alone[0]
            )
        }
        (count, _) if count <= 6 => {
            format!(
                "Frames {} alone are not UTF-8: check the message, not the frame    §5.6 §8.1",
                alone.join(", ")
            )
        }
        (count, _) => {
            format!("{count} of its frames alone are not UTF-8: check the message    §5.6 §8.1")
        }
    }
}
