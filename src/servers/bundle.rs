//! [`ServerBundle`]: the servers on one thread of their own, so that a talk's screen and its servers never wait for each other.
//! It does not restart a server; its state says why one is not up.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::net::Traffic;
use crate::scope::Scope;
use crate::servers::{Access, EventLog, Limits, ServerKind, ServerOptions, http};
use crate::wire::handshake::ServerPolicy;

/// The ports to listen on; 0, the default, is any free one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// For the REST echo.
    pub http: u16,
    /// For the WebSocket echo.
    pub websocket: u16,
}

/// Where both servers listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The REST echo.
    pub http: SocketAddr,
    /// The WebSocket echo.
    pub websocket: SocketAddr,
}

impl Addresses {
    /// `http://127.0.0.1:PORT/echo`
    pub fn http_url(&self) -> String {
        format!("http://{}/echo", self.http)
    }

    /// `ws://127.0.0.1:PORT/`
    pub fn websocket_url(&self) -> String {
        format!("ws://{}/", self.websocket)
    }
}

/// Why a bundled server is not up.
#[derive(Clone, Debug, Error)]
pub enum ServerError {
    /// There is no thread for the servers.
    #[error("could not start the servers' thread: {0}")]
    Thread(#[source] Arc<io::Error>),
    /// It cannot listen at its port.
    #[error("{name} server: could not listen on 127.0.0.1:{port}: {}", listen_advice(source))]
    Listen {
        /// Which server.
        name: String,
        /// The port that was asked for; 0 is any free one.
        port: u16,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// It has ended.
    #[error("the server has ended")]
    Ended,
}

fn listen_advice(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "the port is taken; choose another one, or 0 for any free one".to_owned()
        }
        io::ErrorKind::PermissionDenied => format!("{error}; ports from 1024 on need no rights"),
        _ => error.to_string(),
    }
}

/// How a server is.
#[derive(Clone, Debug)]
pub enum ServerState {
    /// It has not yet got its port.
    Starting,
    /// It listens.
    Up(SocketAddr),
    /// It could not start.
    Failed(ServerError),
    /// It has ended.
    Ended,
}

/// One of the servers, seen from outside. Dropping it does not end it.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    state: watch::Receiver<ServerState>,
    traffic: Arc<Traffic>,
}

impl ServerHandle {
    /// How it is now.
    pub fn state(&self) -> ServerState {
        self.state.borrow().clone()
    }

    /// To await changes of its state.
    pub fn watch(&self) -> watch::Receiver<ServerState> {
        self.state.clone()
    }

    /// What went over its sockets.
    pub fn traffic(&self) -> Arc<Traffic> {
        self.traffic.clone()
    }

    /// Waits until it is up, or is not going to be.
    ///
    /// # Errors
    /// If it could not start, or has ended.
    pub async fn ready(&self) -> Result<SocketAddr, ServerError> {
        let mut watch = self.watch();
        let settled = watch.wait_for(|state| !matches!(state, ServerState::Starting)).await;
        match settled.map(|state| state.clone()) {
            Ok(ServerState::Up(address)) => Ok(address),
            Ok(ServerState::Failed(error)) => Err(error),
            Ok(ServerState::Starting | ServerState::Ended) | Err(_) => Err(ServerError::Ended),
        }
    }
}

/// What a bundle consists of. The default: any free ports, the plain echo, the default limits,
/// nobody let in whom the kind of server would not let in by itself.
#[derive(Clone, Debug)]
pub struct BundleOptions {
    /// Where to listen.
    pub ports: Ports,
    /// What the WebSocket echo is.
    pub websocket: ServerKind,
    /// What a peer may ask of either server.
    pub limits: Limits,
    /// Whom either server lets in.
    pub access: Access,
    /// What the strict echo agrees to, where that is what the options name.
    pub policy: ServerPolicy,
}

impl Default for BundleOptions {
    fn default() -> Self {
        Self {
            ports: Ports::default(),
            websocket: ServerKind::Plain,
            limits: Limits::default(),
            access: Access::default(),
            policy: ServerKind::Strict.policy(),
        }
    }
}

/// The REST echo and a WebSocket echo, and on demand the other WebSocket servers. They end with the
/// scope they were started in, or politely by [`ServerBundle::shut_down`].
#[derive(Debug)]
pub struct ServerBundle {
    /// The REST echo.
    pub http: ServerHandle,
    /// The WebSocket echo.
    pub websocket: ServerHandle,
    kind: ServerKind,
    on_demand: [OnceLock<ServerHandle>; ServerKind::ALL.len()],
    start_requests: mpsc::Sender<StartRequest>,
    shutdown: CancellationToken,
}

/// Another server that somebody has asked for.
struct StartRequest {
    kind: ServerKind,
    publisher: StatePublisher,
    options: ServerOptions,
}

impl ServerBundle {
    /// Starts both echoes and returns at once; [`ServerBundle::ready`] waits for their addresses.
    /// One that fails leaves the other up.
    pub fn start(scope: &Scope, ports: Ports, log: Option<&EventLog>) -> Self {
        Self::start_with(scope, BundleOptions { ports, ..BundleOptions::default() }, log)
    }

