//! [`ConnectionSummary`]: what one connection is and what was seen of it, for finding it among
//! many. The list of the command line and the one on the screen are made of these.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::capture::{
    CapturedStream, Http2Head, Http2WebSocket, StreamEnding, StreamStart, TlsStatus,
};
use crate::inspect::ending::{AbnormalClosure, LONG_SILENCE};
use crate::text;
use crate::wire::handshake::Head;
use crate::wire::{
    ByteLen, Fault, FragmentRole, Header, Offset, Severity, Side, Sides, Trace, TraceRow,
};

/// The frames at the beginning of a connection that decide whether these are frames at all, where
/// the handshake was not seen.
const FRAMES_JUDGED: usize = 64;

/// How many frames with a plausible header there must be among these for each without one.
const PLAUSIBLE_PER_ODD: usize = 3;

const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// The kind of a connection, by the bytes on it. What people look for is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ConnectionKind {
    /// A connection that could not be read.
    Unreadable,
    /// Nothing was sent.
    Empty,
    /// Something was sent, but none of its bytes were captured.
    NotCaptured,
    /// Bytes of another protocol.
    Other,
    /// TLS that is not decrypted.
    Encrypted,
    /// HTTP exchanges, none of which tried to open a WebSocket.
    Http,
    /// An attempt to open a WebSocket that was refused or not answered.
    Attempt,
    /// HTTP exchanges that carry sessions of SockJS.
    SockJs,
    /// A WebSocket, from its handshake on or from its middle.
    WebSocket,
}

/// The facts about one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionSummary {
    pub(crate) kind: ConnectionKind,
    /// The target of the request that tried to open a WebSocket, or else of the first request.
    pub(crate) path: Option<String>,
    /// The subprotocol that was agreed on.
    pub(crate) subprotocol: Option<String>,
    /// What is spoken above HTTP or the WebSocket, if that is SockJS.
    pub(crate) sockjs: Option<String>,
    /// The status of the response to the attempt, or else of the first response.
    pub(crate) status: Option<u16>,
    /// The HTTP exchanges that did not try to open a WebSocket.
    pub(crate) exchanges: u64,
    /// The complete frames of each side.
    pub(crate) frames: Sides<usize>,
    /// The bytes of each side, heads and bodies among them.
    pub(crate) bytes: Sides<ByteLen>,
    /// The time from the first packet to the last data.
    pub(crate) duration: Duration,
    /// The problems that make a receiver fail the connection.
    pub(crate) fatal_problems: u64,
    /// The other problems of heads and frames.
    pub(crate) warnings: u64,
    /// Whether each side has sent a Close.
    pub(crate) closes: Sides<bool>,
}

/// How much a connection has to say; the greatest is shown first. Fields are compared in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Interest {
    /// 0 for ordinary HTTP and connections without data, 2 for WebSockets and attempts, 1 for the
    /// rest.
    rank: u8,
    fatal_problems: u64,
    warnings: u64,
    frames: usize,
    bytes: ByteLen,
}

impl ConnectionKind {
    /// Returns the kind of a connection, as far as its bytes tell.
    pub(crate) fn of_trace(trace: &Trace) -> Self {
        if trace.is_open() {
            return Self::WebSocket;
        }
        let heads = SIDES.map(|from| trace.head(from));
        let mut heads = heads.into_iter().flatten().peekable();
        if heads.peek().is_some() {
            let is_attempt = heads.any(|validated| validated.head.is_some());
            return if is_attempt { Self::Attempt } else { Self::Other };
        }
        let has_exchange = !trace.exchanges().all().is_empty();
        match partial_request(trace) {
            Some(RequestStart::Handshake) => Self::Attempt,
            Some(RequestStart::Http) => Self::of_exchanges(trace),
            None if has_exchange || awaits_response(trace) || begins_with_response(trace) => {
                Self::of_exchanges(trace)
            }
            None if SIDES.iter().all(|from| byte_count(trace, *from) == ByteLen::ZERO) => {
                Self::Empty
            }
            None => Self::Other,
        }
    }

