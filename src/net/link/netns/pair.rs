//! [`NetnsPair`]: a network of our own with a distance in it, which the kernel's TCP crosses as it crosses any other.
//! It knows nothing of who talks over it: jobs are handed to its ends, and packets are carried and
//! counted.

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
use super::endpoint::{EndpointRole, NamespaceJob};
use super::error::NetnsError;
#[cfg(target_os = "linux")]
use super::{namespace, packet_relay};

/// Two network namespaces (Linux, root), each with a thread that lives in it and a TUN device, and
/// a relay between the two devices. A packet that leaves one end arrives at the other half a round
/// trip later; [`LinkConditions::bandwidth`] counts the bytes of IP packets. All that is above is
/// the kernel's: handshakes, windows, slow start, retransmission.
///
/// As at a router, a packet is dropped that would wait for more than 100 ms to leave, or that finds
/// 16 MiB on the way. Only IPv4 is carried. An end has no loopback: its own address and 127.0.0.1
/// cannot be reached from within.
///
/// It ends with its scope or when it is dropped, whichever is first; then the devices vanish, and
/// the namespaces with the last process and socket in them. The kernel sees to that however this
/// process ends.
pub(crate) struct NetnsPair {
    server: Sender<NamespaceJob>,
    client: Sender<NamespaceJob>,
    #[cfg_attr(not(test), expect(dead_code, reason = "the relay counts; tests ask what"))]
    counters: Arc<LinkCounters>,
    /// Its last owner, as long as the pair lives.
    _scope: Scope,
}

impl NetnsPair {
    /// The server's address. Both lie in a private range (RFC 1918) and exist in their namespaces
    /// only.
    pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 33, 1);
    /// The client's address.
    pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 33, 2);

    /// Makes the network, which takes some milliseconds, and waits for it.
    ///
    /// # Errors
    /// Without Linux, root and `/dev/net/tun`, or if the scope has ended.
    #[cfg(target_os = "linux")]
    pub(crate) fn start(scope: &Scope, conditions: LinkConditions) -> Result<Self, NetnsError> {
        let scope = scope.child();
        let (server, to_server) = namespace::spawn_namespace(&scope, "net-server", Self::SERVER)?;
        let (client, to_client) = namespace::spawn_namespace(&scope, "net-client", Self::CLIENT)?;
        let flows = packet_relay::start(&scope, to_server, to_client, conditions)?;
        Ok(Self { server, client, counters: flows, _scope: scope })
    }

    /// There is none here.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn start(_scope: &Scope, _conditions: LinkConditions) -> Result<Self, NetnsError> {
        Err(NetnsError::Unsupported)
    }

    /// Runs `job` on the thread that lives in that end's namespace, after those that wait there,
    /// and waits for it. Sockets that it makes belong to the namespace wherever they are used,
    /// and child processes that it spawns live there; other threads do not move there.
    ///
    /// `job` runs within a tokio runtime of one thread, which does nothing else meanwhile, so it
    /// should be short; it must not ask for a job at the same end.
    ///
    /// # Errors
    /// If the end is no more, the job panicked, or too many jobs wait.
    pub(crate) fn run_in<R: Send + 'static>(
        &self,
        role: EndpointRole,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, NetnsError> {
        let jobs = match role {
            EndpointRole::Server => &self.server,
            EndpointRole::Client => &self.client,
        };
        let (result_sender, result_receiver) = sync_channel(1);
        let job = Box::new(move || {
            // Whoever asked is waiting for it.
            let _ = result_sender.send(job());
        });
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => NetnsError::Busy(role),
            TrySendError::Closed(_) => NetnsError::Closed(role),
        })?;
        result_receiver.recv().map_err(|_| NetnsError::JobLost(role))
    }

    #[cfg(test)]
    /// What the relay has seen so far, each way.
    pub(crate) fn link_stats(&self) -> LinkStats {
        self.counters.snapshot()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]
mod tests {
    //! They need root and `/dev/net/tun`; where those lack, they fail and say so.

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
    /// How long a test may take before it is called hung.
    const HUNG: Duration = Duration::from_mins(1);

    /// The tests look at the process's descriptors: one after another.
    static ALONE: Mutex<()> = Mutex::const_new(());

    fn quiet() -> Scope {
        Scope::new(|panic| panic!("unexpected: {panic}"))
    }

    fn far() -> LinkConditions {
        LinkConditions { rtt: RTT, ..LinkConditions::default() }
    }

