//! Compression that a capture does not show, because it began after the handshake.

use crate::capture::{CapturedStream, StreamStart};
use crate::wire::decode::are_messages_compressed;
use crate::wire::{
    AgreedExtensions, ByteLen, DeflateParams, FragmentRole, Offset, Side, Trace, TraceRow,
};

/// The number of bytes of each side that are inflated to find out.
const MAX_BYTES_TRIED: ByteLen = ByteLen::new(1 << 18);

/// Returns permessage-deflate if a connection whose handshake was not captured seems to use it:
/// RSV1 is 1 in the first fragment of every message, and at least one message inflates.
pub(crate) fn assumed_deflate(stream: &CapturedStream<Trace>) -> Option<AgreedExtensions> {
    let trace = &stream.trace;
    if stream.start != StreamStart::Frames || trace.agreed().deflate.is_some() {
        return None;
    }
    let is_first = |row: &&TraceRow| matches!(row.role(), FragmentRole::First { .. });
    let mut firsts = trace.rows().iter().filter(is_first).peekable();
    firsts.peek()?;
    if !firsts.all(|row| row.header().rsv1) {
        return None;
    }
    let sent = [Side::Client, Side::Server].map(|from| {
        let start = trace.frames_start(from);
        // A file that can no longer be read proves nothing.
        let read = stream.store.read(from, start..start + MAX_BYTES_TRIED).unwrap_or_default();
        // Up to the first gap: behind it nothing may be whole.
        let gap = stream.gaps.iter().find(|gap| gap.from == from && gap.offset >= start);
        let known = gap.map_or(Offset::MAX, |gap| gap.offset) - start;
        let len = read.bytes.len().min(known.to_usize_saturating());
        (from, read.bytes.get(..len).unwrap_or_default().to_vec())
    });
    let sent: Vec<(Side, &[u8])> =
        sent.iter().map(|(from, bytes)| (*from, bytes.as_slice())).collect();
    let deflate = Some(DeflateParams::default());
    are_messages_compressed(&sent).then_some(AgreedExtensions { deflate })
}
