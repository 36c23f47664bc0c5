//! Runs a comparison: the server on a thread of its own, then the clients, then the source, with
//! progress reports.
//!
//! It belongs on a thread and runtime of its own. Nothing in it waits for the reader of the
//! reports.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::feed::client::FeedClient;
use crate::feed::metrics::FeedMetrics;
use crate::feed::server::TransportListener;
use crate::feed::source::{PriceWalk, TickPublisher, publish_ticks};
use crate::feed::{FeedClock, FeedConfig, FeedError, FeedSnapshot, Transport};
use crate::net::Traffic;
use crate::scope::{ReportSender, Scope};

/// The minimum time between two reports.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(33);
/// How long the clients may take to get ready, in addition to four round trips. Then events start
/// in any case.
const READY_TIMEOUT: Duration = Duration::from_secs(3);

/// An event of a comparison.
#[derive(Debug)]
pub enum FeedEvent {
    /// The current state. Some are dropped if the reader is slow.
    Progress(Box<FeedSnapshot>),
    /// The result. It is always sent, and always last.
    Finished(Result<Box<FeedSnapshot>, FeedError>),
}

/// Runs the comparison to its end and sends reports. Ending `scope`, which owns the server's thread
/// and the clients, ends the comparison at once, and so does dropping the future.
///
/// No events happen while `running` is false.
pub(crate) async fn run(
    config: FeedConfig,
    scope: Scope,
    running: watch::Receiver<bool>,
    events: ReportSender<FeedEvent>,
) {
    // A scope of its own, because the caller may itself be a task of the given one.
    let work = scope.child();
    let end = compare(&config, &work, running, &events).await;
    work.cancel();
    events.send_last(FeedEvent::Finished(end));
}

async fn compare(
    config: &FeedConfig,
    scope: &Scope,
    running: watch::Receiver<bool>,
    events: &ReportSender<FeedEvent>,
) -> Result<Box<FeedSnapshot>, FeedError> {
    let (source_sender, listeners) = start_server(config, scope).await?;
    let transports: Vec<_> =
        listeners.iter().map(|listener| (listener.transport, listener.traffic.clone())).collect();
    let metrics = Arc::new(Mutex::new(FeedMetrics::new(&transports)));
    let clock = FeedClock::start();
    for ListenerAddress { transport, address, .. } in listeners {
        let client = FeedClient {
            transport,
            address,
            poll_interval: config.poll_interval,
            clock,
            metrics: metrics.clone(),
        };
        scope.spawn("feed client", client.run());
    }
    let ready = async {
        while !read_metrics(&metrics, FeedMetrics::all_ready) {
            sleep(Duration::from_millis(1)).await;
        }
    };
    // The error is ignored: a client that is not ready yet is late, and its ages show it.
    let _ = timeout(READY_TIMEOUT.saturating_add(config.rtt.saturating_mul(4)), ready).await;
    let source = SourceInputs {
        walk: PriceWalk::new(config.seed, config.mean_gap),
        clock,
        metrics: metrics.clone(),
        running,
    };
    source_sender.send(source).map_err(|_| FeedError::ServerEnded)?;

    let mut reporting = interval(PROGRESS_INTERVAL);
    // After a pause, the reports that were missed are not made up for.
    reporting.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        reporting.tick().await;
        let snapshot = Box::new(read_metrics(&metrics, |metrics| metrics.snapshot(clock.now())));
        if snapshot.elapsed >= config.duration {
            return Ok(snapshot);
        }
        events.send_latest(FeedEvent::Progress(snapshot));
    }
}

fn read_metrics<T>(metrics: &Mutex<FeedMetrics>, read: impl FnOnce(&FeedMetrics) -> T) -> T {
    read(&metrics.lock().unwrap_or_else(PoisonError::into_inner))
}

/// What the source on the server's thread needs.
struct SourceInputs {
    walk: PriceWalk,
    clock: FeedClock,
    metrics: Arc<Mutex<FeedMetrics>>,
    running: watch::Receiver<bool>,
}

/// The address of a transport's listener, and its counters.
struct ListenerAddress {
    transport: Transport,
    address: SocketAddr,
    traffic: Arc<Traffic>,
}

