//! The real binary, as people meet it: in a pseudo-terminal with an emulated screen, and in a pipe.
//!
//! Nothing is called inside the library; what single modules do is tested beside them.

#![cfg(unix)]

mod against;
mod colors;
mod commands;
mod consent;
mod ends;
mod pipe;
mod refusals;
mod serving;
#[cfg(target_os = "linux")]
mod signals;
mod stage;
mod terminal;

use std::path::PathBuf;
use std::time::Duration;

/// How long anything may take before it is called hung; no machine is that slow.
const DEADLINE: Duration = Duration::from_mins(1);

/// Writes a file for one test; `name` must be that test's own.
fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pty");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}
