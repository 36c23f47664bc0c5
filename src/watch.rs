//! Watches files for changes, however they are saved: written in place, replaced by a rename, or
//! moved away with their folder.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// How often files are looked at where the system reports no changes.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// The number of further looks that count as changes after one. Some file systems count time in
/// steps of 2 s, so a second save within a step can look like the first.
const SETTLING_POLLS: u8 = 4;
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
    files: Vec<PathBuf>,
    source: ChangeSource,
}

enum ChangeSource {
    Events(ReportedChanges),
    Poll(PolledChanges),
}

impl FileChanges {
    /// Starts to watch `files`. They need not exist. What is read from now on misses nothing.
    ///
    /// # Errors
    ///
    /// If the system has no means to watch files, or no more of them.
    pub fn new(files: Vec<PathBuf>, mode: WatchMode) -> Result<Self, WatchError> {
        let source = match mode {
            WatchMode::Events => ChangeSource::Events(ReportedChanges::new()?),
            WatchMode::Poll => ChangeSource::Poll(PolledChanges::default()),
        };
        let mut changes = Self { files: Vec::new(), source };
        changes.watch(files);
        Ok(changes)
    }

    /// Watches `files` from now on, in place of those before. Returns whether they are others: then
    /// what was read of them before may be out of date.
    pub fn watch(&mut self, files: Vec<PathBuf>) -> bool {
        let files: Vec<PathBuf> = files.into_iter().map(|file| absolute(&file)).collect();
        if files == self.files {
            return false;
        }
        self.files = files;
        match &mut self.source {
            ChangeSource::Events(source) => source.renew(&self.files),
            ChangeSource::Poll(source) => *source = PolledChanges::of(&self.files),
        }
        true
    }

    /// Waits until a file may have changed and the save is over. A folder that was replaced is
    /// watched again before this returns, so that a file that is read then misses nothing.
    pub async fn next(&mut self) {
        match &mut self.source {
            ChangeSource::Events(source) => {
                source.next().await;
                source.renew(&self.files);
            }
            ChangeSource::Poll(source) => source.next(&self.files).await,
        }
    }
}

/// Changes that the system reports.
struct ReportedChanges {
    watcher: RecommendedWatcher,
    changed: mpsc::Receiver<()>,
    folders: Vec<PathBuf>,
    paths: PathFilter,
}

/// The paths whose changes count, shared with the watcher's own thread.
type PathFilter = std::sync::Arc<std::sync::RwLock<HashSet<PathBuf>>>;

