//! Measures how long it takes to open a capture of 209,000 frames (41 MB) to a usable list, to
//! filter it and to read frames again, and how much memory it takes. Uses one thread, with the file
//! in the cache of the operating system. Every run writes the file again.
//!
//! `cargo bench --bench capture` measures. `cargo bench --bench capture -- open FILE` opens any
//! capture in a fresh process and prints the time and the peak memory; `examples/capture.rs` writes
//! one of any size.

mod mix;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use wiretalk::capture::{self, Capture, ReadOptions};
use wiretalk::wire::query::filter::Filter;
use wiretalk::wire::query::text_matcher::TextSet;

// A static, because divan calls the benchmarks without arguments of ours.
static FILE: OnceLock<PathBuf> = OnceLock::new();

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "open") {
        let path = arguments.get(at + 1).filter(|path| !path.starts_with("--"));
        return once(Path::new(path.ok_or_else(|| anyhow::anyhow!("usage: ... -- open FILE"))?));
    }
    let folder = tempfile::tempdir()?;
    measure(FILE.get_or_init(|| folder.path().join("capture.pcapng")))
}

fn measure(path: &Path) -> anyhow::Result<()> {
    mix::capture::write(File::create_new(path)?, mix::capture::FRAMES)?;
    // In a process of its own: the peak of this one includes the memory for writing the file.
    Command::new(std::env::current_exe()?).arg("open").arg(path).status()?;
    divan::main();
    Ok(())
}

/// Opens a capture and prints the time and the peak memory.
fn once(path: &Path) -> anyhow::Result<()> {
    let bytes = path.metadata()?.len();
    let began = Instant::now();
    let capture = capture::open(path, &ReadOptions::default())?;
    let took = began.elapsed();
    let rows: usize = capture.streams().iter().map(|stream| stream.trace.rows().len()).sum();
    println!(
        "{rows} frames, {:.1} MB: {} ms to the list; peak memory {}",
        bytes as f64 / 1e6,
        took.as_millis(),
        peak()
    );
    Ok(())
}

/// Returns the peak resident memory of this process, as Linux counts it.
fn peak() -> String {
    // VmHWM is the high-water mark of the resident set, in KiB.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or("unknown: there is no /proc".into(), |kib| format!("{:.1} MB", kib * 1024.0 / 1e6))
}

fn path() -> &'static Path {
    FILE.get().expect("main has written the file before it measures")
}

fn opened() -> Capture {
    let capture =
        capture::open(path(), &ReadOptions::default()).expect("the file was written a moment ago");
    // The two Closes come on top.
    assert_eq!(capture.streams()[0].trace.rows().len() as u64, mix::capture::FRAMES + 2);
    capture
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn open(bencher: Bencher) {
    let bytes = path().metadata().expect("the file was written a moment ago").len();
    bencher
        .counter(ItemsCount::new(mix::capture::FRAMES))
        .counter(BytesCount::new(bytes))
        .bench_local(|| black_box(opened()));
}

/// Reads single frames again, unmasks them and labels their fields, as scrolling does with the
/// frames on the screen.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn look_into_a_thousand_frames(bencher: Bencher) {
    let capture = opened();
    let stream = &capture.streams()[0];
    bencher.counter(ItemsCount::new(1_000_u64)).bench_local(|| {
        // Spread over the file, so that hardly two frames share a block of it.
        for row in stream.trace.rows().iter().step_by(209) {
            let start = stream.trace.stream_offset(row.from(), row.offset());
            let raw =
                stream.store.read(row.from(), start..start + row.len()).expect("it is still there");
            black_box(stream.trace.frame(row, raw.bytes).field_spans());
        }
    });
}

#[divan::bench(args = [
    "",
    "op=close && len<9",
    "dir=client && len>=126",
    "fault",
    "!(text || binary) || key=00000001",
])]
fn filter(bencher: Bencher, text: &str) {
    let capture = opened();
    let trace = &capture.streams()[0].trace;
    let filter = Filter::parse(text).expect("the filter is valid");
    bencher.counter(ItemsCount::new(trace.rows().len())).bench_local(|| {
        black_box(
            filter.rows(trace, 0..trace.rows().len(), |_| TextSet::default()).collect::<Vec<_>>(),
        )
    });
}
