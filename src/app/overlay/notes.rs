//! The speaker notes, over the lower part of the slide.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Borders, Clear, Widget as _};

use crate::app::slide::wrap;
use crate::stage::{self, Theme};
use crate::text;

/// The widest notes, in columns.
const MAX_WIDTH: u16 = 100;

/// The notes of a slide, wrapped for a screen.
pub(crate) struct SpeakerNotes {
    frame: Rect,
    lines: Vec<Line<'static>>,
}

impl SpeakerNotes {
    /// Wraps the notes for a screen of `area`.
    pub(crate) fn new(notes: &[String], area: Rect) -> Self {
        let notes = notes.join("\n\n");
        let message =
            if notes.is_empty() { "this slide has no speaker note".to_owned() } else { notes };
        let inner = area.width.saturating_sub(6).clamp(1, MAX_WIDTH);
        let lines: Vec<Line> = message
            .lines()
            .flat_map(|line| {
                let line = text::sanitize(line.trim()).into_owned();
                let wrapped = wrap(&[(line, Style::new())], inner.into());
                if wrapped.is_empty() { vec![Line::default()] } else { wrapped }
            })
            .collect();
        let rows = lines.len().min(usize::from(area.height)) as u16;
        let height = (rows + 2).min(area.height * 2 / 3).max(3.min(area.height));
        let frame = area.centered_horizontally(Constraint::Length((inner + 4).min(area.width)));
        let frame = Rect { y: area.bottom().saturating_sub(height + 1), height, ..frame };
        Self { frame: frame.intersection(area), lines }
    }

    /// Returns the number of rows that the notes can be scrolled.
    pub(crate) fn max_scroll(&self) -> usize {
        self.lines.len().saturating_sub(self.frame.height.saturating_sub(2).into())
    }

    /// Draws the notes from row `from` on.
    pub(crate) fn draw(&self, from: usize, buffer: &mut Buffer, theme: &Theme) {
        let frame = self.frame.intersection(buffer.area);
        let from = from.min(self.max_scroll());
        Clear.render(frame, buffer);
        let below = self.max_scroll() - from;
        let mark = match (from, below) {
            (0, 0) => String::new(),
            (_, 0) => " ▲ ↑ ".to_owned(),
            (_, below) => format!(" ▼ {below} more: ↓ "),
        };
        let block = Block::new()
            .borders(Borders::ALL)
            .border_type(BorderType::Rounded)
            .border_style(Style::new().fg(theme.accent))
            .style(Style::new().fg(theme.text).bg(theme.panel))
            .title(Line::styled(" Speaker notes ", theme.heading()))
            .title_bottom(Line::styled(mark, theme.heading()).right_aligned());
        let inside = block.inner(frame);
        block.render(frame, buffer);
        let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        for (row, line) in (0..inside.height).zip(self.lines.iter().skip(from)) {
            stage::draw_line(line, row, inside, buffer);
        }
    }
}
