//! [`NetnsPair`]: a real network with a delay, which the kernel's TCP crosses like any other. It
//! knows nothing of the protocol above: it runs jobs at its ends, and forwards and counts packets.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use crate::net::LinkConditions;
use crate::scope::Scope;

use super::counters::LinkCounters;
#[cfg(test)]
use super::counters::LinkStats;
use super::error::NetnsError;
use super::peer_role::{NamespaceJob, PeerRole};
#[cfg(target_os = "linux")]
use super::{namespace, packet_relay};

/// Two network namespaces (Linux, root), each with a thread and a TUN device, and a relay between
/// the two devices. A packet that leaves one end arrives at the other half a round trip later.
/// [`LinkConditions::bandwidth`] counts the bytes of IP packets. Everything above IP is the
/// kernel's: handshakes, windows, slow start, retransmission.
///
/// As at a router, a packet is dropped if it would wait more than 100 ms to leave, or if 16 MiB are
/// in flight. Only IPv4 is carried. An end has no loopback: neither its own address nor 127.0.0.1
/// can be reached from within.
///
/// The network ends with its scope or when it is dropped, whichever comes first. The devices then
/// vanish, and so do the namespaces, with the last process and socket in them. The kernel ensures
/// that however this process ends.
pub(crate) struct NetnsPair {
    server: Sender<NamespaceJob>,
    client: Sender<NamespaceJob>,
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests read the counters"))]
    counters: Arc<LinkCounters>,
    /// Owns the threads. It is dropped, and they end, with the pair.
    _scope: Scope,
}

impl NetnsPair {
    /// The server's address. Both addresses are in a private range (RFC 1918) and exist only in
    /// their namespaces.
    pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 33, 1);
    /// The client's address.
    pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 33, 2);

    /// Creates the network, which takes a few milliseconds, and waits until it is up.
    ///
    /// # Errors
    /// Fails without Linux, root and `/dev/net/tun`, or if the scope has ended.
    #[cfg(target_os = "linux")]
    pub(crate) fn start(scope: &Scope, conditions: LinkConditions) -> Result<Self, NetnsError> {
        let scope = scope.child();
        let (server, to_server) = namespace::spawn_namespace(&scope, "net-server", Self::SERVER)?;
        let (client, to_client) = namespace::spawn_namespace(&scope, "net-client", Self::CLIENT)?;
        let flows = packet_relay::start(&scope, to_server, to_client, conditions)?;
        Ok(Self { server, client, counters: flows, _scope: scope })
    }

    /// Fails, because this system has no network namespaces.
    ///
    /// # Errors
    /// Always fails.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn start(_scope: &Scope, _conditions: LinkConditions) -> Result<Self, NetnsError> {
        Err(NetnsError::Unsupported)
    }

    /// Runs `job` on the thread of an end, after the jobs that wait there, and waits for its
    /// result. Sockets that it creates belong to the namespace wherever they are used, and so do
    /// child processes that it spawns. Other threads do not move there.
    ///
    /// `job` runs within a single-threaded tokio runtime, which does nothing else meanwhile. It
    /// should therefore be short, and it must not run another job at the same end.
    ///
    /// # Errors
    /// Fails if the end is closed, the job panicked, or too many jobs wait.
    pub(crate) fn run_in<R: Send + 'static>(
        &self,
        role: PeerRole,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, NetnsError> {
        let jobs = match role {
            PeerRole::Server => &self.server,
            PeerRole::Client => &self.client,
        };
        let (result_sender, result_receiver) = sync_channel(1);
        let job = Box::new(move || {
            // The error is ignored: the caller blocks on the receiver and cannot be gone.
            let _ = result_sender.send(job());
        });
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => NetnsError::Busy(role),
            TrySendError::Closed(_) => NetnsError::Closed(role),
        })?;
        result_receiver.recv().map_err(|_| NetnsError::JobLost(role))
    }

    #[cfg(test)]
    /// Returns what the relay has counted so far in each direction.
    pub(crate) fn link_stats(&self) -> LinkStats {
        self.counters.snapshot()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "a test's peer needs no backlog")]
mod tests {
    //! These tests need root and `/dev/net/tun`. Without them they fail and say so.

    use std::fs;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::process::Command;
    use tokio::sync::Mutex;
    use tokio::time::timeout;

    use super::*;

    const RTT: Duration = Duration::from_millis(30);
    /// The time after which a test counts as hung.
    const HUNG: Duration = Duration::from_mins(1);

