//! Reads a deck and its theme again whenever one of their files is saved.

use std::path::{Path, PathBuf};
use std::{iter, mem};

use crate::cli::bounded_read;
use crate::cli::check::{self, ReadDeck};
use crate::cli::shared_args::{ThemeArg, parse_theme};
use crate::deck::Deck;
use crate::scope::Scope;
use crate::stage::Registry;
use crate::watch::{FileChanges, WatchMode};

/// A version of a talk, or why it could not be read.
type Reread = Result<ReadDeck, String>;

/// The files of a talk that is shown.
#[derive(Clone, Debug)]
pub struct TalkFiles {
    /// The deck.
    pub deck: PathBuf,
    /// The theme that the command line asks for, which counts before the deck's.
    pub theme: Option<ThemeArg>,
}

/// A talk that is read again whenever it is saved.
#[derive(Clone, Debug)]
pub struct WatchedTalk {
    /// Its files.
    pub files: TalkFiles,
    /// The version that is shown.
    pub shown: ReadDeck,
    /// The way its changes are found.
    pub mode: WatchMode,
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

    /// Shortens a sentence to what fits a footer: the author knows the folder.
    fn in_one_line(&self, reason: String, shown: &ReadDeck) -> String {
        let folder = check::folder_of(&self.deck);
        let named = iter::once(self.deck.clone()).chain(self.theme_file(&shown.deck));
        named.fold(reason, |reason, path| {
            let short = path.strip_prefix(folder).unwrap_or(&path);
            reason.replace(&check::printable_path(&path), &check::printable_path(short))
        })
    }

    /// Reads the talk again, in place of the version that is shown.
    fn reread(&self, shown: &ReadDeck, registry: Registry) -> Reread {
        self.read_version(shown, registry).map_err(|reason| self.in_one_line(reason, shown))
    }

    fn read_version(&self, shown: &ReadDeck, registry: Registry) -> Reread {
        if !is_watchable(&self.deck) {
            return Err(format!("{} is not a file", check::printable_path(&self.deck)));
        }
        let source = check::read_source(&self.deck).map_err(|error| format!("{error:#}"))?;
        let source = bounded_read::reject_empty(source).map_err(|error| error.to_string())?;
        let mut read = check::parse_deck_in(check::folder_of(&self.deck), &source, registry);
        match &self.theme {
            Some(ThemeArg { path: Some(path), .. }) => {
                read.themes = parse_theme(&path.to_string_lossy())?.colors.into();
            }
            Some(theme) => read.themes = theme.colors.into(),
            None => {}
        }
        match read.faults.iter().find(|fault| self.was_whole(&fault.path, shown)) {
            Some(fault) => Err(fault.reason.clone()),
            None => Ok(read),
        }
    }

    /// Whether the version that is shown has taken in the file at `path`. A file that has never been
    /// whole keeps no version from being shown.
    fn was_whole(&self, path: &str, shown: &ReadDeck) -> bool {
        let theme = shown.deck.front_matter.theme.as_ref().filter(|_| self.theme.is_none());
        let theme = theme.and_then(|theme| theme.path.as_deref());
        let mut taken = shown.deck.files.iter().map(String::as_str).chain(theme);
        taken.any(|taken| taken == path) && !shown.faults.iter().any(|fault| fault.path == path)
    }
}

/// Whether a deck can be saved again: a pipe, such as that of `<(command)`, is read only once.
fn is_watchable(deck: &Path) -> bool {
    deck.metadata().map_or(true, |metadata| metadata.is_file())
}

