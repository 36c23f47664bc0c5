//! The thread that highlights code.

use std::io;

use tokio::sync::mpsc;

use crate::app::highlight::grammars::Grammars;
use crate::app::idle_worker::{self, IdleWorker};
use crate::scope::Scope;
use crate::slide::{HighlightedListing, Listing};

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
        deliver: impl FnMut(HighlightedListing) -> F + Send + 'static,
    ) -> io::Result<Self> {
        let listings = idle_worker::start(scope, "highlight", Grammars::default(), deliver)?;
        Ok(Self { listings })
    }

    /// Asks for a listing to be highlighted. Returns whether there was room for it.
    pub(crate) fn request(&self, listing: Listing) -> bool {
        self.listings.try_send(listing).is_ok()
    }
}

impl IdleWorker for Grammars {
    type Request = Listing;
    type Answer = HighlightedListing;

    fn work(&mut self, listing: Listing) -> HighlightedListing {
        self.highlight(listing)
    }

    fn is_loaded(&self) -> bool {
        self.are_loaded()
    }

    fn unload(&mut self) {
        *self = Self::default();
    }
}
