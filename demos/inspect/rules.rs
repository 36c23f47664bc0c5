//! What the RFC wants of the field under the cursor, and why: the page that `?` opens.

use ratatui::layout::Rect;
use ratatui::text::{Line, Text};
use ratatui::widgets::{Paragraph, Widget as _, Wrap};

use super::canvas::{Canvas, split};
use super::state::{Inspect, Mode};

pub(super) fn draw(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    let Mode::Rules(row) = inspect.mode else { return };
    let Some((_, spans)) = inspect.under() else {
        return canvas.line(&Line::raw("There is no field under the cursor yet."), 0, area);
    };
    let Some(span) = spans.get(inspect.field(&spans)) else { return };
    let (title, body) = split(area, 1);
    canvas.rule(&format!("{}, {}", span.field.name(), span.section), title);
    let told = Text::from(span.meaning.clone());
    Paragraph::new(told).wrap(Wrap { trim: true }).scroll((row, 0)).render(body, canvas.buffer);
}
