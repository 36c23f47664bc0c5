//! The results as a page of HTML that needs nothing else: no script, no request.
//!
//! `exchange` shows what both sides sent; this file has the page around it.

mod exchange;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cli::conform::report::xml::escaped;
use crate::cli::conform::twins::{sockjs_twin, twins};
use crate::conform::{Case, CaseOutcome, ConformConfig, ConformOutcome, Group, Verdict};
use crate::wire::Side;

/// The style: contrasts of at least 4.5 to 1 in both schemes (WCAG 2.2, 1.4.3).
const STYLE: &str = include_str!("style.css");

type Result<'r> = (&'r Case, &'r CaseOutcome);

/// Returns the page.
pub(in crate::cli::conform::report) fn page(
    config: &ConformConfig,
    cases: &[Case],
    outcome: &ConformOutcome,
) -> String {
    let results: Vec<Result> = cases.iter().zip(&outcome.cases).collect();
    let url = escaped(&config.url());
    let protocol = if config.sockjs.is_some() { "SockJS" } else { "WebSocket" };
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'; img-src data:\"/>\n<link rel=\"icon\" href=\"data:,\"/>\n\
         <title>{protocol} conformance of {url}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <main>\n<h1>{protocol} conformance of {url}</h1>\n"
    );
    write_summary(&mut html, config, outcome);
    write_failures(&mut html, &results, outcome.peer);
    write_groups(&mut html, &results, outcome);
    for group in Group::ALL {
        let of_group: Vec<Result> =
            results.iter().copied().filter(|(case, _)| case.group == group).collect();
        if of_group.is_empty() {
            continue;
        }
        let _ = writeln!(html, "<section>\n<h2 id=\"{group}\">{group}</h2>");
        for (case, result) in of_group {
            write_case(&mut html, case, result, outcome.peer);
        }
        html.push_str("</section>\n");
    }
    html + "</main>\n</body>\n</html>\n"
}

fn write_summary(html: &mut String, config: &ConformConfig, outcome: &ConformOutcome) {
    let echo = if outcome.traits.has_echo { "it echoes" } else { "it does not echo" };
    let origin =
        if outcome.traits.needs_origin { "; all cases have the server's own Origin" } else { "" };
    let counts: Vec<String> =
        outcome.counts().iter().map(|(verdict, number)| format!("{number} {verdict}")).collect();
    let _ = writeln!(
        html,
        "<p>{} cases in {:.1} s: {}. Of the {}: {echo}{origin}. Each case was played {}, with the \
         seed {}, by wiretalk {}.</p>",
        outcome.cases.len(),
        outcome.took.as_secs_f64(),
        counts.join(", "),
        outcome.peer,
        if config.repeat > 1 { format!("{} times", config.repeat) } else { "once".to_owned() },
        config.seed,
        env!("CARGO_PKG_VERSION")
    );
}

/// Writes what failed as a list of links.
fn write_failures(html: &mut String, results: &[Result], peer: Side) {
    html.push_str("<section>\n<h2 id=\"failures\">What fails</h2>\n");
    let failed: Vec<&Result> =
        results.iter().filter(|(_, result)| result.verdict().is_failure()).collect();
    if failed.is_empty() {
        html.push_str("<p>Nothing.</p>\n</section>\n");
        return;
    }
    html.push_str("<ul>\n");
    for (case, result) in failed {
        let reason = result.worst().map_or("", |exchange| exchange.finding.reason.as_str());
        let _ = writeln!(
            html,
            "<li><a href=\"#{}\">{}</a>: {}; the {peer} {}</li>",
            escaped(&case.id),
            escaped(&case.id),
            escaped(&case.title),
            escaped(reason)
        );
    }
    html.push_str("</ul>\n</section>\n");
}

fn write_groups(html: &mut String, results: &[Result], outcome: &ConformOutcome) {
    let mut counts: BTreeMap<Group, BTreeMap<Verdict, usize>> = BTreeMap::new();
    for (case, result) in results {
        let count: &mut usize =
            counts.entry(case.group).or_default().entry(result.verdict()).or_default();
        *count = count.saturating_add(1);
    }
    let columns: Vec<Verdict> = outcome.counts().into_keys().collect();
    html.push_str(
        "<table class=\"numbers\">\n<caption>Cases by group and verdict</caption>\n<thead><tr><th \
         scope=\"col\">group</th>",
    );
    for verdict in &columns {
        let _ = write!(html, "<th scope=\"col\">{verdict}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for (group, verdicts) in &counts {
        let _ = write!(html, "<tr><th scope=\"row\"><a href=\"#{group}\">{group}</a></th>");
        for verdict in &columns {
            let number = verdicts.get(verdict).copied().unwrap_or_default();
            let _ = write!(html, "<td>{number}</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n");
}

fn write_case(html: &mut String, case: &Case, result: &CaseOutcome, peer: Side) {
    let verdict = result.verdict();
    let varies =
        result.varies().map_or_else(String::new, |(times, all)| format!(" varies {times}/{all}"));
    let open = if verdict.is_failure() { " open=\"\"" } else { "" };
    let _ = writeln!(
        html,
        "<details id=\"{id}\"{open}>\n<summary><span class=\"verdict {verdict}\">{verdict}{varies}\
         </span> <b>{id}</b> {}</summary>",
        escaped(&case.title),
        id = escaped(&case.id),
    );
    let _ = writeln!(
        html,
        "<dl>\n<dt>Rule</dt><dd>{}</dd>\n<dt>A conforming {peer}</dt><dd>{}</dd>",
        escaped(case.rule),
        escaped(&case.expectations().join("; "))
    );
    let twins = twins(&case.id);
    if !twins.is_empty() {
        let _ = writeln!(html, "<dt>Autobahn|Testsuite</dt><dd>{}</dd>", twins.join(", "));
    }
    if let Some(twin) = sockjs_twin(case) {
        let _ = writeln!(html, "<dt>SockJS protocol test</dt><dd>{}</dd>", escaped(twin));
    }
    if let Some(exchange) = result.worst() {
        let _ = writeln!(
            html,
            "<dt>This {peer}</dt><dd>{} ({:.0} ms)</dd>\n</dl>",
            escaped(&exchange.finding.reason),
            exchange.took.as_secs_f64() * 1e3
        );
        exchange::write(html, &case.id, exchange, peer);
    } else {
        html.push_str("</dl>\n");
    }
    html.push_str("</details>\n");
}
