//! Reads a deck and its theme again whenever one of their files is saved.

use std::iter;
use std::path::{Path, PathBuf};

use crate::cli::check;
use crate::cli::shared_args::{ThemeArg, parse_theme};
use crate::deck::{Deck, Warning};
use crate::scope::Scope;
use crate::stage::{Registry, ThemePair};
use crate::watch::{FileChanges, WatchMode};

/// A deck with its warnings and its themes, or why it could not be read again.
type Reread = Result<(Deck, Vec<Warning>, ThemePair), String>;

/// The files of a talk that is shown.
#[derive(Clone, Debug)]
pub struct TalkFiles {
    /// The deck.
    pub deck: PathBuf,
    /// The theme that the command line asks for, which counts before the deck's.
    pub theme: Option<ThemeArg>,
}

impl TalkFiles {
    /// Returns the theme's file, if the theme of `deck` comes from one.
    fn theme_file(&self, deck: &Deck) -> Option<PathBuf> {
        if let Some(theme) = &self.theme {
            return theme.path.clone();
        }
        let path = deck.front_matter.theme.as_ref()?.path.as_ref()?;
        Some(check::folder_of(&self.deck).join(path))
    }

    /// Returns the paths of the deck and of the files that it takes in.
    fn watched(&self, deck: &Deck) -> Vec<PathBuf> {
        let folder = check::folder_of(&self.deck);
        let beside = deck.files.iter().map(|file| folder.join(file));
        iter::once(self.deck.clone()).chain(beside).chain(self.theme_file(deck)).collect()
    }

    /// Shortens an error about the deck to what fits a footer: its author knows the folder.
    fn in_one_line(&self, error: &str) -> String {
        let name = self.deck.file_name().map_or(self.deck.as_path(), Path::new);
        error.replace(&check::printable_path(&self.deck), &check::printable_path(name))
    }

    fn reread(&self, registry: Registry) -> Reread {
        let source = check::read_source(&self.deck).and_then(reject_empty);
        let source = source.map_err(|error| self.in_one_line(&format!("{error:#}")))?;
        let folder = check::folder_of(&self.deck);
        let (deck, warnings) = check::parse_deck_in(folder, &source, registry);
        let themes = match &self.theme {
            Some(ThemeArg { path: Some(path), .. }) => {
                parse_theme(&path.to_string_lossy())?.colors.into()
            }
            Some(theme) => theme.colors.into(),
            None => check::themes_of(&deck, folder).0,
        };
        Ok((deck, warnings, themes))
    }
}

/// Reads a talk again, on a thread in `scope`, whenever one of its files is saved. The thread
/// calls `deliver` with each version, and ends once that returns `false`. `deck` is the version
/// that is shown.
///
/// # Errors
///
/// If files can't be watched or no thread can be spawned.
pub fn reread_on_save<F: Future<Output = bool> + Send>(
    files: TalkFiles,
    deck: &Deck,
    registry: Registry,
    mode: WatchMode,
    scope: &Scope,
    mut deliver: impl FnMut(Reread) -> F + Send + 'static,
) -> anyhow::Result<()> {
    let mut changes = FileChanges::new(files.watched(deck), mode)?;
    scope.spawn_thread("live reload", move |_| async move {
        let mut last = None;
        loop {
            changes.next().await;
            let version = files.reread(registry);
            // A save is often reported more than once.
            if last.as_ref() == Some(&version) {
                continue;
            }
            if let Ok((deck, ..)) = &version {
                changes.watch(files.watched(deck));
            }
            last = Some(version.clone());
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
