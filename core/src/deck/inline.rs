//! The text of a paragraph, a heading or a table cell, as runs built from the parser's inline
//! events.
//!
//! Styles of Markdown are counted, not stacked, so deeply nested styles cost nothing.

use pulldown_cmark::TagEnd;

use crate::deck::picture::read_picture;
use crate::deck::{Block, ImageBlock, TextRun, TextStyle};
use crate::text;

/// How many open HTML tags are looked through for the one that a closing tag ends.
const MAX_OPEN_TAGS: usize = 100;

/// The runs so far, with the current styles and links.
#[derive(Default)]
pub(super) struct Inline {
    runs: Vec<OpenRun>,
    /// The number of open tags of each style, because they can nest: `**a **b** c**`.
    pub(super) bold: usize,
    pub(super) italic: usize,
    pub(super) strike: usize,
    pub(super) link: Option<String>,
    /// The open HTML tags, the innermost last.
    tags: Vec<OpenTag>,
    /// The style and link of a line break of the source that has become nothing yet.
    soft_break: Option<(TextStyle, Option<String>)>,
    picture: Option<OpenPicture>,
    pictures: Vec<ImageBlock>,
    /// Whether anything but pictures is shown.
    has_text: bool,
    /// Whether what follows is no text: a style sheet or a script.
    pub(super) is_hidden: bool,
}

/// A run that more text may be added to.
#[derive(Default)]
struct OpenRun {
    text: String,
    style: TextStyle,
    link: Option<String>,
}

impl OpenRun {
    fn is_break(&self) -> bool {
        self.text == "\n"
    }
}

impl From<OpenRun> for TextRun {
    fn from(run: OpenRun) -> Self {
        // A deck keeps them all, so none takes more memory than it needs.
        Self { text: run.text.into(), style: run.style, link: run.link.map(Into::into) }
    }
}

struct OpenTag {
    name: String,
    style: TextStyle,
    link: Option<String>,
}

/// A picture whose alternative text is being read.
struct OpenPicture {
    path: String,
    alt: String,
    /// The number of pictures that are open, because their texts can hold others.
    depth: usize,
}

impl Inline {
    /// Returns the current style.
    pub(super) fn style(&self) -> TextStyle {
        let around = self.tags.last().map(|tag| tag.style).unwrap_or_default();
        TextStyle {
            bold: around.bold || self.bold > 0,
            italic: around.italic || self.italic > 0,
            strike: around.strike || self.strike > 0,
            ..around
        }
    }

    /// Appends text in the current style.
    pub(super) fn push(&mut self, text: &str) {
        self.push_styled(text, self.style());
    }

    /// Appends text in a style of its own.
    pub(super) fn push_styled(&mut self, text: &str, style: TextStyle) {
        if self.is_hidden {
            return;
        }
        if let Some(picture) = &mut self.picture {
            picture.alt.push_str(text);
            return;
        }
        let text = text.replace(['\t', '\n'], " ").replace(text::is_direction_mark, "");
        let text = text::sanitize(&text).into_owned();
        self.has_text |= !text.trim().is_empty();
        if let Some((style, link)) = self.soft_break.take() {
            let last = self.runs.last().and_then(|run| run.text.chars().next_back());
            // Chinese and Japanese have no blanks between words, so none stands for a line break.
            if !(last.is_some_and(joins) && text.chars().next().is_some_and(joins)) {
                self.append(" ".to_owned(), style, link);
            }
        }
        self.append(text, style, self.link());
    }

    fn link(&self) -> Option<String> {
        self.link.clone().or_else(|| self.tags.last().and_then(|tag| tag.link.clone()))
    }

    fn append(&mut self, text: String, style: TextStyle, link: Option<String>) {
        let text = if style.code { text } else { self.with_single_blanks(text) };
        match self.runs.last_mut() {
            Some(last) if last.style == style && last.link == link && !last.is_break() => {
                last.text.push_str(&text);
            }
            _ => self.runs.push(OpenRun { text, style, link }),
        }
    }

    /// Joins neighbouring blanks into one, as HTML does everywhere but in code.
    fn with_single_blanks(&self, mut text: String) -> String {
        let last = self.runs.last().filter(|run| !run.style.code);
        let mut after_blank = last.is_some_and(|run| run.text.ends_with(' '));
        text.retain(|letter| {
            let is_blank = letter == ' ';
            let is_kept = !(is_blank && after_blank);
            after_blank = is_blank;
            is_kept
        });
        text
    }

    /// Appends a line break of the source, which is a blank between most words.
    pub(super) fn break_softly(&mut self) {
        match &mut self.picture {
            Some(picture) => picture.alt.push(' '),
            None => self.soft_break = Some((self.style(), self.link())),
        }
    }