    /// Returns the kind of a connection of a file.
    pub(crate) fn of_stream(stream: &CapturedStream<Trace>) -> Self {
        let is_midway = stream.start == StreamStart::Midway;
        match (&stream.failed, &stream.tls) {
            (Some(_), _) => Self::Unreadable,
            (None, TlsStatus::Encrypted(_)) => Self::Encrypted,
            // Of packets without a beginning, only the bytes say what they are. Bytes as text are
            // frames because the user says so.
            _ if stream.is_http2_connection() => Self::of_exchanges(&stream.trace),
            _ if stream.is_unopened_http2() => Self::Attempt,
            _ if stream.store.is_empty() && !stream.gaps.is_empty() => Self::NotCaptured,
            _ if is_midway && !looks_like_frames(&stream.trace) => Self::Other,
            _ => Self::of_trace(&stream.trace),
        }
    }

    /// Returns the kind of a connection with HTTP exchanges.
    fn of_exchanges(trace: &Trace) -> Self {
        if trace.sockjs().rows().is_empty() { Self::Http } else { Self::SockJs }
    }

    /// Whether lists have the connection unless everything is asked for.
    pub(crate) fn is_looked_for(self) -> bool {
        matches!(self, Self::WebSocket | Self::SockJs | Self::Attempt)
    }

    /// Returns the name: `WebSocket`, `HTTP`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "no data",
            Self::NotCaptured => "no bytes",
            Self::Http => "HTTP",
            Self::Other => "other",
            Self::Encrypted => "TLS",
            Self::Unreadable => "unreadable",
            Self::Attempt => "attempt",
            Self::SockJs => "SockJS",
            Self::WebSocket => "WebSocket",
        }
    }

    /// Returns the words for `count` connections of this kind; `exchanges` is the number of their
    /// HTTP exchanges.
    fn counted(self, count: u64, exchanges: u64) -> String {
        let plural = if count == 1 { "" } else { "s" };
        let count = text::units::group_thousands(count);
        match self {
            Self::Empty => format!("{count} without data"),
            Self::NotCaptured => format!("{count} of which no byte was captured"),
            // An exchange without its end is not one yet.
            Self::Http if exchanges == 0 => format!("{count} with HTTP only (no whole exchange)"),
            Self::Http | Self::SockJs => {
                let what = if self == Self::Http { "HTTP only" } else { "SockJS over HTTP" };
                format!("{count} with {what} ({})", text::units::count(exchanges, "exchange"))
            }
            Self::Other => format!("{count} with other bytes"),
            Self::Encrypted => format!("{count} with TLS that is not decrypted"),
            Self::Unreadable => format!("{count} that could not be read"),
            Self::Attempt => format!("{count} attempt{plural} to open one"),
            Self::WebSocket => format!("{count} WebSocket{plural}"),
        }
    }
}

impl ConnectionSummary {
    /// Returns the facts about a connection of a file.
    pub(crate) fn of_stream(stream: &CapturedStream<Trace>) -> Self {
        Self::new(&stream.trace, ConnectionKind::of_stream(stream))
            .with_http2(stream.http2_websocket())
            .with_abnormal_closure(AbnormalClosure::of_stream(stream).is_some())
    }

    /// Counts an end without a Close of both sides as a problem.
    #[must_use]
    pub(crate) fn with_abnormal_closure(self, is_abnormal: bool) -> Self {
        Self { warnings: self.warnings.saturating_add(is_abnormal.into()), ..self }
    }

    /// Adds what the handshake of a WebSocket over HTTP/2 says, if it is one.
    #[must_use]
    pub(crate) fn with_http2(self, websocket: Option<&Http2WebSocket>) -> Self {
        let Some(websocket) = websocket else { return self };
        let (request, response) = (websocket.request.as_ref(), websocket.response.as_ref());
        let problems = request.into_iter().chain(response);
        let problems = problems.flat_map(|head| &head.validation.problems);
        let (fatal, other): (Vec<_>, Vec<_>) =
            problems.partition(|problem| problem.severity == Severity::Fatal);
        Self {
            path: request.and_then(|head| head.value(":path")),
            subprotocol: response.and_then(|head| head.validation.subprotocol.clone()),
            status: response.and_then(Http2Head::status),
            fatal_problems: self.fatal_problems.saturating_add(count(fatal.len())),
            warnings: self.warnings.saturating_add(count(other.len())),
            ..self
        }
    }

