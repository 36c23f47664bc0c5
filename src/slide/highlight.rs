//! Syntax highlighting of code blocks, and diagrams drawn from their source.
//!
//! The grammars come from `syntect` and `two-face`. Loading them takes longer than a talk may take
//! to start, so a thread does this work, and slides show plain code until it is done.

use std::collections::HashMap;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use crate::deck::{Block, Deck, Slide};
use crate::slide::diagram;

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

/// The highlighted code blocks and the diagrams of a deck.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Highlights {
    blocks: HashMap<(String, Vec<String>), Vec<Tokens>>,
    diagrams: HashMap<Vec<String>, Vec<String>>,
}

impl Highlights {
    /// Highlights every code block of `deck` and draws its diagrams. Blocks in a language without a
    /// grammar are left out, and so are diagrams that cannot be drawn.
    pub fn from_deck(deck: &Deck) -> Self {
        let blocks = deck.slides.iter().flat_map(Slide::all_blocks);
        let code = blocks.filter_map(|block| match block {
            Block::Code(code) => Some((code.language.as_str(), code.lines.as_slice())),
            _ => None,
        });
        let found: Vec<_> = code.collect();
        if found.is_empty() {
            return Self::default();
        }
        let diagrams = found.iter().filter(|(language, _)| *language == diagram::LANGUAGE);
        let found_diagrams: Vec<&[String]> = diagrams.map(|(_, lines)| *lines).collect();
        // Only now: the grammars are about a megabyte to load, and a deck may hold no code.
        let set = two_face::syntax::extra_newlines();
        let highlighted = found.into_iter().filter_map(|(language, lines)| {
            let tokens = highlight(&set, grammar(&set, language)?, lines)?;
            Some(((language.to_owned(), lines.to_vec()), tokens))
        });
        let blocks = highlighted.collect();
        let code = found_diagrams.into_iter();
        let diagrams =
            code.filter_map(|lines| Some((lines.to_vec(), diagram::lines_of(lines)?))).collect();
        Self { blocks, diagrams }
    }

    /// Returns the lines of the diagram that these lines of Mermaid describe, or `None` if it is
    /// not drawn.
    pub fn diagram(&self, source: &[String]) -> Option<&Vec<String>> {
        if self.diagrams.is_empty() { None } else { self.diagrams.get(source) }
    }

    /// Returns the tokens of a code block by line, or `None` if it is not highlighted.
    pub fn tokens(&self, language: &str, lines: &[String]) -> Option<&Vec<Tokens>> {
        if self.blocks.is_empty() {
            return None;
        }
        self.blocks.get(&(language.to_owned(), lines.to_vec()))
    }

    /// Whether no code block is highlighted and no diagram is drawn.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.diagrams.is_empty()
    }
}

fn grammar<'a>(set: &'a SyntaxSet, language: &str) -> Option<&'a SyntaxReference> {
    let name = match language {
        "" | "text" | "txt" => return None,
        "shell" | "console" => "bash",
        "http" => return set.find_syntax_by_name("HTTP Request and Response"),
        other => other,
    };
    set.find_syntax_by_token(name)
}

fn highlight(set: &SyntaxSet, grammar: &SyntaxReference, lines: &[String]) -> Option<Vec<Tokens>> {
    let mut state = ParseState::new(grammar);
    let mut stack = ScopeStack::new();
    let roles = ScopeTable::new();
    let mut highlighted = Vec::with_capacity(lines.len());
    for line in lines {
        // The grammars of `extra_newlines` expect each line to end with a newline.
        let ended = format!("{line}\n");
        let mut tokens = Tokens::new();
        let mut at = 0;
        for (next, change) in state.parse_line(&ended, set).ok()? {
            // The last operation can lie at the newline, which `line` does not have.
            push_token(
                &mut tokens,
                &line[at.min(line.len())..next.min(line.len())],
                roles.kind_of(&stack),
            );
            at = next;
            stack.apply(&change).ok()?;
        }
        push_token(&mut tokens, &line[at.min(line.len())..], roles.kind_of(&stack));
        highlighted.push(tokens);
    }
    Some(highlighted)
}

