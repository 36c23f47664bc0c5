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
}
