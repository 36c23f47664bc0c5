//! HTML comments with a meaning: `<!-- pause -->` and the other directives.
//!
//! This module only reads directives; `parse` and `block_reader` carry them out.

use crate::text::suggest;

/// The directive that a comment contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    /// `<!-- pause -->`
    Pause,
    /// `<!-- end_slide -->`
    EndSlide,
    /// `<!-- section: NAME -->`
    Section(String),
    /// `<!-- speaker_note: TEXT -->`
    SpeakerNote(String),
    /// Any other comment. It is not shown and has no effect.
    Comment,
    /// A misspelt or misused directive; the text says what is wrong and how to fix it.
    Invalid(String),
}

const DIRECTIVE_NAMES: [&str; 4] = ["pause", "end_slide", "section", "speaker_note"];

/// Parses the text between `<!--` and `-->`.
pub(super) fn parse_directive(comment: &str) -> Directive {
    let comment = comment.trim();
    let (name, value) = match comment.split_once(':') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (comment, None),
    };
    match (name, value) {
        ("pause", None) => Directive::Pause,
        ("end_slide", None) => Directive::EndSlide,
        ("section", Some(value)) if !value.is_empty() => Directive::Section(value.to_owned()),
        ("speaker_note", Some(value)) if !value.is_empty() => {
            Directive::SpeakerNote(value.to_owned())
        }
        ("pause" | "end_slide", Some(_)) => {
            Directive::Invalid(format!("`{name}` takes no value; write `<!-- {name} -->`"))
        }
        ("section" | "speaker_note", _) => {
            Directive::Invalid(format!("`{name}` needs text; write `<!-- {name}: TEXT -->`"))
        }
        (name, _) => match suggest(name, &DIRECTIVE_NAMES) {
            Some(meant) => Directive::Invalid(format!(
                "unknown directive `{name}` (did you mean `{meant}`?); expected one of: {}",
                DIRECTIVE_NAMES.join(", ")
            )),
            None => Directive::Comment,
        },
    }
}

/// A piece of an HTML block.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HtmlPiece<'a> {
    /// The text inside a comment, with the byte offset of its `<!--`.
    Comment(usize, &'a str),
    /// A comment that is never closed, with the byte offset of its `<!--`.
    Unclosed(usize),
    /// Anything else that is not blank, with its byte offset.
    Html(usize, &'a str),
}

/// Splits raw HTML into comments and everything else.
pub(super) fn split_html(html: &str) -> Vec<HtmlPiece<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let rest = &html[at..];
        let start = rest.find("<!--").unwrap_or(rest.len());
        let between = &rest[..start];
        if !between.trim().is_empty() {
            found.push(HtmlPiece::Html(
                at + between.len() - between.trim_start().len(),
                between.trim(),
            ));
        }
        if start == rest.len() {
            break;
        }
        let Some(end) = rest[start + 4..].find("-->") else {
            found.push(HtmlPiece::Unclosed(at + start));
            break;
        };
        found.push(HtmlPiece::Comment(at + start, &rest[start + 4..start + 4 + end]));
        at += start + 4 + end + 3;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_directives() {
        assert_eq!(parse_directive(" pause "), Directive::Pause);
        assert_eq!(parse_directive("end_slide"), Directive::EndSlide);
        assert_eq!(parse_directive("section: Frames"), Directive::Section("Frames".into()));
        assert_eq!(
            parse_directive("speaker_note: say: hello"),
            Directive::SpeakerNote("say: hello".into())
        );
    }

    #[test]
    fn a_slip_is_reported_and_a_remark_is_left_alone() {
        assert!(
            matches!(parse_directive("puase"), Directive::Invalid(text) if text.contains("did you mean `pause`"))
        );
        assert!(
            matches!(parse_directive("pause: 3"), Directive::Invalid(text) if text.contains("takes no value"))
        );
        assert!(
            matches!(parse_directive("section"), Directive::Invalid(text) if text.contains("needs text"))
        );
        for empty in ["section:", "section: ", "speaker_note", "speaker_note: "] {
            let Directive::Invalid(text) = parse_directive(empty) else { panic!("{empty}") };
            assert!(text.contains("needs text"), "{empty}: {text}");
        }
        assert_eq!(parse_directive("TODO: find a better picture"), Directive::Comment);
    }

    #[test]
    fn comments_and_the_rest_come_apart() {
        let html = "<!-- a --> <b> <!-- c -->\n<!-- open";
        assert_eq!(
            split_html(html),
            [
                HtmlPiece::Comment(0, " a "),
                HtmlPiece::Html(11, "<b>"),
                HtmlPiece::Comment(15, " c "),
                HtmlPiece::Unclosed(26)
            ]
        );
        assert_eq!(split_html(""), []);
        assert_eq!(split_html("<!---->\n"), [HtmlPiece::Comment(0, "")]);
        assert_eq!(split_html(" x"), [HtmlPiece::Html(1, "x")]);
    }
}
