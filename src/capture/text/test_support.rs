//! What the tests of text files share.

use crate::capture::{Capture, CaptureError, ReadOptions, open};
use crate::wire::Side;

/// Reads a file with this content.
pub(super) fn read(content: impl AsRef<[u8]>) -> Result<Capture, CaptureError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    open(file.path(), &ReadOptions::default())
}

/// Returns each encoding of a text that a tool may have written it in.
pub(super) fn encodings(text: &str) -> [Vec<u8>; 4] {
    let utf16 = |unit: fn(u16) -> [u8; 2]| {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
    };
    [
        text.into(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ]
}

/// Returns each frame of the only connection: its sender, its opcode and its payload.
pub(super) fn frames(capture: &Capture) -> Vec<(Side, u8, Vec<u8>)> {
    let [stream] = capture.streams() else { panic!("{:?}", capture.streams()) };
    let trace = &stream.trace;
    let frame = |row: &crate::wire::TraceRow| {
        let start = trace.stream_offset(row.from(), row.offset());
        let raw = stream.store.read(row.from(), start..start + row.len()).unwrap().bytes;
        (row.from(), row.opcode().bits(), trace.frame(row, raw).payload())
    };
    trace.rows().iter().map(frame).collect()
}
