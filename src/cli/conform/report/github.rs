//! The results as workflow commands of GitHub Actions, which become annotations of the run.

use std::fmt::Write as _;

use crate::conform::{Case, ConformOutcome};

/// GitHub shows ten errors of a step. The last of ours names how many more there are.
const MAX_ANNOTATIONS: usize = 10;

/// Returns an error for each case that failed, as lines for standard error.
pub(in crate::cli::conform) fn annotations(cases: &[Case], outcome: &ConformOutcome) -> String {
    let results = cases.iter().zip(&outcome.cases);
    let failed: Vec<_> = results.filter(|(_, result)| result.verdict().is_failure()).collect();
    let all_fit = failed.len() <= MAX_ANNOTATIONS;
    let room = if all_fit { MAX_ANNOTATIONS } else { MAX_ANNOTATIONS.saturating_sub(1) };
    let mut text = String::new();
    for (case, result) in failed.iter().take(room) {
        let reason = result.worst().map_or("", |exchange| exchange.finding.reason.as_str());
        let expected = result.worst().map_or("", |exchange| exchange.finding.expected.as_str());
        let title = format!("{} {}", result.verdict(), case.id);
        let message = format!(
            "{}\n{}: a {} {expected}\nthis one {reason}",
            case.title, case.rule, outcome.peer
        );
        let _ = writeln!(text, "::error title={}::{}", property(&title), data(&message));
    }
    if !all_fit {
        let more = failed.len().saturating_sub(room);
        let _ = writeln!(text, "::error title=conform::{more} more cases failed");
    }
    text
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Escapes the message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::conform::testing::outcome_of;
    use crate::conform::{Verdict, all_cases};

    #[test]
    fn what_failed_is_annotated_and_the_rest_is_counted() {
        let cases = all_cases(1);
        let passes = annotations(&cases, &outcome_of(&cases, |_| Verdict::Pass));
        assert_eq!(passes, "");
        let one = annotations(
            &cases,
            &outcome_of(&cases, |index| if index == 3 { Verdict::Died } else { Verdict::Pass }),
        );
        assert!(one.starts_with(&format!("::error title=died {}::", cases[3].id)), "{one}");
        assert!(one.contains("%0A") && one.lines().count() == 1, "{one}");
        let all = annotations(&cases, &outcome_of(&cases, |_| Verdict::Fail));
        assert_eq!(all.lines().count(), MAX_ANNOTATIONS);
        let more = format!("{} more cases failed", cases.len() - MAX_ANNOTATIONS + 1);
        assert!(all.contains(&more), "{all}");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
