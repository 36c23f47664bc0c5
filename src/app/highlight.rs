//! Code in colour, by what each word is.
//!
//! The grammars come from `syntect` and `two-face`. They take longer to load than a talk may take
//! to start, so this runs on a thread beside the screen, and slides show plain code until then.

use std::collections::HashMap;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use crate::deck::{Block, Deck};

/// What a word of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing in particular.
    Plain,
    /// A comment.
    Comment,
    /// A keyword or a storage class.
    Keyword,
    /// A string.
    Text,
    /// A number, a constant, an escape.
    Constant,
    /// The name of a function.
    Function,
    /// The name of a type, a tag, a header.
    Type,
    /// Brackets, commas, operators.
    Punctuation,
}

/// One line of code in words.
pub type Tokens = Vec<(String, Role)>;

/// The highlighted code blocks of a deck.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Highlights {
    blocks: HashMap<(String, Vec<String>), Vec<Tokens>>,
}

impl Highlights {
    /// Highlights every code block of `deck`. Blocks in a language that no grammar knows stay out.
    pub fn of(deck: &Deck) -> Self {
        let mut found = Vec::new();
        deck.slides.iter().for_each(|slide| collect(&slide.blocks, &mut found));
        if found.is_empty() {
            return Self::default();
        }
        let set = two_face::syntax::extra_newlines();
        let highlighted = found.into_iter().filter_map(|(language, lines)| {
            let tokens = highlight(&set, grammar(&set, language)?, lines)?;
            Some(((language.to_owned(), lines.to_vec()), tokens))
        });
        Self { blocks: highlighted.collect() }
    }

    /// The words of a code block, if it is highlighted.
    pub fn lines(&self, language: &str, lines: &[String]) -> Option<&Vec<Tokens>> {
        if self.blocks.is_empty() {
            return None;
        }
        self.blocks.get(&(language.to_owned(), lines.to_vec()))
    }

    /// Whether there is anything in it.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}

fn collect<'a>(blocks: &'a [Block], found: &mut Vec<(&'a str, &'a [String])>) {
    for block in blocks {
        match block {
            Block::Code { language, lines } => found.push((language, lines)),
            Block::Quote { blocks, .. } => collect(blocks, found),
            Block::List { items, .. } => items.iter().for_each(|item| collect(&item.blocks, found)),
            _ => {}
        }
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
    let roles = Roles::new();
    let mut highlighted = Vec::with_capacity(lines.len());
    for line in lines {
        let ended = format!("{line}\n");
        let mut tokens = Tokens::new();
        let mut at = 0;
        for (next, change) in state.parse_line(&ended, set).ok()? {
            push(&mut tokens, &line[at.min(line.len())..next.min(line.len())], roles.of(&stack));
            at = next;
            stack.apply(&change).ok()?;
        }
        push(&mut tokens, &line[at.min(line.len())..], roles.of(&stack));
        highlighted.push(tokens);
    }
    Some(highlighted)
}

fn push(tokens: &mut Tokens, text: &str, role: Role) {
    match tokens.last_mut() {
        _ if text.is_empty() => {}
        Some((last, of)) if *of == role => last.push_str(text),
        _ => tokens.push((text.to_owned(), role)),
    }
}

/// Scope prefixes and what they mean; the innermost scope that has a meaning decides.
struct Roles(Vec<(Scope, Role)>);

impl Roles {
    fn new() -> Self {
        let table = [
            ("comment", Role::Comment),
            ("string", Role::Text),
            ("constant", Role::Constant),
            ("keyword.operator", Role::Punctuation),
            ("keyword", Role::Keyword),
            ("storage", Role::Keyword),
            ("entity.name.function", Role::Function),
            ("support.function", Role::Function),
            ("variable.function", Role::Function),
            ("entity.name", Role::Type),
            ("entity.other.attribute-name", Role::Type),
            ("support.type", Role::Type),
            ("support.class", Role::Type),
            ("punctuation", Role::Punctuation),
        ];
        let scope = |name| Scope::new(name).expect("the table holds well-formed scopes of few atoms");
        Self(table.into_iter().map(|(name, role)| (scope(name), role)).collect())
    }

    fn of(&self, stack: &ScopeStack) -> Role {
        let meaning = |scope: &Scope| {
            self.0.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, role)| *role)
        };
        let mut found = stack.scopes.iter().rev().filter_map(meaning);
        match found.next() {
            // a quotation mark belongs to its string, a slash to its comment
            Some(Role::Punctuation) => {
                found.find(|role| matches!(role, Role::Text | Role::Comment)).unwrap_or(Role::Punctuation)
            }
            other => other.unwrap_or(Role::Plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::parse;

    fn roles(language: &str, code: &str) -> Vec<(String, Role)> {
        let (deck, _) = parse(&format!("```{language}\n{code}\n```\n"));
        let highlights = Highlights::of(&deck);
        let Block::Code { lines, .. } = &deck.slides[0].blocks[0] else { panic!("no code") };
        highlights.lines(language, lines).map(|lines| lines.concat()).unwrap_or_default()
    }

    #[test]
    fn every_language_of_the_talk_is_known() {
        for (language, code, word, role) in [
            ("go", "func main() { return }", "func", Role::Keyword),
            ("rust", "let x = \"hi\";", "\"hi\"", Role::Text),
            ("js", "const x = 1", "1", Role::Constant),
            ("javascript", "// why", "// why", Role::Comment),
            ("ts", "const x: number = 1", "1", Role::Constant),
            ("typescript", "return x", "return", Role::Keyword),
            ("json", "{\"a\": 12}", "12", Role::Constant),
            ("sh", "# note", "# note", Role::Comment),
            ("shell", "echo \"x\"", "\"x\"", Role::Text),
            ("bash", "if true; then", "if", Role::Keyword),
        ] {
            let found = roles(language, code);
            assert!(
                found.iter().any(|(text, of)| text.trim() == word && *of == role),
                "{language}: {found:?}"
            );
        }
        let http = roles("http", "GET /chat HTTP/1.1\nHost: example.org");
        assert!(http.iter().any(|(_, role)| *role != Role::Plain), "{http:?}");
    }

    #[test]
    fn no_character_is_lost() {
        let code = "func f(a int) string { return \"é\" + `x` } // ok";
        assert_eq!(roles("go", code).into_iter().map(|(text, _)| text).collect::<String>(), code);
        assert_eq!(roles("klingon", "nuqneH"), []);
        assert_eq!(roles("text", "┌─┐"), []);
    }
}
