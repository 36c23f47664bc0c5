//! [`DelayedStream`]: a server's socket behind a modelled link, as if the client were far away. The
//! model has no loss and no slow start; [`crate::net::NetnsPair`] is a real network.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::link::link_emulator::LinkEmulator;
use crate::net::{Clock, DeadlineTimer, LinkConditions, Stall, SystemClock, add_clamped};

/// A socket that a server has accepted, behind a link with [`LinkConditions`]. A client on this
/// machine sees the times of a real link of that length:
///
/// - What the client wrote at *t* reaches the protocol at max(*t*, accepted + rtt) + rtt/2. A
///   distant client could not have sent before the round trip of the TCP handshake, which took no
///   time here. The first answer over TCP therefore costs 2 round trips, and 3 within TLS 1.3.
/// - What the protocol wrote at *u* reaches the socket at *u* + rtt/2. This assumes a protocol in
///   which the client speaks first.
/// - [`LinkConditions::jitter`] is drawn for each chunk, and order is kept.
///   [`LinkConditions::bandwidth`] counts these bytes, without the headers of TCP and IP.
/// - Ends of stream travel like bytes. A write or flush completes when the bytes have left, a
///   shutdown when the last of them has arrived.
///
/// Loss, slow start and windows are not modelled; a write waits while 4 MiB are in flight.
///
/// The stream has no task of its own. Bytes are moved, and stamped with their time, whenever the
/// stream is polled for reading or writing; pending reads and writes are woken when bytes fall due.
/// A stream that nobody polls therefore stalls, and dropping it loses what is in flight;
/// [`tokio::io::AsyncWriteExt::shutdown`] delivers everything first.
///
/// Without a distance every call goes straight to the socket, and a read costs one relaxed atomic
/// load for the [`Stall`].
#[derive(Debug)]
pub struct DelayedStream<S, C: Clock = SystemClock> {
    stream: S,
    stall: Stall,
    /// The timer for a stall if there is no emulator; created when it is first needed.
    stall_timer: Option<DeadlineTimer<C>>,
    emulator: Option<Box<LinkEmulator<C>>>,
}

impl<S> DelayedStream<S> {
    /// Puts `stream`, which was accepted at `accepted`, behind a link. `seed` makes the jitter
    /// reproducible. `stream` must write without being flushed, as sockets do.
    ///
    /// # Errors
    /// Fails if the process has no file descriptor left for a timer.
    ///
    /// # Panics
    /// Panics outside of a tokio runtime if there is a distance.
    pub fn new(
        stream: S,
        conditions: LinkConditions,
        accepted: Instant,
        stall: Stall,
        seed: u64,
    ) -> io::Result<Self> {
        Self::with_clock(stream, conditions, accepted, stall, seed)
    }
}

impl<S, C: Clock> DelayedStream<S, C> {
    /// Like [`DelayedStream::new`], with another clock.
    ///
    /// # Errors
    /// As for [`DelayedStream::new`].
    pub(crate) fn with_clock(
        stream: S,
        conditions: LinkConditions,
        accepted: Instant,
        stall: Stall,
        seed: u64,
    ) -> io::Result<Self> {
        let emulator = if conditions.is_ideal() {
            None
        } else {
            // The client's bytes cannot leave before the modelled TCP handshake is over.
            Some(Box::new(LinkEmulator::new(
                conditions,
                add_clamped(accepted, conditions.rtt),
                seed,
            )?))
        };
        Ok(Self { stream, stall, stall_timer: None, emulator })
    }

