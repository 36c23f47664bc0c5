//! Writes a large capture for measurements: one connection, masked text frames of ordinary sizes,
//! the same ones each time.
//!
//! `cargo run --release --example capture -- capture.pcapng` writes 209,000 frames (41 MB);
//! `... --example capture -- large.pcapng 5200000` writes about 1 GB. A file that is there already
//! is not overwritten.

#[path = "../benches/mix/mod.rs"]
mod mix;

use std::fs::File;

use anyhow::{Context as _, bail};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else { bail!("usage: capture FILE [FRAMES]") };
    let frames = match arguments.next() {
        Some(count) => count.parse().context("FRAMES is a number")?,
        None => mix::capture::FRAMES,
    };
    let file = File::create_new(&path).with_context(|| format!("could not create {path}"))?;
    mix::capture::write(file, frames).with_context(|| format!("could not write {path}"))
}
