//! Each misbehavior is a bug in a server that is right otherwise: the cases of `wiretalk conform` find it,
//! and exactly those that are about it. `found_by.toml` says which.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use crate::conformance::{
    Action, Case, CaseKind, CaseRun, Expectation, Opening, RunLimits, ServerAddress, ServerTraits,
    Step, StreamEnd, all_cases,
};
use crate::sloppy::misbehavior::CONFORMING;
use crate::sloppy::{Misbehavior, RequestAnswer, SloppyEndpoint, misbehaviors};
use crate::wire::Side;
use crate::wire::frame::message::MessageKind;
use crate::wire::handshake::{
    DEFAULT_MAX_HEAD_LEN, HeadContext, HeadReader, HeadScan, ServerPolicy, ValidatedHead, request,
};

/// What finds each misbehavior: its name and the patterns of cases.
const FOUND_BY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sloppy/found_by.toml");

static BASE: Misbehavior = CONFORMING;

/// The sloppy server without a socket.
struct Server {
    misbehavior: &'static Misbehavior,
    request: HeadReader,
    endpoint: Option<SloppyEndpoint>,
    answer: Vec<u8>,
    is_ended: bool,
}

impl Server {
    fn new(misbehavior: &'static Misbehavior) -> Self {
        let request = HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN);
        Self { misbehavior, request, endpoint: None, answer: Vec::new(), is_ended: false }
    }

    fn receive(&mut self, mut bytes: &[u8]) {
        if self.is_ended {
            return;
        }
        if self.endpoint.is_none() {
            let taken = self.request.push(bytes);
            bytes = &bytes[taken..];
            if self.request.scan() == HeadScan::Incomplete {
                return;
            }
            self.answer_request(bytes);
        }
        if let Some(endpoint) = &mut self.endpoint {
            endpoint.receive(bytes);
            self.answer.extend(endpoint.take_outbox());
            self.is_ended = endpoint.is_finished();
        }
    }

    fn answer_request(&mut self, after: &[u8]) {
        let context = HeadContext::Request(ServerPolicy::default());
        let request = ValidatedHead::with_bytes_after(&self.request, &context, after);
        let answer = request.head.as_ref().map_or(RequestAnswer::RefuseBroken, |head| {
            self.misbehavior.answer_to(head, &request.validation)
        });
        let head = match (answer, &request.head) {
            (RequestAnswer::Open, Some(head)) => {
                let key = request::key_from_request(head).unwrap_or_default();
                self.endpoint = Some(SloppyEndpoint::new(self.misbehavior, 16 << 20));
                self.misbehavior.response(&key).to_bytes()
            }
            (RequestAnswer::RefuseValid, _) => refusal(400, &[]),
            _ => {
                let status = request.validation.status.unwrap_or(400);
                refusal(status, &request.validation.response_headers)
            }
        };
        self.is_ended = self.endpoint.is_none();
        self.answer.extend(head);
    }
}

/// Returns the head of a response that refuses a request.
fn refusal(status: u16, headers: &[(String, String)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} \r\n");
    for (name, value) in headers {
        head.push_str(&[name, ": ", value, "\r\n"].concat());
    }
    (head + "\r\n").into_bytes()
}

/// Plays a case in virtual time. Returns why it failed, if it did.
fn failure(case: &Case, misbehavior: &'static Misbehavior) -> Option<String> {
    let mut server = Server::new(misbehavior);
    let address = ServerAddress { authority: "test.example".to_owned(), target: "/".to_owned() };
    let traits = ServerTraits { has_echo: true, ..ServerTraits::default() };
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let mut run = CaseRun::new(case, &address, key, traits, RunLimits::default());
    let mut now = Duration::ZERO;
    loop {
        match run.next(now) {
            Action::Finish(finding) => {
                return finding.verdict.is_failure().then_some(finding.reason);
            }
            Action::Send(bytes) => server.receive(&bytes),
            Action::EndWrites => server.is_ended = true,
            Action::WaitUntil(time) => now = time,
        }
        run.receive(&std::mem::take(&mut server.answer));
        if server.is_ended {
            run.end(StreamEnd::Fin);
        }
        assert!(now < Duration::from_mins(1), "{} does not end", case.id);
    }
}

