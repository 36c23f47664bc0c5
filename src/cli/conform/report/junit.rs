//! The results as JUnit XML, as continuous integration systems read it.
//!
//! The common ground of the schemas of Ant and of Jenkins' xUnit plugin: what one of them lacks is
//! not written, and what one of them demands is.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use time::OffsetDateTime;

use crate::cli::conform::report::xml::escaped;
use crate::conform::{Case, CaseOutcome, ConformConfig, ConformOutcome, Group, Verdict};
use crate::wire::Side;

type Result<'r> = (&'r Case, &'r CaseOutcome);

/// Returns the report: a suite for each group. `began` is when the run began.
pub(in crate::cli::conform::report) fn report(
    config: &ConformConfig,
    cases: &[Case],
    outcome: &ConformOutcome,
    began: OffsetDateTime,
) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    let groups: BTreeSet<Group> = cases.iter().map(|case| case.group).collect();
    for (id, group) in groups.into_iter().enumerate() {
        let results = cases.iter().zip(&outcome.cases);
        let suite: Vec<Result> = results.filter(|(case, _)| case.group == group).collect();
        write_suite(&mut xml, (id, group), &suite, (config, outcome.peer), began);
    }
    xml + "</testsuites>\n"
}

/// Returns how many cases have one of these verdicts.
fn number(results: &[Result], wanted: &[Verdict]) -> usize {
    results.iter().filter(|(_, result)| wanted.contains(&result.verdict())).count()
}

fn write_suite(
    xml: &mut String,
    (id, group): (usize, Group),
    suite: &[Result],
    (config, peer): (&ConformConfig, Side),
    began: OffsetDateTime,
) {
    let time: f64 = suite.iter().map(|(_, result)| seconds(result)).sum();
    let _ = writeln!(
        xml,
        "  <testsuite id=\"{id}\" package=\"wiretalk.conform\" name=\"{group}\" \
         timestamp=\"{}\" hostname=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" \
         skipped=\"{}\" time=\"{time:.3}\">",
        timestamp(began),
        escaped(&config.target.host),
        suite.len(),
        number(suite, &[Verdict::Fail]),
        number(suite, &[Verdict::NoAnswer, Verdict::Died]),
        number(suite, &[Verdict::NotOffered, Verdict::NotApplicable]),
    );
    let url = escaped(&config.url());
    let _ = writeln!(
        xml,
        "    <properties>\n      <property name=\"url\" value=\"{url}\"/>\n      <property \
         name=\"seed\" value=\"{}\"/>\n    </properties>",
        config.seed
    );
    for (case, result) in suite {
        write_case(xml, case, result, peer);
    }
    // Not all schemas let a test case have text of its own.
    xml.push_str("    <system-out>");
    for (case, result) in suite {
        if let (Verdict::Tolerated, Some(exchange)) = (result.verdict(), result.worst()) {
            let line = format!("{}: tolerated: it {}\n", case.id, exchange.finding.reason);
            xml.push_str(&escaped_lines(&line));
        }
    }
    xml.push_str("</system-out>\n    <system-err/>\n  </testsuite>\n");
}

fn write_case(xml: &mut String, case: &Case, result: &CaseOutcome, peer: Side) {
    let (_, name) = case.id.split_once('/').unwrap_or(("", &case.id));
    let _ = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
        case.group,
        escaped(name),
        seconds(result)
    );
    let reason = result.worst().map_or("", |exchange| exchange.finding.reason.as_str());
    let verdict = result.verdict();
    let element = match verdict {
        Verdict::Pass | Verdict::Tolerated => {
            xml.push_str("/>\n");
            return;
        }
        Verdict::Fail => "failure",
        Verdict::NoAnswer | Verdict::Died => "error",
        Verdict::NotOffered | Verdict::NotApplicable => "skipped",
    };
    let message = escaped(reason);
    let _ = if element == "skipped" {
        write!(xml, ">\n      <skipped message=\"{message}\"/>\n    </testcase>\n")
    } else {
        let text =
            format!("{} ({}): a {peer} {}", case.title, case.rule, case.expectations().join("; "));
        let text = escaped(&text);
        write!(
            xml,
            ">\n      <{element} message=\"{message}\" type=\"{verdict}\">{text}</{element}>\n    \
             </testcase>\n"
        )
    };
}

fn seconds(result: &CaseOutcome) -> f64 {
    result.exchanges.iter().map(|exchange| exchange.took.as_secs_f64()).sum()
}

