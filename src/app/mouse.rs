//! The mouse, and the requests to the terminal that the event loop carries out for the talk.
//!
//! The demo decides what a click means.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::app::state::{App, LoopExit};

impl App {
    /// Passes clicks and the wheel to the demo that has the keyboard. Outside of it the wheel
    /// scrolls the slide.
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
                // A demo is drawn at its whole height even if part of it is scrolled out, so clicks
                // count from its first row, not from the first visible one.
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

    /// Returns what must be done with the terminal before the loop continues.
    pub(crate) fn terminal_request(&mut self) -> Option<LoopExit> {
        let copied = self.slots.iter_mut().flatten().find_map(|demo| demo.take_clipboard());
        let mouse = self.focus.is_some();
        // One request at a time. The mouse is asked for again in the next turn of the loop.
        if let Some(text) = copied {
            return Some(LoopExit::CopyToClipboard(text));
        }
        if self.take_graphics_question() {
            return Some(LoopExit::AskGraphics);
        }
        (std::mem::replace(&mut self.mouse_captured, mouse) != mouse)
            .then_some(LoopExit::CaptureMouse(mouse))
    }
}