    /// Runs the tests one after another, because they examine the file descriptors of the process.
    static ALONE: Mutex<()> = Mutex::const_new(());

    fn quiet() -> Scope {
        Scope::new(|panic| panic!("unexpected: {panic}"))
    }

    fn far() -> LinkConditions {
        LinkConditions { rtt: RTT, ..LinkConditions::default() }
    }

    /// Starts an echo at the server's end, which runs until the scope ends.
    fn echo(netns: &NetnsPair, scope: &Scope) -> SocketAddr {
        let listener = netns
            .run_in(PeerRole::Server, || TcpListener::bind((NetnsPair::SERVER, 0)).unwrap())
            .unwrap();
        let address = listener.local_addr().unwrap();
        scope
            .spawn_thread("echo", |inner| async move {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                loop {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    inner.spawn("connection", async move {
                        let (mut read, mut write) = stream.split();
                        tokio::io::copy(&mut read, &mut write).await.unwrap();
                    });
                }
            })
            .unwrap();
        address
    }

    /// Connects from the client's end. Returns the connection and the time that it took.
    fn connect(netns: &NetnsPair, address: SocketAddr) -> (TcpStream, Duration) {
        let connecting = move || {
            let start = Instant::now();
            let stream = TcpStream::connect(address).unwrap();
            (stream, start.elapsed())
        };
        let (stream, took) = netns.run_in(PeerRole::Client, connecting).unwrap();
        stream.set_nodelay(true).unwrap();
        (stream, took)
    }

    fn exchange(mut stream: &TcpStream, bytes: &[u8]) -> Duration {
        let start = Instant::now();
        stream.write_all(bytes).unwrap();
        let mut back = vec![0; bytes.len()];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(back, bytes);
        start.elapsed()
    }

    /// Returns the namespace of the calling thread.
    fn namespace() -> String {
        fs::read_link("/proc/thread-self/ns/net").unwrap().display().to_string()
    }

    /// Returns the number of threads of this process in `namespace`.
    fn living_in(namespace: &str) -> usize {
        let threads = fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
        let lives = |path: std::path::PathBuf| {
            fs::read_link(path).is_ok_and(|link| link.display().to_string() == namespace)
        };
        threads.filter(|thread| lives(thread.path().join("ns/net"))).count()
    }

    /// Returns the number of TUN devices that this process has open.
    fn devices() -> usize {
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().filter_map(Result::ok);
        let links = descriptors.filter_map(|fd| fs::read_link(fd.path()).ok());
        links.filter(|link| link.ends_with("net/tun")).count()
    }

