//! The fuzzing targets as an ordinary test: on their corpus, and on 100,000 inputs each that are
//! made from it (10,000 files and decks), the same on every run. cargo-fuzz goes on from there, in
//! `fuzz/`.
//!
//! `cargo test` checks arithmetic for overflow, so a number that wraps is found here although a
//! release would go on with it.

mod corpus;
#[path = "../../benches/mix/dice.rs"]
mod dice;
mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use dice::Dice;
use mutate::Mutate;

/// Made inputs a target.
const INPUTS: u64 = 100_000;

/// Fewer for decks: each is Markdown with TOML and YAML in it.
const DECKS: u64 = 10_000;

/// Fewer for files: each is written to the disk and opened.
const FILES: u64 = 10_000;

#[test]
fn capture_files_with_any_damage_give_what_they_hold() {
    hold("capture", targets::capture::check, FILES);
}

#[test]
fn a_deck_of_any_bytes_is_parsed_and_what_is_odd_is_told() {
    hold("deck", targets::deck::check, DECKS);
}

#[test]
fn what_people_type_is_understood_or_told() {
    hold("typed", targets::typed::check, INPUTS);
}

#[test]
fn the_decoder_gives_the_same_answer_for_any_pieces() {
    hold("decoder", targets::decoder::check, INPUTS);
}

#[test]
fn heads_are_judged_the_same_in_any_pieces() {
    hold("handshake", targets::handshake::check, INPUTS);
}

#[test]
fn the_inflater_gives_what_zlib_gives() {
    hold("inflater", targets::inflater::check, INPUTS);
}

#[test]
fn tungstenite_reads_the_same_messages_and_objects_where_we_do() {
    hold("tungstenite", targets::tungstenite::check, INPUTS);
}

/// Without these checks a number that wraps is found only where it leads to a panic elsewhere.
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

/// A panic comes with the input that led to it.
fn shown(target: &str, check: fn(&[u8]), input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(input))) {
        let why = panic.downcast_ref::<String>().map(String::as_str);
        let why = why.or_else(|| panic.downcast_ref::<&str>().copied());
        let Some(why) = why else { resume_unwind(panic) };
        panic!("{target}: {why}\nthe input: {}", wiretalk::wire::format::hex(input));
    }
}

/// Nothing that any input claims has led to memory: this process has never had more than this.
fn bounded() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux counts it");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("it is a number");
    assert!(kib < 512 * 1024, "{kib} KiB of memory");
}
