//! Tests that what has come of a capture is the beginning of what comes later.

use std::io::{PipeWriter, Write as _, pipe};
use std::path::Path;

use proptest::prelude::*;

use super::growing_file::GrowingFile;
use super::{GrowingCapture, Snapshot};
use crate::capture::damaged::damaged_capture;
use crate::capture::{Capture, CaptureError, CapturedStream, Gap, ReadOptions, open};
use crate::scope::Scope;
use crate::wire::{Offset, Side, Trace, TraceRow};

/// What there is of a direction: the bytes with their gaps, and the frames.
#[derive(Debug, PartialEq)]
struct Shown {
    bytes: Vec<u8>,
    gaps: Vec<(Offset, u64, u64)>,
    rows: Vec<TraceRow>,
    arrivals: Vec<(Offset, std::time::Duration)>,
}

impl Shown {
    fn of(stream: &CapturedStream<Trace>, from: Side) -> Self {
        let end = Offset::START + stream.store.len(from);
        let gaps = stream.gaps.iter().filter(|gap| gap.from == from);
        // Bytes that belong to no known frame follow a gap, and more of them may come.
        let gap = |gap: &Gap| (gap.offset, gap.missing.get(), gap.filled.get());
        let arrivals = stream.trace.arrivals().all().iter().filter(|one| one.from() == from);
        Self {
            bytes: stream.store.read(from, Offset::START..end).unwrap().bytes,
            gaps: gaps.map(gap).collect(),
            rows: stream.trace.rows().iter().filter(|row| row.from() == from).copied().collect(),
            arrivals: arrivals.map(|arrival| (arrival.end(), arrival.time())).collect(),
        }
    }
}

#[track_caller]
fn assert_beginning(part: &[CapturedStream<Trace>], whole: &[CapturedStream<Trace>]) {
    assert!(part.len() <= whole.len());
    for (part, whole) in part.iter().zip(whole) {
        assert_eq!(
            (part.identity.connection, part.identity.part),
            (whole.identity.connection, whole.identity.part)
        );
        for from in [Side::Client, Side::Server] {
            let (part, whole) = (Shown::of(part, from), Shown::of(whole, from));
            assert!(whole.bytes.starts_with(&part.bytes), "{part:?}\n{whole:?}");
            assert!(whole.gaps.starts_with(&part.gaps), "{part:?}\n{whole:?}");
            assert!(whole.rows.starts_with(&part.rows), "{part:?}\n{whole:?}");
            assert!(whole.arrivals.starts_with(&part.arrivals), "{part:?}\n{whole:?}");
        }
        if part.is_over {
            assert_eq!(part.ending, whole.ending);
            for from in [Side::Client, Side::Server] {
                assert_eq!(Shown::of(part, from), Shown::of(whole, from));
            }
        } else {
            assert_eq!(part.ending, None);
        }
    }
}

/// Cuts a file at these parts of its length, and compares each part with the next one and the last
/// with the file.
fn check_cuts(file: &[u8], options: &ReadOptions, cuts: &[usize]) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (file.len() + 1)).collect();
    cuts.sort_unstable();
    let mut growing = GrowingFile::new(file, options);
    let mut before = Vec::new();
    for cut in cuts {
        let Some(part) = growing.read(cut, true) else { continue };
        let part = part.into_streams();
        assert_beginning(&before, &part);
        before = part;
    }
    let last = growing.read(file.len(), false).unwrap().into_streams();
    assert_beginning(&before, &last);
    let mut copy = tempfile::NamedTempFile::new().unwrap();
    copy.write_all(file).unwrap();
    let whole: Capture = open(copy.path(), options).unwrap();
    assert_eq!(whole.streams().len(), last.len());
    for stream in whole.streams() {
        let same = |other: &&CapturedStream<Trace>| other.identity == stream.identity;
        let other = last.iter().find(same).unwrap();
        assert_eq!(other.warnings, stream.warnings);
        assert_eq!(other.ending, stream.ending);
        for from in [Side::Client, Side::Server] {
            assert_eq!(Shown::of(other, from), Shown::of(stream, from));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        // By chance, other bytes look like frames, so the cases are always the same.
        rng_seed: proptest::test_runner::RngSeed::Fixed(1761), ..Default::default()
    })]

    #[test]
    fn what_has_come_of_a_damaged_capture_is_the_beginning_of_it(
        damaged in damaged_capture(), cuts in proptest::collection::vec(any::<usize>(), 1..12),
    ) {
        check_cuts(&damaged.file(&damaged.sent()), &ReadOptions::default(), &cuts);
    }
}

