//! Servers that are broken or hostile: over a stream in memory and in paused time where time matters,
//! and on real sockets where connections do.

mod http2;
mod memory;
mod odd_servers;
#[cfg(target_os = "linux")]
mod survival;

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, duplex,
};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::conform::exchange::{Exchange, play_on};
use crate::conform::{
    Case, CaseKind, ConformConfig, ConformOutcome, RestartError, RunLimits, ServerTraits, Verdict,
    all_cases, run,
};
use crate::net::{Target, listen, serve};
use crate::scope::Scope;
use crate::wire::handshake::AcceptValue;
use crate::wire::{AgreedExtensions, Endpoint, EndpointEvent};

const KEY: [u8; 16] = [7; 16];

/// The most of time that a case may take with the default limits: for the response, for what it sends
/// and for each answer.
const MAX_CASE: Duration = Duration::from_secs(20);

fn case(id: &str) -> Case {
    all_cases(1).into_iter().find(|case| case.id == id).unwrap()
}

fn config(url: &str) -> ConformConfig {
    ConformConfig::new(Target::parse(url).unwrap())
}

/// Plays a case against a server over a stream in memory.
async fn play_against<F>(id: &str, server: impl FnOnce(DuplexStream) -> F) -> Exchange
where
    F: Future<Output = ()>,
{
    let (ours, theirs) = duplex(64 << 10);
    let traits = ServerTraits { has_echo: true, ..ServerTraits::default() };
    let (config, case) = (config("ws://127.0.0.1:1/"), case(id));
    let began = Instant::now();
    let playing = play_on(ours, &config, &case, KEY, traits);
    let exchange = tokio::select! {
        exchange = playing => exchange,
        () = async { server(theirs).await; std::future::pending().await } => unreachable!(),
    };
    assert!(began.elapsed() <= MAX_CASE, "{id} took {:?}", began.elapsed());
    exchange
}

/// Reads a request and returns the head that accepts it.
async fn accepting_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))?;
    let accept = AcceptValue::new(key).value;
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    Some(head.into_bytes())
}

