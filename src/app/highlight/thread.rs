//! The thread that highlights code, so that no frame waits for it.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::app::highlight::grammars::Grammars;
use crate::scope::Scope;
use crate::slide::{HighlightedListing, Listing};

/// The number of listings that may wait.
const MAX_WAITING: usize = 64;
/// How long the grammars stay loaded after the last listing.
const IDLE: Duration = Duration::from_secs(5);

/// The way to the thread that highlights code.
#[derive(Clone, Debug)]
pub struct Highlighter {
    listings: mpsc::Sender<Listing>,
}

impl Highlighter {
    /// Starts the thread in `scope`. It calls `deliver` for each listing that it is given, and
    /// ends once that returns `false`.
    ///
    /// # Errors
    ///
    /// If no thread can be spawned.
    pub fn start<F: Future<Output = bool> + Send>(
        scope: &Scope,
        mut deliver: impl FnMut(HighlightedListing) -> F + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, mut listings) = mpsc::channel::<Listing>(MAX_WAITING);
        scope.spawn_thread("highlight", move |_| async move {
            let mut grammars = Grammars::default();
            loop {
                let soon = if grammars.are_loaded() {
                    timeout(IDLE, listings.recv()).await.ok()
                } else {
                    Some(listings.recv().await)
                };
                let Some(next) = soon else {
                    // From here on nothing wakes this thread until the next listing.
                    grammars = Grammars::default();
                    continue;
                };
                let Some(listing) = next else { return };
                if !deliver(grammars.highlight(listing)).await {
                    return;
                }
            }
        })?;
        Ok(Self { listings: sender })
    }

    /// Asks for a listing to be highlighted. Returns whether there was room for it.
    pub(crate) fn request(&self, listing: Listing) -> bool {
        self.listings.try_send(listing).is_ok()
    }
}
