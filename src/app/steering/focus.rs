//! Which demo of the slide has the keyboard, and what the footer says about it.

use crate::app::footer::KeyOwner;
use crate::app::state::App;
use crate::app::steering::keys::StageAction;
use crate::app::steering::steering_state::Showing;

impl App {
    /// Returns who has the keyboard, as the footer shows it.
    pub(crate) fn key_owner(&self) -> KeyOwner<'_> {
        let name =
            |index| self.slide().demos().nth(index).map_or("demo", |fence| fence.name.as_str());
        if self.steering.asks_to_quit {
            return KeyOwner::Quit;
        }
        if let Some(typed) = &self.steering.number {
            return KeyOwner::GoTo(typed);
        }
        if let Some(index) = self.focus {
            let is_open = matches!(self.slots.get(index), Some(Ok(demo)) if demo.wants_escape());
            return KeyOwner::Demo { name: name(index), is_open };
        }
        if matches!(self.steering.showing, Showing::Still(_)) {
            return KeyOwner::Held(self.slide().title().unwrap_or_default());
        }
        if let Some(hits) = &self.steering.hits {
            let at = hits.slides.iter().position(|&slide| slide == self.slide_index);
            return KeyOwner::Hits { query: &hits.query, at, count: hits.slides.len() };
        }
        let frozen = |index: &usize| matches!(&self.slots[*index], Ok(demo) if demo.is_frozen());
        match (self.demo_awaiting_consent(), self.next_focus()) {
            (Some(index), _) => KeyOwner::Asks(name(index)),
            (None, Some(_)) => KeyOwner::Offer,
            (None, None) => match (0..self.slots.len()).find(frozen) {
                Some(index) => KeyOwner::Frozen(name(index)),
                None => KeyOwner::Slide,
            },
        }
    }

    /// Returns the demo that would get the keyboard next: the first open one behind the one that
    /// had it last. A frozen one gets none.
    pub(crate) fn next_focus(&self) -> Option<usize> {
        let count = self.slots.len();
        let takes = |index: &usize| matches!(&self.slots[*index], Ok(demo) if !demo.is_frozen());
        let first = self.last_focus.map_or(0, |last| last + 1);
        (first..first + count).map(|index| index % count).find(takes)
    }

    /// Gives the keyboard to the next demo.
    pub(crate) fn focus_next_demo(&mut self) {
        self.overlay = None;
        match self.next_focus() {
            Some(index) => self.give_keyboard(index),
            None if self.slots.iter().flatten().any(|demo| demo.is_frozen()) => {
                let restart = self.steering.keys.name_of(StageAction::Restart);
                let how =
                    restart.map_or_else(String::new, |key| format!("; {key} starts it again"));
                self.notice = Some(format!("frozen as you left it{how}"));
            }
            None => {}
        }
    }

    /// Gives the keyboard to the demo at `index`, which must be able to take it.
    pub(crate) fn give_keyboard(&mut self, index: usize) {
        self.focus = Some(index);
        self.last_focus = self.focus;
        self.steering.demo_has_run = true;
        self.steering.number = None;
        if let Some(Ok(demo)) = self.slots.get_mut(index) {
            demo.focus();
        }
        // Otherwise keys could go to a demo that is scrolled out of sight.
        self.scroll_to_demo(index);
    }
}
