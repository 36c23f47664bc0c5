//! Lists of bytes in brackets, as programs and their source have them.

use crate::wire::format::hex_digit;
use crate::wire::pasted::comments::blank_comments;
use crate::wire::pasted::digits::decimal;
use crate::wire::pasted::error::{PasteError, PasteProblem};
use crate::wire::pasted::source::beside::{self, Suspicion};
use crate::wire::pasted::source::elements::{Elements, Notation, cast_len};

/// The maximum depth of brackets.
const MAX_DEPTH: usize = 32;

/// Parses the one list of the text. What stands around it (types, names, calls) is ignored.
pub(in crate::wire::pasted) fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let text = &blank_comments(text);
    let list =
        find_list(text)?.ok_or_else(|| PasteError::in_text(text, 0, PasteProblem::NoList))?;
    let notation = match (base_of(text, &list), list.open) {
        (Base::BareHex, _) => Notation::BareHex,
        (_, '<') => Notation::Erlang,
        _ => Notation::Source,
    };
    list.check_rest(text)?;
    Elements::new(text, list.start..list.end, notation).parse()
}

/// The list of bytes in a text: brackets without brackets in them.
#[derive(Clone, Copy, Debug)]
pub(in crate::wire::pasted) struct List {
    /// The bracket that opens it.
    open: char,
    /// The byte at which its content starts.
    start: usize,
    /// The byte behind its content.
    end: usize,
    /// The start of another list of the same kind.
    second: Option<usize>,
}

impl List {
    /// Returns what is between the brackets.
    pub(in crate::wire::pasted) fn content<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Refuses what may be bytes outside of the brackets.
    pub(in crate::wire::pasted) fn check_rest(&self, text: &str) -> Result<(), PasteError> {
        if let Some(second) = self.second {
            return Err(PasteError::in_text(text, second, PasteProblem::Second("list")));
        }
        let len = words(self.content(text)).count();
        // A single number may be a size, an index or the name of a thread.
        let strict = len < 2 || self.open == '(';
        let suspicion = if strict { Suspicion::Numbers } else { Suspicion::Bytes };
        match beside::find(text, &(self.start..self.end), len, suspicion) {
            Some(at) => Err(PasteError::in_text(text, at, PasteProblem::Beside)),
            None => Ok(()),
        }
    }

    /// Whether a program printed the list, perhaps behind a name or a time. In source, something
    /// leads to the bracket, and the language tells the base of its numbers.
    pub(in crate::wire::pasted) fn is_printed(&self, text: &str) -> bool {
        let before = text.get(..self.start.saturating_sub(1)).unwrap_or_default();
        let leads = before.trim_end().ends_with(|char: char| "=(&!,{[@)".contains(char));
        let attached = before.ends_with(|char: char| char.is_ascii_alphanumeric());
        self.open == '[' && !leads && !attached
    }
}

/// Returns the elements of a list, separated by blanks, commas or semicolons.
fn words(content: &str) -> impl Iterator<Item = &str> + Clone {
    decimal::words(content).flat_map(|(_, word)| word.split(';')).filter(|word| !word.is_empty())
}

/// Finds the list in a text without comments. Braces win over `<<`, brackets and parentheses,
/// in this order, because `buf[11] = {...}` has a size and `new Uint8Array([...])` is a call.
pub(in crate::wire::pasted) fn find_list(text: &str) -> Result<Option<List>, PasteError> {
    let mut found: [Option<List>; 4] = [None; 4];
    let mut open: Vec<(char, usize, bool)> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        let problem = |problem| PasteError::in_text(text, at, problem);
        match char {
            '"' | '\'' => skip_quoted(char, &mut chars),
            '<' if chars.peek().is_some_and(|(_, next)| *next == '<') => {
                chars.next();
                open.push(('<', at.saturating_add(2), true));
            }
            '(' if cast_len(text, at).is_some() => {
                let end = at.saturating_add(cast_len(text, at).unwrap_or_default());
                while chars.next_if(|(at, _)| *at < end).is_some() {}
            }
            '(' | '[' | '{' => {
                if open.len() >= MAX_DEPTH {
                    return Err(problem(PasteProblem::Misplaced(char)));
                }
                open.push((char, at.saturating_add(1), true));
            }
            ')' | ']' | '}' | '>' => {
                // A single > is part of an arrow or a type, unless << is open.
                let erlang = open.last().is_some_and(|(open, ..)| *open == '<');
                if char == '>' && (!erlang || chars.next_if(|(_, next)| *next == '>').is_none()) {
                    continue;
                }
                let (kind, start, leaf) =
                    open.pop().ok_or_else(|| problem(PasteProblem::Misplaced(char)))?;
                let rank =
                    rank_of(kind, char).ok_or_else(|| problem(PasteProblem::Misplaced(char)))?;
                let (start, end) = content_of(text, start, at);
                let content = text.get(start..end).unwrap_or_default();
                let is_list =
                    leaf && if kind == '(' { is_tuple(content) } else { holds_bytes(content) };
                if let Some((.., parent)) = open.last_mut() {
                    *parent &= leaf && !is_list;
                }
                if !is_list {
                    continue;
                }
                if let Some(slot) = found.get_mut(rank) {
                    match slot {
                        Some(first) => first.second = first.second.or(Some(start)),
                        None => {
                            *slot = Some(List { open: kind, start, end, second: None });
                        }
                    }
                }
            }
            _ => {}
        }
    }
    if let Some((kind, start, _)) = open.first() {
        let at = start.saturating_sub(1);
        return Err(PasteError::in_text(text, at, PasteProblem::Unclosed(*kind)));
    }
    let mut lists = found.into_iter().flatten();
    let Some(mut list) = lists.next() else { return Ok(None) };
    // A number in brackets right behind a name is a size or an index.
    let other = lists.find(|other| {
        let before = text.get(..other.start.saturating_sub(1)).unwrap_or_default();
        let named = before.ends_with(|char: char| char.is_ascii_alphanumeric() || char == '_');
        !named || words(other.content(text)).nth(1).is_some()
    });
    list.second = list.second.or(other.map(|other| other.start));
    Ok(Some(list))
}

