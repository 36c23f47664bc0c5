//! Reads a deck again whenever its file is saved.

use std::iter;
use std::path::{Path, PathBuf};

use crate::cli::check;
use crate::deck::{Deck, Warning};
use crate::scope::Scope;
use crate::stage::Registry;
use crate::watch::{FileChanges, WatchMode};

/// A deck that was read again, or why it could not be.
pub(super) type Reread = Result<(Deck, Vec<Warning>), String>;

/// Reads the deck at `path` again, on a thread in `scope`, whenever its file or one of `files`,
/// which it takes in, is saved. The thread calls `deliver` with each version, and ends once that
/// returns `false`.
///
/// # Errors
///
/// If files can't be watched or no thread can be spawned.
pub fn reread_on_save<F: Future<Output = bool> + Send>(
    path: PathBuf,
    files: &[String],
    registry: Registry,
    mode: WatchMode,
    scope: &Scope,
    mut deliver: impl FnMut(Reread) -> F + Send + 'static,
) -> anyhow::Result<()> {
    let mut changes = FileChanges::new(watched_files(&path, files), mode)?;
    scope.spawn_thread("live reload", move |_| async move {
        let mut last = None;
        loop {
            changes.next().await;
            let version = reread(&path, registry).map_err(|error| format!("{error:#}"));
            // A save is often reported more than once.
            if last.as_ref() == Some(&version) {
                continue;
            }
            if let Ok((deck, _)) = &version {
                changes.watch(watched_files(&path, &deck.files));
            }
            last = Some(version.clone());
            if !deliver(version).await {
                return;
            }
        }
    })?;
    Ok(())
}

fn reread(path: &Path, registry: Registry) -> anyhow::Result<(Deck, Vec<Warning>)> {
    let source = check::read_source(path).and_then(reject_empty)?;
    Ok(check::parse_deck_in(check::folder_of(path), &source, registry))
}

/// Returns the paths of a deck and of the files that it takes in.
fn watched_files(path: &Path, files: &[String]) -> Vec<PathBuf> {
    let folder = check::folder_of(path);
    let beside = files.iter().map(|file| folder.join(file));
    iter::once(path.to_path_buf()).chain(beside).collect()
}

/// Refuses an empty file: editors that write in place empty it first.
fn reject_empty(source: String) -> anyhow::Result<String> {
    anyhow::ensure!(!source.trim().is_empty(), "the file is empty");
    Ok(source)
}
