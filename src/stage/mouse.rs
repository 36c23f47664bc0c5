//! What a click and the wheel mean to a demo whose keys already say it.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::stage::Theme;
use crate::text;

/// The most keys that one turn of the wheel stands for.
const MAX_NOTCHES: usize = 32;

/// Returns the arrow keys that a turn of the wheel stands for: `notches` down, or up if negative.
pub fn arrow_keys(notches: isize) -> impl Iterator<Item = KeyEvent> {
    let code = if notches < 0 { KeyCode::Up } else { KeyCode::Down };
    std::iter::repeat_n(KeyEvent::from(code), notches.unsigned_abs().min(MAX_NOTCHES))
}

/// Returns the choices of a question, each with the digit that chooses it, from 1.
pub fn numbered(choices: &[&str]) -> Vec<String> {
    choices.iter().zip(1..).map(|(text, digit)| format!("{digit} {text}")).collect()
}

/// Returns the choices of a question in one line, each with the key that chooses it, from 1. A choice
/// is one span, and so is the gap behind it.
pub fn choices_line(choices: &[&str], chosen: Option<usize>, theme: &Theme) -> Line<'static> {
    let choice = |(index, text): (usize, &&str)| {
        let is_chosen = chosen == Some(index);
        let (mark, style) = if is_chosen { ("▶", theme.cursor()) } else { (" ", theme.dim()) };
        [Span::styled(format!("{mark}{} {text} ", index + 1), style), Span::raw("  ")]
    };
    choices.iter().enumerate().flat_map(choice).collect::<Vec<_>>().into()
}

/// Returns the choice of [`choices_line`] that was clicked: see [`clicked_span`].
pub fn clicked_choice(
    line: &Line,
    at: Position,
    area: Rect,
    draw: impl FnOnce(&mut Buffer),
) -> Option<usize> {
    let span = clicked_span(line, at, area, draw)?;
    span.is_multiple_of(2).then_some(span / 2)
}

/// Returns the index of the span of `line` that was clicked at a position of `area`; `None` if the
/// line does not stand there. `draw` draws `area`, because only that knows where the line stands.
pub fn clicked_span(
    line: &Line,
    at: Position,
    area: Rect,
    draw: impl FnOnce(&mut Buffer),
) -> Option<usize> {
    let mut buffer = Buffer::empty(area);
    draw(&mut buffer);
    let mut end = 0;
    let ends = line.spans.iter().map(|span| {
        end += text::width(&span.content);
        end
    });
    let ends: Vec<usize> = ends.collect();
    let whole: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
    // Where the line would begin if `span` were the one that was clicked, at its `column`.
    let clicked = usize::from(at.x.checked_sub(area.x)?);
    (0..=clicked).find_map(|start| {
        let x = area.x + u16::try_from(start).ok()?;
        let shown: String =
            (x..area.right()).filter_map(|x| buffer.cell((x, at.y))).map(Cell::symbol).collect();
        let stands_here = shown.starts_with(whole.trim_end());
        let column = clicked - start;
        stands_here.then(|| ends.iter().position(|end| column < *end)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::draw_line;

    #[test]
    fn a_click_chooses_what_is_drawn_there() {
        let area = Rect::new(3, 2, 40, 4);
        let line = choices_line(&["one", "up to 9", "more"], Some(1), &Theme::DARK);
        let clicked = |x, y| {
            let draw = |buffer: &mut Buffer| {
                let inner = Rect { x: area.x + 2, width: area.width - 2, ..area };
                draw_line(&line, 1, inner, buffer);
            };
            clicked_choice(&line, Position::new(x, y), area, draw)
        };
        // ` 1 one   ▶2 up to 9    3 more`, from column 5.
        let found: Vec<_> = (5..34).map(|x| clicked(x, 3)).collect();
        let of = |index| found.iter().filter(|choice| **choice == Some(index)).count();
        assert_eq!((of(0), of(1), of(2)), (7, 11, 7), "{found:?}");
        assert_eq!((found[0], found[9], found[28]), (Some(0), Some(1), Some(2)));
        assert_eq!((clicked(5, 2), clicked(4, 3), clicked(42, 3)), (None, None, None));
    }

    #[test]
    fn a_notch_is_an_arrow_key() {
        let codes = |notches| arrow_keys(notches).map(|key| key.code).collect::<Vec<_>>();
        assert_eq!(codes(2), [KeyCode::Down; 2]);
        assert_eq!(codes(-1), [KeyCode::Up]);
        assert_eq!(codes(isize::MIN).len(), MAX_NOTCHES);
    }
}
