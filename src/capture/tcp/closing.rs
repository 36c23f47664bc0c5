//! [`Closing`]: how a connection ends, by the packets of both sides.

use std::time::Duration;

use crate::capture::packets::headers::{FIN, RST, SYN, TcpSegment};
use crate::capture::stream::{OpenEnd, Stall, StallKind, StreamEnding};
use crate::capture::tcp::end::End;
use crate::wire::Side;

/// The time from which on a connection stands still, in nanoseconds. Within less, the same packet may
/// have been captured at two places.
const LONG_STALL: u64 = 1_000_000_000;

/// The end of a connection, as far as it was captured. Times are in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    /// The first FIN or RST.
    first: Option<FirstEnd>,
    /// When data was captured last before it.
    last_data_at: u64,
    /// When a segment of another connection on the same ports was captured first.
    ports_reused_at: Option<u64>,
    /// What was sent again since the other end sent something.
    unanswered: Option<Unanswered>,
    /// Since when each end has had no room for more data.
    zero_window_since: [Option<u64>; 2],
    /// When the last packet before the end was captured.
    last_at: u64,
}

/// The content of a segment that is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Data that was not acknowledged.
    Data,
    /// Nothing, to see whether the other end is there.
    Probe,
}

/// Segments that were sent again and not answered.
#[derive(Clone, Copy, Debug)]
struct Unanswered {
    by: End,
    what: Repeat,
    count: u32,
    /// When data was captured last before the first of them.
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
        Self {
            first: None,
            last_data_at: started_at,
            ports_reused_at: None,
            unanswered: None,
            zero_window_since: [None; 2],
            last_at: started_at,
        }
    }

    /// Takes the flags of a segment, and notes when data was captured before the end. `repeat` tells
    /// what it sends again.
    pub(super) fn apply(
        &mut self,
        sender: End,
        segment: &TcpSegment<'_>,
        repeat: Option<Repeat>,
        captured_at: u64,
    ) {
        let is_reset = segment.flags & RST != 0;
        if self.first.is_none() {
            self.note_stall(sender, segment, repeat, captured_at);
        }
        match &mut self.first {
            Some(first) => {
                first.is_reset_after |= is_reset;
                return;
            }
            // What a reset carries is no data of the stream.
            None if segment.payload.is_empty() || is_reset => {}
            None => self.last_data_at = captured_at,
        }
        if is_reset || segment.flags & FIN != 0 {
            let silence = captured_at.saturating_sub(self.last_data_at);
            let (by, at) = (sender, captured_at);
            self.first = Some(FirstEnd { by, is_reset, is_reset_after: false, at, silence });
        }
    }

    /// Notes what stands still.
    fn note_stall(
        &mut self,
        sender: End,
        segment: &TcpSegment<'_>,
        repeat: Option<Repeat>,
        captured_at: u64,
    ) {
        self.last_at = captured_at;
        // The end that gives up answers nothing.
        if segment.flags & (FIN | RST) != 0 {
            return;
        }
        if segment.flags & SYN == 0 {
            let since = sender.own_and_other(&mut self.zero_window_since).0;
            *since = (segment.window == 0).then(|| since.unwrap_or(captured_at));
        }
        self.unanswered = self.unanswered.filter(|unanswered| unanswered.by == sender);
        if let Some(what) = repeat {
            let since = self.last_data_at;
            let first = Unanswered { by: sender, what, count: 0, since, last_at: captured_at };
            let unanswered = self.unanswered.get_or_insert(first);
            unanswered.count = unanswered.count.saturating_add(1);
            unanswered.last_at = captured_at;
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
    pub(super) fn open_end(&self) -> OpenEnd {
        self.ports_reused_at.map_or(OpenEnd::StillOpen, |at| {
            let after = at.saturating_sub(self.last_data_at);
            OpenEnd::PortsReused(Duration::from_nanos(after))
        })
    }

    /// Returns what stood still before the end, for a second or longer.
    pub(super) fn stall(&self, client: End) -> Option<Stall> {
        let stall = |by, kind, since: u64, until: u64| {
            let during = until.saturating_sub(since);
            let (by, is_long) = (side_of(by, client), during >= LONG_STALL);
            is_long.then(|| Stall { by, kind, during: Duration::from_nanos(during) })
        };
        let unanswered = self.unanswered.and_then(|unanswered| {
            let Unanswered { by, what, count, since, last_at } = unanswered;
            let kind = match what {
                Repeat::Data => StallKind::Unacknowledged(count),
                Repeat::Probe => StallKind::UnansweredProbes(count),
            };
            // One probe is answered as soon as the capture goes on.
            (what == Repeat::Data || count > 1).then(|| stall(by, kind, since, last_at)).flatten()
        });
        unanswered.or_else(|| {
            [End::Lower, End::Higher].into_iter().find_map(|by| {
                let since = (*by.own(&self.zero_window_since))?;
                stall(by, StallKind::ZeroWindow, since, self.last_at)
            })
        })
    }
}

fn side_of(end: End, client: End) -> Side {
    if end == client { Side::Client } else { Side::Server }
}