/// Starts the server on a thread of `scope`. Events start once the returned sender is sent a
/// source.
async fn start_server(
    config: &FeedConfig,
    scope: &Scope,
) -> Result<(oneshot::Sender<SourceInputs>, Vec<ListenerAddress>), FeedError> {
    let (ready_sender, ready_receiver) = oneshot::channel();
    let (source_sender, source) = oneshot::channel();
    let (transports, rtt) = (config.transports.clone(), config.rtt);
    let started = scope.spawn_thread("feed server", move |scope| async move {
        let publisher = TickPublisher::new();
        let (listeners, addresses) = match bind_listeners(&transports, rtt) {
            Ok(opened) => opened,
            Err(error) => return drop(ready_sender.send(Err(error))),
        };
        for listener in listeners {
            scope.spawn("feed listener", listener.serve(publisher.clone(), scope.child()));
        }
        // The error is ignored: the receiver is gone only if the comparison is.
        let _ = ready_sender.send(Ok(addresses));
        // The sender is dropped only if the comparison is over.
        let Ok(SourceInputs { walk, clock, metrics, running }) = source.await else { return };
        publish_ticks(walk, clock, metrics, publisher, running).await;
    });
    started.map_err(FeedError::Server)?;
    let addresses = ready_receiver.await.map_err(|_| FeedError::ServerEnded)?;
    Ok((source_sender, addresses.map_err(FeedError::Server)?))
}

