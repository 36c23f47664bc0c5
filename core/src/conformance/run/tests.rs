use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::conformance::masking_keys::MaskingKeys;
use crate::conformance::run::sent::SentFrames;
use crate::conformance::{
    Case, CaseKind, Expectation, Finding, Group, Request, ServerAddress, Step, Verdict, all_cases,
    client_cases, http2_cases,
};
use crate::wire::handshake::response::{is_switching_protocols, validate};
use crate::wire::handshake::{
    ClientOffer, DEFAULT_MAX_HEAD_LEN, HandshakeOutcome, Head, HeadContext, HeadReader, HeadScan,
    Problem, ProblemCode, ServerPolicy, ValidatedHead,
};
use crate::wire::{Endpoint, EndpointEvent, MaskingKey, Side};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A server on `wire` without a socket: it reads, and its answers can be taken.
struct ModelServer {
    request: HeadReader,
    endpoint: Option<Endpoint>,
    answer: Vec<u8>,
    is_ended: bool,
    /// Changes the data of an echo.
    echo: fn(Vec<u8>) -> Vec<u8>,
    /// Changes what is sent.
    send: fn(Vec<u8>) -> Vec<u8>,
    /// Whether requests with these problems are accepted all the same.
    ignores: fn(&Problem) -> bool,
    /// Whether the server does not react to a violation.
    is_deaf: bool,
    has_failed: bool,
    /// Whether the server pings after each write that it gets, but for pongs.
    pings: bool,
    /// Whether messages are echoed only once all that came with them was read.
    is_slow: bool,
    /// What is sent right after the response.
    greeting: &'static [u8],
    /// The frames received, if the server ends the connection at the first of a message.
    ends_at_data: Option<SentFrames>,
}

impl ModelServer {
    fn new() -> Self {
        Self {
            request: HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN),
            endpoint: None,
            answer: Vec::new(),
            is_ended: false,
            echo: |data| data,
            send: |bytes| bytes,
            ignores: |_| false,
            is_deaf: false,
            has_failed: false,
            pings: false,
            is_slow: false,
            greeting: b"",
            ends_at_data: None,
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        if self.is_ended || self.has_failed {
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
        if let Some(frames) = &mut self.ends_at_data {
            frames.push(rest);
            self.is_ended = frames.has_data();
            if self.is_ended {
                return;
            }
        }
        let mut later = Vec::new();
        while let Some(event) = endpoint.receive(&mut rest) {
            match event {
                EndpointEvent::Message(kind, data) if self.is_slow => later.push((kind, data)),
                EndpointEvent::Message(kind, data) => {
                    endpoint.send(kind, &(self.echo)(data));
                }
                EndpointEvent::Failed(_) if self.is_deaf => {
                    // Nothing more is read, and the Close is not sent.
                    self.has_failed = true;
                    return;
                }
                _ => {}
            }
        }
        for (kind, data) in later {
            if !endpoint.is_finished() {
                endpoint.send(kind, &data);
            }
        }
        self.answer.extend((self.send)(endpoint.take_outbox()));
        let is_pong = bytes.first() == Some(&0x8a);
        if self.pings && !is_pong && !endpoint.is_finished() {
            self.answer.extend(b"\x89\x02hb");
        }
        self.is_ended = endpoint.is_finished() && !self.is_deaf;
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
        let is_answered = validation.response_headers.iter().any(|(name, _)| name == "Upgrade");
        if is_open && !is_answered {
            head += "Upgrade: websocket\r\nConnection: Upgrade\r\n";
        }
        for (name, value) in &validation.response_headers {
            head += &format!("{name}: {value}\r\n");
        }
        self.answer.extend_from_slice((head + "\r\n").as_bytes());
        if is_open {
            self.answer.extend(self.greeting);
        }
        self.is_ended = !is_open;
        self.endpoint = is_open.then(|| Endpoint::server(validation.agreed, 16 << 20));
    }
}

/// Returns the cases that are played by their steps.
fn stepped_cases(seed: u64) -> Vec<Case> {
    let all = all_cases(seed).into_iter();
    all.filter(|case| case.kind == CaseKind::Steps).collect()
}

/// Plays a case in virtual time, in which nothing takes any.
fn play(case: &Case, server: ModelServer, has_echo: bool) -> Finding {
    play_knowing(case, server, ServerTraits { has_echo, ..ServerTraits::default() })
}

/// Plays a case with a server of which something is known.
fn play_knowing(case: &Case, server: ModelServer, traits: ServerTraits) -> Finding {
    let address = ServerAddress { authority: "test.example".to_owned(), target: "/".to_owned() };
    let run = CaseRun::new(case, &address, KEY, traits, RunLimits::default());
    play_run(case, run, server, StreamEnd::Fin)
}

/// Plays a run of a case with a server that ends what it sends with `end`.
fn play_run(case: &Case, mut run: CaseRun, mut server: ModelServer, end: StreamEnd) -> Finding {
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
            run.end(end);
        }
        assert!(now < Duration::from_mins(1), "{} does not end", case.id);
    }
}

