//! Writes a large capture for measurements: one connection with masked text frames of ordinary
//! sizes. Every run writes the same bytes.
//!
//! `cargo run --release --example capture -- capture.pcapng` writes 209,000 frames (41 MB), and
//! `... --example capture -- large.pcapng 5200000` about 1 GB. An existing file is not overwritten.

#[path = "../benches/mix/mod.rs"]
mod mix;

use std::fs::File;

use anyhow::{Context as _, bail};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else { bail!("usage: capture FILE [FRAMES]") };
    let frames = match arguments.next() {
        Some(count) => count.parse().context("FRAMES must be a number")?,
        None => mix::capture::FRAMES,
    };
    // Fails if the file exists: the name may be mistyped.
    let file = File::create_new(&path).with_context(|| format!("could not create {path}"))?;
    mix::capture::write(file, frames).with_context(|| format!("could not write {path}"))
}