    /// Waits until no stall holds.
    fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The loop is for a stall that is extended while this one waits.
        while let Some(until) = self.stall.stalled_until::<C>() {
            let timer = match &mut self.stall_timer {
                Some(timer) => timer,
                none => none.insert(DeadlineTimer::new()?),
            };
            ready!(timer.poll_until(until, cx));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, C: Clock> AsyncRead for DelayedStream<S, C> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if let Some(emulator) = &mut stream.emulator {
            return emulator.poll_read(
                &mut stream.stream,
                stream.stall.stalled_until::<C>(),
                cx,
                buf,
            );
        }
        ready!(stream.poll_stall(cx))?;
        Pin::new(&mut stream.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, C: Clock> AsyncWrite for DelayedStream<S, C> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        match &mut stream.emulator {
            Some(emulator) => emulator.poll_write(
                &mut stream.stream,
                stream.stall.stalled_until::<C>(),
                cx,
                &[IoSlice::new(buf)],
            ),
            None => Pin::new(&mut stream.stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        match &mut stream.emulator {
            Some(emulator) => {
                emulator.poll_write(&mut stream.stream, stream.stall.stalled_until::<C>(), cx, bufs)
            }
            None => Pin::new(&mut stream.stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.emulator.is_some() || self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        match &mut stream.emulator {
            Some(emulator) => {
                emulator.poll_flush(&mut stream.stream, stream.stall.stalled_until::<C>(), cx)
            }
            None => Pin::new(&mut stream.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        match &mut stream.emulator {
            Some(emulator) => {
                emulator.poll_shutdown(&mut stream.stream, stream.stall.stalled_until::<C>(), cx)
            }
            None => Pin::new(&mut stream.stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's peer needs no backlog")]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::task::{Wake, Waker};
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::net::time::clock::paused::{ManualClock, PausedClock};

    const MILLI: Duration = Duration::from_millis(1);
    const RTT: Duration = Duration::from_millis(40);
    /// The time after which a test on real sockets counts as hung.
    const HUNG: Duration = Duration::from_mins(1);

    fn far() -> LinkConditions {
        LinkConditions { rtt: RTT, ..LinkConditions::default() }
    }

    /// Returns a client and a delayed stream on the server's end of a pipe, in paused time.
    fn pair(
        conditions: LinkConditions,
        stall: &Stall,
    ) -> (DuplexStream, DelayedStream<DuplexStream, PausedClock>) {
        let (client, server) = duplex(64 << 10);
        (
            client,
            DelayedStream::with_clock(server, conditions, PausedClock::now(), stall.clone(), 1)
                .unwrap(),
        )
    }

    /// Returns a client, a delayed stream on the server's socket in real time, and the moment of
    /// accepting.
    async fn sockets(conditions: LinkConditions) -> (TcpStream, DelayedStream<TcpStream>, Instant) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let accepted = Instant::now();
        (
            client,
            DelayedStream::new(server, conditions, accepted, Stall::default(), 1).unwrap(),
            accepted,
        )
    }

    /// Sends everything back until the end of the stream, then ends its own side.
    async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut buf = vec![0; 64 << 10];
        while let Ok(count @ 1..) = stream.read(&mut buf).await {
            stream.write_all(&buf[..count]).await.unwrap();
            stream.flush().await.unwrap();
        }
        stream.shutdown().await.unwrap();
    }

    /// Sends `bytes` and reads them back. Returns the time that this took on the paused clock.
    async fn exchange(client: &mut DuplexStream, bytes: &[u8]) -> Duration {
        let start = PausedClock::now();
        let (mut read, mut write) = tokio::io::split(client);
        let mut back = vec![0; bytes.len()];
        let (sent, got) = tokio::join!(write.write_all(bytes), read.read_exact(&mut back));
        sent.unwrap();
        got.unwrap();
        assert_eq!(back, bytes);
        PausedClock::now() - start
    }

    /// Runs `client` beside an echo server behind `stream`.
    async fn beside_echo<R>(
        stream: impl AsyncRead + AsyncWrite + Unpin,
        client: impl Future<Output = R>,
    ) -> R {
        let both = async { tokio::join!(echo(stream), client).1 };
        timeout(HUNG, both).await.expect("it hung")
    }

    fn pattern(count: usize) -> Vec<u8> {
        (0..count).map(|at| (at * 31 + at / 251) as u8).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_exchange_costs_two_round_trips_and_each_later_one_costs_one() {
        let (mut client, stream) = pair(far(), &Stall::default());
        beside_echo(stream, async move {
            assert_eq!(exchange(&mut client, b"first").await, 2 * RTT);
            for _ in 0..5 {
                assert_eq!(exchange(&mut client, b"further").await, RTT);
            }
        })
        .await;
    }

    #[tokio::test]
    async fn on_sockets_and_the_system_clock_no_exchange_is_too_fast() {
        let (mut client, stream, accepted) = sockets(far()).await;
        beside_echo(stream, async move {
            for trips in 2..5 {
                client.write_all(b"hello").await.unwrap();
                client.read_exact(&mut [0; 5]).await.unwrap();
                assert!(
                    accepted.elapsed() >= trips * RTT,
                    "{trips} round trips in {:?}",
                    accepted.elapsed()
                );
            }
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn within_tls_the_first_exchange_costs_three_round_trips() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key =
            rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let tls = crate::net::TlsOptions { insecure: true, ..Default::default() };
        let connector = tokio_rustls::TlsConnector::from(Arc::new(tls.config().unwrap()));
        let (client, stream) = pair(far(), &Stall::default());
        let serving = async {
            let mut stream =
                tokio_rustls::TlsAcceptor::from(Arc::new(server)).accept(stream).await.unwrap();
            let mut buf = [0; 5];
            while stream.read_exact(&mut buf).await.is_ok() {
                stream.write_all(&buf).await.unwrap();
                stream.flush().await.unwrap();
            }
        };
        let start = PausedClock::now();
        let racing = async {
            let name = tls.server_name("localhost").unwrap();
            let mut stream = connector.connect(name, client).await.unwrap();
            let mut took = Vec::new();
            for _ in 0..2 {
                stream.write_all(b"hello").await.unwrap();
                stream.flush().await.unwrap();
                stream.read_exact(&mut [0; 5]).await.unwrap();
                took.push(PausedClock::now() - start);
            }
            took
        };
        let ((), took) =
            timeout(HUNG, async { tokio::join!(serving, racing) }).await.expect("it hung");
        assert_eq!(took, [3 * RTT, 4 * RTT]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_waits_before_sending_pays_only_the_handshake() {
        let (mut client, stream) = pair(far(), &Stall::default());
        beside_echo(stream, async move {
            sleep(2 * RTT).await;
            assert_eq!(exchange(&mut client, b"late").await, RTT);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_sent_together_arrive_in_one_round_trip() {
        let (mut client, stream) = pair(far(), &Stall::default());
        beside_echo(stream, async move {
            exchange(&mut client, b"first").await;
            assert_eq!(exchange(&mut client, &pattern(100_000)).await, RTT);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn jitter_keeps_order_and_lies_around_the_round_trip() {
        let conditions = LinkConditions { jitter: 20 * MILLI, ..far() };
        let (mut client, stream) = pair(conditions, &Stall::default());
        beside_echo(stream, async move {
            exchange(&mut client, b"first").await;
            let mut took = Vec::new();
            for _ in 0..12 {
                took.push(exchange(&mut client, b"further").await);
            }
            took.sort();
            // One way takes 20 ms plus or minus half of the jitter, and the paused clock's timers
            // fire at whole milliseconds.
            assert!(took[0] >= 20 * MILLI && took[11] <= 62 * MILLI, "{took:?}");
            assert!(took[11] > took[0] + 3 * MILLI, "{took:?}");
            let (mut read, mut write) = tokio::io::split(client);
            let all = pattern(3000);
            let mut back = vec![0; all.len()];
            let sending = async {
                for piece in all.chunks(10) {
                    write.write_all(piece).await.unwrap();
                    sleep(MILLI).await;
                }
            };
            let ((), got) = tokio::join!(sending, read.read_exact(&mut back));
            got.unwrap();
            assert_eq!(back, all);
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_bandwidth_takes_its_time() {
        // 1 MiB takes 1/8 s, and the first millisecond's worth arrives after 1 ms.
        let conditions = LinkConditions { bandwidth: Some(64 << 20), ..LinkConditions::default() };
        let (mut client, mut stream) = pair(conditions, &Stall::default());
        let all = pattern(1 << 20);
        let start = PausedClock::now();
        let receiving = async {
            let mut back = vec![0; all.len()];
            client.read_exact(&mut back[..1]).await.unwrap();
            let first = PausedClock::now() - start;
            client.read_exact(&mut back[1..]).await.unwrap();
            (back, first, PausedClock::now() - start)
        };
        let sending = async {
            stream.write_all(&all).await.unwrap();
            stream.shutdown().await.unwrap();
        };
        let ((back, first, took), ()) =
            timeout(HUNG, async { tokio::join!(receiving, sending) }).await.expect("it hung");
        assert!(back == all);
        assert_eq!((first, took), (MILLI, 125 * MILLI));
    }

    #[tokio::test]
    async fn nothing_is_lost_in_both_directions_at_once() {
        let conditions = LinkConditions { jitter: 5 * MILLI, ..far() };
        let (mut client, stream, _) = sockets(conditions).await;
        let all = pattern(24 << 20);
        let back = beside_echo(stream, async {
            let (mut read, mut write) = client.split();
            let sending = async {
                write.write_all(&all).await.unwrap();
                write.shutdown().await.unwrap();
            };
            let mut back = Vec::new();
            let ((), got) = tokio::join!(sending, read.read_to_end(&mut back));
            got.unwrap();
            back
        })
        .await;
        assert!(back == all, "{} of {} bytes", back.len(), all.len());
    }

    #[tokio::test]
    async fn split_halves_in_two_tasks_wake_each_other() {
        let (client, stream, _) = sockets(far()).await;
        let (mut read, mut write) = tokio::io::split(stream);
        let (mut from_server, mut to_server) = client.into_split();
        let all = pattern(12 << 20);
        let scope = crate::scope::Scope::new(|panic| panic!("{panic}"));
        let sent = all.clone();
        // Each half of the server and the client is a task of its own, and none waits for another.
        scope.spawn("server writes", async move {
            write.write_all(&sent).await.unwrap();
            write.shutdown().await.unwrap();
        });
        let sent = all.clone();
        scope.spawn("client writes", async move {
            to_server.write_all(&sent).await.unwrap();
            to_server.shutdown().await.unwrap();
        });
        let (mut at_server, mut at_client) = (Vec::new(), Vec::new());
        let both = async {
            let (a, b) = tokio::join!(
                read.read_to_end(&mut at_server),
                from_server.read_to_end(&mut at_client)
            );
            (a.unwrap(), b.unwrap())
        };
        timeout(HUNG, both).await.expect("it hung");
        assert!(at_server == all && at_client == all);
    }

    /// A waker that records whether it was woken.
    #[derive(Default)]
    struct Bell(AtomicBool);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Relaxed);
        }
    }

    /// Like [`pair`], with a clock that only [`ManualClock::pass`] moves and whose timers never
    /// fire.
    fn still(
        conditions: LinkConditions,
    ) -> (DuplexStream, DelayedStream<DuplexStream, ManualClock>) {
        let (client, server) = duplex(64 << 10);
        (
            client,
            DelayedStream::with_clock(server, conditions, ManualClock::now(), Stall::default(), 1)
                .unwrap(),
        )
    }

    #[tokio::test]
    async fn a_read_that_makes_room_wakes_the_waiting_write() {
        let (_client, mut stream) = still(far());
        let mut stream = Pin::new(&mut stream);
        let writer = Arc::new(Bell::default());
        let waker = Waker::from(writer.clone());
        let mut cx = Context::from_waker(&waker);
        stream.flush().await.unwrap();
        let much = vec![0; 1 << 20];
        while stream.as_mut().poll_write(&mut cx, &much).is_ready() {}
        writer.0.store(false, Relaxed);
        let mut read_too_soon = || {
            stream
                .as_mut()
                .poll_read(&mut Context::from_waker(Waker::noop()), &mut ReadBuf::new(&mut [0]))
        };
        assert!(read_too_soon().is_pending());
        assert!(!writer.0.load(Relaxed), "nothing has arrived, and there is no room yet");
        ManualClock::pass(RTT / 2);
        assert!(read_too_soon().is_pending());
        assert!(writer.0.load(Relaxed));
    }

    #[tokio::test]
    async fn a_write_that_finds_arrived_bytes_wakes_the_waiting_read() {
        let (mut client, mut stream) = still(far());
        let mut stream = Pin::new(&mut stream);
        let reader = Arc::new(Bell::default());
        let waker = Waker::from(reader.clone());
        let mut cx = Context::from_waker(&waker);
        client.write_all(b"hello").await.unwrap();
        assert!(stream.as_mut().poll_read(&mut cx, &mut ReadBuf::new(&mut [0])).is_pending());
        for (passes, arrived) in [((3 * RTT / 2).saturating_sub(MILLI), false), (MILLI, true)] {
            reader.0.store(false, Relaxed);
            ManualClock::pass(passes);
            assert!(
                stream
                    .as_mut()
                    .poll_write(&mut Context::from_waker(Waker::noop()), b"x")
                    .is_ready()
            );
            assert_eq!(reader.0.load(Relaxed), arrived);
        }
        assert!(stream.as_mut().poll_read(&mut cx, &mut ReadBuf::new(&mut [0])).is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_waits_while_too_much_is_in_flight() {
        let conditions =
            LinkConditions { rtt: Duration::from_hours(1), ..LinkConditions::default() };
        let (_client, mut stream) = pair(conditions, &Stall::default());
        let all = pattern(5 << 20);
        let mut taken = 0;
        let writing = async {
            while taken < all.len() {
                taken += stream.write(&all[taken..]).await.unwrap();
            }
        };
        timeout(Duration::from_mins(29), writing)
            .await
            .expect_err("there is no room for all of it");
        assert!((3 << 20..=4 << 20).contains(&taken), "{taken}");
    }

    #[tokio::test(start_paused = true)]
    async fn small_chunks_are_bounded_by_the_memory_they_take() {
        let conditions =
            LinkConditions { rtt: Duration::from_hours(1), ..LinkConditions::default() };
        let (_client, mut stream) = pair(conditions, &Stall::default());
        let mut count = 0;
        while let Ok(taken) = timeout(MILLI, stream.write(b"x")).await {
            count += taken.unwrap();
        }
        assert!((10_000..100_000).contains(&count), "{count}");
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_delivers_everything_and_then_the_end() {
        let (mut client, mut stream) = pair(far(), &Stall::default());
        let all = pattern(1 << 20);
        let start = PausedClock::now();
        let sending = async {
            stream.write_all(&all).await.unwrap();
            stream.flush().await.unwrap();
            assert_eq!(PausedClock::now(), start, "a flush waits only until the bytes have left");
            stream.shutdown().await.unwrap();
            assert_eq!(PausedClock::now(), start + RTT / 2);
            assert_eq!(stream.write(b"more").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        };
        let mut back = Vec::new();
        let (got, ()) =
            timeout(HUNG, async { tokio::join!(client.read_to_end(&mut back), sending) })
                .await
                .expect("it hung");
        got.unwrap();
        assert!(back == all);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clients_end_arrives_after_its_bytes_and_stays() {
        let (mut client, mut stream) = pair(far(), &Stall::default());
        let start = PausedClock::now();
        client.write_all(b"bye").await.unwrap();
        client.shutdown().await.unwrap();
        let mut got = Vec::new();
        timeout(HUNG, stream.read_to_end(&mut got)).await.expect("it hung").unwrap();
        assert_eq!(got, b"bye");
        assert_eq!(PausedClock::now(), start + RTT * 3 / 2);
        assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0, "the end is reported again");
        assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_reset_is_reported_to_reads_and_writes() {
        let (client, mut stream, _) = sockets(far()).await;
        stream.write_all(b"unread").await.unwrap();
        sleep(RTT).await;
        stream.flush().await.unwrap();
        timeout(HUNG, client.readable()).await.expect("it hung").unwrap();
        // Closing with unread bytes sends a reset.
        drop(client);
        let error = timeout(HUNG, stream.read(&mut [0; 9])).await.expect("it hung").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0, "after that it is at its end");
        let writing = async {
            loop {
                if let Err(error) = stream.write_all(b"into the void").await {
                    return error;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(HUNG, writing).await.expect("a write must report the reset");
        timeout(HUNG, stream.shutdown()).await.expect("a shutdown must not wait").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn dropping_it_closes_the_socket_and_loses_what_is_in_flight() {
        let (mut client, mut stream) = pair(far(), &Stall::default());
        stream.write_all(b"never seen").await.unwrap();
        drop(stream);
        let mut got = Vec::new();
        timeout(HUNG, client.read_to_end(&mut got)).await.expect("it hung").unwrap();
        assert!(got.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_holds_and_releases_with_a_distance_and_without() {
        for conditions in [LinkConditions::default(), far()] {
            let stall = Stall::new(PausedClock::now());
            let (mut client, stream) = pair(conditions, &stall);
            beside_echo(stream, async move {
                exchange(&mut client, b"first").await;
                let hold = Duration::from_millis(150);
                stall.begin_at(PausedClock::now(), hold);
                let start = PausedClock::now();
                client.write_all(b"he").await.unwrap();
                // These bytes have arrived and wait. Later bytes must not release them.
                sleep(hold / 2).await;
                client.write_all(b"ld").await.unwrap();
                client.read_exact(&mut [0; 4]).await.unwrap();
                assert_eq!(PausedClock::now() - start, hold + conditions.rtt / 2, "{conditions:?}");
                assert_eq!(
                    exchange(&mut client, b"let go").await,
                    conditions.rtt,
                    "{conditions:?}"
                );
            })
            .await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_extended_stall_holds_longer() {
        let stall = Stall::new(PausedClock::now());
        let (mut client, stream) = pair(LinkConditions::default(), &stall);
        beside_echo(stream, async move {
            stall.begin_at(PausedClock::now(), 40 * MILLI);
            let exchanging = async {
                assert_eq!(exchange(&mut client, b"held").await, 120 * MILLI);
                drop(client);
            };
            let lengthening = async {
                sleep(20 * MILLI).await;
                stall.begin_at(PausedClock::now(), 100 * MILLI);
            };
            tokio::join!(exchanging, lengthening);
        })
        .await;
    }

    #[tokio::test]
    async fn without_a_distance_calls_go_to_the_socket() {
        let (mut client, mut stream, _) = sockets(LinkConditions::default()).await;
        assert!(stream.emulator.is_none() && stream.is_write_vectored());
        let bufs = [&b"a"[..], b"bc"].map(IoSlice::new);
        assert_eq!(stream.write_vectored(&bufs).await.unwrap(), 3);
        let mut got = [0; 3];
        client.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"abc");
        assert!(stream.stall_timer.is_none());
    }

    #[tokio::test]
    async fn a_vectored_write_travels_as_one() {
        let (mut client, mut stream, _) = sockets(far()).await;
        let bufs = [&b"a"[..], b"", b"bc"].map(IoSlice::new);
        assert_eq!(stream.write_vectored(&bufs).await.unwrap(), 3);
        assert_eq!(stream.write(b"").await.unwrap(), 0);
        stream.shutdown().await.unwrap();
        let mut got = Vec::new();
        client.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"abc");
    }
}
