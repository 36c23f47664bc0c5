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
    /// The position of the value in the file.
    pub position: Position,
}