    /// The same with these options.
    pub fn start_with(scope: &Scope, plan: BundleOptions, log: Option<&EventLog>) -> Self {
        let shutdown = CancellationToken::new();
        let BundleOptions { ports, websocket: kind, limits, access, policy } = plan;
        let options = |port| ServerOptions {
            port,
            shutdown: shutdown.clone(),
            log: log.cloned(),
            limits,
            access: access.clone(),
            ..ServerOptions::default()
        };
        let (http_options, websocket_options) = (options(ports.http), options(ports.websocket));
        let (http_post, http) = state_channel(&http_options);
        let (websocket_post, websocket) = state_channel(&websocket_options);
        // As many as there are kinds: each is asked for once.
        let (orders, ordered) = mpsc::channel(ServerKind::ALL.len());
        let ending = shutdown.clone();
        let started = scope.spawn_thread("servers", move |scope| async move {
            let http =
                run_server("http", http_options.port, http::bind(&scope, http_options), http_post);
            let websocket = kind.bind(&scope, websocket_options, policy);
            let websocket = run_server("websocket", ports.websocket, websocket, websocket_post);
            tokio::join!(http, websocket, run_on_demand(&scope, ordered, ending));
        });
        let bundle = Self {
            http,
            websocket,
            kind,
            on_demand: Default::default(),
            start_requests: orders,
            shutdown,
        };
        match started {
            Ok(()) => bundle,
            // The publishers went with the thread's closure; nobody can be up any more.
            Err(error) => {
                let error = Arc::new(error);
                let failed =
                    |server: ServerHandle| ServerHandle { state: failed_state(&error), ..server };
                Self { http: failed(bundle.http), websocket: failed(bundle.websocket), ..bundle }
            }
        }
    }

    /// The WebSocket server of that kind, on a port of its own. One that nobody asked for before is
    /// started now, with the policy of its kind and the default limits; [`ServerHandle::ready`]
    /// waits for its address.
    pub fn server(&self, kind: ServerKind) -> ServerHandle {
        if kind == self.kind {
            return self.websocket.clone();
        }
        let start = || {
            let options =
                ServerOptions { shutdown: self.shutdown.clone(), ..ServerOptions::default() };
            let (publisher, server) = state_channel(&options);
            // Where the thread has ended, so has the server: dropping the publisher says it.
            let _ = self.start_requests.try_send(StartRequest { kind, publisher, options });
            server
        };
        let others = ServerKind::ALL.into_iter().zip(&self.on_demand);
        let (_, other) =
            others.into_iter().find(|(other, _)| *other == kind).expect("all kinds are there");
        other.get_or_init(start).clone()
    }

    /// Where both echoes listen, once they do.
    ///
    /// # Errors
    /// If one of them could not start, or has ended.
    pub async fn ready(&self) -> Result<Addresses, ServerError> {
        Ok(Addresses { http: self.http.ready().await?, websocket: self.websocket.ready().await? })
    }

    /// Lets all finish the requests in hand, close every WebSocket with 1001 and end. It returns at
    /// once; [`ServerBundle::closed`] waits.
    pub fn shut_down(&self) {
        self.shutdown.cancel();
    }

    /// Waits until all have ended, or failed.
    pub async fn closed(&self) {
        let others = self.on_demand.iter().filter_map(OnceLock::get);
        for server in [&self.http, &self.websocket].into_iter().chain(others) {
            let has_ended =
                |state: &ServerState| matches!(state, ServerState::Ended | ServerState::Failed(_));
            // An error means that the sender is gone, and the server with it.
            let _ = server.watch().wait_for(has_ended).await;
        }
    }
}

/// Starts what is asked for, until the shutdown, and waits until all of it has ended.
async fn run_on_demand(
    scope: &Scope,
    mut start_requests: mpsc::Receiver<StartRequest>,
    ending: CancellationToken,
) {
    let running = scope.child();
    let starting = async {
        while let Some(StartRequest { kind, publisher, options }) = start_requests.recv().await {
            let scope = scope.child();
            running.spawn(kind.name(), async move {
                let server = kind.bind(&scope, options, kind.policy());
                run_server(kind.name(), 0, server, publisher).await;
            });
        }
    };
    tokio::select! {
        biased;
        () = ending.cancelled() => {}
        () = starting => {}
    }
    drop(start_requests);
    running.closed().await;
}

/// Publishes a server's state. However the server goes, the last state says that it has gone.
struct StatePublisher(watch::Sender<ServerState>);

impl Drop for StatePublisher {
    fn drop(&mut self) {
        self.0.send_if_modified(|state| {
            let gone = !matches!(state, ServerState::Failed(_));
            if gone {
                *state = ServerState::Ended;
            }
            gone
        });
    }
}

fn state_channel(options: &ServerOptions) -> (StatePublisher, ServerHandle) {
    let (sender, state) = watch::channel(ServerState::Starting);
    (StatePublisher(sender), ServerHandle { state, traffic: options.traffic.clone() })
}

fn failed_state(error: &Arc<io::Error>) -> watch::Receiver<ServerState> {
    watch::channel(ServerState::Failed(ServerError::Thread(error.clone()))).1
}

async fn run_server<F: Future<Output = ()>>(
    name: &str,
    port: u16,
    bound: io::Result<(SocketAddr, F)>,
    publisher: StatePublisher,
) {
    match bound {
        Ok((address, server)) => {
            publisher.0.send_replace(ServerState::Up(address));
            server.await;
        }
        Err(error) => {
            let error =
                ServerError::Listen { name: name.to_owned(), port, source: Arc::new(error) };
            publisher.0.send_replace(ServerState::Failed(error));
        }
    }
}
