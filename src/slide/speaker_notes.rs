//! The speaker notes of a slide, in a frame over its lower part.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Borders, Clear, Widget as _};

use crate::slide::text::wrap::wrap;
use crate::stage::Theme;
use crate::text;

/// The largest width of a line of notes. Wider lines are hard to read.
const MAX_WIDTH: u16 = 100;

/// The notes of a slide laid out for a screen.
#[derive(Clone, Debug)]
pub(crate) struct SpeakerNotes {
    lines: Vec<Line<'static>>,
    frame: Rect,
    inside: Rect,
}

impl SpeakerNotes {
    /// Lays `notes` out for `area`: as high as they need, at most two thirds of it.
    pub(crate) fn new(notes: &[String], area: Rect) -> Self {
        let notes = if notes.is_empty() {
            "this slide has no speaker note".to_owned()
        } else {
            notes.join("\n\n")
        };
        let width = area.width.saturating_sub(6).clamp(1, MAX_WIDTH);
        let lines: Vec<Line> = notes
            .lines()
            .flat_map(|line| {
                let line = text::sanitize(line.trim()).into_owned();
                wrap(&[(line, Style::new())], width.into())
            })
            .collect();
        let height = (lines.len().min(area.height.into()) as u16 + 2)
            .min(area.height * 2 / 3)
            .max(3.min(area.height));
        let frame = area.centered_horizontally(Constraint::Length((width + 4).min(area.width)));
        let frame =
            Rect { y: area.bottom().saturating_sub(height + 1).max(area.y), height, ..frame }
                .intersection(area);
        let inside = Block::new().borders(Borders::ALL).inner(frame);
        let inside = Rect {
            x: inside.x + 1.min(inside.width),
            width: inside.width.saturating_sub(2),
            ..inside
        };
        Self { lines, frame, inside }
    }

    /// Returns the number of lines that they can be scrolled down.
    pub(crate) fn max_scroll(&self) -> usize {
        self.lines.len().saturating_sub(self.inside.height.into())
    }

    /// Draws the notes from line `scroll` on. The frame says how many lines are out of sight.
    pub(crate) fn draw(&self, scroll: usize, buffer: &mut Buffer, theme: &Theme) {
        let frame = self.frame.intersection(buffer.area);
        Clear.render(frame, buffer);
        let below = self.max_scroll().saturating_sub(scroll);
        let mark = match (scroll.min(self.max_scroll()), below) {
            (0, 0) => String::new(),
            (0, below) => format!(" ▼ {below} more: ↓ "),
            (above, 0) => format!(" ▲ {above} above: ↑ "),
            (above, below) => format!(" ▲ {above} above, ▼ {below} more: ↑ ↓ "),
        };
        let mark = Line::styled(mark, Style::new().fg(theme.accent).add_modifier(Modifier::BOLD));
        Block::new()
            .borders(Borders::ALL)
            .border_type(BorderType::Rounded)
            .border_style(Style::new().fg(theme.accent))
            .style(Style::new().fg(theme.text).bg(theme.panel))
            .title(Line::styled(" Speaker notes ", theme.heading()))
            .title_bottom(mark.right_aligned())
            .render(frame, buffer);
        let inside = self.inside.intersection(buffer.area);
        let lines = self.lines.iter().skip(scroll.min(self.max_scroll()));
        for (y, line) in (inside.top()..inside.bottom()).zip(lines) {
            buffer.set_line(inside.x, y, line, inside.width);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(notes: &[String], area: Rect, scroll: usize) -> String {
        let mut buffer = Buffer::empty(area);
        SpeakerNotes::new(notes, area).draw(scroll, &mut buffer, &Theme::DARK);
        let rows = buffer.content.chunks(area.width.into());
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n")
            .collect()
    }

    #[test]
    fn every_line_of_a_long_note_can_be_reached() {
        let area = Rect::new(0, 0, 60, 20);
        let notes: Vec<String> =
            vec![(1..=40).map(|n| format!("line {n} of the note\n")).collect::<Vec<_>>().concat()];
        let most = SpeakerNotes::new(&notes, area).max_scroll();
        let screens: Vec<String> = (0..=most).map(|scroll| drawn(&notes, area, scroll)).collect();
        for number in 1..=40 {
            let line = format!("line {number} of");
            assert!(screens.iter().any(|screen| screen.contains(&line)), "{line} is never shown");
        }
        assert!(screens[0].contains(&format!("▼ {most} more: ↓")), "{}", screens[0]);
        assert!(screens[most].contains(&format!("▲ {most} above: ↑")), "{}", screens[most]);
    }

    #[test]
    fn the_frame_is_as_high_as_its_wrapped_lines() {
        let area = Rect::new(0, 0, 26, 18);
        let notes = ["five letters words break here and again somewhere".to_owned()];
        let screen = drawn(&notes, area, 0);
        assert!(screen.contains("somewhere") && !screen.contains('▼'), "{screen}");
        let frame = screen.lines().filter(|row| row.contains('│')).count();
        assert_eq!(frame, SpeakerNotes::new(&notes, area).lines.len());
        drawn(&notes, Rect::new(0, 0, 1, 1), 3);
    }
}
