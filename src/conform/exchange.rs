//! [`play_on`]: one case on one socket.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::time::{Instant, sleep_until};
use wiretalk_core::conformance::{
    Action, Case, CaseRun, ConnectionEnd, Finding, StreamEnd, Verdict,
};

use crate::capture::Http2ErrorCode;
use crate::conform::{ConformConfig, ServerAddress, ServerTraits};
use crate::net::{ConnectError, MaybeTlsStream, Route, connect_by};
use crate::wire::Side;

/// The most bytes of a side that are kept for the report.
pub(super) const MAX_KEPT: usize = 8 << 10;

pub(super) const READ_BUFFER: usize = 64 << 10;

/// What went over one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionBytes {
    /// The first bytes that were sent, at most 8 KiB.
    pub sent: Vec<u8>,
    /// The number of bytes that were sent.
    pub sent_len: u64,
    /// The first bytes that the server sent, at most 8 KiB.
    pub received: Vec<u8>,
    /// The number of bytes that the server sent.
    pub received_len: u64,
}

/// Stands for the connection of a case that was not played.
static NO_BYTES: ConnectionBytes =
    ConnectionBytes { sent: Vec::new(), sent_len: 0, received: Vec::new(), received_len: 0 };

impl ConnectionBytes {
    /// Adds bytes of `from`.
    pub(super) fn add(&mut self, from: Side, bytes: &[u8]) {
        let (kept, len) = match from {
            Side::Client => (&mut self.sent, &mut self.sent_len),
            Side::Server => (&mut self.received, &mut self.received_len),
        };
        let room = MAX_KEPT.saturating_sub(kept.len());
        kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        *len = len.saturating_add(bytes.len() as u64);
    }
}

/// Bytes that went over a connection one after the other, without any in between on another one or of the
/// other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transferred {
    /// The index of the connection.
    pub connection: usize,
    /// The side that sent them.
    pub from: Side,
    /// The number of bytes.
    pub len: u64,
    /// The time from the beginning of the case to the first of them.
    pub at: Duration,
}

/// The most entries of [`Exchange::order`].
pub(super) const MAX_ORDER: usize = 256;

/// One case as it was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The verdict, with its reason.
    pub finding: Finding,
    /// What went over each connection, in the order in which they were opened.
    pub connections: Vec<ConnectionBytes>,
    /// The order in which that went over all of them, as far as it was kept.
    pub order: Vec<Transferred>,
    /// The time from the request to the verdict.
    pub took: Duration,
    /// How the server had ended the connection by then, if it had.
    pub end: Option<ConnectionEnd>,
    /// The verdict beside other cases, where it was another than alone.
    pub beside_others: Option<Verdict>,
}

impl Exchange {
    /// Creates an exchange without bytes.
    pub fn without_bytes(finding: Finding) -> Self {
        Self {
            finding,
            connections: Vec::new(),
            order: Vec::new(),
            took: Duration::ZERO,
            end: None,
            beside_others: None,
        }
    }

    /// Returns the first connection, which is the only one where a case is about frames; an empty one
    /// if there was none.
    pub fn first(&self) -> &ConnectionBytes {
        self.connections.first().unwrap_or(&NO_BYTES)
    }

    /// Whether anything was sent.
    pub fn has_sent(&self) -> bool {
        self.connections.iter().any(|connection| connection.sent_len > 0)
    }

    /// Whether anything came back.
    pub fn has_received(&self) -> bool {
        self.connections.iter().any(|connection| connection.received_len > 0)
    }

    /// Begins another connection, and returns its index.
    pub(super) fn begin_connection(&mut self) -> usize {
        self.connections.push(ConnectionBytes::default());
        self.connections.len().saturating_sub(1)
    }

    /// Adds bytes of `from` to a connection, `at` this time after the beginning.
    pub(super) fn add(&mut self, connection: usize, from: Side, bytes: &[u8], at: Duration) {
        if let Some(kept) = self.connections.get_mut(connection) {
            kept.add(from, bytes);
        }
        let len = bytes.len() as u64;
        let has_room = self.order.len() < MAX_ORDER;
        match self.order.last_mut() {
            Some(last) if (last.connection, last.from) == (connection, from) => {
                last.len = last.len.saturating_add(len);
            }
            _ if has_room => {
                self.order.push(Transferred { connection, from, len, at });
            }
            _ => {}
        }
    }

