//! Opening a capture of 209,000 frames (41 MB, written anew on every run) to a usable list,
//! filtering it, looking into it, and the memory that it takes. One thread, the file in the cache
//! of the operating system.
//!
//! `cargo bench --bench capture` measures; `cargo bench --bench capture -- open FILE` opens one
//! capture of your own in a fresh process and prints time and peak memory: `examples/capture.rs`
//! writes one of any size.

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
    // a process of its own: writing the file has taken memory too
    Command::new(std::env::current_exe()?).arg("open").arg(path).status()?;
    divan::main();
    Ok(())
}

/// Opens a capture and tells what that took.
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

/// The most memory that this process has had, as Linux counts it.
fn peak() -> String {
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

/// Every frame of it read again, one by one, unmasked and with its fields, as scrolling does with
/// those on the screen.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn look_into_a_thousand_frames(bencher: Bencher) {
    let capture = opened();
    let stream = &capture.streams()[0];
    bencher.counter(ItemsCount::new(1_000_u64)).bench_local(|| {
        for row in stream.trace.rows().iter().step_by(209) {
            let start = stream.trace.stream_offset(row.from(), row.offset());
            let raw =
                stream.store.read(row.from(), start..start + row.len()).expect("it is still there");
            black_box(stream.trace.frame(row, raw).field_spans());
        }
    });
}

#[divan::bench(args = ["", "op=close && len<9", "dir=client && len>=126", "fault", "!(text || binary) || key=00000001"])]
fn filter(bencher: Bencher, text: &str) {
    let capture = opened();
    let trace = &capture.streams()[0].trace;
    let filter = Filter::parse(text).expect("it is written as it should be");
    bencher
        .counter(ItemsCount::new(trace.rows().len()))
        .bench_local(|| black_box(filter.rows(trace, 0..trace.rows().len()).collect::<Vec<_>>()));
}
