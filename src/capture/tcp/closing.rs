//! [`Closing`]: how a connection ends, by the packets of both sides.

use std::time::Duration;

use crate::capture::packets::headers::{FIN, RST, TcpSegment};
use crate::capture::stream::{OpenEnd, StreamEnding};
use crate::capture::tcp::end::End;
use crate::wire::Side;

/// The time from which on an answer is missed, in nanoseconds. Within less, the same packet may have
/// been captured at two places.
const LONG_UNANSWERED: u64 = 1_000_000_000;

/// The end of a connection, as far as it was captured. Times are in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    /// The first FIN or RST.
    first: Option<FirstEnd>,
    /// When data was captured last before it.
    last_data_at: u64,
    /// When a segment of another connection on the same ports was captured first.
    ports_reused_at: Option<u64>,
    /// The retransmissions since the other end sent something.
    unanswered: Option<Unanswered>,
}

/// Retransmissions that were not answered.
#[derive(Clone, Copy, Debug)]
struct Unanswered {
    by: End,
    count: u32,
    /// When data was captured last before them.
    since: u64,
    last_at: u64,
}

/// The first FIN or RST of a connection.
#[derive(Clone, Copy, Debug)]
struct FirstEnd {
    by: End,
    is_reset: bool,
    /// Whether an RST came after the FIN.
    is_reset_after: bool,
    at: u64,
    /// The time since the last data before it, in nanoseconds.
    silence: u64,
}

impl Closing {
    pub(super) fn new(started_at: u64) -> Self {
        Self { first: None, last_data_at: started_at, ports_reused_at: None, unanswered: None }
    }

    /// Takes the flags of a segment, and notes when data was captured before the end.
    /// `is_retransmission` tells whether its data was captured before and not acknowledged since.
    pub(super) fn apply(
        &mut self,
        sender: End,
        segment: &TcpSegment<'_>,
        is_retransmission: bool,
        captured_at: u64,
    ) {
        self.unanswered = self.unanswered.filter(|unanswered| unanswered.by == sender);
        if is_retransmission {
            let since = self.last_data_at;
            let first = Unanswered { by: sender, count: 0, since, last_at: captured_at };
            let unanswered = self.unanswered.get_or_insert(first);
            unanswered.count = unanswered.count.saturating_add(1);
            unanswered.last_at = captured_at;
        }
        let is_reset = segment.flags & RST != 0;
        match &mut self.first {
            Some(first) => {
                first.is_reset_after |= is_reset;
                return;
            }
            None if segment.payload.is_empty() => {}
            None => self.last_data_at = captured_at,
        }
        if is_reset || segment.flags & FIN != 0 {
            let silence = captured_at.saturating_sub(self.last_data_at);
            let (by, at) = (sender, captured_at);
            self.first = Some(FirstEnd { by, is_reset, is_reset_after: false, at, silence });
        }
    }

    /// Notes that another connection uses the ports at `at`, so this one has ended before.
    pub(super) fn end_by_reuse(&mut self, at: u64) {
        self.ports_reused_at = Some(at);
    }

    /// Whether a FIN or RST was captured.
    pub(super) fn has_begun(&self) -> bool {
        self.first.is_some()
    }

    /// Whether `end` reset the connection, and nothing else had ended it before.
    pub(super) fn is_reset_by(&self, end: End) -> bool {
        self.first.is_some_and(|first| first.is_reset && first.by == end)
    }

    /// Whether an RST was captured.
    pub(super) fn is_reset(&self) -> bool {
        self.first.is_some_and(|first| first.is_reset || first.is_reset_after)
    }

    pub(super) fn last_data_at(&self) -> u64 {
        self.last_data_at
    }

    /// Returns the end of a stream that started at `started_at`, since 1970, of a connection whose
    /// client is `client`; `None` if it was not captured.
    pub(super) fn ending(&self, client: End, started_at: Duration) -> Option<StreamEnding> {
        self.first.map(|first| StreamEnding {
            at: Duration::from_nanos(first.at).saturating_sub(started_at),
            by: side_of(first.by, client),
            is_reset: first.is_reset,
            is_reset_after: first.is_reset_after,
            silence: Duration::from_nanos(first.silence),
            http2_code: None,
        })
    }

    /// Returns what is known of an end that was not captured.
    pub(super) fn open_end(&self, client: End) -> OpenEnd {
        if let Some(at) = self.ports_reused_at {
            let after = at.saturating_sub(self.last_data_at);
            return OpenEnd::PortsReused(Duration::from_nanos(after));
        }
        let Some(Unanswered { by, count, since, last_at }) = self.unanswered else {
            return OpenEnd::StillOpen;
        };
        let during = last_at.saturating_sub(since);
        if during < LONG_UNANSWERED {
            return OpenEnd::StillOpen;
        }
        OpenEnd::Unanswered {
            by: side_of(by, client),
            retransmissions: count,
            during: Duration::from_nanos(during),
        }
    }
}

fn side_of(end: End, client: End) -> Side {
    if end == client { Side::Client } else { Side::Server }
}