/// Returns the range of the elements within brackets: without the bars of F#, and without what
/// Chrome shows of a typed array behind its elements.
fn content_of(text: &str, start: usize, end: usize) -> (usize, usize) {
    let content = text.get(start..end).unwrap_or_default();
    let bars = content.strip_prefix('|').and_then(|content| content.strip_suffix('|'));
    if bars.is_some() {
        return (start.saturating_add(1), end.saturating_sub(1));
    }
    let shown = content.find(", buffer: ArrayBuffer(").unwrap_or(content.len());
    (start, start.saturating_add(shown))
}

/// Whether the content of parentheses is numbers, at least one of them with a comma. Other
/// parentheses hold a size, or the arguments of a call.
fn is_tuple(content: &str) -> bool {
    let numeric = |piece: &str| {
        let piece = piece.trim();
        piece.is_empty()
            || piece.starts_with(|char: char| char.is_ascii_digit() || "-('.…".contains(char))
                && !piece.contains(['"', ' '])
            || piece.starts_with('(')
    };
    content.contains(',') && holds_bytes(content) && content.split(',').all(numeric)
}

/// Whether the content of brackets begins like bytes. A type, as in `[u8]`, doesn't.
fn holds_bytes(content: &str) -> bool {
    let pair = |word: &str| word.len() == 2 && word.chars().all(|char| hex_digit(char).is_some());
    let number = |char: char| char.is_ascii_digit() || "-+'\"(.…".contains(char);
    let mut words = words(content);
    words.clone().next().is_some_and(|word| {
        word.starts_with(number) || word.starts_with("b'") || word.starts_with("b\"")
    }) || words.clone().next().is_some() && words.all(pair)
}

/// Whether the elements are hex numbers in quotes: `"0x81", "0x05"`.
pub(in crate::wire::pasted) fn are_numbers_in_quotes(content: &str) -> bool {
    let mut words = words(content);
    words.clone().next().is_some()
        && words.all(|word| {
            let quoted =
                word.strip_prefix(['"', '\'']).and_then(|word| word.strip_suffix(['"', '\'']));
            quoted.is_some_and(|number| number.starts_with("0x"))
        })
}

/// Returns the rank of a kind of brackets, or `None` if `close` doesn't close `open`.
fn rank_of(open: char, close: char) -> Option<usize> {
    match (open, close) {
        ('{', '}') => Some(0),
        ('<', '>') => Some(1),
        ('[', ']') => Some(2),
        ('(', ')') => Some(3),
        _ => None,
    }
}

fn skip_quoted(quote: char, chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) {
    while let Some((_, char)) = chars.next() {
        if char == '\\' {
            chars.next();
        } else if char == quote || char == '\n' {
            return;
        }
    }
}

/// Whether the numbers of a bare list could be read in two bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire::pasted) enum Base {
    /// Decimal, or with a prefix that says what it is.
    Decimal,
    /// Two hex digits each, as Rust's `{:02x?}` prints them.
    BareHex,
    /// Both are possible.
    Either,
}

/// Returns the base of the numbers of a list.
pub(in crate::wire::pasted) fn base_of(text: &str, list: &List) -> Base {
    let words = || words(list.content(text));
    let hex = |word: &str| word.chars().all(|char| hex_digit(char).is_some());
    let pair = |word: &str| word.len() == 2 && hex(word);
    // Rust's `{:x?}` writes one digit for a byte below 16.
    let padded = words().any(|word| word.starts_with('0'));
    let short = !padded && words().all(|word| word.len() <= 2 && hex(word));
    if !short && !words().all(pair) {
        Base::Decimal
    } else if words().any(|word| !decimal::is_decimal(word)) {
        Base::BareHex
    } else if list.is_printed(text) && words().any(|word| word.len() > 1) {
        Base::Either
    } else {
        Base::Decimal
    }
}