/// Real captures: TLS with its secrets in the file, HTTP/2, proxies, with and without gaps.
#[test]
fn what_has_come_of_a_real_capture_is_the_beginning_of_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_capture = |kind| kind == "pcap" || kind == "pcapng";
        if !path.extension().is_some_and(is_capture) {
            continue;
        }
        count += 1;
        let file = std::fs::read(&path).unwrap();
        let keys = path.with_extension("keys");
        let options =
            ReadOptions { keylog: keys.exists().then_some(keys), ..ReadOptions::default() };
        let cuts: Vec<usize> = (0..80).map(|number| number * file.len() / 80).collect();
        check_cuts(&file, &options, &cuts);
    }
    assert!(count > 10, "{count}");
}

/// Begins to read a pipe, and returns its other end.
fn piped() -> (Scope, GrowingCapture, PipeWriter) {
    let scope = Scope::new(|panic| panic!("unexpected: {panic}"));
    let (reader, writer) = pipe().unwrap();
    let options = ReadOptions::default();
    let capture = GrowingCapture::start(&scope, reader, Path::new("-"), &options).unwrap();
    (scope, capture, writer)
}

/// Reads until this number of bytes has come.
async fn read_to(capture: &mut GrowingCapture, bytes: usize) -> Snapshot {
    loop {
        let snapshot = capture.next().await.unwrap().expect("not the end");
        assert!(!snapshot.is_last);
        if snapshot.bytes == bytes as u64 {
            return snapshot;
        }
    }
}

fn http2_capture() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    std::fs::read(folder.join("http2-plain.pcap")).unwrap()
}

#[tokio::test]
async fn a_compressed_pipe_is_read_as_far_as_it_can_be_decompressed() {
    let (_scope, mut capture, writer) = piped();
    let file = http2_capture();
    let (first, rest) = file.split_at(file.len() / 2);
    let mut gzip = flate2::write::GzEncoder::new(writer, flate2::Compression::default());
    gzip.write_all(first).unwrap();
    gzip.flush().unwrap();
    let part = read_to(&mut capture, first.len()).await.capture.unwrap();
    assert!(part.packets() > 0 && part.warnings().is_empty(), "{part:?}");
    gzip.write_all(rest).unwrap();
    drop(gzip.finish().unwrap());
    let last = loop {
        let snapshot = capture.next().await.unwrap().unwrap();
        if snapshot.is_last {
            break snapshot;
        }
    };
    assert_eq!(last.bytes, file.len() as u64);
    assert!(last.capture.unwrap().packets() > part.packets());
    assert!(capture.next().await.unwrap().is_none(), "nothing follows the last one");
}

#[tokio::test]
async fn what_has_come_when_reading_is_stopped_is_all_there_is() {
    let (_scope, mut capture, mut writer) = piped();
    let file = http2_capture();
    writer.write_all(&file[..file.len() - 5]).unwrap();
    read_to(&mut capture, file.len() - 5).await;
    capture.stopper().stop();
    let last = capture.next().await.unwrap().unwrap();
    assert!(last.is_last);
    let warnings = last.capture.unwrap().warnings().join("\n");
    assert!(warnings.contains("ends inside the packet"), "{warnings}");
}

#[tokio::test]
async fn text_is_read_as_a_whole_and_what_is_no_capture_is_refused_at_once() {
    let (_scope, mut capture, mut writer) = piped();
    writer.write_all(b"81 05 48 65 6c").unwrap();
    assert!(read_to(&mut capture, 14).await.capture.is_none());
    writer.write_all(b" 6c 6f").unwrap();
    drop(writer);
    let last = loop {
        let snapshot = capture.next().await.unwrap().unwrap();
        if snapshot.is_last {
            break snapshot.capture.unwrap();
        }
    };
    assert_eq!(last.streams()[0].trace.rows().len(), 1);

    let (_scope, mut capture, mut writer) = piped();
    writer.write_all(&[7; 4096]).unwrap();
    let refused = loop {
        match capture.next().await {
            Ok(snapshot) => assert!(!snapshot.unwrap().is_last),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, CaptureError::Unknown { .. }), "{refused}");

    let (_scope, mut capture, mut writer) = piped();
    writer.write_all(b"\xfd7zXZ\0 and more").unwrap();
    let refused = capture.next().await.unwrap_err().to_string();
    assert!(refused.contains("xz -d"), "{refused}");
}
