//! Splits raw HTML into tags, comments and text.
//!
//! It takes any input: what is no tag is text.

/// A piece of HTML, with the byte offset at which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deck) enum Piece<'a> {
    /// The text inside a comment.
    Comment(usize, &'a str),
    /// A comment that is never closed; everything after it belongs to it.
    Unclosed(usize),
    Tag(usize, Tag<'a>),
    /// Text with its entities as written.
    Text(usize, &'a str),
    /// The content of an element whose content is no text, such as `script`, or of a processing
    /// instruction, such as `<?php`.
    Hidden(usize, &'a str),
}

impl Piece<'_> {
    /// Returns the byte at which the piece begins.
    pub(in crate::deck) fn start(&self) -> usize {
        match *self {
            Self::Comment(at, _)
            | Self::Unclosed(at)
            | Self::Tag(at, _)
            | Self::Text(at, _)
            | Self::Hidden(at, _) => at,
        }
    }
}

/// An opening or closing tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::deck) struct Tag<'a> {
    /// The name in lower case.
    pub(in crate::deck) name: String,
    /// Whether it is a closing tag.
    pub(in crate::deck) closes: bool,
    attributes: &'a str,
}

impl Tag<'_> {
    /// Returns the value of an attribute, with its entities as written.
    pub(in crate::deck) fn attribute(&self, name: &str) -> Option<&str> {
        let mut rest = self.attributes.trim_start();
        while !rest.is_empty() {
            let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
            let (found, after) = rest.split_at(end);
            let (value, after) = match after.trim_start().strip_prefix('=') {
                Some(after) => value(after.trim_start()),
                None => ("", after),
            };
            if found.eq_ignore_ascii_case(name) {
                return Some(value);
            }
            rest = after.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        }
        None
    }
}

/// Splits off the value that `text` begins with, which may stand in quotes.
fn value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    text.split_at(end)
}

/// The elements whose content is not shown.
const HIDDEN: [&str; 2] = ["script", "style"];

/// Splits HTML into its pieces.
pub(in crate::deck) fn scan(html: &str) -> Vec<Piece<'_>> {
    let mut scanner = Scanner {
        html,
        at: 0,
        pieces: Vec::new(),
        last_end: html.rfind('>'),
        last_cdata_end: html.rfind("]]>"),
        last_instruction_end: html.rfind("?>"),
    };
    scanner.scan();
    scanner.pieces
}

struct Scanner<'a> {
    html: &'a str,
    at: usize,
    pieces: Vec<Piece<'a>>,
    /// The last `>`: no tag ends behind it.
    last_end: Option<usize>,
    /// The last `]]>`: no raw text ends behind it.
    last_cdata_end: Option<usize>,
    /// The last `?>`: no processing instruction ends behind it.
    last_instruction_end: Option<usize>,
}

impl<'a> Scanner<'a> {
    fn scan(&mut self) {
        let mut text_start = 0;
        while let Some(found) = self.html[self.at..].find('<') {
            let start = self.at + found;
            self.at = start;
            let Some((piece, end)) = self.markup(start) else {
                self.at = start + 1;
                continue;
            };
            self.text(text_start, start);
            let hidden = match &piece {
                Some(Piece::Tag(_, tag)) if !tag.closes => {
                    HIDDEN.into_iter().find(|hidden| tag.name == *hidden)
                }
                _ => None,
            };
            self.pieces.extend(piece);
            self.at = end;
            if let Some(name) = hidden {
                self.hide(name);
            }
            text_start = self.at;
        }
        self.text(text_start, self.html.len());
    }

    fn text(&mut self, start: usize, end: usize) {
        if start < end {
            self.pieces.push(Piece::Text(start, &self.html[start..end]));
        }
    }

