//! A reference page for beginners on every field of a frame and every rule that can be broken: what
//! the RFC requires, why, and what usually goes wrong.
//! A page holds for all frames. A [`FieldSpan`](crate::wire::explain::field_span::FieldSpan)
//! explains a field in one frame, and a [`Fault`](crate::wire::Fault) locates a broken rule.

pub mod abnormal_closure;
mod faults;
mod fields;

use std::slice;

use crate::wire::decode::fault::FaultCode;
use crate::wire::explain::field_span::Field;
use crate::wire::frame::Severity;

/// One reference page. Each part but the title consists of whole sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferencePage {
    /// The name of the field, or what is wrong in one clause.
    pub title: &'static str,
    /// The requirement that the RFC states.
    pub requirement: &'static str,
    /// The reason for the requirement.
    pub rationale: &'static str,
    /// The usual cause of a violation.
    pub common_cause: &'static str,
    /// The action that the receiver must take.
    pub consequence: String,
    /// The section that states the requirement.
    pub section: &'static str,
    /// The rules that can be broken: those of the field, or the rule itself.
    pub rules: &'static [FaultCode],
}

/// Returns the page of a field.
pub fn for_field(field: Field) -> ReferencePage {
    let own = fields::text(field);
    ReferencePage {
        title: field.name(),
        requirement: own.requirement,
        rationale: own.rationale,
        common_cause: own.common_cause,
        consequence: own.consequence.to_owned(),
        section: own.section,
        rules: own.rules,
    }
}

/// Returns the page of a rule. Title, rationale and section are those of [`FaultCode::rule`]. The
/// requirement and the common cause are empty for a rule without a text.
pub fn for_fault(code: FaultCode) -> ReferencePage {
    let rule = code.rule();
    let (requirement, common_cause) = faults::text(rule.name).unwrap_or_default();
    let own = FaultCode::ALL.iter().find(|other| **other == code);
    ReferencePage {
        title: rule.summary,
        requirement,
        rationale: rule.rationale,
        common_cause,
        consequence: consequence(code),
        section: rule.section,
        rules: own.map_or(&[], slice::from_ref),
    }
}

/// Returns what the receiver must do, derived from the rule's severity and close code.
fn consequence(code: FaultCode) -> String {
    let rule = code.rule();
    match (code, rule.severity, rule.close_code) {
        (FaultCode::DataAfterClose, ..) => "The receiver discards the frame. A Close was sent \
                                            already, so no further Close can name the reason."
            .to_owned(),
        (_, Severity::Fatal, Some(1007)) => "The receiver fails the connection: it sends a Close \
                                             with code 1007 (the data does not match the type of \
                                             the message) and stops reading."
            .to_owned(),
        (_, Severity::Fatal, Some(code)) => format!(
            "The receiver fails the connection: it sends a Close with code {code} (the other side \
             broke the protocol) and stops reading."
        ),
        (_, Severity::Fatal, None) => {
            "The receiver fails the connection without a further Close.".to_owned()
        }
        (_, Severity::Warning | Severity::Info, _) => {
            "A receiver must accept it, and the connection goes on.".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_sentences(text: &str, of: &str) {
        assert!(text.len() > 40 && text.ends_with('.'), "{of}: {text}");
        assert!(text.starts_with(|first: char| first.is_uppercase()), "{of}: {text}");
        assert!(
            !text.contains("  ") && !text.contains("e.g.") && !text.contains("i.e."),
            "{of}: {text}"
        );
    }

    #[test]
    fn every_rule_has_a_page_of_whole_sentences() {
        for code in FaultCode::ALL {
            let page = for_fault(*code);
            assert_sentences(page.requirement, code.name());
            assert_sentences(page.common_cause, code.name());
            assert_sentences(&page.consequence, code.name());
            assert_eq!((page.title, page.rules), (code.rule().summary, &[*code][..]));
            let close = code.rule().close_code.map(|code| code.to_string());
            assert!(
                close.is_none_or(|close| page.consequence.contains(&close)),
                "{code}: {}",
                page.consequence
            );
        }
    }

    #[test]
    fn no_rule_has_two_pages() {
        let mut names: Vec<&str> = faults::names().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_field_has_a_page_of_whole_sentences() {
        for field in Field::ALL {
            let page = for_field(field);
            for text in [page.requirement, page.rationale, page.common_cause, &page.consequence] {
                assert_sentences(text, field.name());
            }
            assert!(page.section.starts_with("RFC "), "{}", page.section);
        }
    }

    #[test]
    fn every_rule_belongs_to_a_field() {
        for code in FaultCode::ALL {
            // Only a whole message can show these: they came with an earlier frame or with
            // inflating.
            let is_about_the_message =
                code.rule().section.starts_with("RFC 7692 §7") || code.name() == "W_INFLATE_LIMIT";
            let listed = Field::ALL.iter().any(|field| for_field(*field).rules.contains(code));
            assert!(listed || is_about_the_message, "no field names {code}");
        }
    }
}