/// Returns what a server may send without end, in pieces.
fn floods() -> Vec<(&'static str, Vec<u8>)> {
    let message = |opcode: u8, len: u8| {
        let mut frame = vec![opcode, len];
        frame.extend(vec![b'*'; len.into()]);
        frame.repeat(2_000)
    };
    vec![
        ("pings", message(0x89, 125)),
        ("pongs", message(0x8a, 125)),
        ("messages", message(0x82, 125)),
        ("empty messages", message(0x82, 0)),
        ("fragments", message(0x00, 125)),
        ("a frame of 2^62 bytes", vec![b'*'; 1 << 20]),
        ("Closes", message(0x88, 0)),
        ("noise", (0..=255).collect::<Vec<u8>>().repeat(1_000)),
    ]
}

#[test]
fn whatever_a_server_sends_a_run_holds_a_bounded_part_of_it() {
    let address = ServerAddress { authority: "test.example".to_owned(), target: "/".to_owned() };
    let traits = ServerTraits { has_echo: true, ..ServerTraits::default() };
    let limits = RunLimits::default();
    let open = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let interim = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n".repeat(1_000);
    let cases = all_cases(1).into_iter();
    let wanted = ["ping/empty", "lengths/text-262144", "fragments/unfinished", "close/idle"];
    for case in cases.filter(|case| wanted.contains(&case.id.as_str())) {
        let most = 3 * driver::max_message(&case, limits) + case.sent_len() + (512 << 10);
        let heads = [("interim responses", interim.clone()), ("a head", vec![b'*'; 1 << 20])];
        for (name, flood) in heads {
            let mut run = CaseRun::new(&case, &address, KEY, traits, limits);
            run.next(Duration::ZERO);
            for _ in 0..8 {
                run.receive(&flood);
                assert!(run.held_bytes() <= most, "{}, {name}: {}", case.id, run.held_bytes());
            }
        }
        for (name, flood) in floods() {
            let mut run = CaseRun::new(&case, &address, KEY, traits, limits);
            run.next(Duration::ZERO);
            run.receive(open);
            match name {
                "fragments" => run.receive(&[0x02, 0]),
                "a frame of 2^62 bytes" => run.receive(&[0x82, 127, 0x40, 0, 0, 0, 0, 0, 0, 0]),
                _ => {}
            }
            for _ in 0..8 {
                // Nothing is taken of what is to be sent, as if the server did not read.
                run.receive(&flood);
                assert!(run.held_bytes() <= most, "{}, {name}: {}", case.id, run.held_bytes());
            }
        }
    }
}

#[test]
fn over_http_2_no_reason_speaks_of_tcp() {
    let address = ServerAddress { authority: "test.example".to_owned(), target: "/".to_owned() };
    let traits = ServerTraits { has_echo: true, ..ServerTraits::default() };
    let cases = http2_cases(1).into_iter().filter(|case| case.kind == CaseKind::Steps);
    let mut reasons = BTreeSet::new();
    for case in cases {
        for end in
            [StreamEnd::EndStream, StreamEnd::ResetStream("CANCEL"), StreamEnd::LostConnection]
        {
            let run =
                || CaseRun::new(&case, &address, KEY, traits, RunLimits::default()).over_http2();
            let deaf = ModelServer { is_deaf: true, ..ModelServer::new() };
            let rude =
                ModelServer { ends_at_data: Some(SentFrames::default()), ..ModelServer::new() };
            for server in [ModelServer::new(), deaf, rude] {
                reasons.insert(play_run(&case, run(), server, end).reason);
            }
        }
    }
    let speaks =
        |reason: &&String| ["TCP", "(FIN)", "(RST)"].iter().any(|word| reason.contains(word));
    assert_eq!(reasons.iter().find(speaks), None);
    for expected in ["(END_STREAM)", "(RST_STREAM with CANCEL)", "kept the stream open for 5 s"] {
        let is_told = reasons.iter().any(|reason| reason.contains(expected));
        assert!(is_told, "{expected}: {reasons:#?}");
    }
}

