//! Where a demo's commands are carried out: named work, and the mailbox its reports go to.
//!
//! Each start of a piece of work is a generation of its own. What an earlier generation has sent,
//! or still sends while it ends, never reaches the demo.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::scope::{ReportReceiver, Scope};
use crate::stage::Services;

/// The reports that wait for the next frame; engines above this bound wait or drop theirs.
pub(super) const MAILBOX_CAPACITY: usize = 1024;

/// Where a demo's commands are carried out.
#[derive(Clone)]
pub struct Stage<M> {
    scope: Scope,
    mailbox: Mailbox<M>,
    failures: mpsc::Sender<String>,
    services: Arc<Services>,
    works: Arc<Mutex<HashMap<&'static str, Work>>>,
    clipboard: Arc<Mutex<Option<String>>>,
}

/// What runs under a name, if anything does.
#[derive(Default)]
struct Work {
    generation: u64,
    scope: Option<Scope>,
}

impl<M: Send + 'static> Stage<M> {
    /// A stage and the end of its mailbox from which the demo's slot reads. `failures` takes why
    /// work could not be started.
    pub(super) fn new(
        scope: Scope,
        failures: mpsc::Sender<String>,
        services: Arc<Services>,
    ) -> (Self, mpsc::Receiver<Mail<M>>) {
        let (sender, mails) = mpsc::channel(MAILBOX_CAPACITY);
        let mailbox = Mailbox { sender, origin: None };
        let (works, clipboard) = (Arc::default(), Arc::default());
        (Self { scope, mailbox, failures, services, works, clipboard }, mails)
    }

    /// What may be used of the world.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Where reports go that belong to no generation of a piece of work.
    pub fn mailbox(&self) -> Mailbox<M> {
        self.mailbox.clone()
    }

    /// Starts the work of that name on a thread and runtime of its own. The work that ran under the
    /// name before ends, and its reports are dropped. All work ends when the slide is left.
    ///
    /// Where the system gives no thread, the demo stops and its slide says why.
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
        // a full queue holds failures enough to read
        let _ = self.failures.try_send(format!("could not start a thread for {work}: {error}"));
    }

    /// A scope for the work of that name, for a demo that starts its tasks itself. What ran under
    /// the name before ends.
    pub fn scope(&self, work: &'static str) -> Scope {
        self.next_generation(work).1
    }

    /// Ends the work of that name, if there is any; its reports are dropped.
    pub fn stop(&self, work: &'static str) {
        if let Some(work) = self.works().get_mut(work) {
            work.end();
        }
    }

    fn next_generation(&self, name: &'static str) -> (u64, Scope) {
        let scope = self.scope.child();
        let mut works = self.works();
        let work = works.entry(name).or_default();
        work.end();
        work.scope = Some(scope.clone());
        (work.generation, scope)
    }

    /// The message of a mail, unless its sender was replaced or stopped in the meantime.
    pub(super) fn accept(&self, mail: Mail<M>) -> Option<M> {
        let is_current = mail.origin.is_none_or(|Origin { work, generation }| {
            self.works().get(work).is_some_and(|work| work.generation == generation)
        });
        is_current.then_some(mail.message)
    }

    /// Asks for a text to be put on the reader's clipboard.
    pub fn copy_to_clipboard(&self, text: String) {
        *self.clipboard.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }

    /// The text that was asked for last, once.
    pub(super) fn take_clipboard(&self) -> Option<String> {
        self.clipboard.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn works(&self) -> MutexGuard<'_, HashMap<&'static str, Work>> {
        // the map is whole even if a panic came between
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work {
    /// Ends what runs. The generation changes at once, while its tasks may take a moment to end.
    fn end(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        if let Some(scope) = self.scope.take() {
            scope.cancel();
        }
    }
}

/// What started work is given.
pub struct WorkContext<M> {
    /// For tasks beside the work, on its runtime; they end with it.
    pub scope: Scope,
    /// Where the work reports to.
    pub mailbox: Mailbox<M>,
}

/// A message, and the work that sent it.
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

/// Where reports go. It is bounded: whoever measures must not wait for it.
pub struct Mailbox<M> {
    sender: mpsc::Sender<Mail<M>>,
    origin: Option<Origin>,
}

impl<M> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), origin: self.origin }
    }
}

/// The slide was left, or the mailbox is full and the sender does not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDelivered;

impl<M: Send + 'static> Mailbox<M> {
    /// Sends a message, and waits while the mailbox is full.
    ///
    /// # Errors
    ///
    /// If the slide was left.
    pub async fn send(&self, message: M) -> Result<(), NotDelivered> {
        self.sender.send(self.mail(message)).await.map_err(|_| NotDelivered)
    }

    /// Sends a message if there is room for it.
    ///
    /// # Errors
    ///
    /// If the mailbox is full, or the slide was left.
    pub fn try_send(&self, message: M) -> Result<(), NotDelivered> {
        self.sender.try_send(self.mail(message)).map_err(|_| NotDelivered)
    }

    /// Sends on what an engine reports, until its last report. While the mailbox is full, newer
    /// reports take the place of older ones and the engine does not wait.
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
