//! Styled text.

use std::ops::Deref;

/// A piece of text in one style. A hard line break is a run of its own whose text is `"\n"`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextRun {
    /// The characters. None of them is a terminal control.
    pub text: Box<str>,
    /// The style of the whole run.
    pub style: TextStyle,
    /// The target, if this is the text of a link.
    pub link: Option<LinkTarget>,
}

impl TextRun {
    /// Whether this is a hard line break.
    pub fn is_break(&self) -> bool {
        &*self.text == "\n"
    }
}

/// The URL that a link leads to. Few runs are links, so it takes one pointer of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTarget(Box<Box<str>>);

impl From<String> for LinkTarget {
    fn from(url: String) -> Self {
        Self(Box::new(url.into()))
    }
}

impl Deref for LinkTarget {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The inline styles. Any combination is possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextStyle {
    /// `**bold**`
    pub bold: bool,
    /// `*italic*`
    pub italic: bool,
    /// `~~struck out~~`
    pub strike: bool,
    /// `<u>underlined</u>`
    pub underline: bool,
    /// `` `code` ``
    pub code: bool,
    /// Raised, as the mark of a footnote: `<sup>`
    pub superscript: bool,
    /// The colour of the letters, if the text names one.
    pub foreground: Option<TextColor>,
    /// The colour behind the letters, if the text names one.
    pub background: Option<TextColor>,
}

/// A colour that the text of a deck names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextColor {
    /// One of the 16 colours of a terminal, 0 to 15.
    Ansi(u8),
    /// Red, green and blue, 0 to 255 each.
    Rgb(u8, u8, u8),
}

/// Returns the text of `runs` without styles. A hard line break becomes a space.
pub fn plain_text(runs: &[TextRun]) -> String {
    runs.iter().map(|run| if run.is_break() { " " } else { &*run.text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_is_a_space_where_there_is_one_line() {
        let run = |text: &str| TextRun { text: text.into(), ..TextRun::default() };
        assert!(run("\n").is_break() && !run("a\n").is_break() && !run("").is_break());
        assert_eq!(plain_text(&[run("a"), run("\n"), run("b"), run("c")]), "a bc");
    }
}