/// Reads a talk again, on a thread in `scope`, whenever one of its files is saved, and once at the
/// start, in case it was saved since. The thread calls `deliver` with each version that differs from
/// the last one, and ends once that returns `false`. A deck from a pipe stays as it is.
///
/// # Errors
///
/// If files can't be watched or no thread can be spawned.
pub fn reread_on_save<F: Future<Output = bool> + Send>(
    talk: WatchedTalk,
    registry: Registry,
    scope: &Scope,
    mut deliver: impl FnMut(Reread) -> F + Send + 'static,
) -> anyhow::Result<()> {
    let WatchedTalk { files, mut shown, mode } = talk;
    if !is_watchable(&files.deck) {
        return Ok(());
    }
    let mut changes = FileChanges::new(files.watched(&shown.deck), mode)?;
    scope.spawn_thread("live reload", move |_| async move {
        let mut failed = None;
        // What was read before its files were watched may be out of date.
        let mut is_stale = true;
        loop {
            if !mem::take(&mut is_stale) {
                changes.next().await;
            }
            let version = files.reread(&shown, registry);
            // A save is often reported more than once.
            let is_known = match &version {
                Ok(read) => failed.is_none() && *read == shown,
                Err(reason) => failed.as_ref() == Some(reason),
            };
            if is_known {
                continue;
            }
            failed = version.as_ref().err().cloned();
            if let Ok(read) = &version {
                is_stale = changes.watch(files.watched(&read.deck));
                shown = read.clone();
            }
            if !deliver(version).await {
                return;
            }
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::*;
    use crate::demos::REGISTRY;

    /// The time after which a wait counts as hung. No machine is that slow.
    const HUNG: Duration = Duration::from_mins(1);

    /// A talk in a folder of its own.
    struct TalkFolder {
        folder: tempfile::TempDir,
        files: TalkFiles,
    }

    impl TalkFolder {
        fn new(deck: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let files = TalkFiles { deck: folder.path().join("talk.md"), theme: None };
            fs::write(&files.deck, deck).unwrap();
            Self { folder, files }
        }

        fn save(&self, name: &str, text: &str) {
            fs::write(self.folder.path().join(name), text).unwrap();
        }

        fn read(&self) -> ReadDeck {
            check::read_deck(&self.files.deck, REGISTRY).unwrap()
        }

        /// Starts the thread for the version that is shown.
        fn start(&self, shown: ReadDeck) -> (Scope, mpsc::Receiver<Reread>) {
            let (sender, versions) = mpsc::channel(9);
            let scope = Scope::new(|_| {});
            let deliver = move |version| {
                let sender = sender.clone();
                async move { sender.send(version).await.is_ok() }
            };
            let talk = WatchedTalk { files: self.files.clone(), shown, mode: WatchMode::Events };
            reread_on_save(talk, REGISTRY, &scope, deliver).unwrap();
            (scope, versions)
        }
    }

    async fn next(versions: &mut mpsc::Receiver<Reread>) -> Reread {
        timeout(HUNG, versions.recv()).await.expect("a version").expect("a version")
    }

    /// Waits for a version with this title. A save in place may deliver another one before.
    async fn until_title(versions: &mut mpsc::Receiver<Reread>, title: &str) {
        loop {
            let found = next(versions).await;
            if found.is_ok_and(|read| read.deck.slides[0].title().as_deref() == Some(title)) {
                return;
            }
        }
    }

    #[tokio::test]
    async fn a_save_before_the_files_are_watched_counts() {
        let talk = TalkFolder::new("# One\n");
        let shown = talk.read();
        talk.save("talk.md", "# Two\n");
        let (_scope, mut versions) = talk.start(shown);
        until_title(&mut versions, "Two").await;
    }

    #[tokio::test]
    async fn the_version_that_is_shown_is_not_delivered() {
        let talk = TalkFolder::new("# One\n");
        let (_scope, mut versions) = talk.start(talk.read());
        assert!(timeout(Duration::from_millis(100), versions.recv()).await.is_err());
        talk.save("talk.md", "# Two\n");
        until_title(&mut versions, "Two").await;
        talk.save("talk.md", "# One\n");
        until_title(&mut versions, "One").await;
    }

    #[tokio::test]
    async fn a_file_that_the_deck_takes_in_later_is_watched() {
        let talk = TalkFolder::new("# One\n");
        let (_scope, mut versions) = talk.start(talk.read());
        talk.save("part.md", "# Part\n");
        talk.save("talk.md", "<!-- include: part.md -->\n");
        until_title(&mut versions, "Part").await;
        talk.save("part.md", "# Other part\n");
        until_title(&mut versions, "Other part").await;
    }

    #[test]
    fn a_file_that_breaks_keeps_the_last_version() {
        let source =
            "---\ntheme:\n  path: own.toml\n---\n\n# A\n\n---\n\n<!-- include: part.md -->\n";
        let talk = TalkFolder::new(source);
        talk.save("own.toml", "kind = \"light\"\n");
        talk.save("part.md", "# Part\n");
        let shown = talk.read();
        let reread = |shown: &ReadDeck| talk.files.reread(shown, REGISTRY);
        assert_eq!(reread(&shown), Ok(shown.clone()));
        for (name, whole, broken) in [
            ("own.toml", "kind = \"light\"\n", &["kind = \"li", "", " \n"][..]),
            ("part.md", "# Part\n", &[""]),
        ] {
            for text in broken {
                talk.save(name, text);
                let reason = reread(&shown).expect_err(name);
                assert!(reason.contains(name), "{reason}");
                let folder = talk.folder.path().to_str().unwrap();
                assert!(!reason.contains(folder), "{reason}");
            }
            fs::remove_file(talk.folder.path().join(name)).unwrap();
            assert!(reread(&shown).is_err(), "{name} is gone");
            // Who starts with a file that is broken sees every version.
            let without = talk.read();
            assert_eq!(reread(&without), Ok(without.clone()));
            talk.save(name, whole);
            assert_eq!(reread(&without), Ok(shown.clone()));
        }
        talk.save("own.toml", "kind = ");
        let theme = Some(parse_theme("projector").unwrap());
        let files = TalkFiles { theme, ..talk.files.clone() };
        assert!(files.reread(&shown, REGISTRY).is_ok(), "a theme that isn't used may be broken");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_place_of_the_deck_keeps_nobody_waiting() {
        let talk = TalkFolder::new("# A\n");
        let shown = talk.read();
        assert!(is_watchable(&talk.files.deck));
        fs::remove_file(&talk.files.deck).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&talk.files.deck).status().unwrap();
        assert!(made.success() && !is_watchable(&talk.files.deck));
        assert_eq!(talk.files.reread(&shown, REGISTRY), Err("talk.md is not a file".to_owned()));
    }
}