fn push_token(tokens: &mut Tokens, text: &str, role: TokenKind) {
    match tokens.last_mut() {
        _ if text.is_empty() => {}
        Some((last, of)) if *of == role => last.push_str(text),
        _ => tokens.push((text.to_owned(), role)),
    }
}

/// Scope prefixes and their kinds. The innermost scope that matches a prefix decides. The first
/// matching prefix counts, so `keyword.operator` stands before `keyword`.
struct ScopeTable(Vec<(Scope, TokenKind)>);

impl ScopeTable {
    fn new() -> Self {
        let table = [
            ("comment", TokenKind::Comment),
            ("string", TokenKind::Text),
            ("constant", TokenKind::Constant),
            ("keyword.operator", TokenKind::Punctuation),
            ("keyword", TokenKind::Keyword),
            ("storage", TokenKind::Keyword),
            ("entity.name.function", TokenKind::Function),
            ("support.function", TokenKind::Function),
            ("variable.function", TokenKind::Function),
            ("entity.name", TokenKind::Type),
            ("entity.other.attribute-name", TokenKind::Type),
            ("support.type", TokenKind::Type),
            ("support.class", TokenKind::Type),
            ("punctuation", TokenKind::Punctuation),
        ];
        let scope =
            |name| Scope::new(name).expect("the table holds well-formed scopes of few atoms");
        Self(table.into_iter().map(|(name, role)| (scope(name), role)).collect())
    }

    fn kind_of(&self, stack: &ScopeStack) -> TokenKind {
        let meaning = |scope: &Scope| {
            self.0.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, role)| *role)
        };
        let mut found = stack.scopes.iter().rev().filter_map(meaning);
        match found.next() {
            // The delimiters of a string or comment have the scope of punctuation too, but are
            // shown like the string or comment that they delimit.
            Some(TokenKind::Punctuation) => found
                .find(|role| matches!(role, TokenKind::Text | TokenKind::Comment))
                .unwrap_or(TokenKind::Punctuation),
            other => other.unwrap_or(TokenKind::Plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::parse;

    fn roles(language: &str, code: &str) -> Vec<(String, TokenKind)> {
        let (deck, _) = parse(&format!("```{language}\n{code}\n```\n"));
        let highlights = Highlights::from_deck(&deck);
        let Block::Code(code) = &deck.slides[0].blocks[0] else { panic!("no code") };
        highlights.tokens(language, &code.lines).map(|lines| lines.concat()).unwrap_or_default()
    }

    #[test]
    fn every_language_of_the_talk_is_highlighted() {
        for (language, code, word, role) in [
            ("go", "func main() { return }", "func", TokenKind::Keyword),
            ("rust", "let x = \"hi\";", "\"hi\"", TokenKind::Text),
            ("js", "const x = 1", "1", TokenKind::Constant),
            ("javascript", "// why", "// why", TokenKind::Comment),
            ("ts", "const x: number = 1", "1", TokenKind::Constant),
            ("typescript", "return x", "return", TokenKind::Keyword),
            ("json", "{\"a\": 12}", "12", TokenKind::Constant),
            ("sh", "# note", "# note", TokenKind::Comment),
            ("shell", "echo \"x\"", "\"x\"", TokenKind::Text),
            ("bash", "if true; then", "if", TokenKind::Keyword),
        ] {
            let found = roles(language, code);
            assert!(
                found.iter().any(|(text, of)| text.trim() == word && *of == role),
                "{language}: {found:?}"
            );
        }
        let http = roles("http", "GET /chat HTTP/1.1\nHost: example.org");
        assert!(http.iter().any(|(_, role)| *role != TokenKind::Plain), "{http:?}");
    }

    #[test]
    fn no_character_is_lost() {
        let code = "func f(a int) string { return \"é\" + `x` } // ok";
        assert_eq!(roles("go", code).into_iter().map(|(text, _)| text).collect::<String>(), code);
        assert_eq!(roles("klingon", "nuqneH"), []);
        assert_eq!(roles("text", "┌─┐"), []);
    }
}
