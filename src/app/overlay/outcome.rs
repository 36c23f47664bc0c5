//! [`OverlayOutcome`]: what a key or a click on an overlay asks for.

use crate::app::overlay::deck_search::SearchHits;

/// The request of a key or a click on an overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OverlayOutcome {
    /// The overlay stays open.
    Stay,
    /// The overlay closes.
    Close,
    /// The slide at this index opens. The hits of the search that led there stay on.
    Open(usize, Option<SearchHits>),
}
