//! The fuzz targets as an ordinary test. Each runs on its corpus and on 100,000 inputs derived from
//! it (10,000 for files and decks), which are the same on every run. cargo-fuzz runs the same
//! targets in `fuzz/`.
//!
//! `cargo test` checks arithmetic for overflow, so a number that would wrap in a release is found
//! here.

mod corpus;
#[path = "../../benches/mix/dice.rs"]
mod dice;
mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use dice::Dice;
use mutate::Mutate;

/// The number of derived inputs for each target.
const INPUTS: u64 = 100_000;

/// The number of derived decks. It is smaller, because each is parsed as Markdown, TOML and YAML.
const DECKS: u64 = 10_000;

/// The number of derived files. It is smaller, because each is written to disk and opened.
const FILES: u64 = 10_000;

#[test]
fn damaged_capture_files_are_read_as_far_as_possible() {
    hold("capture", targets::capture::check, FILES);
}

#[test]
fn a_deck_of_any_bytes_is_parsed_with_warnings() {
    hold("deck", targets::deck::check, DECKS);
}

#[test]
fn typed_input_is_parsed_or_refused_with_a_reason() {
    hold("typed", targets::typed::check, INPUTS);
}

#[test]
fn the_decoder_finds_the_same_for_any_chunks() {
    hold("decoder", targets::decoder::check, INPUTS);
}

#[test]
fn heads_are_validated_the_same_for_any_chunks() {
    hold("handshake", targets::handshake::check, INPUTS);
}

#[test]
fn the_inflater_agrees_with_zlib() {
    hold("inflater", targets::inflater::check, INPUTS);
}

#[test]
fn sockjs_is_read_the_same_in_any_pieces_and_its_sessions_keep_their_rules() {
    hold("sockjs", targets::sockjs::check, INPUTS);
}

#[test]
fn tungstenite_reads_the_same_messages_and_refuses_the_same_frames() {
    hold("tungstenite", targets::tungstenite::check, INPUTS);
}

/// Without overflow checks, a wrapped number would be found only if it caused a panic elsewhere.
#[test]
#[cfg(debug_assertions)]
fn arithmetic_is_checked_for_overflow() {
    let most = std::hint::black_box(u8::MAX);
    assert!(catch_unwind(|| most + std::hint::black_box(1)).is_err());
}

#[track_caller]
fn hold(target: &str, check: fn(&[u8]), inputs: u64) {
    let all = corpus::all();
    let (_, corpus) =
        all.into_iter().find(|(name, _)| *name == target).expect("every target has a corpus");
    assert!(corpus.len() > 20, "the corpus is nearly empty");
    for input in &corpus {
        shown(target, check, input);
    }
    let mut mutate = Mutate::new(&corpus, Dice(0x6675_7a7a));
    for _ in 0..inputs {
        shown(target, check, mutate.next());
    }
    bounded();
}

/// Runs a check, and reports the input if it panics.
fn shown(target: &str, check: fn(&[u8]), input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(input))) {
        let why = panic.downcast_ref::<String>().map(String::as_str);
        let why = why.or_else(|| panic.downcast_ref::<&str>().copied());
        let Some(why) = why else { resume_unwind(panic) };
        panic!("{target}: {why}\nthe input: {}", wiretalk::wire::format::hex(input));
    }
}

/// Checks that no length claimed by an input has led to a large allocation: the process has never
/// used more memory than this.
fn bounded() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux counts it");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number");
    assert!(kib < 512 * 1024, "{kib} KiB of memory");
}
