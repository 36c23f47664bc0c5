//! [`ConformConfig`]: what is tested, and how far that may go.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::conform::process::ServerProcessId;
use crate::conform::{Case, CaseKind, RunLimits, ServiceEndpoint};
use crate::net::{Target, TlsOptions};

/// Whether the server sends back what it receives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EchoMode {
    /// It is found out.
    #[default]
    Detected,
    /// It does not.
    Absent,
}

/// Where a server has the endpoints of the SockJS suite: paths without a slash at their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SockJsPaths(BTreeMap<ServiceEndpoint, String>);

impl SockJsPaths {
    /// Returns the paths of the endpoints by their usual names below `top`.
    pub fn below(top: &str) -> Self {
        let top = top.split('?').next().unwrap_or_default().trim_end_matches('/');
        Self(ServiceEndpoint::ALL.map(|endpoint| (endpoint, format!("{top}/{endpoint}"))).into())
    }

    /// Replaces the path of one endpoint.
    #[must_use]
    pub fn with(mut self, endpoint: ServiceEndpoint, path: &str) -> Self {
        self.0.insert(endpoint, path.trim_end_matches('/').to_owned());
        self
    }

    /// Returns the path of an endpoint.
    pub fn of(&self, endpoint: ServiceEndpoint) -> &str {
        self.0.get(&endpoint).map_or("", String::as_str)
    }
}

/// A server to test, and the way to test it.
#[derive(Clone, Debug)]
pub struct ConformConfig {
    /// The server.
    pub target: Target,
    /// The options for TLS.
    pub tls: TlsOptions,
    /// Whether WebSockets are opened over HTTP/2 (RFC 8441): within TLS it is agreed on by ALPN, otherwise
    /// the server is known to speak it.
    pub http2: bool,
    /// The endpoints of SockJS, where that suite is played.
    pub sockjs: Option<SockJsPaths>,
    /// Header fields of every request that has none of that name: names and values.
    pub fields: Vec<(String, String)>,
    /// The seed of the cases.
    pub seed: u64,
    /// Whether the server echoes.
    pub echo: EchoMode,
    /// How long the server may take in each case.
    pub limits: RunLimits,
    /// The most cases that are played at once.
    pub max_at_once: usize,
    /// The time between the beginnings of two cases; zero without a limit.
    pub interval: Duration,
    /// The largest message that is tried when its limit is searched for, in bytes. Of fragments it is
    /// the 256th part.
    pub max_size: usize,
    /// How often each case is played.
    pub repeat: usize,
    /// A command for the shell that starts the server, if it does not run, and again after it has died.
    pub restart: Option<String>,
    /// How long a dead server is waited for.
    pub restart_timeout: Duration,
    /// The server's process, where the caller starts it.
    pub process: Option<ServerProcessId>,
}

/// How long an answer is waited for in a fast run.
const FAST_ANSWER: Duration = Duration::from_secs(1);

/// The largest message that is tried in a fast run when its limit is searched for, in bytes.
const MAX_FAST_SIZE: usize = 1 << 20;

/// Cases whose messages are larger than this, in bytes, are left out of a fast run.
const MAX_FAST_SENT: usize = 256 << 10;

/// Returns the limits of a fast run.
pub fn fast_limits() -> RunLimits {
    RunLimits { answer: FAST_ANSWER, ..RunLimits::default() }
}

/// Cases that wait longer than this on purpose are left out too.
const MAX_FAST_WAIT: Duration = Duration::from_secs(4);

/// Returns the cases of a fast run: those without large messages and long times.
pub fn fast_cases(mut cases: Vec<Case>) -> Vec<Case> {
    cases.retain(|case| match &case.kind {
        CaseKind::SockJs(script) => script.waiting_time() <= MAX_FAST_WAIT,
        _ => case.sent_len() <= MAX_FAST_SENT,
    });
    cases
}

impl ConformConfig {
    /// Creates a configuration with everything at its default.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            tls: TlsOptions::default(),
            http2: false,
            sockjs: None,
            fields: Vec::new(),
            seed: 1,
            echo: EchoMode::default(),
            limits: RunLimits::default(),
            max_at_once: 16,
            interval: Duration::ZERO,
            max_size: 16 << 20,
            repeat: 1,
            restart: None,
            restart_timeout: Duration::from_secs(10),
            process: None,
        }
    }

    /// Returns the URL of the server, as the suite names it.
    pub fn url(&self) -> String {
        let url = self.target.to_string();
        match url.strip_prefix("ws") {
            Some(rest) if self.sockjs.is_some() => format!("http{rest}"),
            _ => url,
        }
    }

    /// Shortens the run: waits for an answer for a second at most, and tries messages of at most
    /// 1 MiB.
    #[must_use]
    pub fn fast(self) -> Self {
        Self { limits: fast_limits(), max_size: self.max_size.min(MAX_FAST_SIZE), ..self }
    }

    /// Limits the load to what may be sent to somebody else's server: two cases at once, and ten in
    /// a second, and messages of 1 MiB at most.
    #[must_use]
    pub fn for_remote(self) -> Self {
        Self {
            max_at_once: self.max_at_once.min(2),
            interval: self.interval.max(Duration::from_millis(100)),
            max_size: self.max_size.min(1 << 20),
            ..self
        }
    }
}
