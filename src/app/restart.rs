//! A demo that has stopped by a fault of its own, or was just allowed, opened anew.
//!
//! That it has stopped is told by its slot; here is what can be done about it.

use crate::app::state::App;
use crate::stage::Closed;

impl App {
    /// Opens anew the demo that has stopped: the one that has the keys, or while none has them the first of the slide.
    /// `false` if there is none.
    pub(crate) fn restart(&mut self) -> bool {
        let stopped = |index: &usize| self.stands[*index].as_ref().is_ok_and(|live| live.stopped().is_some());
        let found = match self.focus {
            Some(index) => Some(index).filter(stopped),
            None => (0..self.stands.len()).find(stopped),
        };
        let Some(index) = found else { return false };
        self.stopped = self.fault();
        self.reopen(index);
        true
    }

    /// Why a demo has stopped by a fault of its own since the program began, restarted or not; none if none has.
    pub fn fault(&self) -> Option<String> {
        let now = || self.stands.iter().flatten().find_map(|live| live.stopped());
        self.stopped.as_deref().or_else(now).map(str::to_owned)
    }

    /// Opens a demo of the slide anew, as it was when the slide was opened.
    pub(crate) fn reopen(&mut self, index: usize) {
        let Some(fence) = self.slide().demos().nth(index).cloned() else { return };
        // the old one first: what it holds, a port or a file, may be wanted again
        if let Some(stand) = self.stands.get_mut(index) {
            *stand = Err(Closed::Complaints(Vec::new()));
        }
        let stand = self.stand(index, &fence);
        if let Some(place) = self.stands.get_mut(index) {
            *place = stand;
        }
        self.lay_out();
    }
}
