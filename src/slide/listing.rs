//! Code as tokens, and the cache of what has been highlighted.

use std::collections::VecDeque;

use crate::deck::CodeBlock;

/// The number of listings that are kept, the latest ones: several slides full of code.
pub(crate) const MAX_LISTINGS: usize = 64;

/// The language of a fence that holds a diagram. Its tokens are the lines of the drawing.
pub const MERMAID: &str = "mermaid";

/// The kind of a token of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// No particular kind.
    Plain,
    /// A comment.
    Comment,
    /// A keyword or a storage class.
    Keyword,
    /// A string.
    Text,
    /// A number, a constant or an escape sequence.
    Constant,
    /// The name of a function.
    Function,
    /// The name of a type, a tag or a header field.
    Type,
    /// Brackets, commas, operators.
    Punctuation,
}

/// One line of code as tokens.
pub type Tokens = Vec<(String, TokenKind)>;

/// What is highlighted as one: code in a language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The language in lower case; empty if there is none.
    pub language: String,
    /// The lines, each ended by a line feed.
    pub text: Box<str>,
}

impl Listing {
    /// Whether this is the listing of a block of code.
    pub(crate) fn is_of(&self, code: &CodeBlock) -> bool {
        self.is(&code.language, &code.text)
    }

    fn is(&self, language: &str, text: &str) -> bool {
        self.language == language && *self.text == *text
    }
}

impl From<&CodeBlock> for Listing {
    fn from(code: &CodeBlock) -> Self {
        Self { language: code.language.clone(), text: code.text.clone() }
    }
}

/// A listing with its tokens by line; `None` if its language has no grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HighlightedListing {
    /// The code.
    pub listing: Listing,
    /// The tokens of each line.
    pub tokens: Option<Vec<Tokens>>,
}

/// The listings that were highlighted last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Highlights {
    latest: VecDeque<HighlightedListing>,
}

impl Highlights {
    /// Keeps a highlighted listing, in place of the oldest if there are too many.
    pub fn insert(&mut self, highlighted: HighlightedListing) {
        if self.latest.len() == MAX_LISTINGS {
            self.latest.pop_front();
        }
        self.latest.push_back(highlighted);
    }

    /// Whether the code was highlighted, or found to be in a language without a grammar.
    pub(crate) fn contains(&self, code: &CodeBlock) -> bool {
        self.find(&code.language, &code.text).is_some()
    }

    /// Returns the tokens of code by line, or `None` if it is not highlighted.
    pub(crate) fn tokens(&self, language: &str, text: &str) -> Option<&Vec<Tokens>> {
        self.find(language, text)?.tokens.as_ref()
    }

    fn find(&self, language: &str, text: &str) -> Option<&HighlightedListing> {
        self.latest.iter().rev().find(|kept| kept.listing.is(language, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(number: usize) -> CodeBlock {
        CodeBlock {
            language: "go".to_owned(),
            text: format!("x := {number}\n").into(),
            ..CodeBlock::default()
        }
    }

    #[test]
    fn the_latest_listings_are_kept() {
        let mut highlights = Highlights::default();
        for number in 0..=MAX_LISTINGS {
            let listing = Listing::from(&code(number));
            highlights.insert(HighlightedListing { listing, tokens: Some(Vec::new()) });
        }
        assert!(!highlights.contains(&code(0)) && highlights.contains(&code(1)));
        let last = code(MAX_LISTINGS);
        assert!(highlights.tokens("go", &last.text).is_some());
        assert!(highlights.tokens("rust", &last.text).is_none(), "it is another language");
    }

    #[test]
    fn a_language_without_a_grammar_is_known_and_has_no_tokens() {
        let mut highlights = Highlights::default();
        let listing = Listing::from(&code(1));
        highlights.insert(HighlightedListing { listing, tokens: None });
        assert!(highlights.contains(&code(1)));
        assert!(highlights.tokens("go", &code(1).text).is_none());
    }
}