    /// Adds an exchange to those of a case. The last of the worst ones, which reports show, is the only one
    /// that keeps its bytes, however often the case is played.
    pub(super) fn add_to(mut self, exchanges: &mut Vec<Self>) {
        let severity = |exchange: &Self| exchange.finding.verdict.severity();
        let worst = exchanges.iter().map(severity).max();
        if worst.is_some_and(|worst| worst > severity(&self)) {
            self.forget_bytes();
        } else {
            exchanges.iter_mut().for_each(Self::forget_bytes);
        }
        exchanges.push(self);
    }

    fn forget_bytes(&mut self) {
        self.order = Vec::new();
        for connection in &mut self.connections {
            (connection.sent, connection.received) = (Vec::new(), Vec::new());
        }
    }

    /// Returns the exchange as that of a case whose closing handshake the server did not survive, which
    /// the case is not about.
    pub(super) fn survived_up_to_closing(mut self) -> Self {
        self.finding.reason +=
            ", and accepts no connection after it; the cases about Close are to blame for that";
        self
    }

    /// Returns the exchange as that of a case which the server did not survive.
    pub(super) fn blamed(self) -> Self {
        let Finding { reason, expected, .. } = self.finding;
        // Where the case is about nothing that it expects of the server, survival is all there is.
        let expected = match expected.as_str() {
            "" => "accepts connections after the case".to_owned(),
            other => format!("{other}, and accepts connections after the case"),
        };
        let reason = format!("accepts no connection after it ({reason})");
        Self { finding: Finding { verdict: Verdict::Died, reason, expected }, ..self }
    }
}

/// Returns the name of the server in requests.
pub(super) fn server_address(config: &ConformConfig) -> ServerAddress {
    let target = &config.target;
    ServerAddress { authority: target.authority(), target: target.path.clone() }
}

/// Opens a connection to the server.
///
/// # Errors
///
/// Fails if that is not possible.
pub(super) async fn open(config: &ConformConfig) -> Result<MaybeTlsStream, ConnectError> {
    let route = Route::direct(&config.target);
    connect_by(&route, &config.target, &config.tls, config.limits.answer).await
}

/// Plays a case on a connection that is open.
pub(super) async fn play_on(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    config: &ConformConfig,
    case: &Case,
    key: [u8; 16],
    traits: ServerTraits,
) -> Exchange {
    let key = STANDARD.encode(key);
    let with_fields = (!config.fields.is_empty()).then(|| case.and_fields(&config.fields));
    let case = with_fields.as_ref().unwrap_or(case);
    let run = CaseRun::new(case, &server_address(config), &key, traits, config.limits);
    let run = if config.http2 { run.over_http2() } else { run };
    let mut player = Player::new(stream, run, config.limits.answer);
    player.is_http2 = config.http2;
    let (exchange, ..) = player.play_to_end().await;
    exchange
}

/// A case that is being played on a socket.
pub(super) struct Player<'c, S> {
    stream: S,
    run: CaseRun<'c>,
    began: Instant,
    /// How long a write may take until the server has taken all of it.
    write_timeout: Duration,
    exchange: Exchange,
    /// What is being sent, and how much of it was taken.
    outgoing: Vec<u8>,
    written: usize,
    has_ended: bool,
    /// Whether the server takes nothing more: it has not read for as long as a write may take.
    is_stuck: bool,
    /// Whether it is a stream of HTTP/2.
    is_http2: bool,
}

impl<'c, S: AsyncRead + AsyncWrite + Unpin> Player<'c, S> {
    pub(super) fn new(stream: S, run: CaseRun<'c>, write_timeout: Duration) -> Self {
        let finding = Finding::new(Verdict::NoAnswer, "");
        Self {
            stream,
            run,
            began: Instant::now(),
            write_timeout,
            exchange: Exchange {
                connections: vec![ConnectionBytes::default()],
                ..Exchange::without_bytes(finding)
            },
            outgoing: Vec::new(),
            written: 0,
            has_ended: false,
            is_stuck: false,
            is_http2: false,
        }
    }