fn bind_listeners(
    transports: &[Transport],
    rtt: Duration,
) -> io::Result<(Vec<TransportListener>, Vec<ListenerAddress>)> {
    let mut listeners = Vec::new();
    for transport in transports {
        listeners.push(TransportListener::bind(*transport, rtt)?);
    }
    let address = |(transport, listener): (&Transport, &TransportListener)| {
        Ok(ListenerAddress {
            transport: *transport,
            address: listener.address()?,
            traffic: listener.traffic(),
        })
    };
    let addresses = transports.iter().zip(&listeners).map(address).collect::<io::Result<_>>()?;
    Ok((listeners, addresses))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;
    use crate::feed::server::{options, serve_connection};
    use crate::feed::{TransportError, TransportStats};
    use crate::net::paused::PausedClock;
    use crate::net::{self, Clock as _, DelayedStream, LinkConditions, Stall, Tap};

    /// The time after which a test on real sockets counts as hung.
    const HUNG: Duration = Duration::from_mins(1);

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn scope() -> Scope {
        Scope::new(|panic| panic!("{panic}"))
    }

    fn near() -> FeedConfig {
        FeedConfig {
            mean_gap: ms(40),
            poll_interval: ms(100),
            rtt: ms(0),
            duration: ms(1_500),
            ..FeedConfig::default()
        }
    }

    /// A comparison in paused time: the same servers, clients and source, over pipes instead of
    /// sockets.
    struct Paced {
        metrics: Arc<Mutex<FeedMetrics>>,
        clock: FeedClock,
        switch: watch::Sender<bool>,
        _scope: Scope,
    }

    impl Paced {
        async fn start(config: &FeedConfig) -> Self {
            let (scope, publisher, clock) = (scope(), TickPublisher::new(), FeedClock::start());
            let transports: Vec<_> = config
                .transports
                .iter()
                .map(|transport| (*transport, Arc::<Traffic>::default()))
                .collect();
            let metrics = Arc::new(Mutex::new(FeedMetrics::new(&transports)));
            let distance = LinkConditions { rtt: config.rtt, ..LinkConditions::default() };
            for (transport, traffic) in transports {
                let (near, far) = duplex(64 << 10);
                let (now, tap) = (PausedClock::now(), Tap::new(far, traffic.count_connection()));
                let line = DelayedStream::<_, PausedClock>::with_clock(
                    tap,
                    distance,
                    now,
                    Stall::new(now),
                    0,
                )
                .unwrap();
                let address = ([127, 0, 0, 1], 9).into();
                scope.spawn(
                    "server",
                    serve_connection(
                        transport,
                        line,
                        address,
                        publisher.clone(),
                        options(Arc::default()),
                    ),
                );
                let client = FeedClient {
                    transport,
                    address,
                    poll_interval: config.poll_interval,
                    clock,
                    metrics: metrics.clone(),
                };
                scope.spawn("client", async move { client.over(near).await.unwrap() });
            }
            while !read_metrics(&metrics, FeedMetrics::all_ready) {
                sleep(ms(1)).await;
            }
            let switch = watch::Sender::new(true);
            let walk = PriceWalk::new(config.seed, config.mean_gap);
            scope.spawn(
                "source",
                publish_ticks(walk, clock, metrics.clone(), publisher, switch.subscribe()),
            );
            Self { metrics, clock, switch, _scope: scope }
        }

        /// Returns the state after `span` has passed.
        async fn after(&self, span: Duration) -> FeedSnapshot {
            sleep(span).await;
            read_metrics(&self.metrics, |metrics| metrics.snapshot(self.clock.now()))
        }
    }

    fn stats_of(snapshot: &FeedSnapshot, transport: Transport) -> &TransportStats {
        snapshot.transports.iter().find(|stats| stats.transport == transport).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_pushed_client_is_fresher_than_a_polling_one_and_makes_one_request() {
        let snapshot = Paced::start(&near()).await.after(ms(1_500)).await;
        assert!(snapshot.events > 15, "{snapshot:?}");
        for stats in &snapshot.transports {
            assert!(stats.failure.is_none(), "{stats:?}");
            assert!(
                stats.ages.count >= snapshot.events - 8,
                "{:?}: {:?}",
                stats.transport,
                stats.ages
            );
            assert!(
                stats.bytes.0 > 0 && stats.bytes.1 > 40 * snapshot.events / 4,
                "{:?}",
                stats.bytes
            );
        }
        let poll = stats_of(&snapshot, Transport::Poll);
        assert!((15..=16).contains(&poll.requests), "{} in 1.5 s, one each 100 ms", poll.requests);
        assert!(poll.mean > ms(30), "{:?}, half of the pause in theory", poll.mean);
        // One request is open, and there was one for each event except those during a response.
        let long = stats_of(&snapshot, Transport::LongPoll).requests;
        assert!((10..=snapshot.events + 2).contains(&long), "{long}");
        for push in [Transport::WebSocket, Transport::Sse] {
            assert_eq!(stats_of(&snapshot, push).requests, 1, "{push:?}");
            assert!(
                stats_of(&snapshot, push).mean < Duration::from_micros(1),
                "{push:?}: {:?}",
                stats_of(&snapshot, push).mean
            );
        }
        let bytes = |one: Transport| stats_of(&snapshot, one).bytes.1;
        assert!(
            bytes(Transport::WebSocket) < bytes(Transport::Sse)
                && bytes(Transport::Sse) < bytes(Transport::LongPoll),
            "framing is little"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn over_a_distance_push_takes_half_a_round_trip_and_polling_adds_its_pause() {
        let config = FeedConfig { mean_gap: ms(60), rtt: ms(60), poll_interval: ms(200), ..near() };
        let snapshot = Paced::start(&config).await.after(ms(30_000)).await;
        for push in [Transport::WebSocket, Transport::Sse] {
            // The histogram keeps three significant digits.
            let mean = stats_of(&snapshot, push).mean;
            assert!((ms(30)..ms(30) + ms(1) / 10).contains(&mean), "{push:?}: {mean:?}");
        }
        let long = stats_of(&snapshot, Transport::LongPoll).mean;
        assert!(
            config.expected_age(Transport::LongPoll).contains(&long),
            "{long:?}, theory says 30 to 90 ms"
        );
        let poll = stats_of(&snapshot, Transport::Poll).mean;
        assert!(
            (ms(150)..ms(170)).contains(&poll),
            "{poll:?}, theory says {:?}",
            config.expected_age(Transport::Poll)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn without_events_push_costs_nothing_and_polling_goes_on() {
        let running = Paced::start(&near()).await;
        running.after(ms(500)).await;
        running.switch.send_replace(false);
        // What was in flight has arrived.
        let silent = running.after(ms(300)).await;
        let snapshot = running.after(ms(700)).await;
        assert!(silent.events > 0 && silent.events == snapshot.events);
        for push in [Transport::WebSocket, Transport::Sse, Transport::LongPoll] {
            assert_eq!(stats_of(&silent, push).bytes, stats_of(&snapshot, push).bytes, "{push:?}");
        }
        let poll = |snapshot: &FeedSnapshot| {
            (
                stats_of(snapshot, Transport::Poll).requests,
                stats_of(snapshot, Transport::Poll).bytes.0,
            )
        };
        assert_eq!(poll(&snapshot).0, poll(&silent).0 + 7);
        assert!(poll(&snapshot).1 > poll(&silent).1 + 7 * 50);
        assert!(
            snapshot.transports.iter().all(|stats| stats.behind.is_zero()),
            "what is known is not old"
        );
    }

    /// Runs a comparison on real sockets until `enough` holds or to its end. Returns the last
    /// report, and whether it was the end.
    async fn play(
        config: FeedConfig,
        mut enough: impl FnMut(&FeedSnapshot) -> bool,
    ) -> (FeedSnapshot, bool) {
        let (events, mut inbox) = crate::scope::report_channel();
        let switch = watch::Sender::new(true);
        let around = scope();
        around.spawn("feed", run(config, around.child(), switch.subscribe(), events));
        let reading = async {
            loop {
                match inbox.recv().await.expect("the end is always sent") {
                    FeedEvent::Progress(snapshot) if enough(&snapshot) => {
                        return (*snapshot, false);
                    }
                    FeedEvent::Progress(_) => {}
                    FeedEvent::Finished(end) => return (*end.unwrap(), true),
                }
            }
        };
        timeout(HUNG, reading).await.expect("it hung")
    }

    #[tokio::test]
    async fn on_real_sockets_every_transport_receives_and_nothing_is_known_too_early() {
        let config = FeedConfig { rtt: ms(20), duration: Duration::from_hours(1), ..near() };
        let enough =
            |snapshot: &FeedSnapshot| snapshot.transports.iter().all(|stats| stats.ages.count > 5);
        let (snapshot, _) = play(config, enough).await;
        for stats in &snapshot.transports {
            assert!(stats.failure.is_none(), "{stats:?}");
            assert!(
                stats.mean >= ms(10),
                "{:?}: {:?} over half a round trip",
                stats.transport,
                stats.mean
            );
            assert!(stats.bytes.0 > 0 && stats.bytes.1 > 0, "{:?}", stats.bytes);
        }
        for push in [Transport::WebSocket, Transport::Sse] {
            assert_eq!(stats_of(&snapshot, push).requests, 1);
        }
    }

    #[tokio::test]
    async fn it_ends_after_its_duration() {
        let (snapshot, ended) = play(FeedConfig { duration: ms(200), ..near() }, |_| false).await;
        assert!(ended && snapshot.elapsed >= ms(200), "{snapshot:?}");
    }

    #[tokio::test]
    async fn a_transport_whose_server_dies_or_sends_nonsense_fails_and_the_others_go_on() {
        let config = FeedConfig { transports: vec![Transport::WebSocket], ..near() };
        let nonsense = net::listen(([127, 0, 0, 1], 0)).unwrap();
        let transports = [
            (Transport::WebSocket, Arc::default()),
            (Transport::Poll, Arc::default()),
            (Transport::Sse, Arc::default()),
        ];
        let metrics = Arc::new(Mutex::new(FeedMetrics::new(&transports)));
        let around = scope();
        let server = around.child();
        let (source_sender, addresses) = start_server(&config, &server).await.unwrap();
        let clock = FeedClock::start();
        let client = |transport, address| {
            let client = FeedClient {
                transport,
                address,
                poll_interval: ms(10),
                clock,
                metrics: metrics.clone(),
            };
            around.spawn("client", client.run());
        };
        client(Transport::WebSocket, addresses[0].address);
        client(Transport::Poll, nonsense.local_addr().unwrap());
        client(Transport::Sse, nonsense.local_addr().unwrap());
        for _ in 0..2 {
            let (mut peer, _) = nonsense.accept().await.unwrap();
            let count = peer.read(&mut [0; 512]).await.unwrap();
            assert!(count > 0);
            peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\ndata: <html>\n\n\n")
                .await
                .unwrap();
        }
        let running = watch::Sender::new(true);
        let walk = PriceWalk::new(1, ms(10));
        let source =
            SourceInputs { walk, clock, metrics: metrics.clone(), running: running.subscribe() };
        assert!(source_sender.send(source).is_ok());
        let failed = |transport| {
            read_metrics(&metrics, |metrics| {
                stats_of(&metrics.snapshot(ms(0)), transport).failure.clone()
            })
        };
        until(|| failed(Transport::Poll).is_some() && failed(Transport::Sse).is_some()).await;
        for transport in [Transport::Poll, Transport::Sse] {
            let failure = failed(transport).unwrap();
            assert!(matches!(*failure, TransportError::Price(_)), "{failure:?}");
        }
        until(|| {
            read_metrics(&metrics, |metrics| metrics.snapshot(ms(0)).transports[0].ages.count > 3)
        })
        .await;
        assert!(failed(Transport::WebSocket).is_none(), "it goes on");
        server.cancel();
        until(|| failed(Transport::WebSocket).is_some()).await;
    }

    async fn until(mut holds: impl FnMut() -> bool) {
        let holding = async {
            while !holds() {
                sleep(ms(10)).await;
            }
        };
        timeout(HUNG, holding).await.expect("it never held");
    }
}
