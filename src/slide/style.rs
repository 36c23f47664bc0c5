//! What a slide is laid out with besides its blocks: colours, highlighted code, sizes of pictures.

use std::collections::HashMap;

use ratatui::layout::Size;

use crate::deck::ImageBlock;
use crate::slide::listing::Highlights;
use crate::stage::Theme;
use crate::text;

/// The colours, the highlighted code and the pictures that a slide is laid out with.
#[derive(Clone, Copy)]
pub(crate) struct SlideStyle<'a> {
    /// The theme.
    pub(crate) theme: &'a Theme,
    /// The code that has been highlighted so far.
    pub(crate) highlights: &'a Highlights,
    /// The pictures whose sizes are known so far.
    pub(crate) pictures: &'a PictureSizes,
    /// Whether the slide says why a picture is missing.
    pub(crate) shows_reasons: bool,
}

/// The sizes of pictures in cells, by their paths. A picture of unknown size is its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PictureSizes {
    by_path: HashMap<String, Result<Size, String>>,
}

impl PictureSizes {
    /// Remembers the size of a picture in cells, or why there is none at `path`. Returns whether
    /// that is new.
    pub fn insert(&mut self, path: String, size: Result<Size, String>) -> bool {
        self.by_path.get(&path) != Some(&size) && {
            self.by_path.insert(path, size);
            true
        }
    }

    /// Returns the text that stands for a picture, with the reason why there is none if
    /// `shows_reason`.
    pub(crate) fn text_of(&self, image: &ImageBlock, shows_reason: bool) -> String {
        let alt = if image.alt.trim().is_empty() { &image.path } else { &image.alt };
        match self.by_path.get(&image.path) {
            Some(Err(reason)) if shows_reason => {
                text::sanitize(&format!("{alt} ({reason})")).into_owned()
            }
            _ => alt.clone(),
        }
    }

    /// Returns the columns and rows of a picture that may take at most `max`: the width that the
    /// deck asks for or its own, in its own proportions.
    pub(crate) fn fitted(&self, image: &ImageBlock, max: Size) -> Option<Size> {
        let own = self.by_path.get(&image.path)?.as_ref().ok()?;
        let (own_width, own_height) = (u64::from(own.width.max(1)), u64::from(own.height.max(1)));
        let max_width = u64::from(max.width.max(1));
        let wanted = image
            .width_percent
            .map_or(own_width, |percent| (max_width * u64::from(percent) / 100).max(1));
        let by_height = u64::from(max.height.max(1)) * own_width / own_height;
        let width = wanted.min(max_width).min(by_height.max(1));
        let height = (width * own_height).div_ceil(own_width).clamp(1, max.height.max(1).into());
        Some(Size { width: width as u16, height: height as u16 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_proportions_within_its_room() {
        let mut sizes = PictureSizes::default();
        sizes.insert("a.png".to_owned(), Ok(Size::new(80, 20)));
        let image = |width_percent| ImageBlock {
            path: "a.png".to_owned(),
            width_percent,
            ..ImageBlock::default()
        };
        let fitted = |percent, width, height| {
            sizes.fitted(&image(percent), Size::new(width, height)).map(|s| (s.width, s.height))
        };
        assert_eq!(fitted(None, 100, 30), Some((80, 20)));
        assert_eq!(fitted(None, 40, 30), Some((40, 10)));
        assert_eq!(fitted(None, 100, 10), Some((40, 10)));
        assert_eq!(fitted(Some(50), 100, 30), Some((50, 13)));
        assert_eq!(fitted(None, 0, 0), Some((1, 1)));
        assert_eq!(sizes.fitted(&ImageBlock::default(), Size::new(9, 9)), None);
    }
}
