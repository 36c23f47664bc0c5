//! [`Overlay`]: the page that is open over the slide.

use crate::app::overlay::overview::Overview;
use crate::app::overlay::slide_list::SlideList;

/// A page that is drawn over the slide.
#[derive(Clone, Debug)]
pub(crate) enum Overlay {
    /// The keys, at this page of them.
    Help(usize),
    /// The speaker notes, scrolled by this many rows.
    Notes(usize),
    /// All slides as miniatures.
    Overview(Overview),
    /// A list of slides to choose from.
    List(SlideList),
}

impl Overlay {
    /// Whether it is the overview.
    pub(crate) fn is_overview(&self) -> bool {
        matches!(self, Self::Overview(_))
    }

    /// Whether it has the keyboard to itself.
    pub(crate) fn takes_keys(&self) -> bool {
        matches!(self, Self::Overview(_) | Self::List(_))
    }
}