/// Returns a time as the schemas want it: without a fraction and without an offset.
fn timestamp(time: OffsetDateTime) -> String {
    let time = time.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

fn escaped_lines(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use roxmltree::{Document, Node};

    use super::*;
    use crate::cli::conform::testing::{config, outcome_of};
    use crate::conform::all_cases;

    /// The attributes of an element: those it must have, and those it may have besides.
    struct Element {
        name: &'static str,
        required: &'static [&'static str],
        optional: &'static [&'static str],
        /// The elements in it, in their order.
        children: &'static [&'static str],
    }

    /// What the schemas of Ant and of Jenkins' xUnit plugin both allow.
    const ELEMENTS: &[Element] = &[
        Element { name: "testsuites", required: &[], optional: &[], children: &["testsuite"] },
        Element {
            name: "testsuite",
            required: &[
                "id",
                "package",
                "name",
                "timestamp",
                "hostname",
                "tests",
                "failures",
                "errors",
                "time",
            ],
            optional: &["skipped"],
            children: &["properties", "testcase", "system-out", "system-err"],
        },
        Element { name: "properties", required: &[], optional: &[], children: &["property"] },
        Element { name: "property", required: &["name", "value"], optional: &[], children: &[] },
        Element {
            name: "testcase",
            required: &["name", "classname", "time"],
            optional: &[],
            children: &["skipped", "error", "failure"],
        },
        Element { name: "skipped", required: &[], optional: &["message"], children: &[] },
        Element { name: "error", required: &["type"], optional: &["message"], children: &[] },
        Element { name: "failure", required: &["type"], optional: &["message"], children: &[] },
        Element { name: "system-out", required: &[], optional: &[], children: &[] },
        Element { name: "system-err", required: &[], optional: &[], children: &[] },
    ];

    fn check(node: Node) {
        let name = node.tag_name().name();
        let rule = ELEMENTS.iter().find(|rule| rule.name == name);
        let rule = rule.unwrap_or_else(|| panic!("<{name}> is in no schema"));
        for required in rule.required {
            assert!(node.has_attribute(*required), "<{name}> lacks {required}");
        }
        for attribute in node.attributes() {
            let known = rule.required.iter().chain(rule.optional);
            assert!(
                known.copied().any(|known| known == attribute.name()),
                "<{name} {attribute:?}>"
            );
            check_value(attribute.name(), attribute.value());
        }
        let place =
            |child: &Node| rule.children.iter().position(|known| child.has_tag_name(*known));
        let children: Vec<Node> = node.children().filter(Node::is_element).collect();
        let places: Vec<usize> = children
            .iter()
            .map(|child| place(child).unwrap_or_else(|| panic!("{child:?} in <{name}>")))
            .collect();
        assert!(places.is_sorted(), "the elements of <{name}> are out of order");
        if name == "testcase" {
            assert!(children.len() <= 1, "a test case has one result");
        }
        children.into_iter().for_each(check);
    }

    fn check_value(attribute: &str, value: &str) {
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match attribute {
            "id" | "tests" | "failures" | "errors" | "skipped" => assert!(digits(value), "{value}"),
            "time" => {
                let (whole, fraction) = value.split_once('.').unwrap();
                assert!(digits(whole) && digits(fraction) && fraction.len() == 3, "{value}");
            }
            "timestamp" => {
                let shape: String =
                    value.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
                assert_eq!(shape, "0000-00-00T00:00:00");
            }
            "hostname" | "name" | "classname" | "package" => assert!(!value.is_empty()),
            _ => {}
        }
    }

    #[test]
    fn the_report_is_valid_by_the_schemas_of_ant_and_jenkins() {
        let cases = all_cases(1);
        let outcome = outcome_of(&cases, |index| Verdict::ALL[index % Verdict::ALL.len()]);
        let began = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        let xml = report(&config(), &cases, &outcome, began);
        let document = Document::parse(&xml).unwrap();
        check(document.root_element());
        let suites: Vec<Node> =
            document.root_element().children().filter(Node::is_element).collect();
        let sum = |name: &str| -> usize {
            suites
                .iter()
                .map(|suite| suite.attribute(name).unwrap().parse::<usize>().unwrap())
                .sum()
        };
        assert_eq!(sum("tests"), cases.len());
        let number = |name: &str| document.descendants().filter(|n| n.has_tag_name(name)).count();
        for (attribute, element) in
            [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
        {
            assert_eq!(sum(attribute), number(element), "{attribute}");
            assert!(sum(attribute) > 0);
        }
        assert!(xml.contains("timestamp=\"2023-11-14T22:13:20\""), "{}", &xml[..400]);
        assert!(xml.contains(": tolerated: it "));
    }
}