fn cases() -> Vec<Case> {
    all_cases(1).into_iter().filter(|case| case.kind == CaseKind::Steps).collect()
}

/// Whether a name matches a pattern, in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, rest)) => name.strip_prefix(before).is_some_and(|name| {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.into_iter().any(|at| matches(rest, &name[at..]))
        }),
    }
}

/// Returns the cases that a list of patterns describes.
fn expand<'c>(patterns: &[String], cases: &'c [Case]) -> BTreeSet<&'c str> {
    let mut all = BTreeSet::new();
    for pattern in patterns {
        let (is_exception, pattern) = match pattern.strip_prefix('!') {
            Some(pattern) => (true, pattern),
            None => (false, pattern.as_str()),
        };
        let described: BTreeSet<&str> = cases
            .iter()
            .filter(|case| match pattern.strip_prefix('@') {
                Some(class) => is_of_class(class, case),
                None => matches(pattern, &case.id),
            })
            .map(|case| case.id.as_str())
            .collect();
        assert!(!described.is_empty(), "no case is {pattern}");
        if is_exception {
            all.retain(|case| !described.contains(case));
        } else {
            all.extend(described);
        }
    }
    all
}

fn is_of_class(class: &str, case: &Case) -> bool {
    let expects = |is: fn(&Expectation) -> bool| {
        let is_compressed = matches!(case.opening, Opening::Compressed { .. });
        let mut steps = case.steps.iter();
        !is_compressed && steps.any(|step| matches!(step, Step::Expect(what) if is(what)))
    };
    let echoes_text =
        |what: &Expectation| matches!(what, Expectation::Message(MessageKind::Text, _));
    match class {
        "opened" => !matches!(case.opening, Opening::Refused { .. }),
        "echo" => case.needs_echo && expects(|_| true),
        "text" => expects(echoes_text),
        "binary" => case.needs_echo && expects(|_| true) && !expects(echoes_text),
        "close" => expects(|what| matches!(what, Expectation::CloseReply { .. })),
        _ => panic!("no class is @{class}"),
    }
}

/// Whether a misbehavior is a bug in a server that is right otherwise and in this process.
fn is_planted(misbehavior: &Misbehavior) -> bool {
    !misbehavior.name.is_empty() && !misbehavior.has_own_process
}

#[test]
fn a_server_without_a_bug_fails_nothing() {
    for case in cases() {
        assert_eq!(failure(&case, &BASE), None, "{}", case.id);
    }
}

#[test]
fn each_planted_bug_is_found_by_exactly_the_cases_that_are_about_it() {
    let expected: BTreeMap<String, Vec<String>> =
        toml::from_str(&std::fs::read_to_string(FOUND_BY).unwrap()).unwrap();
    let cases = cases();
    let bugs: Vec<_> = misbehaviors::all().filter(|bug| is_planted(bug)).collect();
    let names: BTreeSet<&str> = bugs.iter().map(|bug| bug.name).collect();
    assert_eq!(names, expected.keys().map(String::as_str).collect());
    let mut differences = String::new();
    for bug in bugs {
        let found_by = expand(&expected[bug.name], &cases);
        for case in &cases {
            let is_expected = found_by.contains(case.id.as_str());
            match failure(case, bug) {
                Some(why) if !is_expected => {
                    writeln!(differences, "/{}: {} fails: {why}", bug.name, case.id).unwrap();
                }
                None if is_expected => {
                    writeln!(differences, "/{}: {} does not fail", bug.name, case.id).unwrap();
                }
                _ => {}
            }
        }
    }
    assert!(differences.is_empty(), "{differences}");
    assert!(expected.values().filter(|found_by| !found_by.is_empty()).count() >= 40);
}
