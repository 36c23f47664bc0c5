//! A [`Scope`] owns tasks and threads. When a slide is left or a command ends, everything that it
//! started ends too. A scope restarts nothing and returns no results: tasks report through channels
//! of their own, such as [`report_channel()`].
//!
//! A panic in a task is caught and passed to the scope's panic callback as one line of text. The
//! process, its other tasks and the terminal go on.

mod program;
mod report_channel;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Once};
use std::task::Poll;
use std::time::Duration;
use std::{io, panic, thread};

use thiserror::Error;
use tokio::runtime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub use program::current_program;
pub use report_channel::{ReportReceiver, ReportSender, report_channel};

/// How long threads in the background are left alone after a new frame. The terminal draws the frame
/// meanwhile, and may need the same processor.
pub const HEAD_START: Duration = Duration::from_millis(20);

/// The owner of a set of tasks. Clones share the ownership. When the last one is dropped, the tasks
/// end as with [`Scope::cancel`].
///
/// A task that spawns others needs a [`Scope::child`], never a clone. A task that owns its own
/// scope would keep itself alive.
#[derive(Clone)]
pub struct Scope {
    owner: Arc<ScopeInner>,
}

struct ScopeInner {
    token: CancellationToken,
    /// The trackers that count a task: the scope's own first, then those of the scopes around it.
    trackers: Vec<TaskTracker>,
    on_panic: PanicCallback,
}

type PanicCallback = Arc<dyn Fn(String) + Send + Sync>;

/// Every task has this type below [`Scope::spawn`] and [`Scope::spawn_thread`], so that tokio's and
/// this module's code for a task is compiled once, not once for each future. It also keeps a large
/// future from being copied into each of the futures around it.
type BoxedTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Makes a thread's task from the scope for tasks beside it.
type MakeTask = Box<dyn FnOnce(Scope) -> BoxedTask + Send>;

impl Drop for ScopeInner {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

impl Scope {
    /// Creates a scope without a parent. `on_panic` receives `task "name" panicked at
    /// file:line:column: message` on the thread of the task, and must not block.
    pub fn new(on_panic: impl Fn(String) + Send + Sync + 'static) -> Self {
        install_panic_hook();
        Self::within(CancellationToken::new(), Vec::new(), Arc::new(on_panic))
    }

    /// Creates a scope that ends with this one or earlier, and shares its panic callback.
    /// [`Scope::closed`] of this scope waits for the child's tasks too.
    #[must_use]
    pub fn child(&self) -> Self {
        let owner = &self.owner;
        Self::within(owner.token.child_token(), owner.trackers.clone(), owner.on_panic.clone())
    }

    fn within(token: CancellationToken, outer: Vec<TaskTracker>, on_panic: PanicCallback) -> Self {
        let trackers = std::iter::once(TaskTracker::new()).chain(outer).collect();
        Self { owner: Arc::new(ScopeInner { token, trackers, on_panic }) }
    }

    /// Runs `task` on the current tokio runtime until it or the scope ends. In a cancelled scope
    /// the task is dropped without being polled.
    ///
    /// # Panics
    /// Panics outside a tokio runtime.
    pub fn spawn(&self, name: &str, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_boxed(name, Box::pin(task));
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where tasks are started: they belong to this scope"
    )]
    fn spawn_boxed(&self, name: &str, task: BoxedTask) {
        tokio::spawn(guard(
            name.to_owned(),
            self.token(),
            self.owner.on_panic.clone(),
            task,
            self.tracker_tokens(),
        ));
    }

