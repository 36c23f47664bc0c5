//! [`bind`]: the proxy's port, its connections and their numbers, and the way of each command to its connection.
//! What happens on a connection is `passage`'s business.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::sleep;

use crate::net::{self, Target, Tls};
use crate::proxy::{Act, passage};
use crate::scope::Scope;
use crate::wire::Side;

/// Connections at once; more wait until one is over.
const MOST: usize = 256;

/// Commands that wait for one connection; more are not taken.
const COMMANDS: usize = 64;

/// Where to listen, where to lead, and what waits from the start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// Listen on other addresses than loopback too: then anybody in reach gets through.
    pub anywhere: bool,
    /// The server behind. Its path is not used: a client's request passes as it is.
    pub upstream: Target,
    /// Whom to trust, where the server is a `wss://` one.
    pub tls: Tls,
    /// How long the server may take to accept a connection.
    pub patience: Duration,
    /// Hold what clients send, from the first frame on.
    pub hold_client: bool,
    /// Hold what the server sends, from the first frame on.
    pub hold_server: bool,
    /// Holding holds the heads of the handshake too.
    pub hold_heads: bool,
}

impl Options {
    /// Everything passes, 5 s of patience, loopback only.
    pub fn new(listen: SocketAddr, upstream: Target) -> Self {
        Self {
            listen,
            anywhere: false,
            upstream,
            tls: Tls::default(),
            patience: Duration::from_secs(5),
            hold_client: false,
            hold_server: false,
            hold_heads: false,
        }
    }
}

/// Which connections a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one with this number.
    One(usize),
    /// All that are open; holding and releasing also for those that are still to come.
    All,
}

/// Something to do with what one side sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Where.
    pub which: Which,
    /// Who sends what is meant.
    pub from: Side,
    /// What.
    pub act: Act,
}

/// Something that happened, with the number of its connection, which counts from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The number.
    pub connection: usize,
    /// What happened.
    pub told: Told,
}

/// What happens on a connection through the proxy, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A client has come.
    Opened {
        /// From where.
        peer: SocketAddr,
    },
    /// The server behind has accepted it.
    Connected {
        /// Its address.
        server: SocketAddr,
        /// What TLS has come to, where the server speaks it.
        how: Option<String>,
    },
    /// Bytes as they came from one side; they pass on unless they are held or dropped. Empty: the end of its stream.
    Bytes {
        /// Who sent them.
        from: Side,
        /// When they came.
        at: Instant,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// So much that this side sent waits now.
    Waiting {
        /// Who sent it.
        from: Side,
        /// Frames, the last of which may not be complete.
        frames: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// These bytes were among those that came, and did not pass.
    Dropped {
        /// Who sent them.
        from: Side,
        /// When.
        at: Instant,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// These bytes passed as if this side had sent them.
    Injected {
        /// Who seems to have sent them.
        from: Side,
        /// When.
        at: Instant,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// It is over, and why, in words; the last report of this connection. Ok: both sides ended their streams.
    Ended(Result<String, String>),
}

/// Tells what happens on one connection; while the reports are full it waits, and its peers with it.
#[derive(Clone, Debug)]
pub(super) struct Teller {
    connection: usize,
    reports: mpsc::Sender<Report>,
}

impl Teller {
    pub(super) async fn tell(&self, told: Told) {
        // a reader that is gone needs no reports; the bytes pass on all the same
        let _ = self.reports.send(Report { connection: self.connection, told }).await;
    }
}

/// Listens; the proxy lives as long as the future is run, or `scope`, whose tasks its connections are. It goes on
/// when `commands` is closed.
///
/// # Errors
/// If the address is not loopback and that was not wished in so many words, or is taken, or may not be used.
pub async fn bind(
    scope: &Scope,
    options: Options,
    commands: mpsc::Receiver<Command>,
    reports: mpsc::Sender<Report>,
) -> io::Result<(SocketAddr, impl Future<Output = ()> + Send + use<>)> {
    if !options.listen.ip().is_loopback() && !options.anywhere {
        let why = format!(
            "{} is not loopback, so anybody in reach would get through; 127.0.0.1 would be right",
            options.listen.ip()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let listener = net::listen(options.listen)?;
    let address = listener.local_addr()?;
    let proxy = Proxy { scope: scope.child(), options, reports, open: HashMap::new(), count: 0 };
    Ok((address, proxy.run(listener, commands)))
}

struct Proxy {
    scope: Scope,
    options: Options,
    reports: mpsc::Sender<Report>,
    open: HashMap<usize, mpsc::Sender<(Side, Act)>>,
    count: usize,
}

impl Proxy {
    async fn run(mut self, listener: TcpListener, mut commands: mpsc::Receiver<Command>) {
        let places = Arc::new(Semaphore::new(MOST));
        let mut asked = true;
        loop {
            let accepting = async {
                let place = places.clone().acquire_owned().await.expect("nobody closes the semaphore");
                (place, listener.accept().await)
            };
            tokio::select! {
                command = commands.recv(), if asked => match command {
                    Some(command) => self.obey(&command),
                    None => asked = false,
                },
                (place, accepted) = accepting => match accepted {
                    Ok((client, peer)) => self.begin(client, peer, place),
                    // out of file handles, most likely: those that are open may end meanwhile
                    Err(_) => sleep(Duration::from_millis(100)).await,
                },
            }
        }
    }

    fn begin(&mut self, client: tokio::net::TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        self.open.retain(|_, acts| !acts.is_closed());
        self.count += 1;
        let (acts, inbox) = mpsc::channel(COMMANDS);
        self.open.insert(self.count, acts);
        let teller = Teller { connection: self.count, reports: self.reports.clone() };
        let passing = passage::pass(client, peer, self.options.clone(), inbox, teller);
        self.scope.spawn("proxy connection", async move {
            passing.await;
            drop(place);
        });
    }

    fn obey(&mut self, command: &Command) {
        let all = command.which == Which::All;
        let hold = match command.from {
            Side::Client => &mut self.options.hold_client,
            Side::Server => &mut self.options.hold_server,
        };
        match command.act {
            Act::Hold if all => *hold = true,
            Act::Release if all => *hold = false,
            _ => {}
        }
        for (number, acts) in &self.open {
            if all || command.which == Which::One(*number) {
                // one that is over needs no command, and one that does not get to its own has enough of them
                let _ = acts.try_send((command.from, command.act.clone()));
            }
        }
    }
}
