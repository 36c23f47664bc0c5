//! A slide that is laid out before it is opened.

use ratatui::layout::Rect;

use crate::slide::SlideLayout;
use crate::stage::Theme;

/// The layout of a slide, and what it was laid out for.
pub(crate) struct PreparedLayout {
    /// The index of the slide.
    pub(crate) slide: usize,
    /// The screen.
    pub(crate) area: Rect,
    /// The colours.
    pub(crate) theme: Theme,
    /// The layout.
    pub(crate) layout: SlideLayout,
}

impl PreparedLayout {
    /// Whether it is the layout of that slide on such a screen in these colours.
    pub(crate) fn is_for(&self, slide: usize, area: Rect, theme: &Theme) -> bool {
        self.slide == slide && self.area == area && self.theme == *theme
    }
}
