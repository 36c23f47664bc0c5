//! Carries out a demo's commands: named pieces of work, and the mailbox for their reports.
//!
//! Each start of a piece of work is a generation. Reports of an earlier generation never reach the
//! demo, not even those that it sends while it ends.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::scope::{ReportReceiver, Scope};
use crate::stage::{Services, StandaloneDemo};

/// The maximum number of unread reports. When the mailbox is full, an engine waits or drops its
/// report.
pub(super) const MAILBOX_CAPACITY: usize = 1024;

/// The place where a demo's commands are carried out.
#[derive(Clone)]
pub struct Stage<M> {
    scope: Scope,
    mailbox: Mailbox<M>,
    failures: mpsc::Sender<String>,
    services: Arc<Services>,
    works: Arc<Mutex<HashMap<&'static str, Work>>>,
    clipboard: Arc<Mutex<Option<String>>>,
    overlay: Arc<Mutex<Option<StandaloneDemo>>>,
}

/// The work of one name, running or not.
#[derive(Default)]
struct Work {
    generation: u64,
    scope: Option<Scope>,
}

impl<M: Send + 'static> Stage<M> {
    /// Creates a stage, and the receiver of its mailbox. `failures` receives the reasons why work
    /// could not be started.
    pub(super) fn new(
        scope: Scope,
        failures: mpsc::Sender<String>,
        services: Arc<Services>,
    ) -> (Self, mpsc::Receiver<Mail<M>>) {
        let (sender, mails) = mpsc::channel(MAILBOX_CAPACITY);
        let mailbox = Mailbox { sender, origin: None };
        let (works, clipboard, overlay) = Default::default();
        (Self { scope, mailbox, failures, services, works, clipboard, overlay }, mails)
    }

    /// Returns the shared values that demos may use.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Returns the same, for a demo that is opened over this one.
    pub(super) fn shared_services(&self) -> Arc<Services> {
        self.services.clone()
    }

    /// Returns a mailbox for reports that belong to no piece of work.
    pub fn mailbox(&self) -> Mailbox<M> {
        self.mailbox.clone()
    }

    /// Starts the work of this name on a thread with its own runtime. The work that ran under the
    /// name before ends, and its reports are dropped. All work ends when the slide is left.
    ///
    /// If no thread can be spawned, the demo stops and its slide shows why.
    pub fn start<F>(
        &self,
        work: &'static str,
        make: impl FnOnce(WorkContext<M>) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let WorkContext { scope, mailbox } = self.begin(work);
        let started = scope.spawn_thread(work, move |scope| make(WorkContext { scope, mailbox }));
        if let Err(error) = started {
            self.fail(work, &error);
        }
    }

    /// Begins the work of that name anew, for a demo that starts its tasks itself in the scope that
    /// it gets. What ran under the name before ends, and its reports are dropped.
    pub fn begin(&self, work: &'static str) -> WorkContext<M> {
        let (generation, scope) = self.next_generation(work);
        let mailbox = Mailbox { origin: Some(Origin { work, generation }), ..self.mailbox.clone() };
        WorkContext { scope, mailbox }
    }

    /// Where reports go that are of use only while the work of that name has not begun anew, such
    /// as the bytes of a file that it has opened.
    pub fn mailbox_of(&self, work: &'static str) -> Mailbox<M> {
        let generation = self.works().entry(work).or_default().generation;
        Mailbox { origin: Some(Origin { work, generation }), ..self.mailbox.clone() }
    }

    /// Stops the demo, because its work could not be started.
    pub(super) fn fail(&self, work: &str, error: &io::Error) {
        // Ignored if the queue is full: the first failure decides what is shown.
        let _ = self.failures.try_send(format!("could not start a thread for {work}: {error}"));
    }

    /// Returns a scope for the work of this name, for a demo that spawns its tasks itself. The work
    /// that ran under the name before ends.
    pub fn scope(&self, work: &'static str) -> Scope {
        self.next_generation(work).1
    }

    /// Ends the work of this name, if there is any. Its reports are dropped.
    pub fn stop(&self, work: &'static str) {
        if let Some(work) = self.works().get_mut(work) {
            work.end();
        }
    }

    fn next_generation(&self, name: &'static str) -> (u64, Scope) {
        let scope = self.scope.child();
        let mut works = self.works();
        let work = works.entry(name).or_default();
        // From here on mail of the older generation is refused, before the new one starts.
        work.end();
        work.scope = Some(scope.clone());
        (work.generation, scope)
    }

    /// Returns the message of a mail, unless the work that sent it was replaced or stopped in the
    /// meantime.
    pub(super) fn accept(&self, mail: Mail<M>) -> Option<M> {
        let is_current = mail.origin.is_none_or(|Origin { work, generation }| {
            self.works().get(work).is_some_and(|work| work.generation == generation)
        });
        is_current.then_some(mail.message)
    }

    /// Asks the app to put a text on the user's clipboard.
    pub fn copy_to_clipboard(&self, text: String) {
        *self.clipboard.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }

    /// Returns the text that was last asked for, and forgets it.
    pub(super) fn take_clipboard(&self) -> Option<String> {
        self.clipboard.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Opens another demo over this one. It gets the keyboard until Esc closes it.
    pub fn open_overlay(&self, demo: StandaloneDemo) {
        *self.overlay.lock().unwrap_or_else(PoisonError::into_inner) = Some(demo);
    }

    /// Returns the demo that was last asked for, and forgets it.
    pub(super) fn take_overlay(&self) -> Option<StandaloneDemo> {
        self.overlay.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn works(&self) -> MutexGuard<'_, HashMap<&'static str, Work>> {
        // A poisoned lock is taken anyway: the map is consistent between any two of its operations.
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    /// Ends the running work. The generation changes at once, although the tasks may take a moment
    /// to end.
    fn end(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        if let Some(scope) = self.scope.take() {
            scope.cancel();
        }
    }
}

/// What a piece of work is started with.
pub struct WorkContext<M> {
    /// A scope for further tasks on the runtime of the work. They end with it.
    pub scope: Scope,
    /// The mailbox for the reports of the work.
    pub mailbox: Mailbox<M>,
}

/// A message with the work that sent it; `None` if it belongs to no work.
pub(super) struct Mail<M> {
    origin: Option<Origin>,
    message: M,
}

/// One generation of a piece of work.
#[derive(Clone, Copy)]
struct Origin {
    work: &'static str,
    generation: u64,
}

/// The sender of reports to a demo. It is bounded, so code that measures uses [`Mailbox::try_send`]
/// or [`Mailbox::forward`], which never make it wait.
pub struct Mailbox<M> {
    sender: mpsc::Sender<Mail<M>>,
    origin: Option<Origin>,
}

impl<M> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), origin: self.origin }
    }
}

/// The error of a send: the slide was left, or the mailbox is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDelivered;

impl<M: Send + 'static> Mailbox<M> {
    /// Sends a message, and waits while the mailbox is full.
    ///
    /// # Errors
    ///
    /// Fails if the slide was left.
    pub async fn send(&self, message: M) -> Result<(), NotDelivered> {
        self.sender.send(self.mail(message)).await.map_err(|_| NotDelivered)
    }

    /// Sends a message if there is room for it.
    ///
    /// # Errors
    ///
    /// Fails if the mailbox is full or the slide was left.
    pub fn try_send(&self, message: M) -> Result<(), NotDelivered> {
        self.sender.try_send(self.mail(message)).map_err(|_| NotDelivered)
    }

    /// Forwards the reports of an engine until its last one. While the mailbox is full, newer
    /// reports replace unread ones, and the engine does not wait.
    pub async fn forward<T>(&self, mut reports: ReportReceiver<T>, message: impl Fn(T) -> M) {
        while let Some(report) = reports.recv().await {
            if self.send(message(report)).await.is_err() {
                return;
            }
        }
    }

    fn mail(&self, message: M) -> Mail<M> {
        Mail { origin: self.origin, message }
    }
}
