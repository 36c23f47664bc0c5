//! Carries out the commands of the demo: tests a contestant or our own server, and opens the inspector
//! on an exchange.

use std::sync::Arc;
use std::time::Instant;

use super::state::{Msg, RunStep};
use super::suite::{GridSuite, SuiteKind};
use crate::conform::{
    self, AnnotatedSide, Case, ConformConfig, ConformEvent, ConformOutcome, Exchange, SockJsPaths,
    fast_cases,
};
use crate::demos::inspect::{self, Inspect};
use crate::lab::{LiveConfig, LiveEvent, play_live};
use crate::net::{Target, Transfer};
use crate::scope::Scope;
use crate::servers::{ServerBundle, ServerKind, ServerOptions, SockJsServerOptions, sockjs};
use crate::stage::{Mailbox, Services, Stage, StandaloneDemo, WorkContext};

/// The name of the work that a run is.
const RUN: &str = "conform";

/// The name of the work that a single case is.
const CASE: &str = "conform case";

/// Tests a contestant. An earlier run ends.
pub(super) fn play(stage: &Stage<Msg>, suite: SuiteKind, config: LiveConfig) {
    let suite = GridSuite::of(suite);
    stage.start(RUN, move |WorkContext { scope, mailbox }| async move {
        let cases = live_cases(suite);
        let on_event = |event| match event {
            LiveEvent::Building => send_step(&mailbox, RunStep::Building),
            LiveEvent::Starting => send_step(&mailbox, RunStep::Starting),
            LiveEvent::Case(event) => send_verdict(&mailbox, suite, &cases, &event),
        };
        let played = play_live(&scope, &config, &cases, on_event).await;
        let result = played.map(|outcome| exchanges(suite, &cases, outcome));
        // Fails only if the slide was left.
        let _ = mailbox.send(Msg::Finished(result.map_err(|error| error.to_string()))).await;
    });
}

/// Tests our own server.
pub(super) fn play_own(stage: &Stage<Msg>, suite: SuiteKind) {
    let services = stage.services().clone();
    let suite = GridSuite::of(suite);
    stage.start(RUN, move |WorkContext { scope, mailbox }| async move {
        let cases = live_cases(suite);
        let on_event = |event: ConformEvent| send_verdict(&mailbox, suite, &cases, &event);
        let result = play_on_own(suite, &services, &scope, &cases, on_event).await;
        let result = result.map(|outcome| exchanges(suite, &cases, outcome));
        // Fails only if the slide was left.
        let _ = mailbox.send(Msg::Finished(result)).await;
    });
}

/// Plays one case against our own server.
pub(super) fn play_case(stage: &Stage<Msg>, suite: SuiteKind, index: usize) {
    let services = stage.services().clone();
    let suite = GridSuite::of(suite);
    stage.start(CASE, move |WorkContext { scope, mailbox }| async move {
        let Some(case) = suite.table.cases.get(index).cloned() else { return };
        let played = play_on_own(suite, &services, &scope, &[case], |_| {}).await;
        let exchange = played.and_then(|outcome| {
            let first = outcome.cases.into_iter().flat_map(|case| case.exchanges).next();
            let exchange = first.ok_or_else(|| "the case was not played".to_owned())?;
            let has_bytes = exchange.has_sent();
            has_bytes.then(|| Box::new(exchange)).ok_or_else(|| {
                "this case is derived from others and has no exchange of its own".to_owned()
            })
        });
        // Fails only if the slide was left.
        let _ = mailbox.send(Msg::CasePlayed(index, exchange)).await;
    });
}

/// Ends the run.
pub(super) fn stop(stage: &Stage<Msg>) {
    stage.stop(RUN);
}

/// Returns the cases of a run on a slide, which must not take longer than a fast one.
fn live_cases(suite: &GridSuite) -> Vec<Case> {
    fast_cases(suite.table.cases.clone())
}

async fn play_on_own(
    suite: &GridSuite,
    services: &Services,
    scope: &Scope,
    cases: &[Case],
    on_event: impl FnMut(ConformEvent),
) -> Result<ConformOutcome, String> {
    match suite.kind {
        SuiteKind::WebSocket => play_on_strict(services, cases, on_event).await,
        SuiteKind::SockJs => play_on_sockjs(scope, cases, on_event).await,
    }
}

