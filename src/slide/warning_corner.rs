//! The warnings about a slide, in its upper right corner, for the author who rehearses.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Widget as _};

use crate::deck::Warning;
use crate::slide::text::wrap::wrap;
use crate::stage::Theme;

/// The largest width of the corner in columns.
const MAX_WIDTH: u16 = 64;

/// Draws the warnings over the upper right corner of `area`, each kind once with its count, in at
/// most half of its rows.
pub(crate) fn draw_warnings<'a>(
    warnings: impl IntoIterator<Item = &'a Warning>,
    file: &str,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let width = area.width.saturating_sub(2).min(MAX_WIDTH);
    let style = Style::new().fg(theme.bad).bg(theme.panel);
    let most = usize::from(area.height / 2).max(1);
    let wrapped = kinds(warnings).into_iter().map(|(warning, count)| {
        let at = warning.position;
        let more = match count {
            1 => String::new(),
            2 => " (and once more)".to_owned(),
            count => format!(" (and {} times more)", count - 1),
        };
        let text = format!("▲ {file}:{}:{}: {}{more}", at.line, at.column, warning.message);
        wrap(&[(text, style)], width.saturating_sub(2).into())
    });
    // One line too many is enough to know that there are more.
    let mut lines: Vec<Line> = wrapped.flatten().take(most + 1).collect();
    if lines.len() > most {
        lines.truncate(most.saturating_sub(1));
        lines.push(Line::styled(format!("  more: wiretalk check {file}"), style));
    }
    let corner = Rect { x: area.right() - width, width, height: lines.len() as u16, ..area };
    let corner = corner.intersection(buffer.area);
    Clear.render(corner, buffer);
    buffer.set_style(corner, style);
    for (y, line) in (corner.top()..corner.bottom()).zip(&lines) {
        let x = corner.x + 1.min(corner.width);
        buffer.set_line(x, y, line, corner.right() - x);
    }
}

/// Returns the first warning of each kind with the number of its kind. Two warnings are of a kind
/// if they differ in nothing but what they quote.
fn kinds<'a>(warnings: impl IntoIterator<Item = &'a Warning>) -> Vec<(&'a Warning, usize)> {
    let mut kinds: Vec<(&Warning, usize, String)> = Vec::new();
    for warning in warnings {
        let kind: String = warning.message.split('`').step_by(2).collect();
        match kinds.iter_mut().find(|(_, _, known)| *known == kind) {
            Some((_, count, _)) => *count += 1,
            None => kinds.push((warning, 1, kind)),
        }
    }
    kinds.into_iter().map(|(warning, count, _)| (warning, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{LineIndex, Position};

    fn warning(line: usize, message: &str) -> Warning {
        Warning::new(0, Position { line, column: 1 }, &LineIndex::new(""), message)
    }

    fn drawn(warnings: &[Warning], area: Rect) -> Vec<String> {
        let mut buffer = Buffer::empty(area);
        draw_warnings(warnings, "a.md", area, &mut buffer, &Theme::DARK);
        let row = |y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..area.height).map(row).map(|row| row.trim_end().to_owned()).collect()
    }

    #[test]
    fn each_kind_stands_there_once_with_its_count() {
        let warnings =
            [warning(3, "unknown tag `b`"), warning(5, "is empty"), warning(9, "unknown tag `i`")];
        assert_eq!(
            drawn(&warnings, Rect::new(0, 0, 60, 6))[..3],
            ["   ▲ a.md:3:1: unknown tag `b` (and once more)", "   ▲ a.md:5:1: is empty", ""]
        );
    }

    #[test]
    fn many_warnings_leave_half_of_the_slide_free() {
        let warnings: Vec<Warning> = (0..40).map(|n| warning(n, &"x".repeat(n + 1))).collect();
        let rows = drawn(&warnings, Rect::new(0, 0, 40, 10));
        assert!(rows[4].contains("more: wiretalk check a.md"), "{rows:#?}");
        assert!(rows[5..].iter().all(String::is_empty));
        drawn(&warnings, Rect::new(0, 0, 1, 1));
    }
}
