//! The results as JUnit XML, as continuous integration systems read it.

use std::fmt::Write as _;

use crate::conform::{Case, CaseOutcome, ConformOutcome, Group, Verdict};

/// Returns the report: a suite for each group.
pub(super) fn report(url: &str, cases: &[Case], outcome: &ConformOutcome) -> String {
    let results: Vec<(&Case, &CaseOutcome)> = cases.iter().zip(&outcome.cases).collect();
    let (failures, errors, _) = counts(&results);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{}\" \
         failures=\"{failures}\" errors=\"{errors}\" time=\"{:.3}\">\n",
        escaped(url),
        results.len(),
        outcome.took.as_secs_f64()
    );
    for group in Group::ALL {
        let suite: Vec<(&Case, &CaseOutcome)> =
            results.iter().copied().filter(|(case, _)| case.group == group).collect();
        if !suite.is_empty() {
            write_suite(&mut xml, group, &suite);
        }
    }
    xml + "</testsuites>\n"
}

/// Returns the numbers of failures, of errors and of cases that were skipped.
fn counts(results: &[(&Case, &CaseOutcome)]) -> (usize, usize, usize) {
    let number = |wanted: &[Verdict]| {
        results.iter().filter(|(_, result)| wanted.contains(&result.verdict())).count()
    };
    (
        number(&[Verdict::Fail]),
        number(&[Verdict::NoAnswer, Verdict::Died]),
        number(&[Verdict::NotOffered, Verdict::NotApplicable]),
    )
}

fn write_suite(xml: &mut String, group: Group, suite: &[(&Case, &CaseOutcome)]) {
    let (failures, errors, skipped) = counts(suite);
    let time: f64 = suite.iter().map(|(_, result)| seconds(result)).sum();
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{group}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" \
         skipped=\"{skipped}\" time=\"{time:.3}\">",
        suite.len()
    );
    for (case, result) in suite {
        write_case(xml, case, result);
    }
    xml.push_str("  </testsuite>\n");
}

fn write_case(xml: &mut String, case: &Case, result: &CaseOutcome) {
    let (_, name) = case.id.split_once('/').unwrap_or(("", &case.id));
    let _ = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        case.group,
        escaped(name),
        seconds(result)
    );
    let reason = result.worst().map_or("", |exchange| exchange.finding.reason.as_str());
    let element = match result.verdict() {
        Verdict::Pass => None,
        Verdict::Tolerated => Some("system-out"),
        Verdict::Fail => Some("failure"),
        Verdict::NoAnswer | Verdict::Died => Some("error"),
        Verdict::NotOffered | Verdict::NotApplicable => Some("skipped"),
    };
    let Some(element) = element else {
        xml.push_str("/>\n");
        return;
    };
    xml.push_str(">\n");
    let expected = case.expectations().join("; ");
    let _ = match element {
        "system-out" => {
            writeln!(xml, "      <system-out>tolerated: {}</system-out>", escaped(reason))
        }
        "skipped" => writeln!(xml, "      <skipped message=\"{}\"/>", escaped(reason)),
        _ => writeln!(
            xml,
            "      <{element} message=\"{}\" type=\"{}\">{} ({}): the server {}</{element}>",
            escaped(reason),
            result.verdict(),
            escaped(&case.title),
            escaped(case.rule),
            escaped(&expected)
        ),
    };
    xml.push_str("    </testcase>\n");
}

fn seconds(result: &CaseOutcome) -> f64 {
    result.exchanges.iter().map(|exchange| exchange.took.as_secs_f64()).sum()
}

/// Escapes text for an attribute or an element. Characters that XML 1.0 does not allow are replaced.
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        c if c.is_control() => "\u{fffd}".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
