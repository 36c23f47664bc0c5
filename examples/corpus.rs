//! Writes what the fuzzing targets begin with: a folder a target, a file an input, made of the
//! vectors.
//!
//! `cargo run --example corpus -- fuzz/corpus` puts it where cargo-fuzz looks for it.

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
