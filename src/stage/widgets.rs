//! Widgets that several views share.
//!
//! Each draws only into the area that it is given, unless its doc says otherwise.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, BorderType, Borders, Clear, Paragraph, Widget as _, Wrap};

use crate::stage::{KeyHint, Theme, ViewContext};
use crate::text;

/// A cell filled from the bottom in steps of an eighth, from empty to full, for bars and curves.
pub const BAR_LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Copies the cells of `area` out of a buffer in which they stand `hidden_rows` further down, as far
/// as both buffers have them.
pub fn copy_cells(from: &Buffer, hidden_rows: u16, area: Rect, to: &mut Buffer) {
    for position in area.intersection(to.area).positions() {
        let there = Position { y: position.y.saturating_add(hidden_rows), ..position };
        if let (Some(cell), Some(place)) = (from.cell(there), to.cell_mut(position)) {
            *place = cell.clone();
        }
    }
}

/// Draws a frame with a title around `area` and returns its inside. The frame's lines are
/// double and coloured while the demo has the keyboard.
pub fn draw_panel(title: &str, area: Rect, buffer: &mut Buffer, context: &ViewContext) -> Rect {
    let theme = context.theme;
    let (border, style) = if context.focused {
        (BorderType::Double, Style::new().fg(theme.accent))
    } else {
        (BorderType::Rounded, theme.faint())
    };
    let title = text::ellipsize(title, usize::from(area.width.saturating_sub(6)));
    let block = Block::new()
        .borders(Borders::ALL)
        .border_type(border)
        .border_style(style)
        .title(Line::styled(format!(" {title} "), theme.heading()));
    let inner = block.inner(area);
    block.render(area, buffer);
    inner
}

/// Returns what is inside the frame that [`draw_panel`] draws around `area`, with a blank on either
/// side.
pub fn panel_content(area: Rect) -> Rect {
    let inner = Block::new().borders(Borders::ALL).inner(area);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// Draws a thin line across the first row of `area`, with a title near its left end.
pub fn draw_divider(title: &str, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    for x in area.left()..area.right() {
        buffer[(x, area.y)].set_char('─').set_style(theme.faint());
    }
    if !title.is_empty() && area.width > 8 {
        let title = format!(" {} ", text::ellipsize(title, usize::from(area.width) - 6));
        buffer.set_string(area.x + 2, area.y, title, theme.dim());
    }
}

/// Returns the first row in sight of a list, so that the cursor's is in the middle, as far as there are rows.
pub fn first_row(cursor: usize, rows: usize, room: usize) -> usize {
    cursor.saturating_sub(room / 2).min(rows.saturating_sub(room))
}

/// Returns a heading with a list of rules below it.
pub fn rules_text(heading: &'static str, rules: &[&'static str], theme: &Theme) -> Text<'static> {
    let mut text = Text::default();
    text.push_line(Line::styled(heading, theme.heading()));
    for rule in rules {
        let mark = Span::styled("• ", Style::new().fg(theme.accent));
        text.push_line(Line::from(vec![mark, Span::raw(*rule)]));
    }
    text
}