/// Accepts a handshake and sends `bytes`; then it keeps the connection open.
async fn accept_and_send(mut stream: DuplexStream, bytes: Vec<u8>) {
    let head = accepting_head(&mut stream).await.unwrap();
    stream.write_all(&head).await.unwrap();
    let _ = stream.write_all(&bytes).await;
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_never_answers_is_named() {
    let exchange = play_against("lengths/text-125", |stream| async {
        let _stream = stream;
        std::future::pending::<()>().await;
    });
    let finding = exchange.await.finding;
    assert_eq!(finding.verdict, Verdict::NoAnswer);
    assert_eq!(finding.reason, "did not answer within 5 s");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_garbage_is_named() {
    let noise = vec![0xff; 100_000];
    for garbage in [&b"\x00\x01\x02\x03\r\n\r\n"[..], b"SSH-2.0-OpenSSH_9.2\r\n", &noise] {
        let exchange = play_against("lengths/text-125", |mut stream| async move {
            let _ = stream.write_all(garbage).await;
            let _ = stream.shutdown().await;
            std::future::pending::<()>().await;
        });
        let finding = exchange.await.finding;
        assert_eq!(finding.verdict, Verdict::Fail, "{finding:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_drips_a_byte_a_second_is_named_at_its_limit() {
    let exchange = play_against("lengths/text-125", |mut stream| async move {
        let head = accepting_head(&mut stream).await.unwrap();
        for byte in head {
            stream.write_u8(byte).await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
    });
    let finding = exchange.await.finding;
    assert_eq!(finding.verdict, Verdict::Fail);
    assert_eq!(finding.reason, "did not complete its response within 5 s");

    let exchange = play_against("lengths/text-125", |mut stream| async move {
        let head = accepting_head(&mut stream).await.unwrap();
        stream.write_all(&head).await.unwrap();
        for byte in [&[0x81, 125][..], &[b'*'; 125]].concat() {
            stream.write_u8(byte).await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
    });
    let finding = exchange.await.finding;
    assert_eq!(finding.verdict, Verdict::Fail);
    assert_eq!(finding.reason, "did not echo the message within 5 s");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_reads_a_byte_a_second_costs_the_case_no_more_than_its_limit() {
    let exchange = play_against("timing/1-mib", |mut stream| async move {
        let head = accepting_head(&mut stream).await.unwrap();
        stream.write_all(&head).await.unwrap();
        while stream.read_u8().await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
    });
    let exchange = exchange.await;
    assert_eq!(exchange.finding.verdict, Verdict::Fail);
    let sent_len = exchange.first().sent_len;
    assert!(sent_len < 200_000, "{sent_len}");
}

#[tokio::test(start_paused = true)]
async fn a_length_of_2_to_the_63_is_named_and_one_below_is_waited_for() {
    let claim = |top: u8| [&[0x82, 127, top][..], &[0; 7]].concat();
    let exchange = play_against("lengths/text-125", |stream| accept_and_send(stream, claim(0x80)));
    let finding = exchange.await.finding;
    assert_eq!(finding.verdict, Verdict::Fail);
    assert!(finding.reason.contains("§5.2"), "{finding:?}");
    let exchange = play_against("lengths/text-125", |stream| accept_and_send(stream, claim(0x40)));
    assert_eq!(exchange.await.finding.reason, "did not echo the message within 5 s");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_and_messages_ends_the_case_at_its_limit() {
    let flood = [&[0x89, 1, b'?'][..]].concat().repeat(1 << 20);
    let exchange = play_against("ping/empty", |stream| accept_and_send(stream, flood)).await;
    assert!(exchange.finding.verdict.is_failure(), "{:?}", exchange.finding);
    let messages = [0x82, 1, 0].repeat(1 << 20);
    let exchange = play_against("ping/empty", |stream| accept_and_send(stream, messages)).await;
    assert!(exchange.finding.verdict.is_failure(), "{:?}", exchange.finding);
}

/// Serves each connection with `handle`.
fn server<F>(scope: &Scope, mut handle: impl FnMut(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = listen((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let inner = scope.child();
    scope.spawn("server", async move {
        serve("connection", &inner, &listener, 1_000, || {}, |stream, _| handle(stream)).await;
    });
    address
}

/// An echo that keeps all rules. Returns whether the client broke one.
async fn echo(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> bool {
    let Some(head) = accepting_head(stream).await else { return false };
    if stream.write_all(&head).await.is_err() {
        return false;
    }
    echo_frames(stream).await
}

/// An echo on a connection that is open. Returns whether the client broke a rule.
async fn echo_frames(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> bool {
    let mut endpoint = Endpoint::server(AgreedExtensions::none(), 1 << 20);
    let (mut has_failed, mut buffer) = (false, vec![0; 16 << 10]);
    while !endpoint.is_finished() {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { break };
        let mut bytes = &buffer[..count];
        while let Some(event) = endpoint.receive(&mut bytes) {
            match event {
                EndpointEvent::Message(kind, data) => {
                    endpoint.send(kind, &data);
                }
                EndpointEvent::Failed(_) => has_failed = true,
                _ => {}
            }
        }
        if stream.write_all(&endpoint.take_outbox()).await.is_err() {
            break;
        }
    }
    has_failed
}

/// A server that dies of each violation: it hangs up on the next connections without a word. After
/// `downtime` of them it is back.
fn mortal_server(scope: &Scope, downtime: usize) -> SocketAddr {
    let down = Arc::new(AtomicUsize::new(0));
    server(scope, move |mut stream| {
        let down = down.clone();
        async move {
            let is_down = |left: usize| left.checked_sub(1);
            if down.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_down).is_ok() {
                return;
            }
            if echo(&mut stream).await {
                down.store(downtime, Ordering::SeqCst);
            }
        }
    })
}

async fn outcome_of(config: &ConformConfig, cases: &[Case]) -> ConformOutcome {
    run(config, cases, |_| {}).await.unwrap_or_else(|error| panic!("{error}"))
}

fn cases_like(beginning: &str) -> Vec<Case> {
    let is_like = |case: &Case| case.id.starts_with(beginning) || case.kind == CaseKind::Handshakes;
    all_cases(1).into_iter().filter(is_like).collect()
}

#[tokio::test]
async fn a_server_that_dies_of_every_case_costs_each_of_them_and_not_the_run() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let address = mortal_server(&scope, 3);
    // Side by side, the cases would share the attempts that this server refuses.
    let mut config = config(&format!("ws://{address}/"));
    config.max_at_once = 1;
    let cases = cases_like("opcodes/rsv1-");
    let outcome = outcome_of(&config, &cases).await;
    for (case, result) in cases.iter().zip(&outcome.cases) {
        if case.kind == CaseKind::Steps {
            assert_eq!(result.verdict(), Verdict::Died, "{}: {result:?}", case.id);
        }
    }
    let last = outcome.cases.last().unwrap().worst().unwrap();
    assert_eq!(last.finding.verdict, Verdict::Fail);
    let all = cases.len() - 1;
    assert_eq!(
        last.finding.reason,
        format!("opened no connection after {all} of {all} violations")
    );
}

#[tokio::test]
async fn a_server_that_stays_dead_ends_the_run_and_the_case_that_was_alone_is_to_blame() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let address = mortal_server(&scope, usize::MAX);
    let mut config = config(&format!("ws://{address}/"));
    config.restart_timeout = Duration::from_millis(200);
    config.max_at_once = 1;
    let cases = cases_like("opcodes/rsv1-");
    let outcome = outcome_of(&config, &cases).await;
    let first = outcome.cases[0].worst().unwrap();
    assert_eq!(first.finding.verdict, Verdict::Died);
    let later = outcome.cases[1].worst().unwrap();
    assert!(
        later.finding.reason.starts_with("was not played: the server did not come up")
            && later.finding.reason.ends_with(&format!("it died in {}", cases[0].id)),
        "{later:?}"
    );
}

#[tokio::test]
async fn a_server_that_opens_nothing_is_an_error_with_its_reason() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let address = server(&scope, |stream| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    });
    let mut silent = config(&format!("ws://{address}/"));
    silent.limits = RunLimits { answer: Duration::from_millis(100), ..RunLimits::default() };
    let error = run(&silent, &cases_like("opcodes/"), |_| {}).await.unwrap_err();
    assert!(matches!(error, RestartError::NotOpen(_)));
    assert!(error.to_string().ends_with("the server did not answer within 0.1 s"), "{error}");
}

#[tokio::test]
async fn a_hub_is_no_echo() {
    use crate::servers::{BundleOptions, ServerBundle, ServerKind};
    let scope = Scope::new(|panic| panic!("{panic}"));
    let options = BundleOptions { websocket: ServerKind::Hub, ..BundleOptions::default() };
    let bundle = ServerBundle::start_with(&scope, options, None);
    let url = bundle.ready().await.unwrap().websocket_url();
    let cases = all_cases(1);
    // What a listener of the hub gets is awaited for this long.
    let mut config = config(&url);
    config.limits.quiet = Duration::from_secs(1);
    let outcome = outcome_of(&config, &cases).await;
    assert!(!outcome.traits.has_echo);
    let wrong: Vec<_> = cases
        .iter()
        .zip(&outcome.cases)
        .filter(|(case, result)| case.needs_echo && result.verdict() != Verdict::NotApplicable)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn limits_are_found_and_a_server_that_closes_with_1009_passes() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let address = server(&scope, |mut stream| async move {
        echo(&mut stream).await;
    });
    let mut config = config(&format!("ws://{address}/"));
    config.max_size = 2 << 20;
    let is_wanted = |case: &Case| matches!(case.kind, CaseKind::Search(_));
    let cases: Vec<Case> = all_cases(1).into_iter().filter(is_wanted).collect();
    let outcome = outcome_of(&config, &cases).await;
    let finding = |index: usize| outcome.cases[index].worst().unwrap().finding.clone();
    for index in [0, 1] {
        let finding = finding(index);
        assert_eq!(finding.verdict, Verdict::Pass, "{finding:?}");
        assert!(finding.reason.starts_with("takes 1,048,576 bytes; of 1,06"), "{finding:?}");
        assert!(finding.reason.ends_with("closes with 1009"), "{finding:?}");
    }
    assert_eq!(finding(2).verdict, Verdict::Tolerated, "{:?}", finding(2));
    assert!(
        finding(2).reason.starts_with("has no limit up to 8,192 fragments"),
        "{:?}",
        finding(2)
    );
}
