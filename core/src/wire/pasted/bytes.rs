//! [`Pasted`]: the bytes of a text, with the form that they had in it.

use crate::wire::pasted::form::PastedForm;
use crate::wire::pasted::packet::{self, DumpedSegment};
use crate::wire::pasted::tcp_stream::{SeveralDirections, TcpStream};

/// The maximum number of bytes that a text may stand for. A line `*` of a dump repeats bytes, so a
/// short text could claim any number of them.
pub const MAX_PASTED_BYTES: usize = 16 << 20;

/// The bytes of a text, and the form that they had in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pasted {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The form that was recognized, or given to [`parse_as`](super::parse_as).
    pub form: PastedForm,
    /// Where each packet after the first begins in `bytes`. Only dumps of packets have several: the
    /// offsets of each begin at 0.
    pub packet_starts: Vec<usize>,
}

impl Pasted {
    pub(super) fn new(form: PastedForm, bytes: Vec<u8>) -> Self {
        Self { bytes, form, packet_starts: Vec::new() }
    }

    /// Returns the bytes of each packet; all bytes together if the text isn't a dump of packets.
    pub fn packets(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.packet_starts.iter().copied().chain([self.bytes.len()]);
        let mut start = 0;
        ends.map(move |end| {
            let packet = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            packet
        })
    }

    /// Returns the TCP segments of a dump of packets; other packets are left out. `None` for all
    /// other forms, and if no packet has the headers of IP and TCP: then they are shown without.
    pub fn segments(&self) -> Option<Vec<DumpedSegment<'_>>> {
        let shown = self.form.shows_packets() && !self.bytes.is_empty();
        let segments = || self.packets().filter_map(packet::segment).collect::<Vec<_>>();
        shown.then(segments).filter(|segments| !segments.is_empty())
    }

    /// Returns what the segments of [`Self::segments`] carry, in the order of their sequence numbers
    /// and without what was sent again.
    ///
    /// # Errors
    ///
    /// Fails unless all of them have the same sender and receiver.
    pub fn tcp_payloads(&self) -> Result<Option<TcpStream>, SeveralDirections> {
        self.segments().map(|segments| TcpStream::new(&segments)).transpose()
    }
}
