//! [`Planet`]: a network of our own with a distance in it, which the kernel's TCP crosses as it crosses any other.
//! It knows nothing of who talks over it: jobs are handed to its ends, and packets are carried and counted.

#[cfg(target_os = "linux")]
mod end;
mod flow;
#[cfg(target_os = "linux")]
mod relay;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use crate::net::Distance;
use crate::scope::Scope;

use flow::Counters;
pub use flow::{Flow, Flows};

/// Two network namespaces (Linux, root), each with a thread that lives in it and a TUN device, and a relay between the two
/// devices. A packet that leaves one end arrives at the other half a round trip later; [`Distance::bandwidth`] counts
/// the bytes of IP packets. All that is above is the kernel's: handshakes, windows, slow start, retransmission.
///
/// As at a router, a packet is dropped that would wait for more than 100 ms to leave, or that finds 16 MiB on the way.
/// Only IPv4 is carried. An end has no loopback: its own address and 127.0.0.1 cannot be reached from within.
///
/// It ends with its scope or when it is dropped, whichever is first; then packets go nowhere, and namespaces and
/// devices vanish with the last process and socket in them. The kernel sees to that however this process ends.
#[derive(Debug)]
pub struct Planet {
    server: Sender<Job>,
    client: Sender<Job>,
    flows: Arc<Counters>,
    _scope: Owned,
}

/// What an end's thread runs.
type Job = Box<dyn FnOnce() + Send>;

/// The scope of threads that end with the planet.
struct Owned(#[expect(dead_code, reason = "held to be dropped")] Scope);

impl std::fmt::Debug for Owned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scope")
    }
}

/// An end of a [`Planet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// Whose address is [`Planet::SERVER`].
    Server,
    /// Whose address is [`Planet::CLIENT`].
    Client,
}

impl End {
    /// `server` or `client`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

impl Planet {
    /// The server's address. Both lie in a private range (RFC 1918) and exist in their namespaces only.
    pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 33, 1);
    /// The client's address.
    pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 33, 2);

    /// Makes the network, which takes some milliseconds, and waits for it.
    ///
    /// # Errors
    /// What failed and what would be right: it needs Linux, root and `/dev/net/tun`.
    #[cfg(target_os = "linux")]
    pub fn start(scope: &Scope, distance: Distance) -> Result<Self, String> {
        let scope = scope.child();
        let (server, to_server) = end::open(&scope, "net-server", Self::SERVER)?;
        let (client, to_client) = end::open(&scope, "net-client", Self::CLIENT)?;
        let flows = relay::start(&scope, to_server, to_client, distance)?;
        Ok(Self { server, client, flows, _scope: Owned(scope) })
    }

    /// There is none here.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub fn start(_scope: &Scope, _distance: Distance) -> Result<Self, String> {
        Err("a real network is made of Linux's network namespaces; model the distance here".to_owned())
    }

    /// Runs `job` on the thread that lives in that end's namespace, after those that wait there, and waits for it.
    /// Sockets that it makes belong to the namespace wherever they are used, and child processes that it spawns
    /// live there; other threads do not move there.
    ///
    /// `job` runs within a tokio runtime of one thread, which does nothing else meanwhile, so it should be short; it must
    /// not ask for a job at the same end.
    ///
    /// # Errors
    /// If the end is no more, the job panicked, or too many jobs wait.
    pub fn run_in<R: Send + 'static>(
        &self,
        side: End,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, String> {
        let (jobs, name) = match side {
            End::Server => (&self.server, "server"),
            End::Client => (&self.client, "client"),
        };
        let (tell, told) = sync_channel(1);
        let job = Box::new(move || {
            // Whoever asked is waiting for it.
            let _ = tell.send(job());
        });
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => format!("the {name}'s end has too many jobs waiting"),
            TrySendError::Closed(_) => format!("the {name}'s end of the network has closed"),
        })?;
        told.recv().map_err(|_| format!("the {name}'s end of the network has closed before the job was done"))
    }

    /// What the relay has seen so far, each way.
    pub fn counted(&self) -> Flows {
        self.flows.counted()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
