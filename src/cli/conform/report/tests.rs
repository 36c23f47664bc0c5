use std::collections::BTreeSet;

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;

use super::*;
use crate::cli::conform::testing::{config, outcome_of};
use crate::conform::{self, Case, ConformConfig, ConformOutcome, Verdict, all_cases};
use crate::net::Target;
use crate::scope::Scope;
use crate::servers::{BundleOptions, ServerBundle, ServerKind};

/// Plays all cases against the strict server.
async fn real_run() -> (ConformConfig, Vec<Case>, ConformOutcome) {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let options = BundleOptions { websocket: ServerKind::Strict, ..BundleOptions::default() };
    let bundle = ServerBundle::start_with(&scope, options, None);
    let url = bundle.ready().await.unwrap().websocket_url();
    let config = ConformConfig::new(Target::parse(&url).unwrap());
    let cases = all_cases(config.seed);
    let outcome = conform::run(&config, &cases, |_| {}).await.unwrap();
    (config, cases, outcome)
}

fn schema_errors(json: &str) -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/conform.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    schema::errors(&schema, &schema, &serde_json::from_str(json).unwrap(), "")
}

#[tokio::test]
async fn the_strict_server_fails_no_case_and_the_reports_are_valid() {
    let (config, cases, outcome) = real_run().await;
    let failed: Vec<_> = outcome.cases.iter().filter(|case| case.verdict().is_failure()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(schema_errors(&json(&config, &cases, &outcome)), [""; 0]);
    check_page(&html::page(&config, &cases, &outcome));
}

#[test]
fn the_schema_knows_every_verdict_and_refuses_what_it_does_not_know() {
    let cases = all_cases(1);
    let outcome = outcome_of(&cases, |index| Verdict::ALL[index % Verdict::ALL.len()]);
    let report = json(&config(), &cases, &outcome);
    assert_eq!(schema_errors(&report), [""; 0]);
    for (valid, broken) in [
        ("\"schema\": 1", "\"schema\": 2"),
        ("\"verdict\": \"died\"", "\"verdict\": \"dead\""),
        ("\"echo\": true", "\"echo\": 1"),
        ("\"sent_hex\": \"\"", "\"sent_hex\": \"abc\""),
        ("\"group\": ", "\"family\": "),
    ] {
        let broken = report.replacen(valid, broken, 1);
        assert_ne!(broken, report, "{valid}");
        assert!(!schema_errors(&broken).is_empty(), "{broken:.80}");
    }
}

/// Checks what a page must be: whole by itself, and legible with assistive technology (WCAG 2.2).
fn check_page(page: &str) {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(page, options).unwrap();
    let elements: Vec<Node> = document.descendants().filter(Node::is_element).collect();
    let named = |name: &'static str| elements.iter().filter(move |node| node.has_tag_name(name));
    let ids: Vec<&str> = elements.iter().filter_map(|node| node.attribute("id")).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "an id is there twice");
    for node in &elements {
        let name = node.tag_name().name();
        assert!(!["script", "img", "iframe", "object", "base"].contains(&name), "<{name}>");
        assert!(node.attribute("src").is_none() && node.attribute("style").is_none());
        if let Some(href) = node.attribute("href") {
            let is_known = href.strip_prefix('#').is_some_and(|id| unique.contains(id));
            assert!(is_known || href == "data:,", "{href}");
        }
    }
    assert!(!page.contains("url(") && !page.contains("@import"));
    assert_eq!(document.root_element().attribute("lang"), Some("en"));
    assert_eq!((named("main").count(), named("h1").count()), (1, 1));
    assert!(named("title").all(|title| title.text().is_some()));
    for table in named("table") {
        let first = table.first_element_child().unwrap();
        assert!(first.has_tag_name("caption") && first.text().is_some());
    }
    assert!(named("th").all(|th| ["col", "row"].contains(&th.attribute("scope").unwrap())));
    let summaries = named("details").map(|details| details.first_element_child().unwrap());
    assert!(summaries.into_iter().all(|summary| summary.has_tag_name("summary")));
    assert_eq!(named("details").count(), all_cases(1).len());
}

#[test]
fn a_page_is_whole_by_itself_and_shows_what_failed_first() {
    let cases = all_cases(1);
    let outcome = outcome_of(&cases, |index| Verdict::ALL[index % Verdict::ALL.len()]);
    let page = html::page(&config(), &cases, &outcome);
    check_page(&page);
    assert!(page.contains("did &quot;that&quot; &amp; more") && !page.contains("<this>"));
    assert_eq!(page.matches("<details id=").count(), cases.len());
    let failures = outcome.cases.iter().filter(|case| case.verdict().is_failure()).count();
    assert_eq!(page.matches(" open=\"\"").count(), failures);
    assert_eq!(page.matches("<li>").count(), failures);
}

#[test]
fn a_badge_is_a_picture_of_one_line() {
    let cases = all_cases(1);
    let good = badge::picture(&config(), &outcome_of(&cases, |_| Verdict::Pass));
    let root = Document::parse(&good).unwrap();
    let root = root.root_element();
    let name = format!("RFC 6455: {} pass", cases.len());
    assert_eq!((root.attribute("role"), root.attribute("aria-label")), (Some("img"), Some(&*name)));
    let bad = |index: usize| if index == 0 { Verdict::Died } else { Verdict::NotOffered };
    assert!(badge::picture(&config(), &outcome_of(&cases, bad)).contains("1 of 1 fail"));
}