    /// An echo in the server's end, until the scope ends.
    fn echo(netns: &NetnsPair, scope: &Scope) -> SocketAddr {
        let listener = netns
            .run_in(EndpointRole::Server, || TcpListener::bind((NetnsPair::SERVER, 0)).unwrap())
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

    /// A connection from the client's end, and what it took.
    fn connect(netns: &NetnsPair, address: SocketAddr) -> (TcpStream, Duration) {
        let connecting = move || {
            let start = Instant::now();
            let stream = TcpStream::connect(address).unwrap();
            (stream, start.elapsed())
        };
        let (stream, took) = netns.run_in(EndpointRole::Client, connecting).unwrap();
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

    /// The namespace of the thread that asks.
    fn namespace() -> String {
        fs::read_link("/proc/thread-self/ns/net").unwrap().display().to_string()
    }

    /// The threads of this process that live in `namespace`.
    fn living_in(namespace: &str) -> usize {
        let threads = fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
        let lives = |path: std::path::PathBuf| {
            fs::read_link(path).is_ok_and(|link| link.display().to_string() == namespace)
        };
        threads.filter(|thread| lives(thread.path().join("ns/net"))).count()
    }

    /// The TUN devices that this process holds.
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
        timeout(HUNG, waiting).await.expect("nothing is left behind");
    }

    #[tokio::test]
    async fn the_kernels_tcp_pays_for_the_distance() {
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
        // more than these are the machine's: what it takes to be scheduled, and what TCP sends
        // again meanwhile
        let LinkStats { to_server, to_client } = netns.link_stats();
        assert!(to_server.payload >= 25 && to_client.payload >= 25, "{to_server:?} {to_client:?}");
        assert!(to_server.packets > 5, "a SYN, and five segments: {to_server:?}");
        assert!(to_client.packets > 5, "its answer, and five segments: {to_client:?}");
    }

    #[tokio::test]
    async fn payload_is_counted_as_it_was_sent() {
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
            // where the machine stands still for long, TCP sends a segment again, and that counts
            // again
            assert!(flow.payload >= 3000 && flow.payload.is_multiple_of(1000), "{flow:?}");
        }
        // SYN and ACK, three segments and acknowledgements for what came back: headers of 40 bytes
        // at least
        assert!(
            to_server.packets >= 5 && to_server.bytes >= 3000 + 40 * to_server.packets,
            "{to_server:?}"
        );
    }

    #[tokio::test]
    async fn a_bandwidth_takes_its_time_and_tcp_lives_with_the_router_that_drops() {
        let _alone = ALONE.lock().await;
        let scope = quiet();
        // 2 MiB in 1/4 s
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
    async fn jobs_run_in_their_namespace_and_children_are_born_there() {
        let _alone = ALONE.lock().await;
        let scope = quiet();
        let netns = NetnsPair::start(&scope, far()).unwrap();
        let server = netns.run_in(EndpointRole::Server, namespace).unwrap();
        let client = netns.run_in(EndpointRole::Client, namespace).unwrap();
        assert!(server != client && server != namespace() && client != namespace());
        for (side, lives) in [(EndpointRole::Server, server), (EndpointRole::Client, client)] {
            // It is spawned there, and waited for here.
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
            // The pairs of other tests have been dropped; their threads may be about to end.
            until(|| devices() == 0).await;
            let scope = quiet();
            let netns = NetnsPair::start(&scope, far()).unwrap();
            let server = netns.run_in(EndpointRole::Server, namespace).unwrap();
            let client = netns.run_in(EndpointRole::Client, namespace).unwrap();
            assert_eq!((living_in(&server), living_in(&client), devices()), (1, 1, 2));
            if dropped {
                drop(netns);
            } else {
                scope.cancel();
                timeout(HUNG, scope.closed()).await.expect("all threads end");
                let error = netns.run_in(EndpointRole::Server, || ()).unwrap_err();
                let expected = matches!(
                    error,
                    NetnsError::Closed(EndpointRole::Server)
                        | NetnsError::JobLost(EndpointRole::Server)
                );
                assert!(expected, "{error:?}");
            }
            timeout(HUNG, scope.closed()).await.expect("all threads end");
            // The kernel takes a thread off its list a moment after it has ended.
            until(|| (living_in(&server), living_in(&client), devices()) == (0, 0, 0)).await;
        }
    }

    #[tokio::test]
    async fn a_job_that_panics_is_reported_and_others_do_not_hang() {
        let _alone = ALONE.lock().await;
        let scope = Scope::new(|_| {});
        let netns = NetnsPair::start(&scope, far()).unwrap();
        let error = netns.run_in(EndpointRole::Client, || panic!("out of cheese")).unwrap_err();
        assert!(matches!(error, NetnsError::JobLost(EndpointRole::Client)), "{error:?}");
        assert!(netns.run_in(EndpointRole::Client, || ()).is_err());
        netns.run_in(EndpointRole::Server, || ()).expect("the other end lives on");
    }

    #[tokio::test]
    async fn an_ended_scope_makes_no_network() {
        let scope = quiet();
        scope.cancel();
        assert!(matches!(NetnsPair::start(&scope, far()), Err(NetnsError::ScopeEnded)));
    }
}
