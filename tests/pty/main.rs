//! The real binary as users run it: in a pseudo-terminal with an emulated screen, and in a pipe.
//!
//! These tests call nothing in the library. Single modules have unit tests.

#![cfg(unix)]

mod against;
mod colors;
mod commands;
mod consent;
mod deck_sources;
mod ends;
mod growing;
mod judging;
mod learning;
mod pipe;
mod refusals;
mod reload;
mod serving;
#[cfg(target_os = "linux")]
mod signals;
mod stage;
mod terminal;

use std::path::PathBuf;
use std::time::Duration;

/// The time after which anything counts as hung. No machine is that slow.
const DEADLINE: Duration = Duration::from_mins(1);

/// Writes a file for one test. No other test may use the same `name`.
fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pty");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}
