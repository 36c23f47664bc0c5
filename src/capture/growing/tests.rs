//! Tests that what has come of a capture is the beginning of what comes later.

use std::io::Write as _;

use proptest::prelude::*;

use super::stream_order::StreamOrder;
use crate::capture::damaged::damaged_capture;
use crate::capture::open::read_part;
use crate::capture::shared_file::SharedFile;
use crate::capture::{Capture, CapturedStream, Gap, ReadOptions, open};
use crate::wire::{Offset, Side, Trace, TraceRow};

/// A file that comes bit by bit.
struct Growing {
    copy: SharedFile,
    order: StreamOrder,
    options: ReadOptions,
}

impl Growing {
    fn new(file: &[u8], options: ReadOptions) -> Self {
        let copy = SharedFile::temporary().unwrap();
        copy.write_at(Offset::START, file).unwrap();
        Self { copy, order: StreamOrder::default(), options }
    }

    /// Reads what there is of it when `len` bytes have come.
    fn read(&mut self, len: usize, may_grow: bool) -> Option<Vec<CapturedStream<Trace>>> {
        let path = std::path::Path::new("-");
        let read = read_part(&self.copy, len as u64, may_grow, path, &self.options).unwrap();
        read.map(|capture| self.order.arrange(capture.streams))
    }
}

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
    let mut growing = Growing::new(file, options.clone());
    let mut before = Vec::new();
    for cut in cuts {
        let Some(part) = growing.read(cut, true) else { continue };
        assert_beginning(&before, &part);
        before = part;
    }
    let last = growing.read(file.len(), false).unwrap();
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
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
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
