//! Servers that keep the rules and are odd in another way, or answer nothing once they are open.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{accepting_head, cases_like, config, echo, outcome_of, server};
use crate::conform::{Case, CaseKind, RunLimits, Verdict, all_cases};
use crate::scope::Scope;

#[tokio::test]
async fn a_server_that_greets_before_it_echoes_is_an_echo() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let address = server(&scope, |mut stream| async move {
        let Some(head) = accepting_head(&mut stream).await else { return };
        let greeting = b"\x81\x07welcome";
        if stream.write_all(&[&head[..], greeting].concat()).await.is_ok() {
            super::echo_frames(&mut stream).await;
        }
    });
    let outcome = outcome_of(&config(&format!("ws://{address}/")), &cases_like("ping/")).await;
    assert!(outcome.traits.has_echo);
    assert_eq!(outcome.traits.greetings, 1);
    assert!(!outcome.has_failure(), "{:?}", outcome.counts());
}

#[tokio::test]
async fn a_server_whose_application_ends_at_any_message_fails_nothing() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let address = server(&scope, |mut stream| async move {
        let Some(head) = accepting_head(&mut stream).await else { return };
        if stream.write_all(&head).await.is_err() {
            return;
        }
        // It answers nothing but pings, which the first byte tells from messages.
        let mut frame = [0; 4096];
        while let Ok(count @ 6..) = stream.read(&mut frame).await {
            let opcode = frame[0] & 0x0f;
            if opcode != 9 || frame[0] & 0x70 != 0 || count < 6 {
                return;
            }
            let mut pong = vec![0x8a, frame[1] & 0x7f];
            pong.extend((6..count).map(|at| frame[at] ^ frame[2 + (at - 6) % 4]));
            if stream.write_all(&pong).await.is_err() {
                return;
            }
        }
    });
    let mut config = config(&format!("ws://{address}/"));
    config.limits.answer = Duration::from_secs(1);
    let cases = [cases_like("utf8/"), cases_like("fragments/unfinished")].concat();
    let outcome = outcome_of(&config, &cases).await;
    assert!(!outcome.traits.has_echo);
    for (case, result) in cases.iter().zip(&outcome.cases) {
        if case.kind == CaseKind::Steps {
            let finding = &result.worst().unwrap().finding;
            assert_eq!(finding.verdict, Verdict::NotApplicable, "{}: {finding:?}", case.id);
        }
    }
}

#[tokio::test]
async fn a_server_that_opens_and_is_mute_is_given_up() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let address = server(&scope, |mut stream| async move {
        let Some(head) = accepting_head(&mut stream).await else { return };
        let _ = stream.write_all(&head).await;
        pending::<()>().await;
    });
    let mut config = config(&format!("ws://{address}/"));
    config.limits = RunLimits {
        answer: Duration::from_millis(100),
        quiet: Duration::from_millis(50),
        ..RunLimits::default()
    };
    let cases = cases_like("ping/");
    let cases = [cases.clone(), cases_like("close/"), cases].concat();
    let outcome = outcome_of(&config, &cases).await;
    let is_unplayed = |case: &&crate::conform::CaseOutcome| {
        let worst = case.worst();
        worst.is_some_and(|worst| worst.finding.reason.contains("cases in a row were waited for"))
    };
    let unplayed = outcome.cases.iter().filter(is_unplayed).count();
    assert!(unplayed > cases.len() / 2, "{unplayed} of {}", cases.len());
}

#[tokio::test]
async fn a_server_with_few_places_is_tested_again_alone() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let open = Arc::new(AtomicUsize::new(0));
    // Every connection is opened, and from the fifth on hung up.
    let address = server(&scope, move |mut stream| {
        let open = open.clone();
        async move {
            if open.fetch_add(1, Ordering::SeqCst) < 4 {
                echo(&mut stream).await;
            } else if let Some(head) = accepting_head(&mut stream).await {
                let _ = stream.write_all(&head).await;
            }
            open.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let is_wanted = |case: &Case| case.id.starts_with("timing/cut");
    let cases: Vec<Case> = all_cases(1).into_iter().filter(is_wanted).collect();
    // So many at once that most find no place.
    let cases: Vec<Case> = std::iter::repeat_n(cases, 4).flatten().collect();
    let outcome = outcome_of(&config(&format!("ws://{address}/")), &cases).await;
    let exchanges = outcome.cases.iter().flat_map(|case| &case.exchanges);
    assert!(exchanges.filter(|exchange| exchange.beside_others.is_some()).count() > 0);
    assert_eq!(outcome.counts().keys().collect::<Vec<_>>(), [&Verdict::Pass]);
}
