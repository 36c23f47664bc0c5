//! Pictures of slides for tests.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::deck::{Block, Deck, Slide, parse};
use crate::slide::layout::{LayoutInput, SlideLayout};
use crate::slide::listing::Highlights;
use crate::slide::scrolling::SlideProgress;
use crate::slide::style::{PictureSizes, SlideStyle};
use crate::stage::Theme;

/// Returns the blocks of the first slide of `source`.
pub(super) fn blocks(source: &str) -> Vec<Block> {
    parse(source).0.slides.swap_remove(0).blocks
}

/// Lays `blocks` out as the second slide of a deck, which has no title page, without a footer.
pub(super) fn laid_out(blocks: Vec<Block>, width: u16, height: u16) -> SlideLayout {
    let slides = vec![Slide::default(), Slide { blocks, ..Slide::default() }];
    slide_of(&Deck { slides, ..Deck::default() }, 1, width, height)
}

/// Lays a slide of `deck` out, with demos of at least three rows.
pub(super) fn slide_of(deck: &Deck, slide_index: usize, width: u16, height: u16) -> SlideLayout {
    let (highlights, pictures) = (Highlights::default(), PictureSizes::default());
    let style = SlideStyle {
        theme: &Theme::DARK,
        highlights: &highlights,
        pictures: &pictures,
        shows_reasons: false,
    };
    let input = LayoutInput { deck, slide_index, min_demo_rows: 3, style };
    SlideLayout::new(&input, Rect::new(0, 0, width, height))
}

/// Draws a slide that is `width` columns wide.
pub(super) fn drawn(layout: &SlideLayout, progress: SlideProgress, area: Rect) -> Buffer {
    let mut buffer = Buffer::empty(area);
    layout.draw(progress, &mut buffer);
    buffer
}

/// Returns the rows of a slide at `step` that are not blank.
pub(super) fn picture(
    layout: &SlideLayout,
    step: usize,
    (width, height): (u16, u16),
) -> Vec<String> {
    let progress = layout.clamped(SlideProgress { step, ..SlideProgress::default() });
    rows_of(&drawn(layout, progress, Rect::new(0, 0, width, height)))
}

/// Returns the rows of a buffer that are not blank.
pub(super) fn rows_of(buffer: &Buffer) -> Vec<String> {
    let rows = buffer.content.chunks(buffer.area.width.into());
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>())
        .map(|row| row.trim_end().to_owned())
        .filter(|row| !row.is_empty())
        .collect()
}
