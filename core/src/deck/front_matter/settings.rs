//! The values of the front matter that the stage uses.

use crate::deck::position::Position;

/// The values of the front matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrontMatter {
    /// The talk's title.
    pub title: Option<String>,
    /// The line below the title.
    pub sub_title: Option<String>,
    /// The event at which the talk is given.
    pub event: Option<String>,
    /// The place of the event.
    pub location: Option<String>,
    /// The date, as the author wrote it.
    pub date: Option<String>,
    /// The names of the speakers.
    pub authors: Vec<String>,
    /// The theme that the deck asks for.
    pub theme: Option<ThemeSetting>,
    /// The list of sources to which the speaker notes refer.
    pub sources: Option<SourcesSetting>,
}

/// The file that lists the sources of what the speaker notes say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcesSetting {
    /// The file's path, relative to the deck.
    pub path: String,
    /// The position of the value in the deck.
    pub position: Position,
}

/// The theme that a deck asks for. Whether there is such a theme is not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThemeSetting {
    /// The name of a theme.
    pub name: Option<String>,
    /// The path of a theme's file, relative to the deck.
    pub path: Option<String>,
    /// Colours that replace those of the theme: a colour's name and its value, as written. What is
    /// nested has a dotted name, such as `default.colors.background`.
    pub colors: Vec<(String, String)>,
    /// The space between columns, if it is not the usual one.
    pub column_margin: Option<ColumnMargin>,
    /// The position of the value in the file.
    pub position: Position,
}

/// The space between two columns of a slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnMargin {
    /// A number of cells, at most [`Self::MAX_FIXED`].
    Fixed(u16),
    /// A share of the screen's width in percent, at most [`Self::MAX_PERCENT`].
    Percent(u16),
}

impl ColumnMargin {
    /// The largest number of cells.
    pub const MAX_FIXED: u16 = 100;
    /// The largest share of the screen's width in percent.
    pub const MAX_PERCENT: u16 = 50;

    /// Returns the number of cells on a screen that is `width` cells wide.
    pub fn cells(self, width: u16) -> u16 {
        match self {
            Self::Fixed(cells) => cells,
            Self::Percent(percent) => {
                let cells = (u32::from(width) * u32::from(percent)).div_ceil(100);
                u16::try_from(cells).unwrap_or(u16::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_width_is_rounded_up() {
        assert_eq!(ColumnMargin::Percent(5).cells(120), 6);
        assert_eq!(ColumnMargin::Percent(5).cells(81), 5);
        assert_eq!(ColumnMargin::Percent(50).cells(u16::MAX), 32_768);
        assert_eq!(ColumnMargin::Percent(u16::MAX).cells(u16::MAX), u16::MAX);
        assert_eq!(ColumnMargin::Fixed(4).cells(10), 4);
    }
}
