//! Watches files for changes, however they are saved: written in place, replaced by a rename, or
//! moved away with their folder.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How often files are looked at where the system reports no changes.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// A save is over once nothing has happened for this long.
const QUIET: Duration = Duration::from_millis(4);
/// The number of further changes that are waited for within one save.
const MAX_CHANGES_PER_SAVE: usize = 16;

/// The way in which changes are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WatchMode {
    /// The system reports them.
    #[default]
    Events,
    /// The files are looked at twice a second, for network file systems, which report nothing.
    Poll,
}

/// Why files can't be watched.
#[derive(Debug, thiserror::Error)]
#[error("the system can't watch files: {0}")]
pub struct WatchError(#[from] notify::Error);

/// The changes of a set of files.
pub struct FileChanges {
    watcher: Box<dyn Watcher + Send>,
    changed: mpsc::Receiver<()>,
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    paths: PathFilter,
}

/// The paths whose changes count, shared with the watcher's own thread.
type PathFilter = std::sync::Arc<std::sync::RwLock<HashSet<PathBuf>>>;

impl FileChanges {
    /// Starts to watch `files`. They need not exist.
    ///
    /// # Errors
    ///
    /// If the system has no means to watch files, or no more of them.
    pub fn new(files: Vec<PathBuf>, mode: WatchMode) -> Result<Self, WatchError> {
        let (sender, changed) = mpsc::channel(1);
        let paths = PathFilter::default();
        let counted = paths.clone();
        let report = move |event: notify::Result<Event>| {
            let counts = event.map_or(true, |event| {
                changes_content(event.kind)
                    && counted
                        .read()
                        .is_ok_and(|paths| event.paths.iter().any(|path| paths.contains(path)))
            });
            if counts {
                // A full queue means that the change is already known.
                let _ = sender.try_send(());
            }
        };
        let watcher: Box<dyn Watcher + Send> = match mode {
            WatchMode::Events => Box::new(RecommendedWatcher::new(report, Config::default())?),
            WatchMode::Poll => {
                let config = Config::default().with_poll_interval(POLL_INTERVAL);
                Box::new(PollWatcher::new(report, config.with_compare_contents(true))?)
            }
        };
        let mut changes = Self { watcher, changed, files: Vec::new(), folders: Vec::new(), paths };
        changes.watch(files);
        Ok(changes)
    }

    /// Watches `files` from now on, in place of those before.
    pub fn watch(&mut self, files: Vec<PathBuf>) {
        self.files = files.into_iter().map(|file| absolute(&file)).collect();
        self.renew();
    }

    /// Waits until a file may have changed and the save is over. A folder that was replaced is
    /// watched again before this returns, so that a file that is read then misses nothing.
    pub async fn next(&mut self) {
        if self.changed.recv().await.is_none() {
            // The watcher has ended, which it never does while it is owned here.
            std::future::pending::<()>().await;
        }
        for _ in 0..MAX_CHANGES_PER_SAVE {
            if timeout(QUIET, self.changed.recv()).await.is_err() {
                break;
            }
        }
        self.renew();
    }

    /// Watches the folders of the files as they are now.
    fn renew(&mut self) {
        for folder in std::mem::take(&mut self.folders) {
            // It fails for a folder that is gone.
            let _ = self.watcher.unwatch(&folder);
        }
        let mut paths = HashSet::new();
        let mut folders = HashSet::new();
        for file in &self.files {
            // A symbolic link changes in its folder, and the file in another one.
            for path in [Some(file.clone()), file.canonicalize().ok()].into_iter().flatten() {
                folders.extend(nearest_folder(&path));
                // A folder on the way may vanish and come again.
                paths.extend(path.ancestors().map(Path::to_path_buf));
            }
        }
        if let Ok(mut counted) = self.paths.write() {
            *counted = paths;
        }
        for folder in folders {
            if self.watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok() {
                self.folders.push(folder);
            }
        }
    }
}

/// Whether an event can mean that a file has another content. Reading is an event too.
fn changes_content(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// Returns the innermost folder around `path` that exists.
fn nearest_folder(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_path_buf)
}

/// Returns `path` from the root on. Without a current directory it stays as it is.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The time after which a wait counts as hung. No machine is that slow.
    const HUNG: Duration = Duration::from_mins(1);

    async fn changed(changes: &mut FileChanges, what: &str) {
        timeout(HUNG, changes.next()).await.unwrap_or_else(|_| panic!("{what}: not noticed"));
    }

    /// Waits until the file holds `content`. A save may be reported in several parts.
    async fn until(changes: &mut FileChanges, file: &Path, content: &str) {
        while fs::read_to_string(file).is_ok_and(|found| found != content) {
            changed(changes, content).await;
        }
    }

    #[tokio::test]
    async fn every_way_to_save_is_noticed() {
        for mode in [WatchMode::Events, WatchMode::Poll] {
            let root = tempfile::tempdir().unwrap();
            let folder = root.path().join("talks");
            let file = folder.join("talk.md");
            fs::create_dir(&folder).unwrap();
            fs::write(&file, "one").unwrap();
            let mut changes = FileChanges::new(vec![file.clone()], mode).unwrap();

            fs::write(&file, "two").unwrap();
            changed(&mut changes, "written in place").await;
            until(&mut changes, &file, "two").await;

            fs::write(folder.join("talk.tmp"), "three").unwrap();
            fs::rename(folder.join("talk.tmp"), &file).unwrap();
            changed(&mut changes, "replaced by a rename").await;
            until(&mut changes, &file, "three").await;

            fs::remove_file(&file).unwrap();
            changed(&mut changes, "removed").await;
            fs::write(&file, "four").unwrap();
            changed(&mut changes, "created again").await;
            until(&mut changes, &file, "four").await;
        }
    }

    #[tokio::test]
    async fn a_folder_may_go_and_come_again() {
        let root = tempfile::tempdir().unwrap();
        let (folder, away) = (root.path().join("talks"), root.path().join("away"));
        let file = folder.join("talk.md");
        fs::create_dir(&folder).unwrap();
        fs::write(&file, "one").unwrap();
        let mut changes = FileChanges::new(vec![file.clone()], WatchMode::Events).unwrap();
        fs::rename(&folder, &away).unwrap();
        changed(&mut changes, "moved away").await;
        fs::create_dir(&folder).unwrap();
        fs::write(&file, "two").unwrap();
        changed(&mut changes, "a new folder").await;
        fs::write(&file, "three").unwrap();
        changed(&mut changes, "within the new folder").await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_a_symbolic_link_leads_to_is_watched() {
        let root = tempfile::tempdir().unwrap();
        let (folder, link) = (root.path().join("real"), root.path().join("talk.md"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("talk.md"), "one").unwrap();
        std::os::unix::fs::symlink(folder.join("talk.md"), &link).unwrap();
        let mut changes = FileChanges::new(vec![link], WatchMode::Events).unwrap();
        fs::write(folder.join("talk.md"), "two").unwrap();
        changed(&mut changes, "behind the link").await;
    }

    #[tokio::test]
    async fn reading_and_other_files_are_no_changes() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("talk.md");
        fs::write(&file, "one").unwrap();
        let mut changes = FileChanges::new(vec![file.clone()], WatchMode::Events).unwrap();
        fs::read(&file).unwrap();
        fs::write(root.path().join("other.md"), "x").unwrap();
        fs::write(&file, "two").unwrap();
        changed(&mut changes, "the write").await;
        let rest = timeout(Duration::from_millis(50), changes.next()).await;
        assert!(rest.is_err(), "nothing else has changed");
    }
}
