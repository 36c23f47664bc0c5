//! Draws a slide that has been laid out: everything except its demos and pictures.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::slide::body::rows::{LineEmphasis, RowPiece, visible_width};
use crate::slide::layout::SlideLayout;
use crate::slide::scrolling::SlideProgress;
use crate::text;

impl SlideLayout {
    /// Draws everything except the demos and pictures.
    pub(crate) fn draw(&self, progress: SlideProgress, buffer: &mut Buffer) {
        self.draw_heading(buffer);
        let shown = self.body.rows.iter().skip(progress.scroll).take(self.body_area.height.into());
        for (y, row) in shown.enumerate() {
            let area = Rect { y: self.body_area.y + y as u16, height: 1, ..self.body_area };
            for piece in row.pieces.iter().filter(|piece| piece.step <= progress.step) {
                self.draw_piece(piece, area, progress, buffer);
            }
        }
    }

    fn draw_heading(&self, buffer: &mut Buffer) {
        let area = self.heading_area.intersection(buffer.area);
        for (y, row) in self.heading.rows.iter().enumerate().take(area.height.into()) {
            let free = (area.width as usize).saturating_sub(row.width()) as u16 / 2;
            let x = if self.heading.is_centered { area.x + free } else { area.x };
            buffer.set_line(x, area.y + y as u16, row, area.right() - x);
        }
    }

    /// Draws a piece of a row into the area of the whole row.
    fn draw_piece(
        &self,
        piece: &RowPiece,
        row: Rect,
        progress: SlideProgress,
        buffer: &mut Buffer,
    ) {
        let part = |x: usize, width: usize| {
            let x = row.x.saturating_add(x.min(u16::MAX.into()) as u16);
            let width = width.min(u16::MAX.into()) as u16;
            Rect { x, width, ..row }.intersection(row)
        };
        let indent = piece.prefix.width();
        let prefix = part(piece.x, indent);
        buffer.set_line(prefix.x, prefix.y, &piece.prefix, prefix.width);
        let Some(sideways) = piece.sideways else {
            let area = part(piece.x + indent, usize::MAX / 2);
            buffer.set_line(area.x, area.y, &piece.body, area.width);
            return;
        };
        let area = part(piece.x + indent, sideways.room);
        if area.is_empty() {
            return;
        }
        let shift = sideways.shift(progress.scroll_x);
        let body = self.emphasized(piece, progress.step);
        let body = if shift > 0 { skip_cells(&body, shift) } else { body };
        if piece.panel {
            let shown = (body.width() as u16).min(area.width);
            buffer.set_style(Rect { width: shown, ..area }, Style::new().bg(self.theme.panel));
        }
        buffer.set_line(area.x, area.y, &body, area.width);
        let mark = Style::new()
            .fg(self.theme.background)
            .bg(self.theme.accent)
            .add_modifier(Modifier::BOLD);
        let visible = visible_width(&piece.body);
        if visible > shift + usize::from(area.width) {
            buffer.set_string(area.right() - 1, area.y, "›", mark);
        }
        if shift > 0 && visible > 0 {
            buffer.set_string(area.x, area.y, "‹", mark);
        }
    }

    /// Returns the body of a piece as it looks at `step`: dimmed while other lines of its code
    /// stand out, marked while it stands out itself.
    fn emphasized(&self, piece: &RowPiece, step: usize) -> Line<'static> {
        let mut body = piece.body.clone();
        match piece.emphasis.as_ref().map_or(LineEmphasis::None, |emphasis| emphasis.at(step)) {
            LineEmphasis::None => {}
            LineEmphasis::Dimmed => {
                for span in &mut body.spans {
                    span.style = self.theme.dim().remove_modifier(Modifier::BOLD);
                }
            }
            LineEmphasis::StandsOut => {
                // The first two cells of such code are free.
                if let Some(first) = body.spans.first_mut() {
                    *first = Span::styled("▌ ", Style::new().fg(self.theme.accent));
                }
            }
        }
        body
    }
}

/// Returns `line` without its first `cells` cells. A wide character that is cut in half leaves a
/// blank.
fn skip_cells(line: &Line<'static>, cells: usize) -> Line<'static> {
    let mut skip = cells;
    let mut kept = Vec::new();
    for span in &line.spans {
        let mut text = String::new();
        for grapheme in span.content.graphemes(true) {
            let width = text::grapheme_width(grapheme);
            if skip == 0 {
                text.push_str(grapheme);
            } else if width > skip {
                text.push(' ');
                skip = 0;
            } else {
                skip -= width;
            }
        }
        kept.push(Span::styled(text, span.style));
    }
    Line::from(kept)
}
