//! The warm-up: one slice of every lane that no result contains. Measuring starts after it.

use crate::race::runner::RaceRunner;

impl RaceRunner {
    /// Runs one slice of every lane that does not count. If the load limit leaves nothing for a
    /// warm-up, there is none.
    pub(super) async fn warm_up(&mut self) {
        let max_exchanges = self.budget.map(|budget| budget.warm_up(&self.config, &self.running()));
        if max_exchanges == Some(0) {
            return;
        }
        for index in 0..self.recorders.len() {
            self.run_slice(index, None, max_exchanges).await;
        }
    }
}
