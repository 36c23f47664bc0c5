//! [`Closing`]: how a connection ends, by the packets of both sides.

use std::time::Duration;

use crate::capture::packets::headers::{FIN, RST, TcpSegment};
use crate::capture::stream::{OpenEnd, StreamEnding};
use crate::capture::tcp::end::End;
use crate::wire::Side;

/// The end of a connection, as far as it was captured. Times are in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    /// The first FIN or RST.
    first: Option<FirstEnd>,
    /// When data was captured last before it.
    last_data_at: u64,
    /// When a segment of another connection on the same ports was captured first.
    ports_reused_at: Option<u64>,
}

/// The first FIN or RST of a connection.
#[derive(Clone, Copy, Debug)]
struct FirstEnd {
    by: End,
    is_reset: bool,
    /// Whether an RST came after the FIN.
    is_reset_after: bool,
    /// The time since the last data before it, in nanoseconds.
    silence: u64,
}

impl Closing {
    pub(super) fn new(started_at: u64) -> Self {
        Self { first: None, last_data_at: started_at, ports_reused_at: None }
    }

    /// Takes the flags of a segment, and notes when data was captured before the end.
    pub(super) fn apply(&mut self, sender: End, segment: &TcpSegment<'_>, captured_at: u64) {
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
            self.first = Some(FirstEnd { by: sender, is_reset, is_reset_after: false, silence });
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

    /// Whether an RST was captured.
    pub(super) fn is_reset(&self) -> bool {
        self.first.is_some_and(|first| first.is_reset || first.is_reset_after)
    }

    pub(super) fn last_data_at(&self) -> u64 {
        self.last_data_at
    }

    /// Returns the end of a connection whose client is `client`; `None` if it was not captured.
    pub(super) fn ending(&self, client: End) -> Option<StreamEnding> {
        self.first.map(|first| StreamEnding {
            by: if first.by == client { Side::Client } else { Side::Server },
            is_reset: first.is_reset,
            is_reset_after: first.is_reset_after,
            silence: Duration::from_nanos(first.silence),
            http2_code: None,
        })
    }

    /// Returns what is known of an end that was not captured.
    pub(super) fn open_end(&self) -> OpenEnd {
        self.ports_reused_at.map_or(OpenEnd::StillOpen, |at| {
            OpenEnd::PortsReused(Duration::from_nanos(at.saturating_sub(self.last_data_at)))
        })
    }
}
