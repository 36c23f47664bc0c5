//! Splits the text of a filter into words, operators and parentheses.

use super::error::FilterError;
use super::predicate::Comparison;

/// A word or a sign of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    /// What stands between quotes, with its backslashes.
    Quoted(&'a str),
    Contains,
    Compare(Comparison),
    And,
    Or,
    Bar,
    Not,
    Open,
    Close,
}

/// Splits the text into tokens, each with its byte offset.
pub(super) fn tokenize(text: &str) -> Result<Vec<(usize, Token<'_>)>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(char) = rest.chars().next() {
        let at = text.len().saturating_sub(rest.len());
        let (len, token) = match operator(rest) {
            Some(found) => found,
            None if matches!(char, '"' | '\'') => {
                quoted(rest, char).ok_or_else(|| unclosed_quote(at, char))?
            }
            None if is_word_char(char) => word(rest),
            None => return Err(unexpected_char(at, char)),
        };
        tokens.push((at, token));
        rest = rest.get(len..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

fn operator(rest: &str) -> Option<(usize, Token<'static>)> {
    // Longer operators come first, because `=` is also the start of `==`.
    let signs = [
        ("&&", Token::And),
        ("||", Token::Or),
        ("==", Token::Compare(Comparison::Equal)),
        ("!=", Token::Compare(Comparison::Unequal)),
        ("<=", Token::Compare(Comparison::AtMost)),
        (">=", Token::Compare(Comparison::AtLeast)),
        ("=", Token::Compare(Comparison::Equal)),
        ("<", Token::Compare(Comparison::Less)),
        (">", Token::Compare(Comparison::More)),
        ("|", Token::Bar),
        ("!", Token::Not),
        ("(", Token::Open),
        (")", Token::Close),
    ];
    signs
        .into_iter()
        .find(|(sign, _)| rest.starts_with(sign))
        .map(|(sign, token)| (sign.len(), token))
}

/// Takes a text between quotes; `None` if it does not end.
fn quoted(rest: &str, quote: char) -> Option<(usize, Token<'_>)> {
    let text = rest.strip_prefix(quote)?;
    let mut is_escaped = false;
    let (end, _) = text.char_indices().find(|(_, char)| {
        let ends = *char == quote && !is_escaped;
        is_escaped = *char == '\\' && !is_escaped;
        ends
    })?;
    Some((end.saturating_add(2), Token::Quoted(text.get(..end)?)))
}

fn unclosed_quote(at: usize, quote: char) -> FilterError {
    FilterError {
        offset: at,
        reason: format!("a text that begins with {quote} and does not end"),
        expected: format!("a second {quote} at its end"),
    }
}

fn is_word_char(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '-' | '.' | '*' | '+')
}

fn word(rest: &str) -> (usize, Token<'_>) {
    let word = rest.split(|char| !is_word_char(char)).next().unwrap_or(rest);
    let token = match word.to_ascii_lowercase().as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        "contains" => Token::Contains,
        _ => Token::Word(word),
    };
    (word.len(), token)
}

fn unexpected_char(at: usize, char: char) -> FilterError {
    let expected = match char {
        '&' => "&&",
        '~' | '/' => "a comparison with =, or text contains \"hello\"",
        _ => "names, values, = != < <= > >= && || ! and parentheses",
    };
    FilterError {
        offset: at,
        reason: format!("unexpected {char:?}"),
        expected: expected.to_owned(),
    }
}