/// Returns the cases that fail with a server.
fn failing(server: impl Fn() -> ModelServer) -> BTreeSet<String> {
    let cases = stepped_cases(1);
    let fails = |case: &&Case| play(case, server(), true).verdict.is_failure();
    cases.iter().filter(fails).map(|case| case.id.clone()).collect()
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn names_are_unique_and_belong_to_their_group() {
    let cases = stepped_cases(1);
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len());
    assert!(cases.len() >= 500, "{}", cases.len());
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
fn a_conforming_server_passes_all_and_where_it_may_choose_is_tolerated() {
    let tolerated: BTreeSet<String> = stepped_cases(1)
        .iter()
        .filter_map(|case| {
            let finding = play(case, ModelServer::new(), true);
            assert!(!finding.verdict.is_failure(), "{}: {finding:?}", case.id);
            (finding.verdict == Verdict::Tolerated).then(|| case.id.clone())
        })
        .collect();
    let expected = names([
        "handshake/frame-with-request",
        "handshake/key-padding-bits",
        "handshake/bare-lf",
        "handshake/extension-malformed",
        "close/code-5000",
        "close/code-65535",
    ]);
    assert_eq!(tolerated, expected);
}

#[test]
fn each_rule_of_the_handshake_that_a_server_ignores_is_found() {
    type Ignores = fn(&Problem) -> bool;
    let servers: [(Ignores, BTreeSet<String>); 4] = [
        (|problem| problem.code == ProblemCode::KeyMissing, names(["handshake/no-key"])),
        (|problem| problem.code == ProblemCode::UpgradeMissing, names(["handshake/no-upgrade"])),
        (
            |problem| problem.code == ProblemCode::ConnectionMissing,
            names(["handshake/no-connection"]),
        ),
        (
            |problem| problem.code == ProblemCode::SpaceBeforeColon,
            names(["handshake/space-before-colon"]),
        ),
    ];
    for (ignores, expected) in servers {
        let found = failing(|| ModelServer { ignores, ..ModelServer::new() });
        assert_eq!(found, expected);
    }
}

#[test]
fn a_server_that_goes_on_after_a_violation_fails_each_of_them() {
    let found = failing(|| ModelServer { is_deaf: true, ..ModelServer::new() });
    let violations: BTreeSet<String> = stepped_cases(1)
        .into_iter()
        .filter(|case| {
            case.steps.iter().any(|step| {
                matches!(step, Step::Expect(Expectation::Failure { may_ignore: None, .. }))
            })
        })
        .map(|case| case.id)
        .collect();
    assert!(violations.is_subset(&found), "{:?}", violations.difference(&found));
}

#[test]
fn an_echo_of_other_bytes_and_a_masked_one_fail_wherever_there_is_an_echo() {
    let echoes: BTreeSet<String> =
        stepped_cases(1).into_iter().filter(|case| case.needs_echo).map(|case| case.id).collect();
    let longer = failing(|| ModelServer {
        echo: |data| [data, b"!".to_vec()].concat(),
        ..ModelServer::new()
    });
    assert_eq!(longer, echoes);
    let masked = failing(|| ModelServer {
        send: |mut bytes| {
            // The second byte of the first frame announces a key.
            if let Some(second) = bytes.get_mut(1) {
                *second |= 0x80;
            }
            bytes
        },
        ..ModelServer::new()
    });
    assert!(echoes.is_subset(&masked), "{:?}", echoes.difference(&masked));
}

#[test]
fn without_an_echo_nothing_fails_and_cases_that_need_one_do_not_apply() {
    for case in stepped_cases(1) {
        let finding = play(&case, ModelServer::new(), false);
        assert!(!finding.verdict.is_failure(), "{}: {finding:?}", case.id);
        assert_eq!(finding.verdict == Verdict::NotApplicable, case.needs_echo, "{}", case.id);
    }
}

#[test]
fn a_server_that_says_nothing_gives_no_answer() {
    let case = stepped_cases(1).swap_remove(0);
    let traits = ServerTraits { has_echo: true, ..ServerTraits::default() };
    let address = ServerAddress { authority: "a".to_owned(), target: "/".to_owned() };
    let mut run = CaseRun::new(&case, &address, KEY, traits, RunLimits::default());
    assert!(matches!(run.next(Duration::ZERO), Action::Send(_)));
    let limit = RunLimits::default().answer;
    assert_eq!(run.next(Duration::from_millis(1)), Action::WaitUntil(limit));
    let Action::Finish(finding) = run.next(limit) else { panic!("goes on") };
    assert_eq!(finding.verdict, Verdict::NoAnswer);
}

/// Plays a case with a client on `wire`, in virtual time. The client accepts a response if it keeps all
/// rules, or if `accepts_all`.
fn play_with_client(case: &Case, accepts_all: bool) -> (Finding, Vec<MaskingKey>) {
    let mut run = CaseRun::for_client(case, RunLimits::default());
    let server = ServerAddress { authority: "test.example".to_owned(), target: "/".to_owned() };
    let request = Request::standard().and("Sec-WebSocket-Extensions", "permessage-deflate");
    let request = request.to_bytes(&server, KEY);
    let offer = ClientOffer::from_request(&Head::new(Side::Client, &request));
    let mut client: Option<Endpoint> = None;
    let mut response = HeadReader::new(Side::Server, DEFAULT_MAX_HEAD_LEN);
    let (mut now, mut is_ended) = (Duration::ZERO, false);
    run.receive(&request);
    loop {
        let mut received = match run.next(now) {
            Action::Finish(finding) => return (finding, run.masking_keys().to_vec()),
            Action::Send(bytes) => bytes,
            Action::EndWrites => {
                is_ended = true;
                Vec::new()
            }
            Action::WaitUntil(time) => {
                assert!(time > now && time < Duration::from_mins(1), "{}", case.id);
                now = time;
                Vec::new()
            }
        };
        if client.is_none() && !is_ended {
            let taken = response.push(&received);
            received.drain(..taken);
            client = open_client(&response, &offer, accepts_all);
            is_ended = client.is_none() && response.scan() != HeadScan::Incomplete;
        }
        if let Some(client) = &mut client {
            let mut rest = received.as_slice();
            while let Some(event) = client.receive(&mut rest) {
                if let EndpointEvent::Message(kind, data) = event {
                    client.send(kind, &data);
                }
            }
            run.receive(&client.take_outbox());
        }
        if is_ended {
            run.end(StreamEnd::Fin);
        }
    }
}

/// Returns the client once it has accepted a response.
fn open_client(response: &HeadReader, offer: &ClientOffer, accepts_all: bool) -> Option<Endpoint> {
    let HeadScan::Complete(_) = response.scan() else { return None };
    let head = Head::new(Side::Server, response.bytes());
    let validation = validate(&head, Some(offer));
    let is_right = !validation.problems.iter().any(Problem::is_fatal);
    let is_accepted = accepts_all || is_switching_protocols(&head) && is_right;
    let mut keys = MaskingKeys::new(3);
    let keys = Box::new(move || keys.next_key());
    is_accepted.then(|| Endpoint::client(validation.agreed, 16 << 20, keys))
}

#[test]
fn a_conforming_client_passes_all_and_its_keys_are_seen() {
    let mut key_count = 0;
    for case in client_cases(1).iter().filter(|case| case.kind == CaseKind::Steps) {
        let (finding, keys) = play_with_client(case, false);
        let is_right = matches!(finding.verdict, Verdict::Pass | Verdict::Tolerated);
        assert!(is_right, "{}: {finding:?}", case.id);
        key_count += keys.len();
    }
    assert!(key_count > 300, "{key_count}");
}

#[test]
fn a_client_that_accepts_any_response_fails_each_case_about_it() {
    let cases = client_cases(1);
    let is_rejection = |case: &&Case| {
        case.steps == [Step::Expect(Expectation::Rejection)] && case.id != "handshake/not-http"
    };
    let rejections: Vec<&Case> = cases.iter().filter(is_rejection).collect();
    assert!(rejections.len() >= 19, "{}", rejections.len());
    for case in rejections {
        let (finding, _) = play_with_client(case, true);
        assert_eq!(finding.verdict, Verdict::Fail, "{}: {finding:?}", case.id);
    }
}

#[test]
fn the_names_of_the_cases_for_clients_are_unique() {
    let cases = client_cases(1);
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len());
    assert!(cases.len() > 300, "{}", cases.len());
}

