//! Reads a deck and its theme again whenever one of their files is saved.

use std::path::{Path, PathBuf};
use std::{iter, mem};

use tokio::time::sleep;

use crate::cli::bounded_read;
use crate::cli::check::{self, FileDigest, ReadDeck};
use crate::cli::shared_args::{ThemeArg, parse_theme};
use crate::scope::{HEAD_START, Scope};
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
    pub shown: ShownVersion,
    /// The way its changes are found.
    pub mode: WatchMode,
}

/// What counts of a version that is shown, once it is saved again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownVersion {
    /// The digests of its files.
    digests: Vec<FileDigest>,
    /// The file of its theme.
    theme: Option<PathBuf>,
    /// The files that it takes in and that gave something, as the deck names them.
    whole: Vec<String>,
}

impl WatchedTalk {
    /// Returns the talk in the file at `deck`, which was read as `read`.
    pub fn new(deck: &Path, read: &ReadDeck, theme: Option<ThemeArg>, mode: WatchMode) -> Self {
        let files = TalkFiles { deck: deck.to_owned(), theme };
        let shown = ShownVersion::new(&files, read);
        Self { files, shown, mode }
    }
}

impl ShownVersion {
    /// Returns what counts of `read`, which comes from `files`.
    pub fn new(files: &TalkFiles, read: &ReadDeck) -> Self {
        let named = read.deck.front_matter.theme.as_ref().and_then(|theme| theme.path.as_ref());
        let named = named.filter(|_| files.theme.is_none());
        let theme = match &files.theme {
            Some(theme) => theme.path.clone(),
            None => named.map(|path| check::folder_of(&files.deck).join(path)),
        };
        let is_whole = |path: &&String| !read.faults.iter().any(|fault| fault.path == **path);
        let whole = read.deck.files.iter().chain(named).filter(is_whole).cloned().collect();
        Self { digests: read.digests.clone(), theme, whole }
    }

    /// Returns the paths of its files.
    fn files(&self) -> Vec<PathBuf> {
        let read = self.digests.iter().map(|file| file.path.clone());
        read.chain(self.theme.clone()).collect()
    }

    /// Whether its files still hold what they held. Nothing is known of a theme that the command
    /// line names.
    fn is_current(&self) -> bool {
        let is_known = |theme: &PathBuf| self.digests.iter().any(|file| file.path == *theme);
        self.theme.as_ref().is_none_or(is_known) && self.digests.iter().all(FileDigest::is_current)
    }
}

impl TalkFiles {
    /// Shortens a sentence to what fits a footer: the author knows the folder.
    fn in_one_line(&self, reason: String, shown: &ShownVersion) -> String {
        let folder = check::folder_of(&self.deck);
        let named = iter::once(&self.deck).chain(&shown.theme);
        named.fold(reason, |reason, path| {
            let short = path.strip_prefix(folder).unwrap_or(path);
            reason.replace(&check::printable_path(path), &check::printable_path(short))
        })
    }

    /// Reads the talk again, in place of the version that is shown.
    fn reread(&self, shown: &ShownVersion, registry: Registry) -> Reread {
        self.read_version(shown, registry).map_err(|reason| self.in_one_line(reason, shown))
    }

    fn read_version(&self, shown: &ShownVersion, registry: Registry) -> Reread {
        if !is_watchable(&self.deck) {
            return Err(format!("{} is not a file", check::printable_path(&self.deck)));
        }
        let source = check::read_source(&self.deck).map_err(|error| format!("{error:#}"))?;
        let source = bounded_read::reject_empty(source).map_err(|error| error.to_string())?;
        let mut read = check::parse_deck_file(&self.deck, &source, registry);
        match &self.theme {
            Some(ThemeArg { path: Some(path), .. }) => {
                read.digests.push(FileDigest::of(path));
                read.themes = parse_theme(&path.to_string_lossy())?.colors.into();
            }
            Some(theme) => read.themes = theme.colors.into(),
            None => {}
        }
        // A file that has never been whole keeps no version from being shown.
        match read.faults.iter().find(|fault| shown.whole.contains(&fault.path)) {
            Some(fault) => Err(fault.reason.clone()),
            None => Ok(read),
        }
    }
}