    /// Appends a hard line break.
    pub(super) fn end_line(&mut self) {
        self.soft_break = None;
        self.runs.push(OpenRun { text: "\n".to_owned(), ..OpenRun::default() });
    }

    /// Ends a style or a link of Markdown.
    pub(super) fn close(&mut self, end: TagEnd) {
        match end {
            TagEnd::Strong => self.bold = self.bold.saturating_sub(1),
            TagEnd::Emphasis => self.italic = self.italic.saturating_sub(1),
            TagEnd::Strikethrough => self.strike = self.strike.saturating_sub(1),
            TagEnd::Link => self.link = None,
            _ => {}
        }
    }

    /// Begins an HTML element with the style of its text and its link.
    pub(super) fn open_tag(&mut self, name: &str, style: TextStyle, link: Option<String>) {
        let link = link.or_else(|| self.tags.last().and_then(|tag| tag.link.clone()));
        self.tags.push(OpenTag { name: name.to_owned(), style, link });
    }

    /// Ends the innermost HTML element of this name, with those within it.
    pub(super) fn close_tag(&mut self, name: &str) {
        let found = self.tags.iter().rev().take(MAX_OPEN_TAGS).position(|tag| tag.name == name);
        if let Some(inner) = found {
            self.tags.truncate(self.tags.len() - inner - 1);
        }
    }

    /// Takes over the HTML elements that are open in `before`.
    pub(super) fn continue_tags(&mut self, before: &mut Self) {
        self.tags = std::mem::take(&mut before.tags);
    }

    /// Begins a picture: what follows is its alternative text.
    pub(super) fn open_picture(&mut self, path: &str) {
        match &mut self.picture {
            Some(picture) => picture.depth += 1,
            None => {
                self.picture =
                    Some(OpenPicture { path: path.to_owned(), alt: String::new(), depth: 1 });
            }
        }
    }

    /// Ends a picture, whose text may have attributes with this prefix.
    pub(super) fn close_picture(&mut self, prefix: &str) {
        let Some(picture) = &mut self.picture else { return };
        picture.depth -= 1;
        if picture.depth > 0 {
            return;
        }
        let Some(OpenPicture { path, alt, .. }) = self.picture.take() else { return };
        let picture = read_picture(&path, &alt, prefix);
        let had_text = self.has_text;
        self.push(&picture.alt);
        self.has_text = had_text;
        self.pictures.push(picture);
    }

    /// Returns the pictures if there is nothing else.
    pub(super) fn take_pictures(&mut self) -> Option<Vec<ImageBlock>> {
        (!self.has_text && !self.pictures.is_empty()).then(|| std::mem::take(&mut self.pictures))
    }

    /// Whether there are pictures among the text.
    pub(super) fn has_pictures(&self) -> bool {
        !self.pictures.is_empty()
    }

    /// Returns the runs, without spaces at both ends of each line and line breaks at the end.
    pub(super) fn finish(mut self) -> Vec<TextRun> {
        for index in 0..self.runs.len() {
            let is_edge = |at: Option<usize>| {
                at.and_then(|at| self.runs.get(at)).is_none_or(OpenRun::is_break)
            };
            let (is_first, is_last) = (is_edge(index.checked_sub(1)), is_edge(Some(index + 1)));
            let run = &mut self.runs[index];
            if is_first {
                run.text = run.text.trim_start_matches(' ').to_owned();
            }
            if is_last {
                run.text.truncate(run.text.trim_end_matches(' ').len());
            }
        }
        self.runs.retain(|run| !run.text.is_empty());
        let shown = self.runs.iter().rposition(|run| !run.is_break());
        self.runs.truncate(shown.map_or(self.runs.len(), |last| last + 1));
        let mut runs = Vec::with_capacity(self.runs.len());
        runs.extend(self.runs.into_iter().map(TextRun::from));
        runs
    }
}

/// Returns what a line of text becomes on its own; nothing but line breaks are blank rows.
pub(super) fn paragraph(runs: Vec<TextRun>) -> Option<Block> {
    if runs.is_empty() {
        return None;
    }
    if runs.iter().all(TextRun::is_break) {
        return Some(Block::Blank(u16::try_from(runs.len()).unwrap_or(u16::MAX)));
    }
    Some(Block::Paragraph(runs))
}

/// Whether `c` is of a script that puts no blanks between words: Han, kana and their punctuation.
fn joins(c: char) -> bool {
    matches!(c,
        '\u{2e80}'..='\u{312f}' | '\u{3190}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe4f}' | '\u{ff01}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}
