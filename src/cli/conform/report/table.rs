//! The results for people: a table of groups, then every case that is not a pass.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::conform::{
    Case, CaseOutcome, ConformConfig, ConformOutcome, Group, ServiceEndpoint, TRANSPORTS, Verdict,
};
use crate::text::units::count;
use crate::wire::Side;

/// Returns the report. `differences` are those from what was expected, if anything was.
pub(in crate::cli::conform) fn report(
    config: &ConformConfig,
    cases: &[Case],
    outcome: &ConformOutcome,
    differences: Option<&[String]>,
) -> String {
    let who = match outcome.peer {
        Side::Server => config.url(),
        Side::Client => format!("clients of {}", config.target),
    };
    let echo = if outcome.traits.has_echo {
        "it echoes"
    } else {
        "it does not echo, so cases that need an echo are not applicable"
    };
    let origin = if outcome.traits.needs_origin {
        "; it opens no connection without an Origin, so all cases have the server's own"
    } else {
        ""
    };
    let offers = not_offered(outcome);
    let mut text = format!("{who}: {echo}{origin}{offers}\n\n{}", groups(cases, outcome));
    for verdict in
        [Verdict::Died, Verdict::NoAnswer, Verdict::Fail, Verdict::Tolerated, Verdict::NotOffered]
    {
        for (case, result) in cases.iter().zip(&outcome.cases) {
            if result.verdict() == verdict {
                text += &describe(case, result, outcome.peer);
            }
        }
    }
    let total = count(u64::try_from(cases.len()).unwrap_or(u64::MAX), "case");
    let counts: Vec<String> =
        outcome.counts().iter().map(|(verdict, number)| format!("{number} {verdict}")).collect();
    let _ =
        writeln!(text, "\n{total} in {:.1} s: {}", outcome.took.as_secs_f64(), counts.join(", "));
    text += &differing_alone(config, outcome);
    for difference in differences.unwrap_or_default() {
        let _ = writeln!(text, "{difference}");
    }
    if differences.is_some_and(<[String]>::is_empty) {
        let _ = writeln!(text, "as expected");
    }
    text
}

/// Returns a line that says how many verdicts were others beside other cases, if any were.
fn differing_alone(config: &ConformConfig, outcome: &ConformOutcome) -> String {
    let differs = |case: &&CaseOutcome| {
        case.exchanges.iter().any(|exchange| exchange.beside_others.is_some())
    };
    let number = outcome.cases.iter().filter(differs).count();
    if number == 0 {
        return String::new();
    }
    let verdicts = count(u64::try_from(number).unwrap_or(u64::MAX), "case");
    format!(
        "{verdicts} had another verdict alone, which counts: the server may not take {} connections at \
         once; --jobs sets how many\n",
        config.max_at_once
    )
}

/// Returns what a SockJS server lacks, as the end of a sentence.
fn not_offered(outcome: &ConformOutcome) -> String {
    let Some(offers) = outcome.traits.sockjs else { return String::new() };
    let endpoints = ServiceEndpoint::ALL.into_iter().filter(|one| !offers.has_endpoint(*one));
    let transports = TRANSPORTS.into_iter().filter(|one| !offers.has_transport(*one));
    let missing: Vec<String> = endpoints
        .map(|one| format!("the endpoint {one}"))
        .chain(transports.map(|one| one.name().to_owned()))
        .collect();
    if missing.is_empty() { String::new() } else { format!("; it lacks {}", missing.join(", ")) }
}

/// Returns a line of counts for each group.
fn groups(cases: &[Case], outcome: &ConformOutcome) -> String {
    let mut counts: BTreeMap<Group, BTreeMap<Verdict, usize>> = BTreeMap::new();
    for (case, result) in cases.iter().zip(&outcome.cases) {
        let count: &mut usize =
            counts.entry(case.group).or_default().entry(result.verdict()).or_default();
        *count = count.saturating_add(1);
    }
    let columns: Vec<Verdict> = outcome.counts().into_keys().collect();
    let mut text = format!("{:11}", "");
    for verdict in &columns {
        let _ = write!(text, "  {:>width$}", verdict.name(), width = verdict.name().len());
    }
    text.push('\n');
    for (group, verdicts) in &counts {
        let _ = write!(text, "{:11}", group.name());
        for verdict in &columns {
            let number = verdicts.get(verdict).map_or_else(|| "·".to_owned(), usize::to_string);
            let _ = write!(text, "  {number:>width$}", width = verdict.name().len());
        }
        text.push('\n');
    }
    text
}

/// Returns a case with its verdict, what was expected and what came.
fn describe(case: &Case, result: &CaseOutcome, peer: Side) -> String {
    let Some(exchange) = result.worst() else { return String::new() };
    let verdict = exchange.finding.verdict;
    let varies =
        result.varies().map_or_else(String::new, |(times, all)| format!(", varies {times}/{all}"));
    let mut text = format!("\n{verdict}{varies}  {}  {}\n", case.id, case.title);
    if verdict.is_failure() && !exchange.finding.expected.is_empty() {
        let expected = &exchange.finding.expected;
        let _ = writeln!(text, "    {}: a {peer} {expected}", case.rule);
    }
    let _ = writeln!(text, "    this one {}", exchange.finding.reason);
    text
}
