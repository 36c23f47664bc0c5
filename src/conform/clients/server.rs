//! The server that clients connect to, and the results of all their connections.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use wiretalk_core::conformance::{CaseKind, CaseRun};

use crate::conform::clients::index;
use crate::conform::exchange::{Exchange, Player};
use crate::conform::{
    Case, CaseOutcome, ConformOutcome, Finding, RunLimits, ServerTraits, Verdict,
};
use crate::net::{Accepted, Acceptor, lingering_close};
use crate::wire::handshake::{DEFAULT_MAX_HEAD_LEN, Head, HeadReader, HeadScan};
use crate::wire::{MaskingKey, Side};

/// The most connections at once.
const MAX_CONNECTIONS: usize = 64;

/// The most masking keys that are kept.
const MAX_KEYS: usize = 2_000;

/// The most exchanges that are kept of a case. Later ones replace nothing.
const MAX_EXCHANGES: usize = 100;

/// The limits of a run with clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientsConfig {
    /// The time that a client may take in each case.
    pub limits: RunLimits,
    /// The time without a connection after which the run ends, once there was one.
    pub idle: Duration,
}

impl Default for ClientsConfig {
    fn default() -> Self {
        Self { limits: RunLimits::default(), idle: Duration::from_secs(30) }
    }
}

/// A case that a client has played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientEvent {
    /// The index of the case.
    pub index: usize,
    /// The verdict.
    pub verdict: Verdict,
}

/// A connection that has ended.
struct Ended {
    index: usize,
    exchange: Exchange,
    keys: Vec<MaskingKey>,
}

/// Plays `cases` with the clients that connect to `listener`, each at the path `/ID`, until all cases
/// have been played, no client comes any more, or `stop` is ready. `on_event` is called for each.
pub async fn judge_clients(
    listener: &TcpListener,
    cases: &[Case],
    config: ClientsConfig,
    stop: impl Future<Output = ()>,
    mut on_event: impl FnMut(ClientEvent),
) -> ConformOutcome {
    let began = Instant::now();
    let mut stop = pin!(stop);
    let mut acceptor = Acceptor::new(listener, MAX_CONNECTIONS);
    let mut playing = FuturesUnordered::new();
    let mut results = Results::new(cases);
    let mut has_client = false;
    while !results.is_complete() {
        let is_idle = has_client && playing.is_empty();
        tokio::select! {
            accepted = acceptor.next() => {
                if let Accepted::Connection { stream, place, .. } = accepted {
                    has_client = true;
                    playing.push(async move {
                        let ended = serve_client(stream, cases, config.limits).await;
                        drop(place);
                        ended
                    });
                }
            }
            Some(ended) = playing.next(), if !playing.is_empty() => {
                if let Some(ended) = ended {
                    let verdict = ended.exchange.finding.verdict;
                    on_event(ClientEvent { index: ended.index, verdict });
                    results.add(ended);
                }
            }
            () = tokio::time::sleep(config.idle), if is_idle => break,
            () = &mut stop => break,
        }
    }
    results.conclude(began.elapsed())
}

/// Plays the case of the path that a client asks for. Returns `None` if it asked for something else.
async fn serve_client(mut stream: TcpStream, cases: &[Case], limits: RunLimits) -> Option<Ended> {
    let (reader, after) = timeout(limits.answer, read_head(&mut stream)).await.ok()??;
    let head = Head::new(Side::Client, reader.bytes());
    let [_, target, _] = head.start_line_parts();
    let target = String::from_utf8_lossy(head.raw().get(target).unwrap_or_default()).into_owned();
    let target = target.split('?').next().unwrap_or_default();
    let is_played = |case: &&Case| case.kind == CaseKind::Steps;
    let index = cases.iter().position(|case| is_played(&case) && index::path(case) == target);
    let asks_for_websocket = head.fields_named("Upgrade").next().is_some();
    let (Some(number), true) = (index, asks_for_websocket) else {
        let listed: Vec<&Case> = cases.iter().filter(is_played).collect();
        let response = index::response(&head, target, &listed);
        let _ = timeout(limits.answer, stream.write_all(&response)).await;
        lingering_close(stream).await;
        return None;
    };
    let run = CaseRun::for_client(cases.get(number)?, limits);
    let mut player = Player::new(stream, run, limits.answer);
    player.receive(reader.bytes());
    player.receive(&after);
    let (exchange, run, stream) = player.play_to_end().await;
    let keys = run.masking_keys().to_vec();
    lingering_close(stream).await;
    Some(Ended { index: number, exchange, keys })
}

