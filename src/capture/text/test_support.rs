//! What the tests of text files share.

use crate::capture::{Capture, CaptureError, ReadOptions, open};
use crate::wire::Side;

/// Reads a file with this content.
pub(super) fn read(content: &str) -> Result<Capture, CaptureError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    open(file.path(), &ReadOptions::default())
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
