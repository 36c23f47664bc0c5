//! A thread that works for the app and gives up what it has loaded once nothing is asked for.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::scope::{HEAD_START, Scope};

/// The number of requests that may wait.
const MAX_WAITING: usize = 64;
/// How long the worker keeps what it has loaded after the last request.
const IDLE: Duration = Duration::from_secs(5);

/// Work of a thread of its own, so that no frame waits for it.
pub(crate) trait IdleWorker: Send + 'static {
    /// A request.
    type Request: Send + 'static;
    /// The result of a request.
    type Answer: Send;

    /// Does what a request asks for.
    fn work(&mut self, request: Self::Request) -> Self::Answer;

    /// Whether something is loaded that takes memory.
    fn is_loaded(&self) -> bool;

    /// Gives up what is loaded.
    fn unload(&mut self);
}

/// Starts the thread of a worker in `scope`. It calls `deliver` with each answer, and ends once
/// that returns `false`.
///
/// # Errors
///
/// If no thread can be spawned.
pub(crate) fn start<W: IdleWorker, F: Future<Output = bool> + Send>(
    scope: &Scope,
    name: &str,
    mut worker: W,
    mut deliver: impl FnMut(W::Answer) -> F + Send + 'static,
) -> io::Result<mpsc::Sender<W::Request>> {
    let (sender, mut requests) = mpsc::channel(MAX_WAITING);
    scope.spawn_thread(name, move |_| async move {
        sleep(HEAD_START).await;
        loop {
            let soon = if worker.is_loaded() {
                timeout(IDLE, requests.recv()).await.ok()
            } else {
                Some(requests.recv().await)
            };
            let Some(next) = soon else {
                // From here on nothing wakes this thread until the next request.
                worker.unload();
                continue;
            };
            let Some(mut request) = next else { return };
            loop {
                if !deliver(worker.work(request)).await {
                    return;
                }
                let Ok(next) = requests.try_recv() else { break };
                request = next;
            }
        }
    })?;
    Ok(sender)
}
