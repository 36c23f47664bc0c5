//! [`ServerBundle`]: runs the servers on one thread of their own, so that a talk's screen and its
//! servers never wait for each other. It does not restart a server; the server's state says why it
//! is not up.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::net::Traffic;
use crate::scope::Scope;
use crate::servers::server_kind::ServerFuture;
use crate::servers::sockjs::{self, SockJsServerOptions};
use crate::servers::{Access, EventLog, Limits, ServerKind, ServerOptions, http};
use crate::wire::handshake::ServerPolicy;

/// The ports to listen on. 0, the default, stands for any free port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The port of the REST echo.
    pub http: u16,
    /// The port of the WebSocket echo.
    pub websocket: u16,
}

/// The addresses of the two echoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The address of the REST echo.
    pub http: SocketAddr,
    /// The address of the WebSocket echo.
    pub websocket: SocketAddr,
}

impl Addresses {
    /// Returns `http://127.0.0.1:PORT/echo`.
    pub fn http_url(&self) -> String {
        format!("http://{}/echo", self.http)
    }

    /// Returns `ws://127.0.0.1:PORT/`.
    pub fn websocket_url(&self) -> String {
        format!("ws://{}/", self.websocket)
    }
}

/// Why a bundled server is not up.
#[derive(Clone, Debug, Error)]
pub enum ServerError {
    /// The thread of the servers could not be started.
    #[error("could not start the servers' thread: {0}")]
    Thread(#[source] Arc<io::Error>),
    /// The server cannot listen on its port.
    #[error("{name} server: could not listen on 127.0.0.1:{port}: {}", listen_advice(source))]
    Listen {
        /// The name of the server.
        name: String,
        /// The port that was requested; 0 stands for any free one.
        port: u16,
        /// The system's error.
        source: Arc<io::Error>,
    },
    /// The server has ended.
    #[error("the server has ended")]
    Ended,
}

fn listen_advice(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "the port is taken; choose another one, or 0 for any free one".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            format!("{error}; ports from 1024 up need no privileges")
        }
        _ => error.to_string(),
    }
}

/// The state of a server.
#[derive(Clone, Debug)]
pub enum ServerState {
    /// It has no port yet.
    Starting,
    /// It is listening on this address.
    Up(SocketAddr),
    /// It could not start.
    Failed(ServerError),
    /// It has ended.
    Ended,
}

/// A handle to one of the servers. Dropping it does not end the server.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    state: watch::Receiver<ServerState>,
    traffic: Arc<Traffic>,
}

impl ServerHandle {
    /// Returns the current state.
    pub fn state(&self) -> ServerState {
        self.state.borrow().clone()
    }

    /// Returns a receiver for changes of the state.
    pub fn watch(&self) -> watch::Receiver<ServerState> {
        self.state.clone()
    }

    /// Returns the counters of its sockets.
    pub fn traffic(&self) -> Arc<Traffic> {
        self.traffic.clone()
    }

    /// Waits until the server is up or has failed.
    ///
    /// # Errors
    /// Fails if the server could not start, or has ended.
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

/// The options of a bundle. The defaults are any free ports, the plain echo, the default limits,
/// and the access rules of the server's kind.
#[derive(Clone, Debug)]
pub struct BundleOptions {
    /// The ports to listen on.
    pub ports: Ports,
    /// The kind of the WebSocket echo.
    pub websocket: ServerKind,
    /// The limits for the peers of all servers.
    pub limits: Limits,
    /// The access rules of all servers.
    pub access: Access,
    /// The handshake policy of the strict echo, if that is the chosen kind.
    pub policy: ServerPolicy,
    /// The SockJS server, if there is to be one.
    pub sockjs: Option<SockJsServerOptions>,
    /// How long the servers wait before they listen.
    pub head_start: Duration,
    /// The program to start where a connection gets a process of its own; by default this one.
    pub program: Option<PathBuf>,
}

impl Default for BundleOptions {
    fn default() -> Self {
        Self {
            ports: Ports::default(),
            websocket: ServerKind::Plain,
            limits: Limits::default(),
            access: Access::default(),
            policy: ServerKind::Strict.policy(),
            sockjs: None,
            head_start: Duration::ZERO,
            program: None,
        }
    }
}

/// The REST echo, a WebSocket echo, and on demand the other WebSocket servers. They end with the
/// scope in which they were started, or gracefully by [`ServerBundle::shut_down`].
#[derive(Debug)]
pub struct ServerBundle {
    /// The REST echo.
    pub http: ServerHandle,
    /// The WebSocket echo.
    pub websocket: ServerHandle,
    /// The SockJS server, if the options have one.
    pub sockjs: Option<ServerHandle>,
    kind: ServerKind,
    program: Option<PathBuf>,
    on_demand: [OnceLock<ServerHandle>; ServerKind::ALL.len()],
    start_requests: mpsc::Sender<StartRequest>,
    shutdown: CancellationToken,
}

/// A request to start another server.
struct StartRequest {
    kind: ServerKind,
    publisher: StatePublisher,
    options: ServerOptions,
}

impl ServerBundle {
    /// Starts both echoes and returns at once. [`ServerBundle::ready`] waits for their addresses.
    /// If one fails, the other stays up.
    pub fn start(scope: &Scope, ports: Ports, log: Option<&EventLog>) -> Self {
        Self::start_with(scope, BundleOptions { ports, ..BundleOptions::default() }, log)
    }