impl ReportedChanges {
    fn new() -> Result<Self, WatchError> {
        let (sender, changed) = mpsc::channel(1);
        let paths = PathFilter::default();
        let counted = paths.clone();
        let report = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| counts(&event, &counted)) {
                // A full queue means that the change is already known.
                let _ = sender.try_send(());
            }
        };
        let watcher = RecommendedWatcher::new(report, Config::default())?;
        Ok(Self { watcher, changed, folders: Vec::new(), paths })
    }

    async fn next(&mut self) {
        if self.changed.recv().await.is_none() {
            // The watcher has ended, which it never does while it is owned here.
            std::future::pending::<()>().await;
        }
        for _ in 0..MAX_CHANGES_PER_SAVE {
            if timeout(QUIET, self.changed.recv()).await.is_err() {
                break;
            }
        }
    }

    /// Watches the folders of the files as they are now.
    fn renew(&mut self, files: &[PathBuf]) {
        for folder in std::mem::take(&mut self.folders) {
            // It fails for a folder that is gone.
            let _ = self.watcher.unwatch(&folder);
        }
        let mut paths = HashSet::new();
        // Outer folders come before those in them: one that is replaced meanwhile is noticed.
        let mut folders = BTreeSet::new();
        for file in files {
            // A symbolic link changes in its folder, and the file in another one.
            for path in [Some(file.clone()), file.canonicalize().ok()].into_iter().flatten() {
                folders.extend(watched_folders(&path));
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

/// Whether an event can mean that one of `paths` has another content.
fn counts(event: &Event, paths: &PathFilter) -> bool {
    // The system has lost events.
    if event.need_rescan() {
        return true;
    }
    changes_content(event.kind)
        && paths.read().is_ok_and(|paths| event.paths.iter().any(|path| paths.contains(path)))
}

/// Whether an event can mean that a file has another content. Reading is an event too.
fn changes_content(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// Returns the folders to watch for changes of `path`: the innermost one that exists. Linux follows
/// a folder that is moved to its new place, so there each folder around it is watched too.
fn watched_folders(path: &Path) -> impl Iterator<Item = PathBuf> {
    let most = if cfg!(target_os = "linux") { usize::MAX } else { 1 };
    path.ancestors().skip(1).filter(|folder| folder.is_dir()).map(Path::to_path_buf).take(most)
}

/// Changes that are found by looking at the files.
#[derive(Default)]
struct PolledChanges {
    stamps: Vec<Option<Stamp>>,
    /// The number of looks that still count as changes.
    settling: u8,
}

impl PolledChanges {
    fn of(files: &[PathBuf]) -> Self {
        Self {
            stamps: files.iter().map(|file| Stamp::of(file)).collect(),
            settling: SETTLING_POLLS,
        }
    }

    async fn next(&mut self, files: &[PathBuf]) {
        loop {
            sleep(POLL_INTERVAL).await;
            let now = Self::of(files);
            if now.stamps != self.stamps {
                *self = now;
                return;
            }
            if self.settling > 0 {
                self.settling -= 1;
                return;
            }
        }
    }
}

/// What a file's metadata says of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    len: u64,
    /// The file itself, where the system numbers them: a rename puts another in its place.
    inode: u64,
}

impl Stamp {
    /// Returns the stamp of the file at `path`; `None` if there is none.
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { modified: metadata.modified().ok(), len: metadata.len(), inode })
    }
}

/// Returns `path` from the root on. Without a current directory it stays as it is.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
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

    async fn notices_every_way_to_save(mode: WatchMode) {
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

    #[tokio::test]
    async fn every_way_to_save_is_reported() {
        notices_every_way_to_save(WatchMode::Events).await;
    }

    #[tokio::test(start_paused = true)]
    async fn every_way_to_save_is_found_by_looking() {
        notices_every_way_to_save(WatchMode::Poll).await;
    }

    /// Waits until looking finds no changes any more.
    async fn settle(changes: &mut FileChanges) {
        while timeout(HUNG, changes.next()).await.is_ok() {}
    }

    #[tokio::test(start_paused = true)]
    async fn looking_finds_a_second_save_that_looks_like_the_first() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let save = |text: &str, second: u64| {
            fs::write(&file, text).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            file.as_file().set_modified(time).unwrap();
        };
        save("one", 1);
        let files = vec![file.path().to_owned()];
        let mut changes = FileChanges::new(files, WatchMode::Poll).unwrap();
        settle(&mut changes).await;
        save("two", 2);
        changed(&mut changes, "the first save").await;
        save("six", 2);
        changed(&mut changes, "the second save").await;
        settle(&mut changes).await;
    }

    #[tokio::test(start_paused = true)]
    async fn looking_touches_no_other_file() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("talk.md");
        fs::write(&file, "one").unwrap();
        let mut changes = FileChanges::new(vec![file], WatchMode::Poll).unwrap();
        settle(&mut changes).await;
        fs::write(root.path().join("other.md"), "x").unwrap();
        assert!(timeout(HUNG, changes.next()).await.is_err(), "nothing has changed");
    }

    #[tokio::test]
    async fn the_same_files_stay_watched_as_they_are() {
        let root = tempfile::tempdir().unwrap();
        let file = |name: &str| root.path().join(name);
        for mode in [WatchMode::Events, WatchMode::Poll] {
            let mut changes = FileChanges::new(vec![file("talk.md")], mode).unwrap();
            assert!(!changes.watch(vec![file("talk.md")]));
            assert!(changes.watch(vec![file("talk.md"), file("part.md")]));
        }
    }

    #[test]
    fn lost_events_count_as_a_change() {
        let paths = PathFilter::default();
        let overflow = Event::new(EventKind::Other);
        assert!(!counts(&overflow, &paths));
        assert!(counts(&overflow.set_flag(notify::event::Flag::Rescan), &paths));
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

    #[tokio::test]
    async fn a_folder_further_out_may_be_replaced() {
        let root = tempfile::tempdir().unwrap();
        let (outer, away) = (root.path().join("talks"), root.path().join("away"));
        let folder = outer.join("rust");
        let file = folder.join("talk.md");
        fs::create_dir_all(&folder).unwrap();
        fs::write(&file, "one").unwrap();
        let mut changes = FileChanges::new(vec![file.clone()], WatchMode::Events).unwrap();
        fs::rename(&outer, &away).unwrap();
        fs::create_dir_all(&folder).unwrap();
        fs::write(&file, "two").unwrap();
        changed(&mut changes, "the new folders").await;
        fs::write(&file, "three").unwrap();
        changed(&mut changes, "within the new folders").await;
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
