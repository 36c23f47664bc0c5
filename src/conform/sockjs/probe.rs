//! What a server offers of SockJS: its endpoints, its transports, and whether it echoes.

use std::time::Duration;

use futures_util::future::join_all;
use thiserror::Error;
use tokio::time::Instant;
use wiretalk_core::conformance::sockjs::{
    Evaluation, FrameRule, Names, Notes, Received, ServiceEndpoint, SockJsRequest, SockJsStep,
    SockJsTraits, TRANSPORTS, Transport, evaluate,
};

use crate::conform::exchange::Exchange;
use crate::conform::sockjs::connection::{Connection, Record};
use crate::conform::sockjs::player::names_of;
use crate::conform::{ConformConfig, EchoMode, Finding, ServerTraits, SockJsPaths, Verdict};
use crate::net::ConnectError;
use crate::wire::Opcode;
use crate::wire::format::quote;
use crate::wire::frame::encode;
use crate::wire::handshake::Head;

/// How long an answer is waited for when it is found out what a server offers.
const MAX_ANSWER: Duration = Duration::from_secs(3);

/// The most characters of a body that an error shows.
const MAX_BODY: usize = 40;

/// The message that tells whether a server echoes.
const MESSAGE: &str = "wiretalk";

/// The masking key of that message.
const MASK: [u8; 4] = [0x77, 0x69, 0x72, 0x65];

/// Why the SockJS suite cannot be played.
#[derive(Debug, Error)]
pub enum SockJsProbeError {
    /// No connection can be made to the server.
    #[error("{0}")]
    Connect(#[from] ConnectError),
    /// What it sends is not HTTP, as a clause without a subject.
    #[error("the server {0}")]
    NotHttp(&'static str),
    /// It does not answer a GET of this path.
    #[error("the server does not answer a GET of {0}")]
    Silent(String),
    /// Something else is there.
    #[error("a GET of {path} is answered with {status} and {body}")]
    Other {
        /// The path that was asked for.
        path: String,
        /// The status; 0 if it is no number.
        status: u16,
        /// The beginning of the body, in quotes.
        body: String,
    },
    /// The URL is that of an endpoint, not of the top.
    #[error("{0} is itself an endpoint: name the URL above it, or the paths with --endpoint")]
    IsEndpoint(String),
    /// None of the endpoints is there, as the first of them shows.
    #[error("no SockJS is at {paths} of {url}: {first}")]
    Nothing {
        /// The paths of the endpoints.
        paths: String,
        /// The URL of the top.
        url: String,
        /// The error of the first of them.
        first: Box<SockJsProbeError>,
    },
}

/// Finds out what a server offers.
///
/// # Errors
///
/// Fails if none of the endpoints is one of SockJS, or if it cannot be found out because a connection
/// or an answer is missing.
pub(in crate::conform) async fn find_traits(
    config: &ConformConfig,
    paths: &SockJsPaths,
    random: [u8; 16],
) -> Result<ServerTraits, SockJsProbeError> {
    let mut offers = SockJsTraits::default();
    let asked = ServiceEndpoint::ALL.map(|endpoint| {
        let probe = Probing::new(config, endpoint, random);
        async move { (endpoint, probe.endpoint().await) }
    });
    let mut first = None;
    for (endpoint, found) in join_all(asked).await {
        match found {
            Ok(()) => offers.add_endpoint(endpoint),
            // Only an answer shows that something else is there.
            Err(reason @ (SockJsProbeError::NotHttp(_) | SockJsProbeError::Other { .. })) => {
                first.get_or_insert(reason);
            }
            Err(reason) => return Err(reason),
        }
    }
    let is_there = |endpoint: &ServiceEndpoint| offers.has_endpoint(*endpoint);
    let Some(endpoint) = ServiceEndpoint::ALL.into_iter().find(is_there) else {
        let mut top = Probing::new(config, ServiceEndpoint::Echo, random);
        top.names.base = config.target.path.trim_end_matches('/').to_owned();
        if top.endpoint().await.is_ok() {
            return Err(SockJsProbeError::IsEndpoint(config.url()));
        }
        let paths = ServiceEndpoint::ALL.map(|endpoint| paths.of(endpoint).to_owned()).join(", ");
        let first = first.unwrap_or_else(|| SockJsProbeError::Silent(paths.clone()));
        return Err(SockJsProbeError::Nothing { paths, url: config.url(), first: Box::new(first) });
    };
    let probe = Probing::new(config, endpoint, random);
    let asked = TRANSPORTS.map(|transport| {
        let probe = &probe;
        async move { (transport, probe.is_offered(transport).await) }
    });
    for (transport, is_offered) in join_all(asked).await {
        if is_offered? {
            offers.add_transport(transport);
        }
    }
    let asks_echo = config.echo == EchoMode::Detected && endpoint != ServiceEndpoint::Close;
    let has_echo = asks_echo
        && (probe.is_echoing_polls(&offers).await? || probe.is_echoing_frames(&offers).await?);
    Ok(ServerTraits { has_echo, sockjs: Some(offers), ..ServerTraits::default() })
}

/// Whether the server answers a request.
///
/// # Errors
///
/// Fails if it does not.
pub(in crate::conform) async fn is_alive(
    config: &ConformConfig,
    paths: &SockJsPaths,
) -> Result<(), SockJsProbeError> {
    let probe = Probing::new(config, ServiceEndpoint::Echo, [0; 16]);
    let received = probe.ask(&SockJsRequest::get(""), false).await?;
    match received.response.head() {
        Some(_) => Ok(()),
        None => Err(SockJsProbeError::Silent(paths.of(ServiceEndpoint::Echo).to_owned())),
    }
}

/// Requests to one endpoint.
struct Probing<'c> {
    config: &'c ConformConfig,
    names: Names,
    notes: Notes,
}

impl<'c> Probing<'c> {
    fn new(config: &'c ConformConfig, endpoint: ServiceEndpoint, random: [u8; 16]) -> Self {
        let names = names_of(config, endpoint, random);
        Self { config, names, notes: Notes::default() }
    }

