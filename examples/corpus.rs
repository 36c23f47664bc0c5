//! Writes the initial corpus of the fuzz targets, made from the test vectors: a folder for each
//! target, and a file for each input.
//!
//! `cargo run --example corpus -- fuzz/corpus` writes it where cargo-fuzz looks for it.

#[path = "../tests/fuzz/corpus.rs"]
mod corpus;

use std::path::PathBuf;

use anyhow::{Context as _, bail};

fn main() -> anyhow::Result<()> {
    let Some(folder) = std::env::args().nth(1).map(PathBuf::from) else {
        bail!("usage: corpus FOLDER")
    };
    for (target, inputs) in corpus::all() {
        let folder = folder.join(target);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("could not create {}", folder.display()))?;
        for (number, input) in inputs.iter().enumerate() {
            let path = folder.join(format!("vector-{number:04}"));
            std::fs::write(&path, input)
                .with_context(|| format!("could not write {}", path.display()))?;
        }
    }
    Ok(())
}