#[test]
fn a_server_that_pings_at_any_time_fails_nothing() {
    for case in stepped_cases(1) {
        let finding = play(&case, ModelServer { pings: true, ..ModelServer::new() }, true);
        assert!(!finding.verdict.is_failure(), "{}: {finding:?}", case.id);
    }
}

#[test]
fn an_echo_that_comes_too_late_for_a_close_in_the_same_write_is_no_fault() {
    let tolerated: BTreeSet<String> = stepped_cases(1)
        .iter()
        .filter_map(|case| {
            let finding = play(case, ModelServer { is_slow: true, ..ModelServer::new() }, true);
            assert!(!finding.verdict.is_failure(), "{}: {finding:?}", case.id);
            finding.reason.contains("without an echo").then(|| case.id.clone())
        })
        .collect();
    assert!(tolerated.contains("close/after-message"), "{tolerated:?}");
    assert!(tolerated.contains("opcodes/rsv2-after-message"), "{tolerated:?}");
}

#[test]
fn a_greeting_is_passed_over() {
    let traits = ServerTraits { has_echo: true, greetings: 1, ..ServerTraits::default() };
    for case in stepped_cases(1) {
        let server = ModelServer { greeting: b"\x81\x07welcome", ..ModelServer::new() };
        let finding = play_knowing(&case, server, traits);
        assert!(!finding.verdict.is_failure(), "{}: {finding:?}", case.id);
    }
}

