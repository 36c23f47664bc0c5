//! [`Registry`]: the sessions of a service: found by name, counted by address, closed together.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use thiserror::Error;
use tokio::sync::mpsc;
use wiretalk_core::sockjs::Transport;
use wiretalk_core::sockjs::session::{SessionLimits, SessionMachine};

use crate::sockjs::counters::Counters;
use crate::sockjs::session::{Batch, Home, Opening, Session};

/// Requests whose messages wait for the handler, besides the one that it works on. Others wait
/// unread.
const INBOX: usize = 2;

/// The sessions of a service.
pub(super) struct Registry {
    limits: RegistryLimits,
    counters: Arc<Counters>,
    /// A mutex of the standard library, because nothing is awaited while it is held.
    state: Mutex<State>,
}

/// The limits for the number of sessions, and for each of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct RegistryLimits {
    pub(super) sessions: usize,
    pub(super) sessions_per_peer: usize,
    pub(super) session: SessionLimits,
}

#[derive(Default)]
struct State {
    all: HashMap<u64, Session>,
    named: HashMap<String, Session>,
    peers: HashMap<IpAddr, usize>,
    next: u64,
    draining: bool,
}

/// A session that was asked for.
pub(super) enum Opened {
    /// It was not there before; someone must drive it.
    New(Session, mpsc::Receiver<Batch>),
    /// It was there.
    Known(Session),
}

/// Why there is no new session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum RegistryFull {
    #[error("this server shuts down and opens no more sessions")]
    Draining,
    #[error("this server has its maximum of {0} sessions; try again later")]
    Sessions(usize),
    #[error("your address has its maximum of {0} sessions at this server")]
    Peer(usize),
}

impl Registry {
    pub(super) fn new(limits: RegistryLimits, counters: Arc<Counters>) -> Arc<Self> {
        Arc::new(Self { limits, counters, state: Mutex::default() })
    }

    /// Returns the session of that name, which may be a new one.
    pub(super) fn open(
        self: &Arc<Self>,
        name: &str,
        transport: Transport,
        peer: Option<SocketAddr>,
    ) -> Result<Opened, RegistryFull> {
        let mut state = self.lock();
        if let Some(session) = state.named.get(name) {
            return Ok(Opened::Known(session.clone()));
        }
        let (inbox, batches) = mpsc::channel(INBOX);
        let session = self.insert(&mut state, Some(name), transport, peer, Some(inbox))?;
        Ok(Opened::New(session, batches))
    }

    /// Returns a new session without a name.
    pub(super) fn open_websocket(
        self: &Arc<Self>,
        transport: Transport,
        peer: Option<SocketAddr>,
    ) -> Result<Session, RegistryFull> {
        self.insert(&mut self.lock(), None, transport, peer, None)
    }

    /// Returns the session of that name, if there is one.
    pub(super) fn find(&self, name: &str) -> Option<Session> {
        self.lock().named.get(name).cloned()
    }

    /// Refuses new sessions from now on, and returns those that are there.
    pub(super) fn drain(&self) -> Vec<Session> {
        self.lock().draining = true;
        self.sessions()
    }

    /// Returns the sessions, the oldest first.
    pub(super) fn sessions(&self) -> Vec<Session> {
        let mut sessions: Vec<_> = self.lock().all.values().cloned().collect();
        sessions.sort_by_key(Session::number);
        sessions
    }

    fn insert(
        self: &Arc<Self>,
        state: &mut State,
        name: Option<&str>,
        transport: Transport,
        peer: Option<SocketAddr>,
        inbox: Option<mpsc::Sender<Batch>>,
    ) -> Result<Session, RegistryFull> {
        if let Err(full) = self.check_room(state, peer) {
            self.counters.refused();
            return Err(full);
        }
        let number = state.next;
        state.next = state.next.saturating_add(1);
        let name = name.map(str::to_owned);
        let home: Weak<dyn Home> = Arc::downgrade(&(self.clone() as Arc<dyn Home>));
        let counters = self.counters.clone();
        let opening =
            Opening { number, name: name.clone(), transport, peer, inbox, counters, home };
        let limits = self.limits.session;
        let session = Session::new(opening, |now| SessionMachine::new(limits, now));
        state.all.insert(number, session.clone());
        if let Some(name) = name {
            state.named.insert(name, session.clone());
        }
        if let Some(peer) = peer {
            let count = state.peers.entry(network(peer.ip())).or_default();
            *count = count.saturating_add(1);
        }
        self.counters.opened();
        Ok(session)
    }

    fn check_room(&self, state: &State, peer: Option<SocketAddr>) -> Result<(), RegistryFull> {
        let of_peer = peer.and_then(|peer| state.peers.get(&network(peer.ip())));
        if state.draining {
            Err(RegistryFull::Draining)
        } else if state.all.len() >= self.limits.sessions {
            Err(RegistryFull::Sessions(self.limits.sessions))
        } else if of_peer.is_some_and(|count| *count >= self.limits.sessions_per_peer) {
            Err(RegistryFull::Peer(self.limits.sessions_per_peer))
        } else {
            Ok(())
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Home for Registry {
    fn forget(&self, session: &Session) {
        let mut state = self.lock();
        if state.all.remove(&session.number()).is_none() {
            return;
        }
        if let Some(name) = session.name() {
            state.named.remove(name);
        }
        if let Some(peer) = session.peer() {
            let network = network(peer.ip());
            if let Some(count) = state.peers.get_mut(&network) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    state.peers.remove(&network);
                }
            }
        }
        self.counters.forgotten();
    }
}

/// Returns whom an address stands for: who has an IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let bits = address.to_bits() >> 64 << 64;
            std::net::Ipv6Addr::from_bits(bits).into()
        }
    }
}