/// Reads the head of a request, and the bytes after it that came with it.
async fn read_head(stream: &mut TcpStream) -> Option<(HeadReader, Vec<u8>)> {
    let mut reader = HeadReader::new(Side::Client, DEFAULT_MAX_HEAD_LEN);
    let mut buffer = vec![0; 4 << 10];
    loop {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        let bytes = buffer.get(..count)?;
        let taken = reader.push(bytes);
        match reader.scan() {
            HeadScan::Incomplete => {}
            HeadScan::Complete(_) => {
                return Some((reader, bytes.get(taken..).unwrap_or_default().to_vec()));
            }
            _ => return None,
        }
    }
}

/// The results of all connections.
struct Results<'c> {
    cases: &'c [Case],
    exchanges: Vec<Vec<Exchange>>,
    keys: Vec<MaskingKey>,
    /// The cases that no client has played yet.
    missing: BTreeSet<usize>,
}

impl<'c> Results<'c> {
    fn new(cases: &'c [Case]) -> Self {
        let steps = cases.iter().enumerate().filter(|(_, case)| case.kind == CaseKind::Steps);
        let missing = steps.map(|(index, _)| index).collect();
        Self { cases, exchanges: vec![Vec::new(); cases.len()], keys: Vec::new(), missing }
    }

    fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    fn add(&mut self, ended: Ended) {
        self.missing.remove(&ended.index);
        let room = MAX_KEYS.saturating_sub(self.keys.len());
        self.keys.extend(ended.keys.into_iter().take(room));
        if let Some(exchanges) = self.exchanges.get_mut(ended.index)
            && exchanges.len() < MAX_EXCHANGES
        {
            ended.exchange.add_to(exchanges);
        }
    }

    fn conclude(mut self, took: Duration) -> ConformOutcome {
        let has_echo = self.has_echo();
        for (case, exchanges) in self.cases.iter().zip(&mut self.exchanges) {
            if let CaseKind::MaskingKeys(rule) = case.kind {
                exchanges.push(Exchange::without_bytes(rule.evaluate(&self.keys)));
            } else if exchanges.is_empty() {
                let reason = "no client connected to its path";
                let finding = Finding::new(Verdict::NotApplicable, reason);
                exchanges.push(Exchange::without_bytes(finding));
            } else if case.needs_echo && !has_echo {
                for exchange in exchanges {
                    let finding = Finding::new(Verdict::NotApplicable, "the client does not echo");
                    exchange.finding = finding;
                }
            }
        }
        let all = self.exchanges.into_iter().enumerate();
        ConformOutcome {
            cases: all.map(|(index, exchanges)| CaseOutcome { index, exchanges }).collect(),
            peer: Side::Client,
            traits: ServerTraits { has_echo, ..ServerTraits::default() },
            took,
        }
    }

    /// Whether a client has echoed anything.
    fn has_echo(&self) -> bool {
        let of_echo = self.cases.iter().zip(&self.exchanges).filter(|(case, _)| case.needs_echo);
        of_echo
            .flat_map(|(_, exchanges)| exchanges)
            .any(|exchange| matches!(exchange.finding.verdict, Verdict::Pass | Verdict::Tolerated))
    }
}
