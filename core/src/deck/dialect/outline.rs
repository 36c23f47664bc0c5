//! What divides a deck: its rules, or its headings where it has none.

use crate::deck::dialect::pieces::{Piece, PieceKind};

/// The rules and headings of a deck.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// Whether a rule of dashes stands on a line of its own.
    pub(super) has_rule: bool,
    headings: Vec<Heading>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Heading {
    level: u8,
    /// Whether it is followed by text and not by another heading or by nothing.
    has_content: bool,
}

impl Outline {
    /// Finds the rules and headings among the pieces of a deck.
    pub(super) fn new(pieces: &[Piece]) -> Self {
        let mut outline = Self::default();
        let mut before = "";
        for piece in pieces {
            let text = piece.line();
            let line = text.unwrap_or("");
            match piece.kind {
                PieceKind::Comment(_) => continue,
                PieceKind::Line(line) if line.trim().is_empty() => {}
                PieceKind::Line(line) if heading_level(line).is_some() => {
                    outline.push(heading_level(line).unwrap_or(1));
                }
                PieceKind::Line(line) if !is_text(before) && is_rule(line) => {
                    outline.has_rule = true;
                }
                PieceKind::Line(line) if is_text(before) && underline_level(line).is_some() => {
                    outline.push(underline_level(line).unwrap_or(1));
                }
                // A line of text can still turn out to be a heading, by the line below it.
                PieceKind::Line(line) if is_text(line) && !is_text(before) => {}
                PieceKind::Line(_) | PieceKind::Code(_) => outline.has_content(),
            }
            if line.trim().is_empty() && is_text(before) {
                outline.has_content();
            }
            before = line;
        }
        if is_text(before) {
            outline.has_content();
        }
        outline
    }

    fn push(&mut self, level: u8) {
        self.headings.push(Heading { level, has_content: false });
    }

    fn has_content(&mut self) {
        if let Some(last) = self.headings.last_mut() {
            last.has_content = true;
        }
    }

    /// Returns the level of headings at which Pandoc begins a slide: the highest that is directly
    /// followed by content (Pandoc's manual, "Structuring the slide show").
    pub(super) fn pandoc_level(&self) -> Option<u8> {
        let with_content = self.headings.iter().filter(|heading| heading.has_content);
        with_content.map(|heading| heading.level).min()
    }

    /// Returns the highest level of which there are at least `count` headings.
    pub(super) fn repeated_level(&self, count: usize) -> Option<u8> {
        (1..=6).find(|&level| {
            self.headings.iter().filter(|heading| heading.level == level).count() >= count
        })
    }
}

/// Returns the level of a heading that begins with `#`.
fn heading_level(line: &str) -> Option<u8> {
    let text = line.trim_start_matches(' ');
    let marks = text.len() - text.trim_start_matches('#').len();
    let rest = &text[marks..];
    let is_heading = (1..=6).contains(&marks)
        && line.len() - text.len() <= 3
        && (rest.is_empty() || rest.starts_with([' ', '\t']));
    is_heading.then(|| u8::try_from(marks).unwrap_or(6))
}

/// Returns the level of the heading that `line` underlines.
fn underline_level(line: &str) -> Option<u8> {
    let text = line.trim();
    let is_all = |mark: char| !text.is_empty() && text.chars().all(|letter| letter == mark);
    match () {
        () if is_all('=') => Some(1),
        () if is_all('-') => Some(2),
        () => None,
    }
}

/// Whether `line` is a rule of dashes, such as `---` or `- - -`.
pub(super) fn is_rule(line: &str) -> bool {
    let dashes = line.trim_end().chars().filter(|&letter| letter == '-').count();
    dashes >= 3
        && line.trim().chars().all(|letter| matches!(letter, '-' | ' ' | '\t'))
        && line.len() - line.trim_start_matches(' ').len() <= 3
}

/// Whether `line` can be the text of a heading that the next line underlines.
fn is_text(line: &str) -> bool {
    let text = line.trim_start();
    let is_marker = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    let is_block = text.is_empty()
        || text.starts_with(['>', '|', '<'])
        || heading_level(line).is_some()
        || is_rule(line)
        || text.strip_prefix(['-', '*', '+']).is_some_and(is_marker)
        || underline_level(line).is_some();
    !is_block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::dialect::pieces::cut;
    use crate::deck::options::DeckOptions;

    fn outline(body: &str) -> Outline {
        Outline::new(&cut(body, &DeckOptions::default()))
    }

    #[test]
    fn a_rule_is_no_underline() {
        assert!(outline("a\n\n---\n").has_rule && outline("- - -\n").has_rule);
        assert!(outline("- a\n---\n").has_rule && outline("# a\n---\n").has_rule);
        assert!(!outline("a\n---\n").has_rule && !outline("```\n---\n```\n").has_rule);
    }

    #[test]
    fn the_level_of_a_slide_is_the_highest_with_content() {
        assert_eq!(outline("# A\n\n## B\n\ntext\n\n# C\n\n## D\n\n- e\n").pandoc_level(), Some(2));
        assert_eq!(outline("# A\n\ntext\n\n## B\n\ntext\n").pandoc_level(), Some(1));
        assert_eq!(outline("A\n===\n\nB\n---\n\ntext\n").pandoc_level(), Some(2));
        assert_eq!(outline("text\n").pandoc_level(), None);
    }

    #[test]
    fn a_single_title_does_not_set_the_level() {
        assert_eq!(outline("# T\n\n## A\n\na\n\n## B\n").repeated_level(2), Some(2));
        assert_eq!(outline("# T\n\n## A\n").repeated_level(2), None);
    }
}
