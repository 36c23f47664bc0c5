//! [`StreamOrder`]: gives each stream of a growing capture a place that it keeps.

use std::collections::HashMap;

use crate::capture::stream::{CapturedStream, StreamIdentity};
use crate::wire::Trace;

/// The places of the streams that were given out.
///
/// New ones follow them in the order in which they began to carry data, not in the order of first
/// packets: a connection that is silent at first would otherwise move those behind it.
#[derive(Debug, Default)]
pub(super) struct StreamOrder {
    places: HashMap<(usize, usize), usize>,
}

impl StreamOrder {
    /// Puts streams in order.
    pub(super) fn arrange(
        &mut self,
        mut streams: Vec<CapturedStream<Trace>>,
    ) -> Vec<CapturedStream<Trace>> {
        streams.extend(self.lost(&streams));
        let place = |stream: &CapturedStream<Trace>| {
            let StreamIdentity { connection, part, began } = stream.identity;
            (self.places.get(&(connection, part)).copied().unwrap_or(usize::MAX), began)
        };
        streams.sort_by_key(place);
        for (place, stream) in streams.iter().enumerate().skip(self.places.len()) {
            self.places.insert((stream.identity.connection, stream.identity.part), place);
        }
        streams
    }

    /// Returns a stream for each WebSocket that is no longer there because its HTTP/2 connection
    /// failed.
    fn lost(&self, streams: &[CapturedStream<Trace>]) -> Vec<CapturedStream<Trace>> {
        let mut lost = Vec::new();
        for failed in streams.iter().filter(|stream| stream.failed.is_some()) {
            let connection = failed.identity.connection;
            let of_connection = self.places.keys().filter(|(of, _)| *of == connection);
            lost.extend(
                of_connection.filter(|(_, part)| *part > 0).map(|(_, part)| failed.part(*part)),
            );
        }
        lost
    }
}