/// Plays cases against a SockJS server of the run's own.
async fn play_on_sockjs(
    scope: &Scope,
    cases: &[Case],
    on_event: impl FnMut(ConformEvent),
) -> Result<ConformOutcome, String> {
    let (options, own) = (ServerOptions::default(), SockJsServerOptions::default());
    let (address, serving) =
        sockjs::bind(scope, options, &own).map_err(|error| error.to_string())?;
    let server = scope.child();
    server.spawn("sockjs", serving);
    let target = Target::parse(&format!("ws://{address}/")).map_err(|error| error.to_string())?;
    let sockjs = Some(SockJsPaths::below(&target.path));
    let config = ConformConfig { sockjs, ..ConformConfig::new(target).fast() };
    let played = conform::run(&config, cases, on_event).await;
    server.cancel();
    played.map_err(|error| error.to_string())
}

async fn play_on_strict(
    services: &Services,
    cases: &[Case],
    on_event: impl FnMut(ConformEvent),
) -> Result<ConformOutcome, String> {
    let Some(bundle) = services.get::<Arc<ServerBundle>>() else {
        return Err("the bundled servers are not running".to_owned());
    };
    let server = bundle.server(ServerKind::Strict);
    let address = server.ready().await.map_err(|error| error.to_string())?;
    let target = Target::parse(&format!("ws://{address}/")).map_err(|error| error.to_string())?;
    let config = ConformConfig::new(target).fast();
    conform::run(&config, cases, on_event).await.map_err(|error| error.to_string())
}

fn send_step(mailbox: &Mailbox<Msg>, step: RunStep) {
    // A step that finds the mailbox full is not missed: the exchanges come at the end.
    let _ = mailbox.try_send(Msg::Step(step));
}

fn send_verdict(mailbox: &Mailbox<Msg>, suite: &GridSuite, cases: &[Case], event: &ConformEvent) {
    if let ConformEvent::Played { index, verdict } | ConformEvent::Replayed { index, verdict, .. } =
        event
        && let Some(case) = cases.get(*index).and_then(|case| suite.table.case_index(&case.id))
    {
        send_step(mailbox, RunStep::Played(case, *verdict));
    }
}

/// Returns the worst exchange of each case, by the index of the case among all.
fn exchanges(suite: &GridSuite, cases: &[Case], outcome: ConformOutcome) -> Vec<(usize, Exchange)> {
    let results = cases.iter().zip(outcome.cases);
    let worst = results.filter_map(|(case, result)| {
        Some((suite.table.case_index(&case.id)?, result.worst()?.clone()))
    });
    worst.collect()
}

/// Opens the inspector on an exchange that has ended.
pub(super) fn inspect(stage: &Stage<Msg>, title: String, exchange: Exchange) {
    stage.open_overlay(StandaloneDemo::new(move || open_inspector(&title, &exchange)));
}

/// Returns an inspector that holds the bytes of an exchange. The order of the pieces is that of the
/// handshake: the request, the response, then all that the client sent, and all that came back.
fn open_inspector(title: &str, exchange: &Exchange) -> (Inspect, Vec<inspect::Cmd>) {
    let began = Instant::now();
    let ended = began.checked_add(exchange.took).unwrap_or(began);
    let connection = exchange.first();
    let sides = connection.annotated();
    let (request, sent) = split_heads(&connection.sent, &sides.client);
    let (response, received) = split_heads(&connection.received, &sides.server);
    let pieces = [
        (Transfer::Sent, request, began),
        (Transfer::Received, response, began),
        (Transfer::Sent, sent, began),
        (Transfer::Received, received, ended),
    ];
    let note = format!("the server {}", exchange.finding.reason);
    inspect::open_ended(title, &pieces, Some(note))
}

/// Splits what a side sent behind its heads.
fn split_heads<'b>(bytes: &'b [u8], side: &AnnotatedSide) -> (&'b [u8], &'b [u8]) {
    let len = side.heads.iter().map(|head| head.raw().len()).fold(0, usize::saturating_add);
    bytes.split_at(len.min(bytes.len()))
}
