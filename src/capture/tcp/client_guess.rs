//! [`ClientGuess`]: tells which end of a connection is the client if no SYN was captured.

use crate::capture::packets::headers::TcpSegment;
use crate::capture::stream::{is_request, is_response};
use crate::capture::tcp::end::End;
use crate::capture::tls;
use crate::wire::Side;
use crate::wire::decode::FrameSearch;

/// The number of segments of a connection, and of their bytes, after which the ports decide which end
/// is the client.
const MAX_UNDECIDED_SEGMENTS: usize = 64;
const MAX_UNDECIDED_BYTES: usize = 64 << 10;

const ENDS: [End; 2] = [End::Lower, End::Higher];

/// The segments that do not tell which end is the client, and the frames that may be in them: what
/// each end sends, read as frames of the client and as frames of the server (RFC 6455 section 5.1).
#[derive(Debug, Default)]
pub(super) struct ClientGuess {
    searches: [Option<Searches>; 2],
    segments: usize,
    bytes: usize,
}

/// The searches in what one end sends.
#[derive(Debug)]
struct Searches {
    as_client: FrameSearch,
    as_server: FrameSearch,
}

impl ClientGuess {
    /// Whether nothing was looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.segments == 0
    }

    /// Looks at the data of a segment that `sender` sent. Returns the client once it is certain: the
    /// sender of a request, of a `ClientHello`, or of masked frames.
    pub(super) fn take(&mut self, sender: End, segment: &TcpSegment<'_>) -> Option<End> {
        let first = segment.payload;
        self.segments = self.segments.saturating_add(1);
        self.bytes = self.bytes.saturating_add(first.len());
        // A single byte is a keep-alive (RFC 9293 section 3.8.4).
        if first.len() == 1 {
            return None;
        }
        let is_tls = tls::looks_like_tls(first);
        let hello = |kind: u8| is_tls && first.first() == Some(&22) && first.get(5) == Some(&kind);
        if is_request(first) || hello(1) {
            return Some(sender);
        }
        if is_response(first) || hello(2) {
            return Some(sender.other());
        }
        if is_tls {
            return None;
        }
        let searches = sender.own_and_other(&mut self.searches).0.get_or_insert_with(|| {
            let search = |side| FrameSearch::new(side, true);
            Searches { as_client: search(Side::Client), as_server: search(Side::Server) }
        });
        let is_client = searches.as_client.push(first).is_some();
        match (is_client, searches.as_server.push(first).is_some()) {
            (true, false) => Some(sender),
            (false, true) => Some(sender.other()),
            _ => None,
        }
    }

    /// Whether so much was looked at that the guess must do.
    pub(super) fn is_full(&self) -> bool {
        self.segments > MAX_UNDECIDED_SEGMENTS || self.bytes > MAX_UNDECIDED_BYTES
    }

    /// Returns the end that is likely the client, because nothing more comes: the one whose bytes may
    /// be its frames, if that holds for one of them.
    pub(super) fn likely_client(&self) -> Option<End> {
        let is_likely = |client: &End| {
            ENDS.into_iter().zip(&self.searches).any(|(end, searches)| {
                searches.as_ref().is_some_and(|searches| {
                    let is_client = end == *client;
                    let search = if is_client { &searches.as_client } else { &searches.as_server };
                    search.finish().is_some()
                })
            })
        };
        let mut likely = ENDS.into_iter().filter(is_likely);
        let first = likely.next()?;
        likely.next().is_none().then_some(first)
    }
}