    /// Returns the facts about a connection of this kind.
    pub(crate) fn new(trace: &Trace, kind: ConnectionKind) -> Self {
        let head = |from| trace.head(from).and_then(|validated| validated.head.as_ref());
        let agreed = trace.head(Side::Server).map(|validated| &validated.validation);
        let exchanges = trace.exchanges();
        let first = exchanges.all().first().map(|(_, exchange)| exchange);
        let path = head(Side::Client).map(Head::target).or_else(|| trace.sockjs().path());
        let first_target = || first?.request.as_ref().map(|request| request.target.clone());
        let is_attempt = matches!(kind, ConnectionKind::WebSocket | ConnectionKind::Attempt);
        // What is no frame has no faults either.
        let is_other = kind == ConnectionKind::Other;
        let (fatal_problems, warnings) = if is_other { (0, 0) } else { problem_counts(trace) };
        Self {
            kind,
            path: path.or_else(|| first_target().filter(|_| !is_attempt)),
            sockjs: trace.sockjs().title(),
            subprotocol: agreed.and_then(|validation| validation.subprotocol.clone()),
            status: head(Side::Server)
                .and_then(Head::status)
                .or_else(|| first?.status.filter(|_| !is_attempt)),
            exchanges: count(exchanges.all().len()).saturating_add(exchanges.dropped()),
            frames: Sides::each(|from| if is_other { 0 } else { trace.frame_count(from) }),
            bytes: Sides::each(|from| byte_count(trace, from)),
            duration: trace.arrivals().all().last().map_or(Duration::ZERO, |last| {
                let row = trace.rows().last().map_or(Duration::ZERO, TraceRow::completed_at);
                last.time().max(row)
            }),
            fatal_problems: fatal_problems.saturating_add(trace.non_http_answer().is_some().into()),
            warnings,
            closes: Sides::each(|from| has_close(trace, from)),
        }
    }

    /// Returns the number of problems, fatal or not.
    pub(crate) fn problems(&self) -> u64 {
        self.fatal_problems.saturating_add(self.warnings)
    }

    /// Returns the number of complete frames of both sides.
    pub(crate) fn frame_count(&self) -> usize {
        self.frames.client.saturating_add(self.frames.server)
    }

    /// Returns the number of bytes of both sides.
    pub(crate) fn byte_count(&self) -> ByteLen {
        self.bytes.client + self.bytes.server
    }

    /// Returns how much the connection has to say.
    pub(crate) fn interest(&self) -> Interest {
        Interest {
            rank: match self.kind {
                ConnectionKind::WebSocket | ConnectionKind::SockJs | ConnectionKind::Attempt => 2,
                ConnectionKind::Other
                | ConnectionKind::Encrypted
                | ConnectionKind::NotCaptured
                | ConnectionKind::Unreadable => 1,
                ConnectionKind::Http | ConnectionKind::Empty => 0,
            },
            fatal_problems: self.fatal_problems,
            warnings: self.warnings,
            frames: self.frame_count(),
            bytes: self.byte_count(),
        }
    }

    /// Returns in a few words how the connection ended: `server RST, no Close, idle for 60.0 s`.
    pub(crate) fn short_ending(&self, ending: StreamEnding) -> String {
        let StreamEnding { by, silence, .. } = ending;
        let mut text = format!("{by} {}", ending.name().to_ascii_uppercase());
        if self.kind == ConnectionKind::WebSocket {
            text += match (self.closes.client, self.closes.server) {
                (true, true) => ", closed",
                (true, false) => ", only client Close",
                (false, true) => ", only server Close",
                (false, false) => ", no Close",
            };
        }
        // Last, because it is what matters least where there is no room.
        if silence >= LONG_SILENCE {
            text += &format!(", idle for {:.1} s", silence.as_secs_f64());
        }
        text
    }
}

