//! Splits code into tokens by the grammars of `syntect` and `two-face`.

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use crate::app::highlight::diagram;
use crate::slide::{HighlightedListing, Listing, MERMAID, TokenKind, Tokens};

/// The grammars, once one is needed. They take several megabytes and as many milliseconds.
#[derive(Default)]
pub(super) struct Grammars {
    loaded: Option<SyntaxSet>,
}

impl Grammars {
    /// Whether they take memory.
    pub(super) fn are_loaded(&self) -> bool {
        self.loaded.is_some()
    }

    /// Splits the code of `listing` into tokens. Those of a diagram are the lines of its drawing.
    pub(super) fn highlight(&mut self, listing: Listing) -> HighlightedListing {
        if listing.language == MERMAID {
            let drawn = diagram::lines_of(&listing.text);
            let line = |text| vec![(text, TokenKind::Plain)];
            let tokens = drawn.map(|lines| lines.into_iter().map(line).collect());
            return HighlightedListing { listing, tokens };
        }
        let tokens = grammar_name(&listing.language).and_then(|name| {
            let set = self.loaded.get_or_insert_with(two_face::syntax::extra_newlines);
            highlight(set, grammar(set, name)?, &listing.text)
        });
        HighlightedListing { listing, tokens }
    }
}

/// Returns the name by which the grammar of a language is looked up; `None` if it has none.
fn grammar_name(language: &str) -> Option<&str> {
    match language {
        "" | "text" | "txt" => None,
        "shell" | "console" => Some("bash"),
        other => Some(other),
    }
}

fn grammar<'a>(set: &'a SyntaxSet, name: &str) -> Option<&'a SyntaxReference> {
    match name {
        "http" => set.find_syntax_by_name("HTTP Request and Response"),
        name => set.find_syntax_by_token(name),
    }
}

fn highlight(set: &SyntaxSet, grammar: &SyntaxReference, text: &str) -> Option<Vec<Tokens>> {
    let mut state = ParseState::new(grammar);
    let mut stack = ScopeStack::new();
    let roles = ScopeTable::new();
    let mut highlighted = Vec::new();
    // The grammars of `extra_newlines` expect each line to end with a newline.
    for ended in text.split_inclusive('\n') {
        let line = ended.trim_end_matches('\n');
        let mut tokens = Tokens::new();
        let mut at = 0;
        for (next, change) in state.parse_line(ended, set).ok()? {
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

    fn roles(language: &str, code: &str) -> Vec<(String, TokenKind)> {
        let text = format!("{code}\n").into();
        let listing = Listing { language: language.to_owned(), text };
        Grammars::default().highlight(listing).tokens.unwrap_or_default().concat()
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
