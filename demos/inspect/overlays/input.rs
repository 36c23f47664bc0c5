//! The input line, in the row that otherwise shows the keys.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::mode::{InputLine, InputPurpose};
use crate::demos::inspect::parts::canvas::Canvas;
use crate::text;

/// Draws the line, and above it the error of the last Enter.
pub(crate) fn draw(line: &InputLine, area: Rect, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let prompt = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
    let (name, hints) = match line.purpose {
        InputPurpose::Send => ("send ▸ ", ["⏎ sends a text · Esc back"; 2]),
        InputPurpose::Hex => (
            "raw bytes ▸ ",
            [
                "hex, a dump, an array, a string of escapes or base64 · ⏎ sends them as they are",
                "hex, dump, array, \\x81…, base64 · ⏎ sends",
            ],
        ),
        InputPurpose::Filter => {
            ("filter ▸ ", ["for example  op=close && len<9   ⏎ applies · Esc back"; 2])
        }
        InputPurpose::Inject => (
            "inject ▸ ",
            [
                "hex, a dump, an array, a string of escapes or base64 · ⏎ before the next frame",
                "hex, dump, array, \\x81…, base64 · ⏎ injects",
            ],
        ),
        InputPurpose::Connections => (
            "list ▸ ",
            [
                "a part of an address, path, subprotocol or end, or a number · ⏎ · Esc back",
                "text, or a number · ⏎ · Esc back",
            ],
        ),
        InputPurpose::Search => (
            "search ▸ ",
            [
                "in unmasked and inflated text, or 0x… · ⏎ finds · Esc back",
                "text, or 0x… · ⏎ finds · Esc back",
            ],
        ),
    };
    if let Some(reason) = &line.error {
        let above = Rect { y: area.y.saturating_sub(1), ..area };
        canvas.buffer.set_style(above, Style::reset());
        let pad = " ".repeat(area.width.into());
        canvas.draw_line(&Line::styled(pad, theme.base()), 0, above);
        canvas.draw_line(
            &Line::styled(format!("✗ {}", text::sanitize(reason)), Style::new().fg(theme.bad)),
            0,
            above,
        );
    }
    let room = usize::from(area.width).saturating_sub(text::width(name) + 3).max(8);
    let typed = text::sanitize(&line.text);
    let shown = if text::width(&typed) > room {
        format!("…{}", suffix(&typed, room - 1))
    } else {
        typed.into_owned()
    };
    let spare = room.saturating_sub(text::width(&shown));
    let hint = hints.into_iter().find(|hint| text::width(hint) <= spare).unwrap_or_default();
    let line = Line::from(vec![
        Span::styled(name, prompt),
        Span::raw(shown),
        Span::styled("▏  ", prompt),
        // Without room the hint is left out first.
        Span::styled(hint, theme.dim()),
    ]);
    canvas.draw_line(&line, 0, area);
}

/// Returns the end of `text` in at most `cells` cells.
fn suffix(text: &str, cells: usize) -> &str {
    let mut start = text.len();
    for (at, _) in text.char_indices().rev() {
        if text::width(&text[at..]) > cells {
            break;
        }
        start = at;
    }
    &text[start..]
}