    fn limit(&self) -> Duration {
        self.config.limits.answer.min(MAX_ANSWER)
    }

    async fn open(&self, method: &'static str) -> Result<(Connection, Record), ConnectError> {
        let finding = Finding::new(Verdict::NoAnswer, "");
        let exchange = Exchange::without_bytes(finding);
        let mut record = Record { exchange, began: Instant::now() };
        let opened = Connection::open(self.config, &mut record, method).await;
        Ok((opened?, record))
    }

    /// Sends a request and reads its head, or all of the response.
    async fn ask(&self, request: &SockJsRequest, is_whole: bool) -> Result<Received, ConnectError> {
        let (mut connection, mut record) = self.open(request.method).await?;
        let bytes = request.to_bytes(&self.names, &self.notes, &self.config.fields);
        connection.send(&mut record, &bytes).await;
        let deadline = record.began.checked_add(self.limit()).unwrap_or(record.began);
        loop {
            let response = &connection.received.response;
            let is_enough =
                if is_whole { response.is_complete() } else { response.head().is_some() };
            if is_enough || response.fault().is_some() {
                break;
            }
            if !connection.read(&mut record, deadline).await {
                break;
            }
        }
        Ok(connection.received)
    }

    /// Whether the endpoint is there: by its greeting or its information document.
    async fn endpoint(&self) -> Result<(), SockJsProbeError> {
        let greeting = self.ask(&SockJsRequest::get(""), true).await?;
        if greeting.response.content().starts_with(b"Welcome to SockJS!") {
            return Ok(());
        }
        let info = self.ask(&SockJsRequest::get("/info"), true).await?;
        let document = serde_json::from_slice::<serde_json::Value>(info.response.content());
        if document.is_ok_and(|document| document.get("websocket").is_some()) {
            return Ok(());
        }
        let path = self.names.base.clone();
        Err(match (greeting.response.fault(), greeting.response.head()) {
            (Some(fault), _) => SockJsProbeError::NotHttp(fault),
            (None, Some(head)) if !is_unanswered(&info) => {
                let body = quote(greeting.response.content(), MAX_BODY);
                SockJsProbeError::Other { path, status: head.status().unwrap_or_default(), body }
            }
            (None, _) => SockJsProbeError::Silent(path),
        })
    }

    /// Whether a transport is offered: its path does not answer with 404. A path that answers nothing is
    /// there, and its cases tell that it does not answer.
    async fn is_offered(&self, transport: Transport) -> Result<bool, ConnectError> {
        let received = self.ask(&SockJsRequest::of_transport(transport), false).await?;
        Ok(received.response.head().is_none_or(|head| head.status() != Some(404)))
    }

    /// Whether a message comes back by polling. A server that does not take it may echo all the same.
    async fn is_echoing_polls(&self, offers: &SockJsTraits) -> Result<bool, ConnectError> {
        if !offers.has_transport(Transport::XhrPolling) {
            return Ok(false);
        }
        let poll = SockJsRequest::post("/000/{session}/xhr", "");
        let send = SockJsRequest::post("/000/{session}/xhr_send", format!("[\"{MESSAGE}\"]"));
        self.ask(&poll, true).await?;
        let sent = self.ask(&send, true).await?;
        let is_taken = sent.response.head().and_then(Head::status) == Some(204);
        let polled = self.ask(&poll, true).await?;
        let content = String::from_utf8_lossy(polled.response.content());
        Ok(!is_taken || content.contains(MESSAGE))
    }

    /// Whether a message comes back on a WebSocket.
    async fn is_echoing_frames(&self, offers: &SockJsTraits) -> Result<bool, ConnectError> {
        if !offers.has_transport(Transport::WebSocket) {
            return Ok(false);
        }
        let (mut connection, mut record) = self.open("GET").await?;
        let request = SockJsRequest::upgrade("/000/{session}/websocket");
        let bytes = request.to_bytes(&self.names, &self.notes, &self.config.fields);
        connection.send(&mut record, &bytes).await;
        let text = format!("[\"{MESSAGE}\"]");
        let deadline = record.began.checked_add(self.limit()).unwrap_or(record.began);
        for (is_ours, expected) in [(true, "o".to_owned()), (false, format!("a{text}"))] {
            let step = SockJsStep::Frame(1, FrameRule::Text(expected));
            loop {
                let mut notes = Notes::default();
                match evaluate(&step, &mut connection.received, &self.names, &mut notes) {
                    Evaluation::Kept => break,
                    Evaluation::Waiting if connection.read(&mut record, deadline).await => {}
                    _ => return Ok(false),
                }
            }
            if is_ours {
                let frame = encode::single_frame(Opcode::Text, text.as_bytes(), Some(MASK));
                connection.send(&mut record, &frame).await;
            }
        }
        Ok(true)
    }
}

/// Whether the time was over before there was anything that shows what is there.
fn is_unanswered(received: &Received) -> bool {
    let response = &received.response;
    response.head().is_none() && response.fault().is_none() && !received.has_ended()
}