/// Describes connections by their kinds: `1 WebSocket, 299 with HTTP only (310 exchanges)`. Each
/// item is a kind and the number of HTTP exchanges.
pub(crate) fn describe_kinds(
    connections: impl IntoIterator<Item = (ConnectionKind, u64)>,
) -> String {
    let mut counts: BTreeMap<ConnectionKind, (u64, u64)> = BTreeMap::new();
    for (kind, exchanges) in connections {
        let (count, sum) = counts.entry(kind).or_default();
        (*count, *sum) = (count.saturating_add(1), sum.saturating_add(exchanges));
    }
    // What people look for comes first.
    let parts = counts.into_iter().rev();
    parts.map(|(kind, (count, sum))| kind.counted(count, sum)).collect::<Vec<_>>().join(", ")
}

/// What the beginning of a request that is not complete says about it.
enum RequestStart {
    Http,
    /// It has fields of the opening handshake.
    Handshake,
}

/// Returns what the request says that is arriving, or whose end is not in the file; `None` if the
/// client's bytes are not HTTP.
fn partial_request(trace: &Trace) -> Option<RequestStart> {
    let head = String::from_utf8_lossy(trace.head_bytes(Side::Client)).to_ascii_lowercase();
    let (line, fields) = head.split_once('\n')?;
    if !line.trim_end().rsplit(' ').next()?.starts_with("http/1.") {
        return None;
    }
    let is_handshake = fields.lines().any(|field| field.starts_with("sec-websocket-"));
    Some(if is_handshake { RequestStart::Handshake } else { RequestStart::Http })
}

/// Whether the client has sent whole requests and nothing else since.
fn awaits_response(trace: &Trace) -> bool {
    trace.head_bytes(Side::Client).is_empty() && trace.frames_start(Side::Client) > Offset::START
}

fn begins_with_response(trace: &Trace) -> bool {
    trace.head_bytes(Side::Server).starts_with(b"HTTP/1.")
}

/// Returns the number of bytes that a side sent, as far as they are known.
fn byte_count(trace: &Trace, from: Side) -> ByteLen {
    trace.arrivals().byte_count(from)
}

/// Counts the problems of both heads and the faults of all frames: fatal ones, and others.
fn problem_counts(trace: &Trace) -> (u64, u64) {
    let heads = SIDES.into_iter().filter_map(|from| trace.head(from));
    let heads = heads.flat_map(|validated| &validated.validation.problems);
    let faults = SIDES.into_iter().flat_map(|from| trace.faults(from));
    // Which of the dropped ones were fatal is no longer known.
    let dropped = SIDES.map(|from| trace.dropped_faults(from));
    let mut counts = (0_u64, dropped.into_iter().fold(0, u64::saturating_add));
    for severity in heads.map(|problem| problem.severity).chain(faults.map(Fault::severity)) {
        let count = if severity == Severity::Fatal { &mut counts.0 } else { &mut counts.1 };
        *count = count.saturating_add(1);
    }
    counts
}

fn has_close(trace: &Trace, from: Side) -> bool {
    // From the end, because a Close is a side's last frame (RFC 6455 section 5.5.1).
    trace.rows().iter().rev().any(|row| row.is_close() && row.from() == from)
}

/// Whether at least three quarters of the first frames have a header that a WebSocket may have,
/// with any extension that uses RSV1. Text read as frames has a header like that now and then only.
fn looks_like_frames(trace: &Trace) -> bool {
    if trace.head(Side::Client).is_some() || trace.head(Side::Server).is_some() {
        return true;
    }
    let begun = SIDES.map(|from| trace.partial_frame(from));
    let begun = begun.into_iter().flatten().filter_map(|frame| frame.header);
    let begun = begun.map(|header| (header, FragmentRole::Control));
    let complete = trace.rows().iter().take(FRAMES_JUDGED).map(|row| (row.header(), row.role()));
    let (mut plausible, mut odd) = (0_usize, 0_usize);
    for (header, role) in complete.chain(begun) {
        // Zeros look like empty continuation frames of a message that began before.
        let is_zeros = role == FragmentRole::Orphan && header.payload_len == ByteLen::ZERO;
        let count = if !is_zeros && is_plausible(&header) { &mut plausible } else { &mut odd };
        *count = count.saturating_add(1);
    }
    plausible >= odd.saturating_mul(PLAUSIBLE_PER_ODD)
}

