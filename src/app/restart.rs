//! A demo that has stopped by a fault of its own, or was just allowed, opened anew.
//!
//! That it has stopped is told by its slot; here is what can be done about it.

use crate::app::state::App;
use crate::stage::OpenRefusal;

impl App {
    /// Opens anew the demo that has stopped: the one that has the keys, or while none has them the
    /// first of the slide. `false` if there is none.
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

    /// Why a demo has stopped by a fault of its own since the program began, restarted or not; none
    /// if none has.
    pub fn demo_fault(&self) -> Option<String> {
        let now = || self.slots.iter().flatten().find_map(|demo| demo.stopped());
        self.stopped.as_deref().or_else(now).map(str::to_owned)
    }

    /// Opens a demo of the slide anew, as it was when the slide was opened.
    pub(crate) fn reopen(&mut self, index: usize) {
        let Some(fence) = self.slide().demos().nth(index).cloned() else { return };
        // the old one first: what it holds, a port or a file, may be wanted again
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Err(OpenRefusal::Complaints(Vec::new()));
        }
        let slot = self.open_slot(index, &fence);
        if let Some(place) = self.slots.get_mut(index) {
            *place = slot;
        }
        self.lay_out();
    }
}
