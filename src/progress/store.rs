//! [`ProgressStore`]: the progress in memory and in its file, for all demos of a talk.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::Notify;

use crate::learn::{Progress, ProgressEvent};
use crate::progress::file::ProgressFile;
use crate::scope::Scope;
use crate::text::counted;

/// Returns the seconds since 1970.
pub type SystemSeconds = fn() -> u64;

/// The most jobs that wait for the thread. Beyond that, whoever has another one does it.
const MAX_JOBS: usize = 64;

/// A piece of work that blocks on the disk.
type Job = Box<dyn FnOnce(&ProgressStore) + Send>;

/// A learner's progress. Clones share it.
#[derive(Clone)]
pub struct ProgressStore {
    inner: Arc<Mutex<Inner>>,
    worker: Arc<Worker>,
}

/// The thread that reads and writes the file, and its jobs.
#[derive(Default)]
struct Worker {
    jobs: Mutex<VecDeque<Job>>,
    /// Held while a job runs, so that jobs follow each other and the end waits for the last one.
    turn: Mutex<()>,
    is_running: AtomicBool,
    wake: Notify,
}

impl fmt::Debug for ProgressStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[derive(Debug)]
struct Inner {
    progress: Progress,
    file: Option<ProgressFile>,
    now: SystemSeconds,
    /// What the user is to know, once.
    notice: Option<String>,
    /// Whether the file cannot be written, which is said once.
    is_read_only: bool,
}

impl ProgressStore {
    /// Creates a store; without a file it forgets everything at its end. Nothing is read yet.
    pub fn new(file: Option<ProgressFile>, now: SystemSeconds) -> Self {
        let inner =
            Inner { progress: Progress::default(), file, now, notice: None, is_read_only: false };
        Self { inner: Arc::new(Mutex::new(inner)), worker: Arc::default() }
    }

    /// Returns the store on a file, with the system's clock.
    pub fn on(file: Option<ProgressFile>) -> Self {
        Self::new(file, || {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            since.map_or(0, |since| since.as_secs())
        })
    }

    /// Starts the thread that reads and writes the file. Without it, [`Self::submit`] blocks.
    ///
    /// # Errors
    ///
    /// If the thread cannot be spawned.
    pub fn start_thread(&self, scope: &Scope) -> io::Result<()> {
        let store = self.clone();
        scope.spawn_thread("progress", move |_| async move {
            loop {
                store.finish();
                store.worker.wake.notified().await;
            }
        })?;
        self.worker.is_running.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Does a piece of work on the thread, after those that were submitted before it.
    pub fn submit(&self, job: impl FnOnce(&Self) + Send + 'static) {
        let mut jobs = self.jobs();
        jobs.push_back(Box::new(job));
        let is_full = jobs.len() > MAX_JOBS;
        drop(jobs);
        if is_full || !self.worker.is_running.load(Ordering::Relaxed) {
            self.finish();
        } else {
            self.worker.wake.notify_one();
        }
    }

    /// Does what is left to do. At the end of a run nothing is lost by that.
    pub fn finish(&self) {
        loop {
            let _turn = self.worker.turn.lock().unwrap_or_else(PoisonError::into_inner);
            // The queue is free while the job runs.
            let job = self.jobs().pop_front();
            let Some(job) = job else { return };
            job(self);
        }
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.worker.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the file again, with what other instances wrote. Blocks on the disk.
    pub fn reload(&self) {
        let file = self.inner().file.clone();
        let Some(loaded) = file.map(|file| file.load()) else { return };
        let mut inner = self.inner();
        match loaded {
            Ok(loaded) => {
                // Answers of this run that could not be written exist nowhere else.
                if !inner.is_read_only {
                    inner.progress = loaded.progress;
                }
                if let Some((copy, lines)) = loaded.set_aside {
                    inner.notice = Some(format!(
                        "the progress file had {}; a copy of it is in {}",
                        counted(lines, "broken line"),
                        copy.display()
                    ));
                }
            }
            Err(error) => inner.notice = Some(error.to_string()),
        }
    }

    /// Keeps an answer. Blocks on the disk.
    pub fn record(&self, item: &str, right: bool) {
        self.keep(item, Some(right));
    }

    /// Forgets the answers to an item. Blocks on the disk.
    pub fn reset(&self, item: &str) {
        self.keep(item, None);
    }

    fn keep(&self, item: &str, right: Option<bool>) {
        let (file, event) = {
            let mut inner = self.inner();
            let event = ProgressEvent { at: (inner.now)(), item: item.to_owned(), right };
            inner.progress.apply(&event);
            (inner.file.clone().filter(|_| !inner.is_read_only), event)
        };
        if let Some(Err(error)) = file.map(|file| file.append(&event)) {
            let mut inner = self.inner();
            inner.is_read_only = true;
            inner.notice = Some(format!("{error}; it is forgotten at the end of this run"));
        }
    }

    /// Returns the progress as it is now.
    pub fn progress(&self) -> Progress {
        self.inner().progress.clone()
    }

    /// Returns the time, in seconds since 1970.
    pub fn now(&self) -> u64 {
        (self.inner().now)()
    }

    /// Returns what the user is to know, and forgets it.
    pub fn take_notice(&self) -> Option<String> {
        self.inner().notice.take()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A poisoned lock is taken anyway: its value is consistent between any two operations.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_instances_see_each_others_answers() {
        let folder = tempfile::tempdir().unwrap();
        let store = || {
            let file = ProgressFile::new(folder.path().join("progress.jsonl"));
            ProgressStore::new(Some(file), || 7)
        };
        let (one, other) = (store(), store());
        one.record("a", true);
        other.record("b", false);
        one.reload();
        assert_eq!(one.progress().names().collect::<Vec<_>>(), ["a", "b"]);
        one.reset("b");
        other.reload();
        assert_eq!(other.progress(), one.progress());
        assert_eq!((one.take_notice(), one.now()), (None, 7));
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named_once_and_the_run_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let store = ProgressStore::new(Some(ProgressFile::new(folder.path())), || 7);
        store.record("a", true);
        let notice = store.take_notice().unwrap();
        assert!(notice.contains("it is forgotten at the end of this run"), "{notice}");
        store.record("b", true);
        assert_eq!(store.take_notice(), None);
        store.reload();
        assert_eq!(store.progress().names().count(), 2);
    }

    #[tokio::test]
    async fn jobs_are_done_in_their_order_with_and_without_a_thread() {
        let scope = Scope::new(|_| {});
        for has_thread in [false, true] {
            let store = ProgressStore::new(None, || 7);
            if has_thread {
                store.start_thread(&scope).unwrap();
            }
            let (sender, mut done) = tokio::sync::mpsc::channel(1);
            for right in [true, true, false] {
                store.submit(move |store| store.record("a", right));
            }
            store.submit(move |_| sender.try_send(()).unwrap());
            done.recv().await.unwrap();
            let item = *store.progress().item("a").unwrap();
            assert_eq!((item.right, item.wrong, item.last_right), (2, 1, false));
        }
    }

    #[test]
    fn a_broken_file_is_named_with_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress.jsonl");
        std::fs::write(&path, "{\n[]\n").unwrap();
        let store = ProgressStore::new(Some(ProgressFile::new(&path)), || 7);
        store.reload();
        let notice = store.take_notice().unwrap();
        assert!(notice.starts_with("the progress file had 2 broken lines; a copy"), "{notice}");
        assert!(notice.ends_with("progress.jsonl.broken-1"), "{notice}");
    }
}
