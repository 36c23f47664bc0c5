//! The memory of a run, by its bounds: what it holds of cases, of exchanges, and of what it sends and
//! receives at once.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{KEY, accepting_head, case, config, play_against};
use crate::conform::exchange::{Exchange, MAX_KEPT, MAX_ORDER, READ_BUFFER, Transferred};
use crate::conform::{
    Case, Expectation, Finding, RunLimits, ServerTraits, Step, Verdict, all_cases, http2_cases,
};
use crate::wire::Side;

/// The memory that a run may take, in bytes.
const MAX_RUN: usize = 50 << 20;

/// The largest message that the command tries when it searches for a limit, in bytes.
const MAX_SEARCHED: usize = 4 << 20;

fn exchange(verdict: Verdict, name: u8) -> Exchange {
    let mut exchange = Exchange::without_bytes(Finding::new(verdict, "did that"));
    let connection = exchange.begin_connection();
    for from in [Side::Client, Side::Server] {
        exchange.add(connection, from, &[name; 1_000], Duration::ZERO);
    }
    exchange
}

#[test]
fn of_a_case_that_is_played_often_one_exchange_keeps_its_bytes() {
    let mut exchanges = Vec::new();
    for (name, verdict) in (0..).zip([
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Tolerated,
        Verdict::Pass,
    ]) {
        exchange(verdict, name).add_to(&mut exchanges);
        let holding = exchanges.iter().filter(|one| !one.first().sent.is_empty()).count();
        assert_eq!(holding, 1);
    }
    let outcome = crate::conform::CaseOutcome { index: 0, exchanges };
    let worst = outcome.worst().unwrap();
    assert_eq!(
        (worst.finding.verdict, &worst.first().received[..]),
        (Verdict::Fail, &[3; 1_000][..])
    );
    assert_eq!(outcome.varies(), Some((2, 6)));
    assert!(outcome.exchanges.iter().all(|one| one.first().sent_len == 1_000), "the numbers stay");
}

#[tokio::test(start_paused = true)]
async fn of_an_exchange_the_beginning_is_kept() {
    let exchange = play_against("timing/1-mib", |mut stream| async move {
        let head = accepting_head(&mut stream).await.unwrap();
        stream.write_all(&head).await.unwrap();
        let mut buffer = vec![0; 1 << 16];
        // What is sent back is noise, and as much as what came.
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            if stream.write_all(&[0x82, 0x7e, 0xff, 0xff]).await.is_err()
                || stream.write_all(&buffer[..count]).await.is_err()
            {
                break;
            }
        }
        std::future::pending::<()>().await;
    });
    let exchange = exchange.await;
    let bytes = exchange.first();
    assert!(bytes.sent_len > MAX_KEPT as u64 && bytes.received_len > MAX_KEPT as u64);
    assert_eq!((bytes.sent.len(), bytes.received.len()), (MAX_KEPT, MAX_KEPT));
}

/// Returns the bytes that a case is made of.
fn bytes_of(case: &Case) -> usize {
    let size = |step: &Step| match step {
        Step::Send(bytes) => bytes.len(),
        Step::Expect(
            Expectation::Message(_, data)
            | Expectation::EchoOrFailure { data, .. }
            | Expectation::Pong(data),
        ) => data.len(),
        _ => 0,
    };
    case.steps.iter().map(size).sum()
}

/// Returns the most bytes that are held while a case is played, besides the case: what is being sent,
/// what came (the message that arrives, its frame, and what waits), and the buffer of a read.
fn held_while_playing(case: &Case, limits: RunLimits) -> usize {
    let largest = case.steps.iter().map(|step| match step {
        Step::Send(bytes) => bytes.len(),
        _ => 0,
    });
    let kept = (case.longest_message() + (64 << 10)).min(limits.max_message);
    largest.max().unwrap_or(0) + 3 * kept + READ_BUFFER
}

/// No clock and no reading of memory: the sum of all bounds. With it, no server can make a run take
/// more, whatever it sends.
#[test]
fn the_bounds_of_a_run_come_to_less_than_50_mb() {
    let config = config("ws://127.0.0.1:1/");
    for cases in [all_cases(1), http2_cases(1)] {
        let itself: usize = cases.iter().map(bytes_of).sum();
        let kept = cases.len() * (2 * MAX_KEPT + MAX_ORDER * size_of::<Transferred>());
        let mut playing: Vec<usize> =
            cases.iter().map(|case| held_while_playing(case, config.limits)).collect();
        playing.sort_unstable();
        let at_once: usize = playing.iter().rev().take(config.max_at_once).sum();
        let searched = searched(config.limits);
        let all = itself + kept + at_once.max(searched);
        assert!(
            all <= MAX_RUN,
            "{all} bytes: {itself} of cases, {kept} of exchanges, {at_once} at once, {searched} in a \
             search"
        );
    }
}

/// Returns the most bytes that are held while the limit of a message is searched for.
fn searched(limits: RunLimits) -> usize {
    use wiretalk_core::conformance::{SizeLimit, echo_of_size};
    let case = echo_of_size(SizeLimit::Message, MAX_SEARCHED, 1);
    let max_message = limits.max_message.max(MAX_SEARCHED);
    bytes_of(&case) + held_while_playing(&case, RunLimits { max_message, ..limits })
}

#[test]
fn the_model_of_the_bounds_is_that_of_a_run() {
    let (case, limits) = (case("timing/1-mib"), RunLimits::default());
    let traits = ServerTraits { has_echo: true, ..ServerTraits::default() };
    let address = crate::conform::ServerAddress {
        authority: "test.example".to_owned(),
        target: "/".to_owned(),
    };
    let key = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, KEY);
    let mut run = wiretalk_core::conformance::CaseRun::new(&case, &address, &key, traits, limits);
    run.next(Duration::ZERO);
    let accept = crate::wire::handshake::AcceptValue::new(&key).value;
    run.receive(
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .as_bytes(),
    );
    let most = held_while_playing(&case, limits);
    let message = [&[0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 0][..], &vec![b'*'; 1 << 20]].concat();
    for _ in 0..6 {
        run.receive(&message);
        assert!(run.held_bytes() <= most, "{} of {most}", run.held_bytes());
    }
    run.receive(&message[..message.len() - 1]);
    assert!(run.held_bytes() <= most, "{} of {most}", run.held_bytes());
}
