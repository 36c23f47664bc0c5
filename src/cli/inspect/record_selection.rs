//! [`RecordSelection`]: the records that `--connection` and `--filter` leave.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::cli::inspect::record::Record;
use crate::inspect::InspectConfig;
use crate::wire::Side;
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::query::filter::Filter;
use crate::wire::query::search::Needle;
use crate::wire::query::text_matcher::TextSet;

/// Which records are printed; all of them by default.
#[derive(Clone, Debug, Default)]
pub(super) struct RecordSelection {
    /// The number of the only connection, from 1.
    pub(super) connection: Option<NonZeroUsize>,
    /// What frames must match. No heads, bodies and HTTP exchanges are printed with it.
    pub(super) filter: Option<Filter>,
}

impl From<&InspectConfig> for RecordSelection {
    fn from(config: &InspectConfig) -> Self {
        Self { connection: config.connection, filter: config.filter.clone() }
    }
}

impl RecordSelection {
    /// Whether records of connection `number` are printed.
    pub(super) fn has_connection(&self, number: usize) -> bool {
        self.connection.is_none_or(|only| only.get() == number)
    }

    /// Returns the texts that the filter looks for.
    pub(super) fn texts(&self) -> &[Needle] {
        self.filter.as_ref().map_or(&[], Filter::texts)
    }

    /// Whether a frame is printed, as far as the filter goes. `row` is the number of frames of both
    /// directions that were complete before it, and `texts` those that it was found to contain.
    pub(super) fn has_frame(
        &self,
        frame: &AssembledFrame,
        from: Side,
        at: Duration,
        row: usize,
        texts: TextSet,
    ) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches_frame(frame, from, at, row, texts))
    }

    /// Whether a record is printed. Frames have passed [`Self::has_frame`] before they become
    /// records.
    pub(super) fn includes(&self, record: &Record) -> bool {
        let is_traffic_beside_frames = matches!(
            record,
            Record::Handshake(_)
                | Record::Bytes(_)
                | Record::Unframed(_)
                | Record::Http(_)
                | Record::SockJs(_)
                | Record::SockJsSession(_)
        );
        let is_filtered_out = self.filter.is_some() && is_traffic_beside_frames;
        !is_filtered_out && record.connection().is_none_or(|number| self.has_connection(number))
    }
}
