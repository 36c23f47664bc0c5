//! The mouse, and the other errands that the loop runs for the talk at the terminal.
//!
//! What a click means is the demo's own business.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::app::state::{App, LoopExit};

impl App {
    /// The mouse belongs to the demo that has the keys; elsewhere the wheel scrolls the slide.
    pub(crate) fn handle_mouse(&mut self, mouse: MouseEvent) {
        let by = match mouse.kind {
            MouseEventKind::ScrollDown => 1,
            MouseEventKind::ScrollUp => -1,
            MouseEventKind::Down(MouseButton::Left) => 0,
            _ => return,
        };
        let at = Position::new(mouse.column, mouse.row);
        let areas = self.layout.demo_areas(self.progress);
        let hit = self.focus.and_then(|index| {
            let demo_area = areas
                .get(index)
                .copied()
                .flatten()
                .filter(|demo_area| demo_area.visible.contains(at))?;
            Some((index, demo_area))
        });
        self.dirty = true;
        match hit {
            Some((index, place)) => {
                let Some(Ok(demo)) = self.slots.get_mut(index) else { return };
                let whole = Rect { height: place.total_rows, ..place.visible };
                if by == 0 {
                    demo.click(Position { y: at.y + place.hidden_rows, ..at }, whole);
                } else {
                    demo.wheel(by);
                }
            }
            None if by != 0 => self.scroll(by),
            None => {}
        }
    }

    /// What is to be done with the terminal before the loop goes on.
    pub(crate) fn terminal_request(&mut self) -> Option<LoopExit> {
        let copied = self.slots.iter_mut().flatten().find_map(|demo| demo.take_clipboard());
        let mouse = self.focus.is_some();
        if let Some(text) = copied {
            return Some(LoopExit::CopyToClipboard(text));
        }
        (std::mem::replace(&mut self.mouse_captured, mouse) != mouse)
            .then_some(LoopExit::CaptureMouse(mouse))
    }
}
