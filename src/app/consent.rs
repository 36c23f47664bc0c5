//! A demo that waits to be allowed: the slide says in a sentence what it would do outside of the talk, and the key that
//! allows it. Nothing is allowed that was not on the screen word by word.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::app::slide::wrap;
use crate::app::state::App;
use crate::stage::{self, Closed, Effect, Look, Spot, Theme};
use crate::text;

impl App {
    /// The first demo that is to be seen and waits to be allowed.
    pub(crate) fn asking(&self) -> Option<usize> {
        let shown = self.sheet.demos(self.progress);
        let asks = |index: &usize| {
            matches!(self.stands[*index], Err(Closed::Asks(_)))
                && shown.get(*index).is_some_and(Option::is_some)
        };
        (0..self.stands.len()).find(asks)
    }

    /// Allows what the demo that waits has on the screen, and opens it. Where not all of it is on the screen, that part of
    /// the slide is shown first.
    pub(crate) fn allow(&mut self) {
        let Some(index) = self.asking() else { return };
        let Some(Err(Closed::Asks(effects))) = self.stands.get(index) else { return };
        let effects = effects.clone();
        let place = self.sheet.demos(self.progress).get(index).copied().flatten();
        let whole = place.filter(|place| place.hidden == 0 && place.area.height == place.whole);
        let Some(place) = whole else {
            self.show_demo(index);
            return;
        };
        if !fits(&effects, place.area) {
            return;
        }
        self.show.consents.allow(Spot { slide: self.at, demo: index }, effects);
        self.reopen(index);
    }
}

/// The inside of the panel around what is asked for.
fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    }
}

/// All that is asked for can be read in an area of this size.
fn fits(effects: &[Effect], area: Rect) -> bool {
    let inner = inside(area);
    inner.width >= 20 && asked(effects, inner.width, &Theme::DARK).len() + 2 <= usize::from(inner.height)
}

fn asked(effects: &[Effect], width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let sentence = text::sanitize(&stage::sentence(effects)).into_owned();
    wrap(&[(sentence, Style::new().fg(theme.warn).add_modifier(Modifier::BOLD))], width.into())
}

/// Draws what a demo asks for, with the key that allows it.
pub(super) fn draw(effects: &[Effect], area: Rect, buffer: &mut Buffer, look: &Look) {
    let theme = look.theme;
    stage::panel("this demo waits", area, buffer, look);
    let inner = inside(area);
    let mut lines = asked(effects, inner.width, theme);
    if fits(effects, area) {
        let key = Style::new().fg(theme.accent).add_modifier(Modifier::BOLD);
        lines.push(Line::default());
        lines.push(Line::from(vec![
            Span::styled("a", key),
            Span::styled(" allows it until the talk ends. Until then nothing of it happens.", theme.dim()),
        ]));
    } else {
        let room = usize::from(inner.height).saturating_sub(2);
        lines.truncate(room);
        let told = "There is no room here for all of it: enlarge the terminal to allow it.";
        lines.extend(wrap(&[(told.to_owned(), theme.dim())], inner.width.into()));
    }
    for (row, line) in (0..).zip(&lines) {
        stage::line(line, row, inner, buffer);
    }
}
