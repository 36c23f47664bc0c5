//! The colours of the stage: themes, built in and from files, and what a terminal can show of them.

mod ansi16;
mod built_in;
mod color_depth;
mod colors;
mod contrast;
mod file;
mod pair;

pub(crate) use ansi16::xterm_color;
pub use built_in::BuiltInTheme;
pub use color_depth::ColorDepth;
pub use colors::{Brightness, FieldColor, Theme};
pub(crate) use contrast::{READABLE, Rgb, contrast};
pub use file::{ThemeError, ThemeFile};
pub use pair::ThemePair;
