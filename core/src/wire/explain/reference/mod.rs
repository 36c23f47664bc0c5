//! A page for a beginner on every field of a frame and on every rule that can be broken: what the RFC wants, why, what goes wrong.
//! What a field says in one frame is told by its span, and where a rule is broken by its fault; here is what holds for all frames.

mod faults;
mod fields;

use std::slice;

use crate::wire::decode::fault::FaultCode;
use crate::wire::explain::field_span::Field;
use crate::wire::frame::Severity;

/// One page. Each part is whole sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferencePage {
    /// A field's name, or what is wrong in one clause.
    pub title: &'static str,
    /// What the RFC wants there.
    pub requirement: &'static str,
    /// Why it is so.
    pub rationale: &'static str,
    /// What usually causes a violation.
    pub common_cause: &'static str,
    /// What the receiver does now.
    pub consequence: String,
    /// Where it is written.
    pub section: &'static str,
    /// The rules that can be broken there: for a field its own, for a rule itself.
    pub rules: &'static [FaultCode],
}

/// The page of a field.
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

/// The page of a rule; its title, its reason and its section are those of [`FaultCode::rule`]. Until somebody has written what a
/// new rule wants and where its violations come from, these two parts are empty.
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

/// From the close code, and from what is special about the rule.
fn consequence(code: FaultCode) -> String {
    let rule = code.rule();
    match (code, rule.severity, rule.close_code) {
        (FaultCode::DataAfterClose, ..) => "The receiver throws the frame away. A Close was sent already, so there is none left to send that could name a reason.".to_owned(),
        (_, Severity::Fatal, Some(1007)) => "The receiver fails the connection: it sends a Close with code 1007, which says that the data do not fit the type of the message, and reads no further.".to_owned(),
        (_, Severity::Fatal, Some(code)) => format!("The receiver fails the connection: it sends a Close with code {code}, which says that the other side broke the protocol, and reads no further."),
        (_, Severity::Fatal, None) => "The receiver fails the connection without a further Close.".to_owned(),
        (_, Severity::Warning | Severity::Info, _) => "A receiver has to put up with it, and the connection goes on.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_sentences(text: &str, of: &str) {
        assert!(text.len() > 40 && text.ends_with('.'), "{of}: {text}");
        assert!(text.starts_with(|first: char| first.is_uppercase()), "{of}: {text}");
        assert!(!text.contains("  ") && !text.contains("e.g.") && !text.contains("i.e."), "{of}: {text}");
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
            // what only a whole message can show: it came with an earlier frame or with inflating
            let is_about_the_message =
                code.rule().section.starts_with("RFC 7692 §7") || code.name() == "W_INFLATE_LIMIT";
            let listed = Field::ALL.iter().any(|field| for_field(*field).rules.contains(code));
            assert!(listed || is_about_the_message, "{code} is told at no field");
        }
    }
}
