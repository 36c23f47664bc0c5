//! Opens a demo again: after it has stopped by a fault of its own, once it was allowed, or because
//! a key asks for it.

use crate::app::state::App;
use crate::stage::{DynDemo, OpenRefusal};

impl App {
    /// Restarts the demo that has the keyboard, or, if none has it, the first of the slide that has
    /// stopped. Returns `false` if no such demo has stopped.
    pub(crate) fn restart(&mut self) -> bool {
        let stopped =
            |index: &usize| self.slots[*index].as_ref().is_ok_and(|demo| demo.stopped().is_some());
        let found = match self.focus {
            Some(index) => Some(index).filter(stopped),
            None => (0..self.slots.len()).find(stopped),
        };
        let Some(index) = found else { return false };
        self.stopped = self.demo_fault();
        self.reopen(index);
        true
    }

    /// Begins the demos of the slide anew that were used, or have stopped.
    pub(crate) fn begin_anew(&mut self) {
        let is_old = |demo: &dyn DynDemo| demo.was_used() || demo.stopped().is_some();
        let old = |index: &usize| matches!(&self.slots[*index], Ok(demo) if is_old(demo.as_ref()));
        let old: Vec<usize> = (0..self.slots.len()).filter(old).collect();
        if old.is_empty() && !self.slots.is_empty() {
            self.notice = Some("nothing to start again: this demo has not been used".to_owned());
        }
        for index in old {
            self.reopen(index);
        }
    }

    /// Returns why a demo stopped by a fault of its own, whether it was restarted since or not;
    /// `None` if none has stopped since the program began.
    pub fn demo_fault(&self) -> Option<String> {
        let now = || self.slots.iter().flatten().find_map(|demo| demo.stopped());
        self.stopped.as_deref().or_else(now).map(str::to_owned)
    }

    /// Opens a demo of the slide again, in the state in which the slide opens it.
    pub(crate) fn reopen(&mut self, index: usize) {
        let Some(fence) = self.slide().demos().nth(index).cloned() else { return };
        // The old demo must end first, because the new one may need its port or file.
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Err(OpenRefusal::Complaints(Vec::new()));
        }
        let slot = self.open_slot(index, &fence);
        if let Some(place) = self.slots.get_mut(index) {
            *place = slot;
        }
        self.invalidate_layout();
    }
}
