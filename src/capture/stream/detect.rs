//! [`Detector`]: tells from the first bytes of both sides what a layer carries, and passes over what
//! stands before it: a header of the PROXY protocol, a SOCKS negotiation.

use super::proxies::negotiation::{Negotiation, Outcome};
use super::proxies::proxy_header::{self, ProxyHeader};
use super::proxies::{socks4, socks5};
use crate::capture::http2::{begins_with_preface, begins_with_settings, looks_like_frames};
use crate::capture::plaintext::{HeldPiece, Piece};
use crate::capture::tls;
use crate::wire::handshake::RequestLine;
use crate::wire::{Side, Sides};

/// The maximum number of bytes that wait because they do not tell enough.
const MAX_HELD_BYTES: usize = 8192;

/// The maximum number of proxy headers and negotiations before anything else.
const MAX_PROXIES: usize = 8;

/// The protocol that a layer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// HTTP/1.1 or frames, or whatever else is not recognized.
    Plain,
    Tls,
    Http2,
}

/// The result of looking at the bytes so far.
enum Detected {
    Content(Content),
    /// So many bytes of each side belong to a proxy, and what is said of it.
    Proxy(Sides<usize>, ProxyNote),
    More,
}

/// What is said of bytes that belong to a proxy, as a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProxyNote {
    pub(super) text: String,
    /// Whether the proxy refused, so that nothing was carried.
    pub(super) is_refusal: bool,
}

impl ProxyNote {
    fn passed_over(text: String) -> Self {
        Self { text, is_refusal: false }
    }

    /// Returns what a copy of a capture says of a connection.
    pub(super) fn recorded(text: String) -> Self {
        let is_refusal = [4, 5].iter().any(|version| text.starts_with(&refused(*version)));
        Self { text, is_refusal }
    }

    fn of_socks(version: u8, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Opened(what) => Self::passed_over(format!(
                "passed over a SOCKS{version} negotiation: the server {what}"
            )),
            Outcome::Refused(what) => {
                Self { text: format!("{} {what}", refused(version)), is_refusal: true }
            }
        }
    }
}

/// Returns the beginning of what is said of a proxy that refuses.
fn refused(version: u8) -> String {
    format!("SOCKS{version}: the proxy")
}

impl Detected {
    fn proxy_header(len: usize, note: String) -> Self {
        Self::Proxy(Sides { client: len, server: 0 }, ProxyNote::passed_over(note))
    }
}

/// The beginning of a layer.
#[derive(Debug)]
pub(super) struct Detector {
    /// Whether the first bytes are those that both sides sent first.
    is_whole: bool,
    held: Vec<HeldPiece>,
    held_bytes: usize,
    proxies: usize,
    /// The request of HTTP/1.1 to which a 101 led here.
    pub(super) upgraded: Option<RequestLine>,
}

impl Detector {
    pub(super) fn new(is_whole: bool) -> Self {
        Self { is_whole, held: Vec::new(), held_bytes: 0, proxies: 0, upgraded: None }
    }

    /// Whether anything waits.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes bytes. Returns what the layer carries, once that is known; then the bytes that wait
    /// are to be read. Adds a note for each proxy.
    pub(super) fn take(
        &mut self,
        piece: Piece<'_>,
        is_whole: bool,
        notes: &mut Vec<ProxyNote>,
    ) -> Option<Content> {
        self.is_whole |= is_whole;
        if piece.framing.is_some() {
            return Some(Content::Plain);
        }
        // Nearly always the first bytes tell, and nothing is copied.
        if self.held.is_empty()
            && let Detected::Content(content) = self.detect_first(piece)
        {
            return Some(content);
        }
        self.held_bytes = self.held_bytes.saturating_add(piece.bytes.len());
        self.held.push(piece.hold());
        loop {
            match self.detect() {
                Detected::Content(content) => return Some(content),
                Detected::More if self.held_bytes > MAX_HELD_BYTES => return Some(Content::Plain),
                Detected::More => return None,
                Detected::Proxy(len, note) => {
                    notes.push(note);
                    self.proxies = self.proxies.saturating_add(1);
                    self.skip(len);
                    // What follows is the beginning of another layer.
                    self.is_whole = true;
                    if self.held.is_empty() {
                        return None;
                    }
                }
            }
        }
    }

