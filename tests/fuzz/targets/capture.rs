//! The capture reader: damaged files of any format yield what they hold, and nothing else.

use tempfile::NamedTempFile;
use wiretalk::capture::{self, Capture, CaptureFormat, Http2Role, ReadOptions};
use wiretalk::wire::pasted::MAX_PASTED_BYTES;
use wiretalk::wire::{ByteLen, Offset, Side};

/// The number of rows whose frames are read again.
const ROWS: usize = 20;

thread_local! {
    /// A temporary file for each thread.
    static FILE: NamedTempFile = NamedTempFile::new().expect("the folder for temporary files can be written to");
}

pub(crate) fn check(data: &[u8]) {
    FILE.with(|file| {
        std::fs::write(file.path(), data)
            .expect("the folder for temporary files can be written to");
        match capture::open(file.path(), &ReadOptions::default()) {
            Ok(capture) => holds(&capture, data),
            Err(error) => harmless(&error.to_string()),
        }
    });
}

/// Checks that a text holds nothing that a terminal would interpret.
fn harmless(words: &str) {
    assert!(!words.chars().any(char::is_control), "{words:?}");
}

fn holds(capture: &Capture, data: &[u8]) {
    capture.warnings().iter().for_each(|words| harmless(words));
    let several = [
        CaptureFormat::Packets,
        CaptureFormat::Har,
        CaptureFormat::NetLog,
        CaptureFormat::Mitmproxy,
        CaptureFormat::CurlTrace,
    ];
    assert!(several.contains(&capture.format()) || capture.streams().len() <= 1);
    let mut held = 0;
    for stream in capture.streams() {
        stream.warnings.iter().for_each(|words| harmless(words));
        let filled: ByteLen = stream.gaps.iter().map(|gap| gap.filled).sum();
        assert!(filled <= 16 << 20, "a claimed gap is filled up to 16 MiB a stream");
        for from in [Side::Client, Side::Server] {
            let (trace, store) = (&stream.trace, &stream.store);
            // The DATA of HTTP/2 is among the bytes of its connection too.
            if !matches!(stream.http2, Some(Http2Role::WebSocket(_))) {
                held += store.len(from).get();
            }
            assert!(
                trace.frames_start(from) + trace.frame_bytes(from)
                    <= Offset::START + store.len(from)
            );
            assert!(store.read(from, Offset::START..Offset::new(64)).is_ok());
        }
        if !matches!(stream.http2, Some(Http2Role::WebSocket(_))) {
            held -= filled.get();
        }
        for row in stream.trace.rows().iter().take(ROWS).filter(|row| row.len() < 1 << 16) {
            let start = stream.trace.stream_offset(row.from(), row.offset());
            let raw = stream
                .store
                .read(row.from(), start..start + row.len())
                .expect("the file is still there");
            let frame = stream.trace.frame(row, raw.bytes);
            assert!(frame.complete, "every row stands in the store, whole");
            assert_eq!(frame.header.to_bytes(), frame.raw()[..frame.header.len()]);
        }
    }
    // What is compressed may contain more than the file.
    if is_compressed(data) {
        return;
    }
    // A line `*` of a dump repeats bytes, and a message of a HAR becomes a frame.
    if [CaptureFormat::Packets, CaptureFormat::Recording].contains(&capture.format()) {
        assert!(held <= data.len() as u64, "{held} bytes out of a file of {}", data.len());
    }
    assert!(held <= data.len() as u64 + MAX_PASTED_BYTES as u64);
}

/// Whether a file is gzip or zstd, or begins with a skippable frame of zstd.
fn is_compressed(data: &[u8]) -> bool {
    matches!(
        data,
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}
