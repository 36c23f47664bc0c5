//! [`OverlayOutcome`]: what a key or a click on an overlay asks for.

use crate::app::overlay::deck_search::SearchHits;

/// What a key or a click on an overlay asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OverlayOutcome {
    /// It stays open.
    Stay,
    /// It closes.
    Close,
    /// The slide at this index opens. The hits of the search that led there stay on.
    Open(usize, Option<SearchHits>),
}