    /// Takes everything up to the closing tag of `name`.
    fn hide(&mut self, name: &str) {
        let rest = &self.html[self.at..];
        let closing = rest.match_indices("</").map(|(at, _)| at).find(|at| {
            rest[at + 2..].get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name))
        });
        let content = &rest[..closing.unwrap_or(rest.len())];
        if !content.trim().is_empty() {
            self.pieces.push(Piece::Hidden(self.at, content));
        }
        self.at += content.len();
    }

    /// Returns what begins with the `<` at `start` and the offset after it; `None` if it is text.
    /// A declaration has no piece.
    fn markup(&self, start: usize) -> Option<(Option<Piece<'a>>, usize)> {
        let rest = &self.html[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            return Some(match comment.find("-->") {
                Some(end) => {
                    let piece = Piece::Comment(start, &comment[..end]);
                    (Some(piece), start + "<!---->".len() + end)
                }
                None => (Some(Piece::Unclosed(start)), self.html.len()),
            });
        }
        if self.last_end.is_none_or(|last| last < start) {
            return None;
        }
        if let Some(cdata) = rest.strip_prefix("<![CDATA[") {
            let at = start + "<![CDATA[".len();
            self.last_cdata_end.filter(|&last| last >= at)?;
            let end = cdata.find("]]>")?;
            return Some((Some(Piece::Text(at, &cdata[..end])), at + end + 3));
        }
        if let Some(instruction) = rest.strip_prefix("<?") {
            let at = start + "<?".len();
            self.last_instruction_end.filter(|&last| last >= at)?;
            let end = instruction.find("?>")?;
            return Some((Some(Piece::Hidden(start, &instruction[..end])), at + end + 2));
        }
        if rest.starts_with("<!") {
            return Some((None, start + rest.find('>')? + 1));
        }
        let inner = &rest[1..];
        let closes = inner.starts_with('/');
        let inner = &inner[usize::from(closes)..];
        if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        let name_end = inner
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '_')))
            .unwrap_or(inner.len());
        let after = &inner[name_end..];
        // An address in angle brackets is text.
        if inner[..name_end].ends_with(':') {
            return None;
        }
        if !after.starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/')) {
            return None;
        }
        let length = tag_end(after)?;
        let tag = Tag {
            name: inner[..name_end].to_ascii_lowercase(),
            closes,
            attributes: &after[..length],
        };
        let end = self.html.len() - after.len() + length + 1;
        Some((Some(Piece::Tag(start, tag)), end))
    }
}

/// Returns the offset of the `>` that ends a tag: the first one outside of quotes, or the first at
/// all if a quote is never closed.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    text.find('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(name: &str, closes: bool, attributes: &'static str) -> Tag<'static> {
        Tag { name: name.to_owned(), closes, attributes }
    }

    #[test]
    fn tags_comments_and_text_come_apart() {
        assert_eq!(
            scan("a <!-- b --><B>c</b> <!-- open"),
            [
                Piece::Text(0, "a "),
                Piece::Comment(2, " b "),
                Piece::Tag(12, tag("b", false, "")),
                Piece::Text(15, "c"),
                Piece::Tag(16, tag("b", true, "")),
                Piece::Text(20, " "),
                Piece::Unclosed(21),
            ]
        );
        assert_eq!(scan(""), []);
        assert_eq!(scan("<!---->"), [Piece::Comment(0, "")]);
        assert_eq!(
            scan("<!DOCTYPE html>x<?php y > 0 ?>"),
            [Piece::Text(15, "x"), Piece::Hidden(16, "php y > 0 ")]
        );
    }

    #[test]
    fn what_is_no_tag_is_text() {
        for text in [
            "a < b",
            "1<2>0",
            "<",
            "</",
            "</ >",
            "<a",
            "<a b=\"",
            "< b>",
            "<a@b.c>",
            "<https://a.b>",
        ] {
            assert_eq!(scan(text), [Piece::Text(0, text)], "{text}");
        }
    }

    #[test]
    fn an_attribute_has_a_value_in_any_quotes() {
        let html = "<img SRC='a b.png' alt=\"x > y\" width=3 hidden/>t";
        let pieces = scan(html);
        let Piece::Tag(0, tag) = &pieces[0] else { panic!("{pieces:?}") };
        assert_eq!(tag.attribute("src"), Some("a b.png"));
        assert_eq!(tag.attribute("alt"), Some("x > y"));
        assert_eq!(tag.attribute("width"), Some("3"));
        assert_eq!(tag.attribute("height"), None);
        assert_eq!(pieces[1], Piece::Text(html.len() - 1, "t"));
    }

    #[test]
    fn scripts_are_hidden_up_to_their_end() {
        assert_eq!(
            scan("<style>a > b {}</STYLE>x<script>if (a</b) {}"),
            [
                Piece::Tag(0, tag("style", false, "")),
                Piece::Hidden(7, "a > b {}"),
                Piece::Tag(15, tag("style", true, "")),
                Piece::Text(23, "x"),
                Piece::Tag(24, tag("script", false, "")),
                Piece::Hidden(32, "if (a</b) {}"),
            ]
        );
    }
}