/// Reads the deck in a file, or only its beginning where live reload can bring the rest, if the talk
/// starts there.
///
/// # Errors
///
/// As for [`check::read_deck`].
pub fn read_for_first_frame(
    deck: &Path,
    starts_at_first: bool,
    registry: Registry,
) -> anyhow::Result<ReadDeck> {
    if starts_at_first && is_watchable(deck) {
        check::read_beginning(deck, registry)
    } else {
        check::read_deck(deck, registry)
    }
}

/// Whether a deck can be saved again: a pipe, such as that of `<(command)`, is read only once.
fn is_watchable(deck: &Path) -> bool {
    deck.metadata().map_or(true, |metadata| metadata.is_file())
}

/// Reads a talk again, on a thread in `scope`, whenever one of its files is saved, and once at the
/// start, in case it was saved since. The thread calls `deliver` with each version whose files hold
/// something else than those of the last one, and ends once that returns `false`. A deck from a pipe
/// stays as it is.
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
    let changes = FileChanges::new(shown.files(), mode);
    let (mut changes, failure) = match changes {
        Ok(changes) => (Some(changes), None),
        // The rest of a long deck comes all the same.
        Err(error) => (None, Some(error)),
    };
    scope.spawn_thread("live reload", move |_| async move {
        sleep(HEAD_START).await;
        let mut failed: Option<String> = None;
        // What was read before its files were watched may be out of date.
        let mut is_stale = true;
        loop {
            if !mem::take(&mut is_stale) {
                let Some(changes) = &mut changes else { return };
                changes.next().await;
            }
            // A save is often reported more than once.
            if failed.is_none() && shown.is_current() {
                continue;
            }
            let version = files.reread(&shown, registry);
            let reason = version.as_ref().err();
            if reason.is_some() && reason == failed.as_ref() {
                continue;
            }
            failed = reason.cloned();
            if let Ok(read) = &version {
                shown = ShownVersion::new(&files, read);
                is_stale = changes.as_mut().is_some_and(|changes| changes.watch(shown.files()));
            }
            if !deliver(version).await {
                return;
            }
        }
    })?;
    failure.map_or(Ok(()), |error| Err(error.into()))
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
        fn start(&self, shown: &ReadDeck) -> (Scope, mpsc::Receiver<Reread>) {
            let (sender, versions) = mpsc::channel(9);
            let scope = Scope::new(|_| {});
            let deliver = move |version| {
                let sender = sender.clone();
                async move { sender.send(version).await.is_ok() }
            };
            let shown = ShownVersion::new(&self.files, shown);
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
        let (_scope, mut versions) = talk.start(&shown);
        until_title(&mut versions, "Two").await;
    }

    #[tokio::test]
    async fn the_version_that_is_shown_is_not_delivered() {
        let talk = TalkFolder::new("# One\n");
        let (_scope, mut versions) = talk.start(&talk.read());
        assert!(timeout(Duration::from_millis(100), versions.recv()).await.is_err());
        talk.save("talk.md", "# Two\n");
        until_title(&mut versions, "Two").await;
        talk.save("talk.md", "# One\n");
        until_title(&mut versions, "One").await;
    }

    #[tokio::test]
    async fn a_file_that_the_deck_takes_in_later_is_watched() {
        let talk = TalkFolder::new("# One\n");
        let (_scope, mut versions) = talk.start(&talk.read());
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
        let reread =
            |shown: &ReadDeck| talk.files.reread(&ShownVersion::new(&talk.files, shown), REGISTRY);
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
        let shown = ShownVersion::new(&files, &shown);
        assert!(files.reread(&shown, REGISTRY).is_ok(), "a theme that isn't used may be broken");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_place_of_the_deck_keeps_nobody_waiting() {
        let talk = TalkFolder::new("# A\n");
        let shown = ShownVersion::new(&talk.files, &talk.read());
        assert!(is_watchable(&talk.files.deck));
        fs::remove_file(&talk.files.deck).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&talk.files.deck).status().unwrap();
        assert!(made.success() && !is_watchable(&talk.files.deck));
        assert_eq!(talk.files.reread(&shown, REGISTRY), Err("talk.md is not a file".to_owned()));
    }
}