    /// Like [`ServerBundle::start`], with these options.
    pub fn start_with(scope: &Scope, bundle: BundleOptions, log: Option<&EventLog>) -> Self {
        let shutdown = CancellationToken::new();
        let BundleOptions { ports, websocket: kind, limits, access, policy, .. } = bundle;
        let BundleOptions { sockjs, head_start, program, .. } = bundle;
        let options = |port| ServerOptions {
            port,
            shutdown: shutdown.clone(),
            log: log.cloned(),
            limits,
            access: access.clone(),
            program: program.clone(),
            ..ServerOptions::default()
        };
        let (http_options, websocket_options) = (options(ports.http), options(ports.websocket));
        let (http_publisher, http) = state_channel(&http_options);
        let (websocket_publisher, websocket) = state_channel(&websocket_options);
        let (sockjs, sockjs_server) =
            sockjs.map(|own| start_sockjs(options(own.port), own)).unzip();
        // There is room for every kind, because each is requested only once.
        let (start_requests, requested) = mpsc::channel(ServerKind::ALL.len());
        let ending = shutdown.clone();
        let started = scope.spawn_thread("servers", move |scope| async move {
            sleep(head_start).await;
            let http = run_server(
                "http",
                http_options.port,
                http::bind(&scope, http_options),
                http_publisher,
            );
            let websocket = kind.bind(&scope, websocket_options, policy);
            let websocket =
                run_server("websocket", ports.websocket, websocket, websocket_publisher);
            let sockjs = async {
                if let Some(start) = sockjs_server {
                    start(&scope).await;
                }
            };
            tokio::join!(http, websocket, sockjs, run_on_demand(&scope, requested, ending));
        });
        let on_demand = Default::default();
        let bundle =
            Self { http, websocket, sockjs, kind, program, on_demand, start_requests, shutdown };
        match started {
            Ok(()) => bundle,
            // The closure of the thread was dropped with the publishers, so nothing can be up any
            // more.
            Err(error) => {
                let error = Arc::new(error);
                let failed =
                    |server: ServerHandle| ServerHandle { state: failed_state(&error), ..server };
                let sockjs = bundle.sockjs.map(failed);
                let (http, websocket) = (failed(bundle.http), failed(bundle.websocket));
                Self { http, websocket, sockjs, ..bundle }
            }
        }
    }

    /// Returns the WebSocket server of that kind, which has a port of its own. The first call
    /// starts it with the policy of its kind and the default limits. [`ServerHandle::ready`] waits
    /// for its address.
    pub fn server(&self, kind: ServerKind) -> ServerHandle {
        if kind == self.kind {
            return self.websocket.clone();
        }
        let start = || {
            let (shutdown, program) = (self.shutdown.clone(), self.program.clone());
            let options = ServerOptions { shutdown, program, ..ServerOptions::default() };
            let (publisher, server) = state_channel(&options);
            // The error is ignored: if the thread has ended, dropping the publisher reports the
            // end.
            let _ = self.start_requests.try_send(StartRequest { kind, publisher, options });
            server
        };
        let others = ServerKind::ALL.into_iter().zip(&self.on_demand);
        let (_, other) =
            others.into_iter().find(|(other, _)| *other == kind).expect("all kinds are there");
        other.get_or_init(start).clone()
    }

    /// Waits until both echoes are up and returns their addresses.
    ///
    /// # Errors
    /// Fails if one of them could not start, or has ended.
    pub async fn ready(&self) -> Result<Addresses, ServerError> {
        Ok(Addresses { http: self.http.ready().await?, websocket: self.websocket.ready().await? })
    }

    /// Shuts all servers down: they finish the requests in progress, close every WebSocket with
    /// 1001, and end. It returns at once; [`ServerBundle::closed`] waits.
    pub fn shut_down(&self) {
        self.shutdown.cancel();
    }

    /// Waits until all servers have ended or failed.
    pub async fn closed(&self) {
        let others = self.on_demand.iter().filter_map(OnceLock::get).chain(&self.sockjs);
        for server in [&self.http, &self.websocket].into_iter().chain(others) {
            let has_ended =
                |state: &ServerState| matches!(state, ServerState::Ended | ServerState::Failed(_));
            // The error is ignored: it means that the sender is gone, and so is the server.
            let _ = server.watch().wait_for(has_ended).await;
        }
    }
}

/// Starts the SockJS server within a scope, and serves.
type StartSockJs = Box<dyn FnOnce(&Scope) -> ServerFuture + Send>;

fn start_sockjs(options: ServerOptions, own: SockJsServerOptions) -> (ServerHandle, StartSockJs) {
    let (publisher, handle) = state_channel(&options);
    let start: StartSockJs = Box::new(move |scope| {
        let port = own.port;
        let server = sockjs::bind(scope, options, &own);
        Box::pin(run_server("sockjs", port, server, publisher))
    });
    (handle, start)
}

/// Starts the servers that are requested until the shutdown, then waits until all of them have
/// ended.
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
    // Later requests fail, which drops their publishers, so their handles report the end.
    drop(start_requests);
    running.closed().await;
}

/// Publishes a server's state. Dropping it publishes the end, however the server ended.
struct StatePublisher(watch::Sender<ServerState>);

impl Drop for StatePublisher {
    fn drop(&mut self) {
        self.0.send_if_modified(|state| {
            // A failure to start stays visible.
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