/// Whether a header breaks no rule that no extension changes (RFC 6455 section 5.2, 5.5).
fn is_plausible(header: &Header) -> bool {
    let is_short = header.payload_len <= ByteLen::new(125);
    let is_control_legal = header.fin && is_short && !header.rsv1;
    !header.rsv2
        && !header.rsv3
        && !header.opcode.is_reserved()
        && (!header.opcode.is_control() || is_control_legal)
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::AgreedExtensions;

    const REQUEST: &[u8] =
        b"GET /chat?a=1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: \
        Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: mqtt\r\n\r\n";
    const RESPONSE: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: \
        Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Protocol: mqtt\r\n\r\n";
    const EXCHANGE: [(Side, &[u8]); 2] = [
        (Side::Client, b"GET /app.js HTTP/1.1\r\nHost: a\r\n\r\n"),
        (Side::Server, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    ];

    /// The pieces that both sides of a connection send, in order.
    type Sent<'a> = &'a [(Side, &'a [u8])];

    fn trace(pieces: Sent<'_>) -> Trace {
        let mut trace = Trace::new();
        for (ms, (from, bytes)) in (1..).zip(pieces) {
            trace.push(*from, Duration::from_millis(ms), bytes);
        }
        trace
    }

    fn summary(pieces: Sent<'_>) -> ConnectionSummary {
        let trace = trace(pieces);
        ConnectionSummary::new(&trace, ConnectionKind::of_trace(&trace))
    }

    #[test]
    fn the_facts_of_a_websocket_include_the_exchanges_before_it() {
        let [get, ok] = EXCHANGE;
        let opening = [get, ok, (Side::Client, REQUEST), (Side::Server, RESPONSE)];
        let frames: [(Side, &[u8]); 2] =
            [(Side::Server, b"\x81\x02hi\x83\x00"), (Side::Client, b"\x88\x80\x01\x02\x03\x04")];
        let facts = summary(&[&opening[..], &frames].concat());
        assert_eq!(
            (facts.kind, facts.path.as_deref()),
            (ConnectionKind::WebSocket, Some("/chat?a=1"))
        );
        assert_eq!((facts.subprotocol.as_deref(), facts.status), (Some("mqtt"), Some(101)));
        assert_eq!((facts.frames, facts.exchanges), (Sides { client: 1, server: 2 }, 1));
        assert_eq!(facts.bytes.client.get() as usize, get.1.len() + REQUEST.len() + 6);
        assert_eq!((facts.duration, facts.problems()), (Duration::from_millis(6), 1));
        assert_eq!(facts.closes, Sides { client: true, server: false });
    }

    #[test]
    fn every_kind_is_told_from_the_others() {
        let [get, ok] = EXCHANGE;
        let forbidden: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
        let banner: &[u8] = b"SSH-2.0-OpenSSH_9.6\r\n";
        let cases: [(Sent<'_>, ConnectionKind); 10] = [
            (&[], ConnectionKind::Empty),
            (&[get, ok], ConnectionKind::Http),
            (&[get], ConnectionKind::Http),
            (&[(Side::Client, b"GET / HTTP/1.1\r\nHo")], ConnectionKind::Http),
            (&[(Side::Client, REQUEST)], ConnectionKind::Attempt),
            (&[(Side::Client, &REQUEST[..120])], ConnectionKind::Attempt),
            (&[(Side::Client, REQUEST), (Side::Server, forbidden)], ConnectionKind::Attempt),
            (&[(Side::Client, REQUEST), (Side::Server, RESPONSE)], ConnectionKind::WebSocket),
            (&[(Side::Server, banner), (Side::Client, banner)], ConnectionKind::Other),
            (
                &[(Side::Client, b"\x05\x01\x00"), (Side::Server, b"\x05\x00")],
                ConnectionKind::Other,
            ),
        ];
        for (pieces, kind) in cases {
            assert_eq!(ConnectionKind::of_trace(&trace(pieces)), kind, "{pieces:?}");
        }
    }

    #[test]
    fn bytes_from_the_middle_of_a_connection_are_frames_only_if_most_look_like_frames() {
        let midway = |bytes: &[u8]| {
            let looks = SIDES.map(|from| {
                let mut trace = Trace::mid_connection(AgreedExtensions::none());
                trace.push(from, Duration::ZERO, bytes);
                looks_like_frames(&trace)
            });
            assert_eq!(looks[0], looks[1], "{bytes:?}");
            looks[0]
        };
        // Compressed messages of an extension that was not seen, and the rest of a fragmented one.
        assert!(midway(&b"\xc1\x03\xcaH\x01".repeat(9)));
        assert!(midway(b"\x00\x01a\x80\x01b\x81\x01c\x82\x01d\x8a\x00\x89\x00"));
        assert!(midway(b"\x81"));
        assert!(!midway(&b"Q\x00\x00\x00\x1fselect * from users where id=7\x00".repeat(9)));
        assert!(!midway(&b"220 mail.example.test ESMTP ready\r\n".repeat(9)));
        assert!(!midway(&[0; 300]));
    }

    #[test]
    fn the_connection_with_most_to_say_is_a_websocket_with_faults_then_frames_then_bytes() {
        let facts = |kind, fatal_problems, frames, bytes| ConnectionSummary {
            kind,
            fatal_problems,
            frames: Sides { client: frames, server: 0 },
            bytes: Sides { client: ByteLen::new(bytes), server: ByteLen::ZERO },
            ..summary(&[])
        };
        let rising = [
            facts(ConnectionKind::Empty, 0, 0, 0),
            facts(ConnectionKind::Http, 0, 0, 1 << 40),
            facts(ConnectionKind::Encrypted, 0, 0, 9),
            facts(ConnectionKind::Other, 0, 0, 1 << 30),
            facts(ConnectionKind::WebSocket, 0, 0, 200),
            facts(ConnectionKind::WebSocket, 0, 5, 300),
            facts(ConnectionKind::WebSocket, 0, 5, 301),
            facts(ConnectionKind::WebSocket, 0, 900, 20),
            facts(ConnectionKind::Attempt, 1, 0, 200),
            facts(ConnectionKind::WebSocket, 1, 3, 200),
        ];
        let interests = rising.each_ref().map(ConnectionSummary::interest);
        assert!(interests.is_sorted_by(|one, other| one < other), "{interests:?}");
        let warned = ConnectionSummary { warnings: 7, ..facts(ConnectionKind::WebSocket, 0, 1, 1) };
        assert!(interests[7] < warned.interest() && warned.interest() < interests[8]);
    }

    #[test]
    fn connections_are_counted_by_kind_and_websockets_come_first() {
        use ConnectionKind as Kind;
        let kinds = [
            (Kind::Http, 3),
            (Kind::WebSocket, 1),
            (Kind::Http, 0),
            (Kind::Encrypted, 0),
            (Kind::Attempt, 0),
            (Kind::Attempt, 0),
        ];
        assert_eq!(
            describe_kinds(kinds),
            "1 WebSocket, 2 attempts to open one, 2 with HTTP only (3 exchanges), 1 with TLS that \
             is not decrypted"
        );
        assert_eq!(describe_kinds([(Kind::Http, 0)]), "1 with HTTP only (no whole exchange)");
        assert_eq!(describe_kinds([]), "");
    }

    #[test]
    fn the_end_of_a_connection_is_told_in_a_few_words() {
        let ending = |is_reset, seconds| StreamEnding {
            by: Side::Server,
            is_reset,
            is_reset_after: false,
            at: Duration::from_secs(seconds),
            silence: Duration::from_secs(seconds),
            http2_code: None,
        };
        let facts = |kind, client, server| ConnectionSummary {
            kind,
            closes: Sides { client, server },
            ..summary(&[])
        };
        for (facts, ending, text) in [
            (facts(ConnectionKind::WebSocket, true, true), ending(false, 0), "server FIN, closed"),
            (
                facts(ConnectionKind::WebSocket, false, false),
                ending(true, 60),
                "server RST, no Close, idle for 60.0 s",
            ),
            (
                facts(ConnectionKind::WebSocket, false, true),
                ending(false, 0),
                "server FIN, only server Close",
            ),
            (
                facts(ConnectionKind::Http, false, false),
                ending(false, 5),
                "server FIN, idle for 5.0 s",
            ),
        ] {
            assert_eq!(facts.short_ending(ending), text);
        }
    }
}
