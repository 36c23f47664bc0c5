//! [`LiveEnding`]: finds out how a live connection ends, as a capture of it would show.

use std::time::Instant;

use crate::capture::StreamEnding;
use crate::wire::Side;

/// The end of a live connection, as far as it has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LiveEnding {
    /// When the first bytes were sent.
    began_at: Option<Instant>,
    last_data_at: Option<Instant>,
    /// The side that ended its stream first, and when.
    fin: Option<(Side, Instant)>,
}

impl LiveEnding {
    /// Takes what `from` sent. Empty bytes are the end of its stream.
    pub(crate) fn take(&mut self, from: Side, at: Instant, bytes: &[u8]) {
        self.began_at.get_or_insert(at);
        if bytes.is_empty() {
            self.fin.get_or_insert((from, at));
        } else if self.fin.is_none() {
            self.last_data_at = Some(at);
        }
    }

    /// Returns when the connection ended: at its first FIN, or now.
    pub(crate) fn ended_at(&self, now: Instant) -> Instant {
        self.fin.map_or(now, |(_, at)| at)
    }

    /// Returns how the connection ended, if it is over now: by the first FIN, by a reset, or else by
    /// the FIN of `closer`, whose socket was closed.
    pub(crate) fn finish(
        &self,
        now: Instant,
        reset_by: Option<Side>,
        closer: Option<Side>,
    ) -> Option<StreamEnding> {
        let by = self.fin.map(|(by, _)| by);
        let is_reset = by.is_none() && reset_by.is_some();
        let last = self.last_data_at.unwrap_or(now);
        let ended_at = self.ended_at(now);
        let since = |before: Instant| ended_at.checked_duration_since(before).unwrap_or_default();
        Some(StreamEnding {
            at: since(self.began_at.unwrap_or(ended_at)),
            by: by.or(reset_by).or(closer)?,
            is_reset,
            is_reset_after: by.is_some() && reset_by.is_some(),
            silence: since(last),
            http2_code: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_fin_ends_a_connection_and_an_rst_only_one_without() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut live = LiveEnding::default();
        live.take(Side::Client, at(0), b"a");
        let end = |live: &LiveEnding, reset_by, closer| {
            live.finish(at(9), reset_by, closer).map(|ending| {
                (ending.by, ending.name(), ending.is_reset_after, ending.silence.as_secs())
            })
        };
        assert_eq!(end(&live, None, None), None);
        assert_eq!(end(&live, None, Some(Side::Client)), Some((Side::Client, "fin", false, 9)));
        let reset = Some(Side::Server);
        assert_eq!(end(&live, reset, None), Some((Side::Server, "rst", false, 9)));
        live.take(Side::Server, at(2), b"");
        live.take(Side::Client, at(3), b"late");
        live.take(Side::Client, at(4), b"");
        assert_eq!(end(&live, None, None), Some((Side::Server, "fin", false, 2)));
        assert_eq!(end(&live, reset, None), Some((Side::Server, "fin", true, 2)));
    }
}
