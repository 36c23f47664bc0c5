//! The mouse, and the requests to the terminal that the event loop carries out for the talk.
//!
//! The demo decides what a click means.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::app::overlay::Overlay;
use crate::app::state::{App, LoopExit};
use crate::app::steering::steering_state::{Laser, MouseReports, Showing};
use crate::slide::AreaOnScreen;

impl App {
    /// Handles what the mouse does: it opens slides in an overlay, gives a demo the keyboard and a
    /// click, scrolls, and moves the laser pointer.
    pub(crate) fn handle_mouse(&mut self, mouse: MouseEvent) {
        let at = Position::new(mouse.column, mouse.row);
        if let Some(Laser { at: spot }) = &mut self.steering.laser {
            self.dirty |= *spot != Some(at);
            *spot = Some(at);
        }
        match mouse.kind {
            MouseEventKind::ScrollDown => self.wheel(at, 1),
            MouseEventKind::ScrollUp => self.wheel(at, -1),
            MouseEventKind::Down(MouseButton::Left) => self.click(at),
            _ => {}
        }
    }

    fn wheel(&mut self, at: Position, by: isize) {
        self.dirty = true;
        if self.steering.showing == Showing::Blank || self.overlay_wheel(by) {
            return;
        }
        let hit = self.demo_at(at).filter(|(index, _)| self.focus == Some(*index));
        match hit.and_then(|(index, _)| self.slots.get_mut(index)) {
            Some(Ok(demo)) => demo.wheel(by),
            _ => self.scroll(by),
        }
    }

    fn click(&mut self, at: Position) {
        self.dirty = true;
        if self.steering.showing == Showing::Blank {
            self.steering.showing = Showing::Slide;
            return;
        }
        if self.overlay_click(at) {
            return;
        }
        let Some((index, place)) = self.demo_at(at) else { return };
        if self.focus != Some(index) {
            self.overlay = None;
            self.give_keyboard(index);
        }
        // Giving it the keyboard may have scrolled the slide, and then nobody knows what was meant.
        if self.demo_at(at) != Some((index, place)) {
            return;
        }
        if let Some(Ok(demo)) = self.slots.get_mut(index) {
            // A demo is drawn at its whole height even if part of it is scrolled out, so clicks
            // count from its first row, not from the first visible one.
            let whole = Rect { height: place.total_rows, ..place.visible };
            demo.click(Position { y: at.y + place.hidden_rows, ..at }, whole);
        }
    }

    /// Returns the demo at a position of the screen, if it can have the keyboard.
    fn demo_at(&self, at: Position) -> Option<(usize, AreaOnScreen)> {
        let areas = self.layout().demo_areas(self.progress);
        let (index, place) = areas
            .into_iter()
            .enumerate()
            .filter_map(|(index, place)| Some((index, place?)))
            .find(|(_, place)| place.visible.contains(at))?;
        let takes = matches!(self.slots.get(index), Some(Ok(demo)) if !demo.is_frozen());
        takes.then_some((index, place))
    }

    /// Returns what the terminal must report of the mouse. Where nothing can be clicked, it reports
    /// nothing, and selects text as always.
    fn wanted_reports(&self) -> MouseReports {
        let clickable = self.overlay.as_ref().is_some_and(Overlay::takes_keys)
            || self.focus.is_some()
            || self.next_focus().is_some();
        match (self.steering.laser, clickable) {
            (Some(_), _) => MouseReports::Moves,
            (None, true) => MouseReports::Clicks,
            (None, false) => MouseReports::Off,
        }
    }

    /// Takes into account that the terminal is given away and taken again: it reports no mouse by
    /// then, and has forgotten the pictures that were sent to it.
    pub(crate) fn forget_terminal(&mut self) {
        self.mouse_reports = MouseReports::default();
        self.send_pictures_again();
    }

    /// Returns what must be done with the terminal before the loop continues.
    pub(crate) fn terminal_request(&mut self) -> Option<LoopExit> {
        let copied = self.slots.iter_mut().flatten().find_map(|demo| demo.take_clipboard());
        // One request at a time. The mouse is asked for again in the next turn of the loop.
        if let Some(text) = copied {
            return Some(LoopExit::CopyToClipboard(text));
        }
        let reports = self.wanted_reports();
        (std::mem::replace(&mut self.mouse_reports, reports) != reports)
            .then_some(LoopExit::CaptureMouse(reports))
    }
}