#[test]
fn the_end_at_any_message_says_nothing_about_frames() {
    let traits = ServerTraits {
        end_at_message: Some(ConnectionEnd::WithoutClose),
        ..ServerTraits::default()
    };
    for case in stepped_cases(1) {
        let ends_at_data = Some(SentFrames::default());
        let server = ModelServer { ends_at_data, ..ModelServer::new() };
        let finding = play_knowing(&case, server, traits);
        assert!(!finding.verdict.is_failure(), "{}: {finding:?}", case.id);
        let is_unknown = matches!(
            case.id.as_str(),
            "fragments/unfinished" | "fragments/close-between" | "close/after-256-kib"
        );
        if case.group == Group::Utf8 || is_unknown {
            assert_eq!(finding.verdict, Verdict::NotApplicable, "{}: {finding:?}", case.id);
        }
        if case.group == Group::Ping && !case.needs_echo {
            assert_ne!(finding.verdict, Verdict::NotApplicable, "{}: {finding:?}", case.id);
        }
    }
}

#[test]
fn the_next_request_on_a_connection_is_no_frame() {
    let cases = client_cases(1);
    let case = cases.iter().find(|case| case.id == "handshake/status-400").unwrap();
    let mut run = CaseRun::for_client(case, RunLimits::default());
    let server = ServerAddress { authority: "test.example".to_owned(), target: "/".to_owned() };
    run.receive(&Request::standard().to_bytes(&server, KEY));
    let Action::Send(response) = run.next(Duration::ZERO) else { panic!("sends nothing") };
    assert!(String::from_utf8(response).unwrap().contains("close\r\n"));
    run.receive(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    let Action::Finish(finding) = run.next(Duration::ZERO) else { panic!("goes on") };
    assert_eq!(finding.verdict, Verdict::Tolerated, "{finding:?}");
}

#[test]
fn waiting_for_the_rest_of_a_head_that_has_no_end_is_tolerated() {
    let cases = stepped_cases(1);
    let case = cases.iter().find(|case| case.id == "handshake/bare-lf").unwrap();
    let server = ServerAddress { authority: "test.example".to_owned(), target: "/".to_owned() };
    let traits = ServerTraits { has_echo: true, ..ServerTraits::default() };
    let mut run = CaseRun::new(case, &server, KEY, traits, RunLimits::default());
    assert!(matches!(run.next(Duration::ZERO), Action::Send(_)));
    let Action::Finish(finding) = run.next(RunLimits::default().answer) else { panic!("goes on") };
    assert_eq!(finding.verdict, Verdict::Tolerated, "{finding:?}");
}

#[test]
fn a_flood_of_pings_leaves_room_for_the_case() {
    let cases = stepped_cases(1);
    let case = cases.iter().find(|case| case.id == "ping/empty").unwrap();
    let server = ServerAddress { authority: "test.example".to_owned(), target: "/".to_owned() };
    let traits = ServerTraits { has_echo: true, ..ServerTraits::default() };
    let mut run = CaseRun::new(case, &server, KEY, traits, RunLimits::default());
    let (mut model, mut now) = (ModelServer::new(), Duration::ZERO);
    for _ in 0..1_000_000 {
        match run.next(now) {
            Action::Finish(finding) => return assert!(finding.verdict.is_failure(), "{finding:?}"),
            Action::Send(bytes) if model.endpoint.is_none() => model.receive(&bytes),
            Action::WaitUntil(time) => now = time,
            Action::Send(_) | Action::EndWrites => {}
        }
        // It never answers, and each read brings another ping.
        run.receive(&std::mem::take(&mut model.answer));
        run.receive(b"\x89\x01?");
    }
    panic!("does not end");
}