/// Draws a list of rules and all keys below it.
pub fn draw_rules(
    heading: &'static str,
    rules: &[&'static str],
    keys: &[KeyHint],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let mut text = rules_text(heading, rules, theme);
    let keys = keys.iter().map(|KeyHint { keys, about }| format!("{keys}: {about}"));
    text.push_line(Line::styled(keys.collect::<Vec<_>>().join("   "), theme.dim()));
    Paragraph::new(text).wrap(Wrap { trim: true }).render(area, buffer);
}

/// Draws a line at a position, in at most `max_width` columns, and returns the column behind it.
/// Like [`Buffer::set_line`], which takes several times as long over ASCII.
pub fn set_line(x: u16, y: u16, line: &Line, max_width: u16, buffer: &mut Buffer) -> u16 {
    let (mut x, mut room) = (x, max_width);
    for span in line {
        let style = line.style.patch(span.style);
        let next = set_ascii(x, y, &span.content, room, style, buffer)
            .unwrap_or_else(|| buffer.set_stringn(x, y, &span.content, room.into(), style).0);
        room = room.saturating_sub(next.saturating_sub(x));
        x = next;
        if room == 0 {
            break;
        }
    }
    x
}

/// Draws printable ASCII, a cell for each byte. Returns `None`, and draws nothing, if the text is
/// something else or begins outside of the buffer.
fn set_ascii(
    x: u16,
    y: u16,
    text: &str,
    max_width: u16,
    style: Style,
    buffer: &mut Buffer,
) -> Option<u16> {
    let start = Position { x, y };
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !buffer.area.contains(start) {
        return None;
    }
    let room = usize::from(max_width.min(buffer.area.right() - x));
    let first = buffer.index_of(x, y);
    let len = text.len().min(room);
    for (cell, byte) in buffer.content[first..][..len].iter_mut().zip(text.bytes()) {
        cell.set_char(byte.into()).set_style(style);
    }
    Some(x + len as u16)
}

/// Draws `content` into row `row` of `area`, from 0 at the top, and nothing if there is no such
/// row. A line that is too long ends with `…`.
pub fn draw_line(content: &Line, row: u16, area: Rect, buffer: &mut Buffer) {
    if row >= area.height || area.width == 0 {
        return;
    }
    let y = area.y + row;
    let end = set_line(area.x, y, content, area.width, buffer);
    // `set_line` may stop one cell early, where a wide character did not fit.
    if end + 1 >= area.right() && content.width() > usize::from(area.width) {
        let last = area.right() - 1;
        // A wide character may begin in the cell before. Its half would be drawn over the `…`.
        if last > area.x && text::width(buffer[(last - 1, y)].symbol()) > 1 {
            buffer[(last - 1, y)].set_char(' ');
        }
        buffer[(last, y)].set_char('…');
    }
}

/// Draws a table of keys in a frame in the middle of `area`, over what is there.
pub fn draw_key_table(
    title: &str,
    hints: &[KeyHint],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let left = hints.iter().map(|hint| text::width(hint.keys)).max().unwrap_or(0);
    let right = hints.iter().map(|hint| text::width(hint.about)).max().unwrap_or(0);
    let (width, height) = ((left + right + 8) as u16, hints.len() as u16 + 4);
    let frame = area.centered(
        ratatui::layout::Constraint::Length(width.min(area.width)),
        ratatui::layout::Constraint::Length(height.min(area.height)),
    );
    Clear.render(frame, buffer);
    buffer.set_style(frame, Style::new().fg(theme.text).bg(theme.panel));
    let block = Block::new()
        .borders(Borders::ALL)
        .border_type(BorderType::Rounded)
        .border_style(Style::new().fg(theme.accent))
        .title(Line::styled(format!(" {title} "), theme.heading()));
    let inner = block.inner(frame);
    block.render(frame, buffer);
    for (row, hint) in hints.iter().enumerate() {
        let pad = left - text::width(hint.keys);
        let content = Line::from(vec![
            ratatui::text::Span::raw(" ".repeat(2 + pad)),
            ratatui::text::Span::styled(
                hint.keys,
                Style::new().fg(theme.accent).add_modifier(Modifier::BOLD),
            ),
            ratatui::text::Span::raw("  "),
            ratatui::text::Span::raw(hint.about),
        ]);
        draw_line(&content, row as u16 + 1, inner, buffer);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::style::Color;

    use super::*;

    proptest! {
        #[test]
        fn a_line_looks_as_ratatui_draws_it(
            spans in prop::collection::vec(("[ a-z~漢é\u{301}\u{7}]{0,6}", any::<bool>()), 0..5),
            x in 2_u16..12,
            max_width in 0_u16..14,
        ) {
            let styled = |(text, is_red)| {
                let style = if is_red { Style::new().fg(Color::Red) } else { Style::new() };
                Span::styled(text, style.add_modifier(Modifier::BOLD))
            };
            let line: Line = spans.into_iter().map(styled).collect();
            let line = line.style(Color::Blue);
            let [mut own, mut theirs] = [(); 2].map(|()| Buffer::filled(
                Rect::new(2, 1, 8, 2),
                'x'.into(),
            ));
            let (end, _) = theirs.set_line(x, 2, &line, max_width);
            prop_assert_eq!(set_line(x, 2, &line, max_width, &mut own), end);
            prop_assert_eq!(own, theirs);
        }
    }
}