    async fn until(mut holds: impl FnMut() -> bool) {
        let waiting = async {
            while !holds() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(HUNG, waiting).await.expect("something is left behind");
    }

    #[tokio::test]
    async fn the_kernels_tcp_pays_for_the_delay() {
        let _alone = ALONE.lock().await;
        let scope = quiet();
        let netns = NetnsPair::start(&scope, far()).unwrap();
        let address = echo(&netns, &scope);
        let (stream, connecting) = connect(&netns, address);
        assert!(connecting >= RTT, "{connecting:?}");
        for _ in 0..5 {
            let took = exchange(&stream, b"hello");
            assert!(took >= RTT, "{took:?}");
        }
        // Only lower bounds are checked: scheduling and retransmissions add to them.
        let LinkStats { to_server, to_client } = netns.link_stats();
        assert!(to_server.payload >= 25 && to_client.payload >= 25, "{to_server:?} {to_client:?}");
        assert!(to_server.packets > 5, "a SYN, and five segments: {to_server:?}");
        assert!(to_client.packets > 5, "its answer, and five segments: {to_client:?}");
    }

    #[tokio::test]
    async fn payload_is_counted_as_sent() {
        let _alone = ALONE.lock().await;
        let scope = quiet();
        let netns = NetnsPair::start(&scope, far()).unwrap();
        let address = echo(&netns, &scope);
        let (stream, _) = connect(&netns, address);
        for _ in 0..3 {
            exchange(&stream, &[7; 1000]);
        }
        let LinkStats { to_server, to_client } = netns.link_stats();
        for flow in [to_server, to_client] {
            // On a machine that pauses for long, TCP retransmits a segment, which counts again.
            assert!(flow.payload >= 3000 && flow.payload.is_multiple_of(1000), "{flow:?}");
        }
        // SYN, ACK, three segments, and acknowledgements for the replies: at least 40 bytes of
        // headers each.
        assert!(
            to_server.packets >= 5 && to_server.bytes >= 3000 + 40 * to_server.packets,
            "{to_server:?}"
        );
    }

    #[tokio::test]
    async fn a_bandwidth_takes_its_time_and_tcp_copes_with_drops() {
        let _alone = ALONE.lock().await;
        let scope = quiet();
        // 2 MiB take 1/4 s.
        let conditions = LinkConditions { rtt: RTT, jitter: RTT / 10, bandwidth: Some(64 << 20) };
        let netns = NetnsPair::start(&scope, conditions).unwrap();
        let address = echo(&netns, &scope);
        let (stream, _) = connect(&netns, address);
        stream.set_nonblocking(true).unwrap();
        let mut stream = tokio::net::TcpStream::from_std(stream).unwrap();
        let all: Vec<u8> = (0..2 << 20).map(|at| (at * 31 + at / 251) as u8).collect();
        let (mut read, mut write) = stream.split();
        let mut back = vec![0; all.len()];
        let start = Instant::now();
        let both = async { tokio::join!(write.write_all(&all), read.read_exact(&mut back)) };
        let (sent, got) = timeout(HUNG, both).await.unwrap();
        sent.unwrap();
        got.unwrap();
        assert!(start.elapsed() >= Duration::from_millis(250), "{:?}", start.elapsed());
        assert!(back == all);
    }

    #[tokio::test]
    async fn jobs_and_their_child_processes_run_in_the_namespace() {
        let _alone = ALONE.lock().await;
        let scope = quiet();
        let netns = NetnsPair::start(&scope, far()).unwrap();
        let server = netns.run_in(PeerRole::Server, namespace).unwrap();
        let client = netns.run_in(PeerRole::Client, namespace).unwrap();
        assert!(server != client && server != namespace() && client != namespace());
        for (side, lives) in [(PeerRole::Server, server), (PeerRole::Client, client)] {
            // The child is spawned there and awaited here.
            let child = netns
                .run_in(side, || Command::new("readlink").arg("/proc/self/ns/net").output())
                .unwrap();
            let output = timeout(HUNG, child).await.unwrap().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), lives);
        }
    }

    #[tokio::test]
    async fn nothing_is_left_when_the_scope_ends_or_the_pair_is_dropped() {
        let _alone = ALONE.lock().await;
        for dropped in [false, true] {
            // The pairs of other tests have been dropped, but their threads may still be ending.
            until(|| devices() == 0).await;
            let scope = quiet();
            let netns = NetnsPair::start(&scope, far()).unwrap();
            let server = netns.run_in(PeerRole::Server, namespace).unwrap();
            let client = netns.run_in(PeerRole::Client, namespace).unwrap();
            assert_eq!((living_in(&server), living_in(&client), devices()), (1, 1, 2));
            if dropped {
                drop(netns);
            } else {
                scope.cancel();
                timeout(HUNG, scope.closed()).await.expect("the threads did not end");
                let error = netns.run_in(PeerRole::Server, || ()).unwrap_err();
                let expected = matches!(
                    error,
                    NetnsError::Closed(PeerRole::Server) | NetnsError::JobLost(PeerRole::Server)
                );
                assert!(expected, "{error:?}");
            }
            timeout(HUNG, scope.closed()).await.expect("the threads did not end");
            // The kernel removes a thread from its list a moment after the thread has ended.
            until(|| (living_in(&server), living_in(&client), devices()) == (0, 0, 0)).await;
        }
    }

    #[tokio::test]
    async fn a_panicking_job_is_reported_and_other_jobs_do_not_hang() {
        let _alone = ALONE.lock().await;
        let scope = Scope::new(|_| {});
        let netns = NetnsPair::start(&scope, far()).unwrap();
        let error = netns.run_in(PeerRole::Client, || panic!("out of cheese")).unwrap_err();
        assert!(matches!(error, NetnsError::JobLost(PeerRole::Client)), "{error:?}");
        assert!(netns.run_in(PeerRole::Client, || ()).is_err());
        netns.run_in(PeerRole::Server, || ()).expect("the other end lives on");
    }

    #[tokio::test]
    async fn an_ended_scope_starts_no_network() {
        let scope = quiet();
        scope.cancel();
        assert!(matches!(NetnsPair::start(&scope, far()), Err(NetnsError::ScopeEnded)));
    }
}