    /// Takes bytes that were read before.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.exchange.add(0, Side::Server, bytes, self.began.elapsed());
        self.run.receive(bytes);
    }

    /// Plays the case, and returns the exchange with the run and the stream, which is still open.
    pub(super) async fn play_to_end(mut self) -> (Exchange, CaseRun<'c>, S) {
        let mut buffer = vec![0; READ_BUFFER];
        loop {
            let until = match self.run.next(self.began.elapsed()) {
                Action::Finish(finding) => {
                    self.exchange.finding = finding;
                    self.exchange.took = self.began.elapsed();
                    self.exchange.end = self.run.connection_end();
                    return (self.exchange, self.run, self.stream);
                }
                Action::Send(bytes) => {
                    self.outgoing = bytes;
                    self.written = 0;
                    self.send(&mut buffer).await;
                    continue;
                }
                Action::EndWrites => {
                    let _ = self.stream.shutdown().await;
                    continue;
                }
                Action::WaitUntil(time) => time,
            };
            let deadline = self.began.checked_add(until).unwrap_or_else(Instant::now);
            if self.has_ended {
                sleep_until(deadline).await;
                continue;
            }
            tokio::select! {
                read = self.stream.read(&mut buffer) => self.take(&read, &buffer),
                () = sleep_until(deadline) => {}
            }
        }
    }

    /// Sends what is outgoing, and reads meanwhile, because a server that echoes may stop reading
    /// until its echo is taken.
    async fn send(&mut self, buffer: &mut [u8]) {
        let deadline = Instant::now().checked_add(self.write_timeout);
        let deadline = deadline.unwrap_or_else(Instant::now);
        while self.written < self.outgoing.len() && !self.has_ended && !self.is_stuck {
            let (mut reader, mut writer) = split(&mut self.stream);
            let rest = self.outgoing.get(self.written..).unwrap_or_default();
            tokio::select! {
                written = writer.write(rest) => match written {
                    Ok(count) if count > 0 => self.count_written(count),
                    // What the server sent before can still be read.
                    _ => self.is_stuck = true,
                },
                read = reader.read(buffer) => self.take(&read, buffer),
                () = sleep_until(deadline) => self.is_stuck = true,
            }
        }
        // A large message is not kept while its echo comes.
        self.outgoing = Vec::new();
        if !self.is_stuck {
            let _ = self.stream.flush().await;
        }
    }

    fn count_written(&mut self, count: usize) {
        let end = self.written.saturating_add(count);
        let sent = self.outgoing.get(self.written..end).unwrap_or_default();
        self.exchange.add(0, Side::Client, sent, self.began.elapsed());
        self.written = end;
    }

    fn take(&mut self, read: &io::Result<usize>, buffer: &[u8]) {
        match *read {
            Ok(0) => {
                self.has_ended = true;
                self.run.end(if self.is_http2 { StreamEnd::EndStream } else { StreamEnd::Fin });
            }
            Ok(count) => {
                self.receive(buffer.get(..count).unwrap_or_default());
            }
            Err(ref error) => {
                self.has_ended = true;
                self.run.end(if self.is_http2 { read_error_end(error) } else { StreamEnd::Reset });
            }
        }
    }
}

/// Returns how a stream of HTTP/2 has ended.
pub(super) fn http2_end(error: &h2::Error) -> StreamEnd {
    let Some(reason) = error.reason() else { return StreamEnd::LostConnection };
    let name = Http2ErrorCode(reason.into()).name().unwrap_or("a code without a name");
    match error {
        // Our side has reset the stream or the connection.
        error if error.is_library() => StreamEnd::BrokenStream(name),
        error if error.is_go_away() => StreamEnd::GoAway(name),
        _ => StreamEnd::ResetStream(name),
    }
}

/// Returns how a stream of HTTP/2 has ended that cannot be read.
fn read_error_end(error: &io::Error) -> StreamEnd {
    let error = error.get_ref().and_then(|error| error.downcast_ref());
    error.map_or(StreamEnd::LostConnection, http2_end)
}
