//! The mouse, and the other errands that the loop runs for the talk at the terminal.
//!
//! What a click means is the demo's own business.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::app::state::{App, End};

impl App {
    /// The mouse belongs to the demo that has the keys; elsewhere the wheel scrolls the slide.
    pub(crate) fn mouse(&mut self, mouse: MouseEvent) {
        let by = match mouse.kind {
            MouseEventKind::ScrollDown => 1,
            MouseEventKind::ScrollUp => -1,
            MouseEventKind::Down(MouseButton::Left) => 0,
            _ => return,
        };
        let at = Position::new(mouse.column, mouse.row);
        let areas = self.sheet.demos(self.progress);
        let hit = self.focus.and_then(|index| {
            let place = areas.get(index).copied().flatten().filter(|place| place.area.contains(at))?;
            Some((index, place))
        });
        self.dirty = true;
        match hit {
            Some((index, place)) => {
                let Some(Ok(live)) = self.stands.get_mut(index) else { return };
                let whole = Rect { height: place.whole, ..place.area };
                if by == 0 {
                    live.click(Position { y: at.y + place.hidden, ..at }, whole);
                } else {
                    live.wheel(by);
                }
            }
            None if by != 0 => self.scroll(by),
            None => {}
        }
    }

    /// What is to be done with the terminal before the loop goes on.
    pub(crate) fn errand(&mut self) -> Option<End> {
        let copied = self.stands.iter_mut().flatten().find_map(|live| live.copied());
        let mouse = self.focus.is_some();
        if let Some(text) = copied {
            return Some(End::Copy(text));
        }
        (std::mem::replace(&mut self.mouse, mouse) != mouse).then_some(End::Mouse(mouse))
    }
}
