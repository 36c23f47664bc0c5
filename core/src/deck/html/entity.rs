//! Entities such as `&copy;` as the characters that they stand for.

use std::borrow::Cow;

use pulldown_cmark::{Event, Parser};

/// The bytes of the longest entity, `&CounterClockwiseContourIntegral;`, and one more.
const MAX_NAME_LEN: usize = 34;

/// Returns `text` with the characters for which its entities stand.
pub(in crate::deck) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let mut name = rest.bytes().enumerate().skip(1).take(MAX_NAME_LEN);
        let end = match name.find(|(_, byte)| !(byte.is_ascii_alphanumeric() || *byte == b'#')) {
            Some((at, b';')) => at + 1,
            _ => 1,
        };
        let (entity, after) = rest.split_at(end);
        // The Markdown parser has the table, and shows it only through what it parses.
        match (Parser::new(entity).nth(1), end) {
            (Some(Event::Text(text)), 3..) => decoded.push_str(&text),
            _ => decoded.push_str(entity),
        }
        rest = after;
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_characters_and_the_rest_stays() {
        assert_eq!(
            decode("&copy; 1 &lt;b&gt; &#65;&#x42; &nbsp;&amp;amp;"),
            "© 1 <b> AB \u{a0}&amp;"
        );
        for text in ["a & b", "&;", "&nosuch;", "R&D; x", "&*a*;", "&", "é&é"] {
            assert_eq!(decode(text), text);
        }
    }
}