    /// Returns the bytes that wait.
    pub(super) fn into_held(self) -> Vec<HeldPiece> {
        self.held
    }

    fn detect_first(&self, piece: Piece<'_>) -> Detected {
        match piece.from {
            Side::Client => self.detect_in(piece.bytes, &[], Side::Client),
            Side::Server => self.detect_in(&[], piece.bytes, Side::Server),
        }
    }

    fn detect(&self) -> Detected {
        let Some(first) = self.held.first() else { return Detected::More };
        let joined = |side: Side| -> Vec<u8> {
            let of_side = self.held.iter().filter(|held| held.from == side);
            of_side.flat_map(|held| held.bytes.iter().copied()).collect()
        };
        self.detect_in(&joined(Side::Client), &joined(Side::Server), first.from)
    }

    /// Returns what the first bytes of both sides tell; `first` is the side that began.
    fn detect_in(&self, client: &[u8], server: &[u8], first: Side) -> Detected {
        if self.proxies < MAX_PROXIES && !client.is_empty() {
            match proxy_header::parse(client) {
                ProxyHeader::Complete { len, text } => {
                    let note = format!("passed over a header of the PROXY protocol, {text}");
                    return Detected::proxy_header(len, note);
                }
                ProxyHeader::Malformed { len, what } => {
                    let note = format!(
                        "passed over a malformed header of the PROXY protocol, version 1: {what}"
                    );
                    return Detected::proxy_header(len, note);
                }
                ProxyHeader::Incomplete => return Detected::More,
                ProxyHeader::Other => {}
            }
            if self.is_whole && first == Side::Client {
                let (version, negotiation) = if socks5::may_begin(client) {
                    (5, socks5::parse(client, server))
                } else if socks4::may_begin(client) {
                    (4, socks4::parse(client, server))
                } else {
                    (0, Negotiation::Other)
                };
                match negotiation {
                    Negotiation::Done { len, outcome } => {
                        return Detected::Proxy(len, ProxyNote::of_socks(version, outcome));
                    }
                    Negotiation::Incomplete => return Detected::More,
                    Negotiation::Other => {}
                }
            }
        }
        let bytes = if first == Side::Client { client } else { server };
        if tls::looks_like_tls(bytes) {
            return Detected::Content(Content::Tls);
        }
        let begins_http2 = match first {
            Side::Client => begins_with_preface(bytes),
            Side::Server => begins_with_settings(bytes),
        };
        match begins_http2 {
            Some(true) => Detected::Content(Content::Http2),
            None => Detected::More,
            Some(false) if !self.is_whole && looks_like_frames(bytes) => {
                Detected::Content(Content::Http2)
            }
            Some(false) => Detected::Content(Content::Plain),
        }
    }

    /// Removes the first bytes of each side.
    fn skip(&mut self, mut len: Sides<usize>) {
        self.held.retain_mut(|held| {
            let left = &mut len[held.from];
            let (skipped, rest) = held.piece().split_at(*left);
            *left = left.saturating_sub(skipped.bytes.len());
            *held = rest.hold();
            !held.bytes.is_empty()
        });
        self.held_bytes = self.held.iter().map(|held| held.bytes.len()).sum();
    }
}

/// Whether bytes begin like an HTTP request. No legal frame does, because these letters would set
/// reserved bits (RFC 6455 section 5.2).
pub(in crate::capture) fn is_request(bytes: &[u8]) -> bool {
    let methods =
        ["GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "DELETE ", "PATCH ", "CONNECT ", "PRI "];
    methods.iter().any(|method| bytes.starts_with(method.as_bytes()))
}

/// Whether bytes begin like an HTTP response.
pub(in crate::capture) fn is_response(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/")
}

/// Whether bytes begin like an HTTP message.
pub(super) fn is_head(bytes: &[u8]) -> bool {
    is_request(bytes) || is_response(bytes)
}
