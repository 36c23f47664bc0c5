use std::collections::BTreeSet;

use super::*;
use crate::conformance::all_cases;
use crate::wire::handshake::{
    HandshakeOutcome, HeadContext, Problem, ProblemCode, ServerPolicy, ValidatedHead,
};
use crate::wire::{AgreedExtensions, Endpoint, EndpointEvent};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A server on `wire` without a socket: it reads, and its answers can be taken.
struct ModelServer {
    request: HeadReader,
    endpoint: Option<Endpoint>,
    answer: Vec<u8>,
    is_ended: bool,
    /// Changes the data of an echo.
    echo: fn(Vec<u8>) -> Vec<u8>,
    /// Whether requests with these problems are accepted all the same.
    ignores: fn(&Problem) -> bool,
}

impl ModelServer {
    fn new() -> Self {
        Self {
            request: HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN),
            endpoint: None,
            answer: Vec::new(),
            is_ended: false,
            echo: |data| data,
            ignores: |_| false,
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        if self.is_ended {
            return;
        }
        let mut rest = bytes;
        if self.endpoint.is_none() {
            let taken = self.request.push(rest);
            rest = rest.get(taken..).unwrap_or_default();
            if self.request.scan() == HeadScan::Incomplete {
                return;
            }
            self.answer_request(rest);
        }
        let Some(endpoint) = &mut self.endpoint else { return };
        while let Some(event) = endpoint.receive(&mut rest) {
            if let EndpointEvent::Message(kind, data) = event {
                endpoint.send(kind, &(self.echo)(data));
            }
        }
        self.answer.extend(endpoint.take_outbox());
        self.is_ended = endpoint.is_finished();
    }

    fn answer_request(&mut self, after: &[u8]) {
        let policy = ServerPolicy {
            deflate: true,
            origins: vec!["http://test.example".to_owned()],
            ..ServerPolicy::default()
        };
        let context = HeadContext::Request(policy);
        let validation = ValidatedHead::with_bytes_after(&self.request, &context, after).validation;
        let ignored = validation.problems.iter().all(|p| !p.is_fatal() || (self.ignores)(p));
        let is_open = validation.outcome == HandshakeOutcome::Accept || ignored;
        let status = if is_open { 101 } else { validation.status.unwrap_or(400) };
        let mut head = format!("HTTP/1.1 {status} Reason\r\n");
        let opening = [("Upgrade", "websocket"), ("Connection", "Upgrade")];
        let known = validation.response_headers.iter().any(|(name, _)| name == "Upgrade");
        for (name, value) in opening.iter().filter(|_| is_open && !known) {
            head += &format!("{name}: {value}\r\n");
        }
        for (name, value) in &validation.response_headers {
            head += &format!("{name}: {value}\r\n");
        }
        self.answer.extend_from_slice((head + "\r\n").as_bytes());
        self.is_ended = !is_open;
        self.endpoint = is_open.then(|| Endpoint::server(validation.agreed, 16 << 20));
    }
}

/// Plays a case in virtual time, in which nothing takes any.
fn play(case: &Case, mut server: ModelServer, has_echo: bool) -> Finding {
    let traits = ServerTraits { has_echo, needs_origin: false };
    let address = ServerAddress { authority: "test.example".to_owned(), target: "/".to_owned() };
    let mut run = CaseRun::new(case, &address, KEY, traits, RunLimits::default());
    let mut now = Duration::ZERO;
    loop {
        match run.next(now) {
            Action::Finish(finding) => return finding,
            Action::Send(bytes) => server.receive(&bytes),
            Action::EndWrites => server.is_ended = true,
            Action::WaitUntil(time) => {
                assert!(time > now, "{}: waits for the past", case.id);
                now = time;
            }
        }
        run.receive(&std::mem::take(&mut server.answer));
        if server.is_ended {
            run.end(StreamEnd::Fin);
        }
        assert!(now < Duration::from_mins(1), "{} does not end", case.id);
    }
}

/// Returns the cases that fail with a server.
fn failing(server: impl Fn() -> ModelServer) -> BTreeSet<String> {
    let cases = all_cases(1);
    cases
        .iter()
        .filter(|case| play(case, server(), true).verdict == Verdict::Fail)
        .map(|case| case.id.clone())
        .collect()
}

#[test]
fn names_are_unique_and_belong_to_their_group() {
    let cases = all_cases(1);
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len());
    assert!(cases.len() >= 250, "{}", cases.len());
    for case in &cases {
        let (group, name) = case.id.split_once('/').unwrap();
        assert_eq!(group, case.group.name());
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        assert!(!case.expectations().is_empty() && case.rule.contains("RFC"), "{}", case.id);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(all_cases(7), all_cases(7));
    assert_ne!(all_cases(7), all_cases(8));
}

#[test]
fn a_conforming_server_fails_nothing() {
    let found: Vec<(String, Finding)> = all_cases(1)
        .iter()
        .map(|case| (case.id.clone(), play(case, ModelServer::new(), true)))
        .filter(|(_, finding)| finding.verdict != Verdict::Pass)
        .collect();
    for (id, finding) in &found {
        println!("{id}: {} {}", finding.verdict, finding.reason);
    }
    assert!(found.iter().all(|(_, finding)| !finding.verdict.is_failure()));
}