    /// Runs a future on a thread with its own current-thread tokio runtime, until it or the scope
    /// ends. This is for servers and lanes that must not share a runtime with the screen. `make` is
    /// given a child scope for further tasks on that runtime, which end with the future.
    ///
    /// # Errors
    /// Fails if the thread or the runtime cannot be created.
    pub fn spawn_thread<F, M>(&self, name: &str, make: M) -> io::Result<()>
    where
        M: FnOnce(Scope) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        // Called within the task, so that a panic in `make` itself is caught too.
        let make = |inner| -> BoxedTask { Box::pin(async move { make(inner).await }) };
        self.spawn_thread_boxed(name, Box::new(make))
    }

    #[expect(clippy::disallowed_methods, reason = "the task of a scope's own thread")]
    fn spawn_thread_boxed(&self, name: &str, make: MakeTask) -> io::Result<()> {
        let inner = self.child();
        let tracker_tokens = self.tracker_tokens();
        let task = name.to_owned();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let token = inner.token();
            let on_panic = inner.owner.on_panic.clone();
            // Spawned, because each wake of the future that `block_on` polls itself costs one more
            // poll of the sockets.
            let owner = inner.clone();
            // Without tokens: the thread's own outlive the runtime, so that the scope is closed
            // only once that has ended.
            let done = runtime.spawn(guard(task, token, on_panic, make(inner), Vec::new()));
            // The error of a join is a panic or an abort: panics are caught within, and nothing
            // aborts.
            let _ = runtime.block_on(done);
            // If `make` ignores its scope and drops it, the task must not be cancelled by that.
            drop(owner);
            // Does not wait for blocking threads, such as a name lookup that hangs. They hold no
            // socket.
            runtime.shutdown_background();
            drop(tracker_tokens);
        })?;
        Ok(())
    }

    /// Ends all tasks. Each is dropped at the point where it awaits, which closes its sockets.
    pub fn cancel(&self) {
        self.owner.token.cancel();
    }

    /// Whether [`Scope::cancel`] was called here or on a scope around this one.
    pub fn is_cancelled(&self) -> bool {
        self.owner.token.is_cancelled()
    }

    /// Returns a token that is cancelled with the scope, for code that shuts down by itself.
    /// Holding the token keeps nothing alive.
    pub fn token(&self) -> CancellationToken {
        self.owner.token.clone()
    }

    /// Whether a task or thread of the scope, or of its child scopes, has not ended yet.
    pub fn has_tasks(&self) -> bool {
        !self.owner.trackers[0].is_empty()
    }

    /// Waits until all tasks and threads have ended, including those of child scopes. It does not
    /// cancel them.
    pub async fn closed(&self) {
        let tracker = &self.owner.trackers[0];
        tracker.close();
        tracker.wait().await;
    }

    /// Returns tokens that keep this scope and those around it from being closed while they live.
    fn tracker_tokens(&self) -> Vec<TaskTrackerToken> {
        self.owner.trackers.iter().map(TaskTracker::token).collect()
    }
}

/// Runs `task` until it ends, panics or `token` is cancelled. The task is dropped before its panic
/// is reported, so its sockets are closed by then, and `tracker_tokens` are dropped last. This
/// future is what tokio runs for every task of a scope, so it has no type parameter.
async fn guard(
    name: String,
    token: CancellationToken,
    on_panic: PanicCallback,
    // Before the tokens, because a future that was never polled drops its arguments in order.
    task: BoxedTask,
    tracker_tokens: Vec<TaskTrackerToken>,
) {
    let caught = {
        // Moved, so that it is dropped at the end of this block.
        let mut task = task;
        let mut cancelled = pin!(token.cancelled());
        poll_fn(|cx| {
            // Checked first, so that a cancelled task is not polled even once more.
            if cancelled.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            match catch_panic_sync(|| task.as_mut().poll(cx)) {
                Ok(poll) => poll.map(|()| None),
                Err(why) => Poll::Ready(Some(why)),
            }
        })
        .await
    };
    if let Some(panic) = caught {
        on_panic(format!("task \"{name}\" {panic}"));
    }
    drop(tracker_tokens);
}

/// A panic that was caught. It is displayed as one line, `panicked at file:line:column: message`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("panicked{}: {message}", at_location(location.as_deref()))]
pub struct CaughtPanic {
    /// The location as `file:line:column`; `None` if the panic hook did not see the panic.
    pub location: Option<String>,
    /// The message of the panic.
    pub message: String,
}

