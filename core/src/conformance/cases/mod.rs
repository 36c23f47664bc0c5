//! All cases, a file for each group.

mod close;
mod deflate;
mod fragments;
mod handshake;
mod lengths;
mod masking;
mod opcodes;
mod origin;
mod ping;
mod timing;
mod utf8;

use std::time::Duration;

use crate::conformance::case::{Case, CaseKind, Expectation, Step};
use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::conformance::http2_rule::Http2Rule;
use crate::conformance::whole_run;

/// Returns all cases. The same `seed` gives the same masking keys and payloads.
pub fn all_cases(seed: u64) -> Vec<Case> {
    let mut builder = CaseBuilder::new(seed);
    handshake::add(&mut builder);
    origin::add(&mut builder);
    masking::add(&mut builder);
    lengths::add(&mut builder);
    opcodes::add(&mut builder);
    fragments::add(&mut builder);
    utf8::add(&mut builder);
    ping::add(&mut builder);
    close::add(&mut builder);
    timing::add(&mut builder);
    deflate::add(&mut builder);
    whole_run::add(&mut builder);
    builder.into_cases()
}

/// Returns the cases for a server over HTTP/2. The same `seed` gives the same bytes.
pub fn http2_cases(seed: u64) -> Vec<Case> {
    let mut builder = CaseBuilder::new(seed);
    for (rule, name, title, section) in Http2Rule::ALL {
        let draft = case(Group::Http2, name, title, section);
        builder.add(draft.tested_by(CaseKind::Http2(rule)));
    }
    let mut cases = builder.into_cases();
    // The handshakes of HTTP/1.1 have a syntax of their own.
    let about_frames = all_cases(seed).into_iter().filter(|case| case.group != Group::Handshake);
    cases.extend(about_frames.map(in_words_of_http2));
    cases
}

/// Returns a case whose title says what stands for FIN on a stream (RFC 8441 section 5).
fn in_words_of_http2(case: Case) -> Case {
    if case.steps.contains(&Step::EndWrites) {
        return Case { title: case.title.replace("FIN", "END_STREAM"), ..case };
    }
    case
}

/// Adds the cases about frames that are the same for a client.
pub(super) fn add_for_clients(builder: &mut CaseBuilder) {
    lengths::add(builder);
    opcodes::add(builder);
    fragments::add(builder);
    utf8::add(builder);
    ping::add(builder);
    close::add(builder);
    timing::add(builder);
    deflate::add_for_clients(builder);
}

/// Returns the case that opens a connection and closes it again. It tells whether a server works.
pub fn standard_handshake() -> Case {
    let mut builder = CaseBuilder::new(0);
    builder.add(case(Group::Handshake, "standard", "a standard request", "RFC 6455 §4.2.1"));
    builder.into_cases().swap_remove(0)
}

/// Returns a case that sends a message and then a ping, without an echo. It tells whether a server goes on
/// at a message that its application may not know.
pub fn message_without_echo(seed: u64) -> Case {
    let mut builder = CaseBuilder::new(seed);
    let (text, ping) = (builder.text(b"fragment1"), builder.ping(b"going on?"));
    let draft = case(Group::Masking, "message", "a message, then a ping", "RFC 6455 §5.6")
        .send(text)
        .expect(Expectation::Silence(Duration::from_millis(300)))
        .send(ping)
        .ponged(b"going on?");
    builder.add(draft);
    let mut case = builder.into_cases().swap_remove(0);
    // The closing handshake is no part of it.
    case.steps.truncate(4);
    case
}

/// Returns a case whose message is echoed. It tells whether a server echoes.
pub fn short_echo(seed: u64) -> Case {
    let mut builder = CaseBuilder::new(seed);
    let text = format!("wiretalk {seed:016x}");
    let frame = builder.text(text.as_bytes());
    let draft = case(Group::Masking, "echo", "a short message", "RFC 6455 §5.6").send(frame);
    builder.add(draft.echoed_text(text.as_bytes()));
    builder.into_cases().swap_remove(0)
}
