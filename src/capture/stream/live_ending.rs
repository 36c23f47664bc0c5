//! [`LiveEnding`]: finds out how a live connection ends, as a capture of it would show.

use std::time::Duration;

use super::captured_stream::StreamEnding;
use crate::wire::Side;

/// The end of a live connection, as far as it has come: which side ended TCP first, and after how long
/// a silence. All times count from the same moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LiveEnding {
    /// When the last data was seen; `None` before the first.
    last_data: Option<Duration>,
    ending: Option<StreamEnding>,
}

impl LiveEnding {
    /// Takes what a side has sent at a time; empty bytes are its FIN.
    pub(crate) fn observe_bytes(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        if bytes.is_empty() {
            self.observe_end(from, false, at);
        } else {
            self.last_data = self.last_data.max(Some(at));
        }
    }

    /// Takes a FIN or RST of a side. The first of a connection ends it.
    pub(crate) fn observe_end(&mut self, by: Side, is_reset: bool, at: Duration) {
        if let Some(first) = &mut self.ending {
            first.is_reset_after |= is_reset && !first.is_reset;
            return;
        }
        let silence = self.last_data.map_or(Duration::ZERO, |last| at.saturating_sub(last));
        let (is_reset_after, http2_code) = (false, None);
        self.ending = Some(StreamEnding { by, is_reset, is_reset_after, at, silence, http2_code });
    }

    /// Returns how the connection has ended; `None` while it is open both ways.
    pub(crate) fn ending(&self) -> Option<StreamEnding> {
        self.ending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_end_counts_with_the_silence_before_it() {
        let at = Duration::from_millis;
        let mut live = LiveEnding::default();
        live.observe_bytes(Side::Client, at(100), b"a");
        assert_eq!(live.ending(), None);
        live.observe_bytes(Side::Server, at(2_600), b"");
        live.observe_bytes(Side::Client, at(3_000), b"late");
        live.observe_bytes(Side::Client, at(3_500), b"");
        let fin = live.ending().unwrap();
        assert_eq!((fin.by, fin.name(), fin.silence), (Side::Server, "fin", at(2_500)));
        assert!(!fin.is_reset_after && fin.at == at(2_600));
        live.observe_end(Side::Client, true, at(4_000));
        assert_eq!(live.ending(), Some(StreamEnding { is_reset_after: true, ..fin }));
    }

    #[test]
    fn after_a_reset_nothing_else_ends_a_connection() {
        let at = Duration::from_secs;
        let mut live = LiveEnding::default();
        live.observe_end(Side::Server, true, at(9));
        for (by, is_reset) in [(Side::Server, true), (Side::Client, false)] {
            live.observe_end(by, is_reset, at(10));
            let reset = live.ending().unwrap();
            assert_eq!((reset.by, reset.name(), reset.silence), (Side::Server, "rst", at(0)));
            assert!(!reset.is_reset_after && reset.at == at(9));
        }
    }
}