fn at_location(location: Option<&str>) -> String {
    location.map_or_else(String::new, |location| format!(" at {location}"))
}

/// Runs `task` and returns a panic in it as an error, so that one part of a task can fail while the
/// rest goes on.
///
/// # Errors
/// Fails if the task panics.
pub async fn catch_panic<T>(task: impl Future<Output = T>) -> Result<T, CaughtPanic> {
    let mut task = pin!(task);
    poll_fn(|cx| match catch_panic_sync(|| task.as_mut().poll(cx)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Runs `work`, which does not wait, and returns a panic in it as an error. What `work` was
/// changing when it panicked may be inconsistent and should be thrown away.
///
/// # Errors
/// Fails if `work` panics.
pub fn catch_panic_sync<T>(work: impl FnOnce() -> T) -> Result<T, CaughtPanic> {
    install_panic_hook();
    let _inside = InTaskGuard::enter();
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| CaughtPanic {
        location: PANICKED_AT.take(),
        message: panic_message(payload.as_ref()).to_owned(),
    })
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let literal = payload.downcast_ref::<&'static str>().copied();
    literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

thread_local! {
    static IN_TASK: Cell<bool> = const { Cell::new(false) };
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Whether this thread is polling a scope's task, or running work for [`catch_panic`] or
/// [`catch_panic_sync`]. A panic there is caught, so a panic hook must leave the terminal alone.
pub fn is_in_task() -> bool {
    IN_TASK.get()
}

struct InTaskGuard {
    before: bool,
}

impl InTaskGuard {
    fn enter() -> Self {
        Self { before: IN_TASK.replace(true) }
    }
}

impl Drop for InTaskGuard {
    fn drop(&mut self) {
        IN_TASK.set(self.before);
    }
}

/// Installs the hook that records where a task panics. `catch_unwind` does not know the location,
/// and the default hook would print over the slide.
fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if is_in_task() {
                PANICKED_AT.set(info.location().map(ToString::to_string));
            } else {
                before(info);
            }
        }));
    });
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a peer in a test listens as it likes")]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Mutex;
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    /// The time after which a test counts as hung.
    const HUNG: Duration = Duration::from_mins(1);

    fn quiet() -> Scope {
        Scope::new(|panic| panic!("unexpected: {panic}"))
    }

    /// A future that listens until it is dropped, and its address.
    fn listen() -> (oneshot::Receiver<SocketAddr>, impl Future<Output = ()> + Send + 'static) {
        let (sender, address) = oneshot::channel();
        let task = async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            std::future::pending::<()>().await;
        };
        (address, task)
    }

    async fn assert_free(address: SocketAddr) {
        assert!(TcpStream::connect(address).await.is_err(), "{address} still listens");
        TcpListener::bind(address).await.expect("the port is free again");
    }

    #[tokio::test]
    async fn cancelling_frees_the_ports_of_tasks_and_threads() {
        let scope = quiet();
        let (on_task, task) = listen();
        let (on_thread, thread) = listen();
        scope.spawn("task", task);
        scope.spawn_thread("thread", move |_| thread).unwrap();
        let (a, b) = (on_task.await.unwrap(), on_thread.await.unwrap());
        TcpStream::connect(a).await.unwrap();
        TcpStream::connect(b).await.unwrap();
        scope.cancel();
        timeout(HUNG, scope.closed()).await.expect("all have ended");
        assert_free(a).await;
        assert_free(b).await;
    }

    #[tokio::test]
    async fn dropping_the_last_owner_ends_the_tasks() {
        let around = quiet();
        let (scope, second) = (around.child(), around.child());
        let (address, task) = listen();
        scope.spawn("task", task);
        let address = address.await.unwrap();
        let owner = scope.clone();
        drop(scope);
        tokio::task::yield_now().await;
        TcpStream::connect(address).await.expect("one owner is left");
        drop(owner);
        timeout(HUNG, around.closed()).await.expect("the child's task has ended");
        assert_free(address).await;
        assert!(!second.is_cancelled(), "a sibling lives on");
    }

    #[tokio::test]
    async fn a_child_ends_with_the_scope_around_it_and_not_the_other_way() {
        let around = quiet();
        let child = around.child();
        child.cancel();
        assert!(!around.is_cancelled());
        let child = around.child();
        let (address, task) = listen();
        child.spawn("task", task);
        address.await.unwrap();
        around.cancel();
        timeout(HUNG, child.closed()).await.expect("the child has ended");
    }

    #[tokio::test]
    async fn a_task_of_a_threads_runtime_ends_with_the_thread() {
        let scope = quiet();
        let (address, task) = listen();
        let (sender, receiver) = oneshot::channel();
        scope
            .spawn_thread("thread", move |inner| async move {
                inner.spawn("beside", task);
                sender.send(address.await.unwrap()).unwrap();
            })
            .unwrap();
        let address = receiver.await.unwrap();
        timeout(HUNG, scope.closed()).await.expect("the thread has ended");
        assert_free(address).await;
    }

    #[tokio::test]
    async fn a_panic_is_reported_with_its_location_and_other_tasks_go_on() {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let sink = reports.clone();
        let scope = Scope::new(move |text| sink.lock().unwrap().push(text));
        let (address, task) = listen();
        scope.spawn("lives", task);
        scope.spawn("first", async { panic!("out of {}", "cheese") });
        scope.spawn_thread("second", |_| async { panic!("plain") }).unwrap();
        let address = address.await.unwrap();
        timeout(HUNG, async {
            while reports.lock().unwrap().len() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("both panics are reported");
        let mut reports = reports.lock().unwrap().clone();
        reports.sort();
        assert!(
            reports[0].starts_with("task \"first\" panicked at src/scope/mod.rs:"),
            "{}",
            reports[0]
        );
        assert!(reports[0].ends_with(": out of cheese"), "{}", reports[0]);
        assert!(reports[1].ends_with(": plain"), "{}", reports[1]);
        TcpStream::connect(address).await.expect("the other task lives on");
        assert!(!is_in_task());
    }

    #[tokio::test]
    async fn a_caught_panic_costs_only_what_was_caught() {
        let panic = catch_panic(async { panic!("out of {}", "cheese") }).await.unwrap_err();
        let location = panic.location.clone().unwrap();
        assert!(location.starts_with(concat!(file!(), ":")), "{location}");
        assert_eq!(panic.message, "out of cheese");
        assert_eq!(panic.to_string(), format!("panicked at {location}: out of cheese"));
        assert_eq!(catch_panic(async { 7 }).await, Ok(7));
        assert_eq!(catch_panic_sync(|| panic!("plain")).map(|()| 0).unwrap_err().message, "plain");
        assert!(!is_in_task());
    }

    #[test]
    fn a_task_that_never_ran_is_dropped_before_its_scope_is_closed() {
        struct Probe(TaskTracker, Arc<Mutex<Vec<usize>>>);
        impl Drop for Probe {
            fn drop(&mut self) {
                self.1.lock().unwrap().push(self.0.len());
            }
        }
        let (scope, open) = (quiet(), Arc::default());
        let probe = Probe(scope.owner.trackers[0].clone(), Arc::clone(&open));
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            scope.spawn("never polled", async move {
                std::future::pending::<()>().await;
                drop(probe);
            });
        });
        drop(runtime);
        assert_eq!(*open.lock().unwrap(), [1], "the scope's tasks, as the task was dropped");
        assert_eq!(scope.owner.trackers[0].len(), 0);
    }

    #[tokio::test]
    async fn a_cancelled_scope_runs_nothing() {
        let scope = quiet();
        scope.cancel();
        scope.spawn("late", async { panic!("it ran") });
        timeout(HUNG, scope.closed()).await.expect("nothing is left");
    }
}
