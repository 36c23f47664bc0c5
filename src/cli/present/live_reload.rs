//! Reads a deck again whenever its file is saved.

use std::path::PathBuf;

use crate::cli::check;
use crate::deck::{Deck, Warning};
use crate::scope::Scope;
use crate::stage::Registry;
use crate::watch::{FileChanges, WatchMode};

/// A deck that was read again, or why it could not be.
pub type Reread = Result<(Deck, Vec<Warning>), String>;

/// Reads the deck at `path` again, on a thread in `scope`, whenever its file is saved. The thread
/// calls `deliver` with each version, and ends once that returns `false`.
///
/// # Errors
///
/// If files can't be watched or no thread can be spawned.
pub fn reread_on_save<F: Future<Output = bool> + Send>(
    path: PathBuf,
    registry: Registry,
    mode: WatchMode,
    scope: &Scope,
    mut deliver: impl FnMut(Reread) -> F + Send + 'static,
) -> anyhow::Result<()> {
    let mut changes = FileChanges::new(vec![path.clone()], mode)?;
    scope.spawn_thread("live reload", move |_| async move {
        let mut last = None;
        loop {
            changes.next().await;
            let source = check::read_source(&path).and_then(reject_empty);
            let now = source.as_ref().map_err(|error| format!("{error:#}")).cloned();
            // A save is often reported more than once.
            if last.as_ref() == Some(&now) {
                continue;
            }
            let version = now.clone().map(|source| check::parse_deck(&source, registry));
            last = Some(now);
            if !deliver(version).await {
                return;
            }
        }
    })?;
    Ok(())
}

/// Refuses an empty file: editors that write in place empty it first.
fn reject_empty(source: String) -> anyhow::Result<String> {
    anyhow::ensure!(!source.trim().is_empty(), "the file is empty");
    Ok(source)
}
