//! Consent for a demo with effects outside the talk. The slide describes the effects in a sentence
//! and names the key that allows them. Only what was fully readable on the screen can be allowed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::app::state::App;
use crate::slide::wrap;
use crate::stage::{self, DemoPosition, Effect, OpenRefusal, Theme, ViewContext};
use crate::text;

impl App {
    /// Returns the first visible demo that waits for consent.
    pub(crate) fn demo_awaiting_consent(&self) -> Option<usize> {
        let shown = self.layout().demo_areas(self.progress);
        let asks = |index: &usize| {
            matches!(self.slots[*index], Err(OpenRefusal::Asks(_)))
                && shown.get(*index).is_some_and(Option::is_some)
        };
        (0..self.slots.len()).find(asks)
    }

    /// Allows the effects of the demo that waits for consent, and opens it. If part of its panel is
    /// out of sight, the slide scrolls there first and nothing is allowed yet.
    pub(crate) fn allow_demo(&mut self) {
        let Some(index) = self.demo_awaiting_consent() else { return };
        let Some(Err(OpenRefusal::Asks(effects))) = self.slots.get(index) else { return };
        let effects = effects.clone();
        let place = self.layout().demo_areas(self.progress).get(index).copied().flatten();
        let whole = place
            .filter(|place| place.hidden_rows == 0 && place.visible.height == place.total_rows);
        let Some(place) = whole else {
            self.scroll_to_demo(index);
            return;
        };
        // A truncated sentence is no basis for consent. The panel asks for a larger terminal.
        if !fits(&effects, place.visible) {
            return;
        }
        self.consents.allow(DemoPosition { slide: self.slide_index, demo: index }, effects);
        self.reopen(index);
    }
}

/// Returns the inside of the panel that [`stage::draw_panel`] draws, with a blank column on each
/// side.
fn panel_inner(area: Rect) -> Rect {
    Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    }
}

/// Whether the whole request can be read in an area of this size.
fn fits(effects: &[Effect], area: Rect) -> bool {
    let inner = panel_inner(area);
    // Two rows more than the request: a blank one and the one that names the key. The theme does
    // not change the number of lines.
    inner.width >= 20
        && request_lines(effects, inner.width, &Theme::DARK).len() + 2 <= usize::from(inner.height)
}

fn request_lines(effects: &[Effect], width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let sentence = text::sanitize(&stage::describe_all(effects)).into_owned();
    wrap(&[(sentence, Style::new().fg(theme.warn).add_modifier(Modifier::BOLD))], width.into())
}

/// Draws the effects that a demo asks for, with the key that allows them.
pub(crate) fn draw_consent(
    effects: &[Effect],
    area: Rect,
    buffer: &mut Buffer,
    context: &ViewContext,
) {
    let theme = context.theme;
    stage::draw_panel("this demo waits", area, buffer, context);
    let inner = panel_inner(area);
    let mut lines = request_lines(effects, inner.width, theme);
    if fits(effects, area) {
        let key = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
        lines.push(Line::default());
        lines.push(Line::from(vec![
            Span::styled("a", key),
            Span::styled(" allows this until the talk ends. Nothing happens before.", theme.dim()),
        ]));
    } else {
        let room = usize::from(inner.height).saturating_sub(2);
        lines.truncate(room);
        let text = "Not all of it fits here: enlarge the terminal to allow it.";
        lines.extend(wrap(&[(text.to_owned(), theme.dim())], inner.width.into()));
    }
    for (row, line) in (0..).zip(&lines) {
        stage::draw_line(line, row, inner, buffer);
    }
}
