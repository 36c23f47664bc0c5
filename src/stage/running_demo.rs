//! A demo that runs on a slide: its state, its mailbox and its scope.
//!
//! The app sees every demo through [`DynDemo`], without its types. When a running demo is frozen or
//! dropped, its tasks end and its sockets close.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use tokio::sync::mpsc;

use crate::scope::Scope;
use crate::stage::work::{MAILBOX_CAPACITY, Mail};
use crate::stage::{
    Demo, DemoEvent, Diagnostic, DynDemo, KeyHint, Services, Settings, Stage, StandaloneDemo,
    ViewContext,
};
use crate::text;

/// A demo with its mailbox, its tasks and its sockets.
pub struct RunningDemo<D: Demo> {
    demo: D,
    stage: Stage<D::Msg>,
    mailbox: mpsc::Receiver<Mail<D::Msg>>,
    /// Panics of its tasks, and work that could not be started.
    failures: mpsc::Receiver<String>,
    /// Why the demo no longer handles events.
    stopped: Option<String>,
    /// The demo that is open over this one. It has the keyboard and the area.
    overlay: Option<Box<dyn DynDemo>>,
    scope: Scope,
    frozen: bool,
    was_used: bool,
}

impl StandaloneDemo {
    /// The demo that `open` gives each time it is opened, with what it asks for at once.
    pub fn new<D: Demo>(open: impl Fn() -> (D, Vec<D::Cmd>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |services| {
            let (demo, commands) = open();
            Box::new(RunningDemo::start(demo, commands, services))
        }))
    }
}

impl<D: Demo> RunningDemo<D> {
    /// Opens the demo on a slide.
    ///
    /// # Errors
    ///
    /// What the demo itself has to complain of.
    pub fn open(settings: &Settings, services: Arc<Services>) -> Result<Self, Diagnostic> {
        let (demo, commands) = D::open(settings)?;
        Ok(Self::start(demo, commands, services))
    }

    /// Starts a demo that is open already, with what it asks for at once. It needs a tokio runtime
    /// around it.
    fn start(demo: D, commands: Vec<D::Cmd>, services: Arc<Services>) -> Self {
        let Wiring { scope, stage, mailbox, failures } = Wiring::new(services);
        let (stopped, overlay, frozen, was_used) = Default::default();
        let mut slot =
            Self { demo, stage, mailbox, failures, stopped, overlay, scope, frozen, was_used };
        slot.perform(commands);
        slot
    }

    fn update(&mut self, event: DemoEvent<D::Msg>) {
        if self.stopped.is_some() || self.frozen {
            return;
        }
        // Unwind safety is asserted because a demo that panicked is never updated again.
        match catch_unwind(AssertUnwindSafe(|| self.demo.update(event))) {
            Ok(commands) => self.perform(commands),
            Err(panic) => self.stopped = Some(panic_message(panic.as_ref())),
        }
    }

    fn perform(&mut self, commands: Vec<D::Cmd>) {
        for command in commands {
            D::perform(command, &self.stage);
        }
        if let Some(overlay) = self.stage.take_overlay() {
            self.overlay = Some(overlay.open(self.stage.shared_services()));
        }
    }
}

impl<D: Demo> DynDemo for RunningDemo<D> {
    fn focus(&mut self) {
        if self.frozen {
            return;
        }
        match &mut self.overlay {
            Some(overlay) => overlay.focus(),
            None => self.update(DemoEvent::Focus),
        }
    }

    fn key(&mut self, key: KeyEvent) {
        self.was_used = true;
        if self.frozen {
            return;
        }
        match &mut self.overlay {
            Some(overlay) if key.code == KeyCode::Esc && !overlay.wants_escape() => {
                // Its tasks end with it.
                self.overlay = None;
                self.update(DemoEvent::Focus);
            }
            Some(overlay) => overlay.key(key),
            None => self.update(DemoEvent::Key(key)),
        }
    }

    fn takes_next(&self) -> bool {
        let runs = self.stopped.is_none() && !self.frozen && self.overlay.is_none();
        runs && self.demo.takes_next()
    }

    fn next(&mut self) {
        if self.takes_next() {
            self.was_used = true;
            self.update(DemoEvent::Next);
        }
    }

    fn paste(&mut self, text: String) {
        self.was_used = true;
        if self.frozen {
            return;
        }
        match &mut self.overlay {
            Some(overlay) => overlay.paste(text),
            None => self.update(DemoEvent::Paste(text)),
        }
    }

    fn click(&mut self, at: Position, area: Rect) {
        self.was_used = true;
        if self.frozen {
            return;
        }
        match &mut self.overlay {
            Some(overlay) => overlay.click(at, area),
            None => self.update(DemoEvent::Click(at, area)),
        }
    }

    fn wheel(&mut self, by: isize) {
        if self.frozen {
            return;
        }
        match &mut self.overlay {
            Some(overlay) => overlay.wheel(by),
            None => self.update(DemoEvent::Wheel(by)),
        }
    }

    fn take_clipboard(&mut self) -> Option<String> {
        let text = self.overlay.as_mut().and_then(|overlay| overlay.take_clipboard());
        text.or_else(|| self.stage.take_clipboard())
    }

    fn tick(&mut self, now: Instant) {
        if self.frozen {
            return;
        }
        if let Some(overlay) = &mut self.overlay {
            overlay.tick(now);
        }
        self.update(DemoEvent::Tick(now));
    }

    fn tick_interval(&self) -> Option<Duration> {
        if self.frozen {
            return None;
        }
        let overlay = self.overlay.as_ref().and_then(|overlay| overlay.tick_interval());
        // A demo that has stopped must not keep waking the loop.
        let own = self.demo.tick_interval().filter(|_| self.stopped.is_none());
        overlay.into_iter().chain(own).min()
    }

    fn poll_mailbox(&mut self, context: &mut Context) -> Poll<()> {
        if self.frozen {
            return Poll::Pending;
        }
        let mut any = self.overlay.as_mut().map_or(Poll::Pending, |it| it.poll_mailbox(context));
        while let Poll::Ready(Some(failure)) = self.failures.poll_recv(context) {
            self.stopped.get_or_insert(failure);
            any = Poll::Ready(());
        }
        // At most one full mailbox for each frame, so that a flood of reports cannot keep the
        // screen from being drawn.
        for _ in 0..MAILBOX_CAPACITY {
            let Poll::Ready(Some(mail)) = self.mailbox.poll_recv(context) else { break };
            // Mail of an older generation counts too. If it did not, a poll that took nothing else
            // would be pending without a registered waker.
            any = Poll::Ready(());
            if let Some(message) = self.stage.accept(mail) {
                self.update(DemoEvent::Msg(message));
            }
        }
        any
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, look: &ViewContext) {
        match &self.overlay {
            Some(overlay) => overlay.view(area, buffer, look),
            None => self.demo.view(area, buffer, look),
        }
        if let Some(reason) = &self.stopped
            && area.height > 0
        {
            // The key comes first, because a long reason is cut off.
            let message = format!(" this demo has stopped: Ctrl-R restarts it · {reason} ");
            let bar = Rect { y: area.bottom() - 1, height: 1, ..area };
            let style = Style::new()
                .fg(look.theme.background)
                .bg(look.theme.bad)
                .add_modifier(Modifier::BOLD);
            buffer.set_style(bar, style);
            buffer.set_stringn(bar.x, bar.y, text::sanitize(&message), bar.width.into(), style);
        }
    }

    fn keys(&self) -> &'static [KeyHint] {
        self.overlay.as_ref().map_or(D::KEYS, |overlay| overlay.keys())
    }

    fn help_key(&self) -> Option<&'static str> {
        self.overlay.as_ref().map_or(D::HELP_KEY, |overlay| overlay.help_key())
    }

    fn wants_escape(&self) -> bool {
        // Esc closes what is open over this demo.
        !self.frozen && (self.overlay.is_some() || self.demo.wants_escape())
    }

    fn min_rows(&self) -> u16 {
        D::MIN_ROWS
    }

    fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    fn freeze(&mut self) {
        if let Some(overlay) = &mut self.overlay {
            overlay.freeze();
        }
        let overlay_frozen = self.overlay.as_ref().is_some_and(|overlay| overlay.is_frozen());
        // Without work under way there is nothing to end, and nothing that the demo could miss.
        if !overlay_frozen && !self.scope.has_tasks() {
            return;
        }
        self.scope.cancel();
        if self.overlay.is_none() && self.stopped.is_none() && self.demo.outlives_slide() {
            let Wiring { scope, stage, mailbox, failures } =
                Wiring::new(self.stage.shared_services());
            (self.scope, self.stage) = (scope, stage);
            (self.mailbox, self.failures) = (mailbox, failures);
            return self.update(DemoEvent::Left);
        }
        self.frozen = true;
        // What is still in the mailbox would only take memory.
        self.mailbox.close();
        while self.mailbox.try_recv().is_ok() {}
    }

    fn is_frozen(&self) -> bool {
        self.frozen
    }

    fn was_used(&self) -> bool {
        self.was_used
    }
}

impl<D: Demo> Drop for RunningDemo<D> {
    fn drop(&mut self) {
        // Dropping the scope would not do: a task may hold a clone of the stage, which owns it too.
        self.scope.cancel();
    }
}

/// What joins a demo to its work.
struct Wiring<M> {
    scope: Scope,
    stage: Stage<M>,
    mailbox: mpsc::Receiver<Mail<M>>,
    failures: mpsc::Receiver<String>,
}

impl<M: Send + 'static> Wiring<M> {
    fn new(services: Arc<Services>) -> Self {
        let (failure_sender, failures) = mpsc::channel(4);
        let panic_sender = failure_sender.clone();
        let scope = Scope::new(move |panic| {
            // Ignored if the queue is full: the first failure decides what is shown.
            let _ = panic_sender.try_send(panic);
        });
        let (stage, mailbox) = Stage::new(scope.clone(), failure_sender, services);
        Self { scope, stage, mailbox, failures }
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::task::noop_waker;
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;
    use crate::deck::DemoFence;
    use crate::stage::{Mailbox, NotDelivered, SettingSpec, WorkContext, settings};

    fn open<D: Demo>() -> RunningDemo<D> {
        let settings = settings(&DemoFence::default(), D::SETTINGS).unwrap();
        RunningDemo::open(&settings, Arc::default()).unwrap()
    }

    fn poll<D: Demo>(slot: &mut RunningDemo<D>) -> Poll<()> {
        slot.poll_mailbox(&mut Context::from_waker(&noop_waker()))
    }

    /// A demo that answers each message with a command that sends the next one.
    struct Flood {
        received: usize,
    }

    impl Demo for Flood {
        const NAME: &'static str = "flood";
        const ABOUT: &'static str = "";
        const SETTINGS: &'static [SettingSpec] = &[];
        const KEYS: &'static [KeyHint] = &[];
        const MIN_ROWS: u16 = 1;
        type Msg = ();
        type Cmd = ();

        fn open(_: &Settings) -> Result<(Self, Vec<()>), Diagnostic> {
            Ok((Self { received: 0 }, vec![()]))
        }

        fn update(&mut self, _: DemoEvent<()>) -> Vec<()> {
            self.received += 1;
            assert!(self.received < 20 * MAILBOX_CAPACITY, "a flood keeps the screen from drawing");
            vec![()]
        }

        fn view(&self, _: Rect, _: &mut Buffer, _: &ViewContext) {}

        fn perform((): (), stage: &Stage<()>) {
            stage.mailbox().try_send(()).unwrap();
        }
    }

    #[test]
    fn a_frame_handles_at_most_one_full_mailbox() {
        let mut slot = open::<Flood>();
        for frame in 1..=3 {
            assert_eq!(
                poll(&mut slot),
                Poll::Ready(()),
                "there is more: the loop has to come again"
            );
            assert_eq!(slot.demo.received, frame * MAILBOX_CAPACITY);
            assert_eq!(slot.stopped, None);
        }
    }

    /// A demo whose work hands its mailbox to the test and then waits.
    struct Worker {
        received: Vec<usize>,
    }

    /// The mailboxes of the generations, in the order they were started.
    type Started = oneshot::Sender<Mailbox<usize>>;

    impl Demo for Worker {
        const NAME: &'static str = "worker";
        const ABOUT: &'static str = "";
        const SETTINGS: &'static [SettingSpec] = &[];
        const KEYS: &'static [KeyHint] = &[];
        const MIN_ROWS: u16 = 1;
        type Msg = usize;
        type Cmd = Option<Started>;

        fn open(_: &Settings) -> Result<(Self, Vec<Self::Cmd>), Diagnostic> {
            Ok((Self { received: Vec::new() }, Vec::new()))
        }

        fn update(&mut self, event: DemoEvent<usize>) -> Vec<Self::Cmd> {
            if let DemoEvent::Msg(number) = event {
                self.received.push(number);
            }
            Vec::new()
        }

        fn view(&self, _: Rect, _: &mut Buffer, _: &ViewContext) {}

        /// Starts the work, or stops it.
        fn perform(cmd: Self::Cmd, stage: &Stage<usize>) {
            let Some(started) = cmd else { return stage.stop("work") };
            stage.start("work", |WorkContext { scope: _scope, mailbox }| async move {
                let _ = started.send(mailbox);
                std::future::pending::<()>().await;
            });
        }
    }

    async fn start(slot: &mut RunningDemo<Worker>) -> Mailbox<usize> {
        let (sender, mailbox) = oneshot::channel();
        slot.perform(vec![Some(sender)]);
        timeout(Duration::from_mins(1), mailbox).await.expect("it hung").unwrap()
    }

    #[tokio::test]
    async fn messages_of_an_older_generation_never_reach_the_demo() {
        let mut slot = open::<Worker>();
        let first = start(&mut slot).await;
        first.send(1).await.unwrap();
        assert!(poll(&mut slot).is_ready());
        assert_eq!(slot.demo.received, [1]);
        // one that waits in the mailbox while the next generation starts, and one that comes later
        // still
        first.send(2).await.unwrap();
        let second = start(&mut slot).await;
        first.send(3).await.unwrap();
        second.send(4).await.unwrap();
        assert!(poll(&mut slot).is_ready());
        assert_eq!(slot.demo.received, [1, 4]);
        second.send(5).await.unwrap();
        slot.perform(vec![None]);
        second.send(6).await.unwrap();
        slot.stage.mailbox().send(7).await.unwrap();
        assert!(poll(&mut slot).is_ready());
        assert_eq!(
            slot.demo.received,
            [1, 4, 7],
            "stopped work reports nothing; the demo's own mail does"
        );
    }

    #[tokio::test]
    async fn what_is_read_for_a_work_is_dropped_once_the_work_has_begun_anew() {
        let mut slot = open::<Worker>();
        let first = slot.stage.begin("source");
        let read = slot.stage.mailbox_of("source");
        first.mailbox.send(1).await.unwrap();
        read.send(2).await.unwrap();
        assert!(poll(&mut slot).is_ready());
        assert_eq!(slot.demo.received, [1, 2]);
        let second = slot.stage.begin("source");
        read.send(3).await.unwrap();
        first.mailbox.send(4).await.unwrap();
        slot.stage.mailbox_of("source").send(5).await.unwrap();
        second.mailbox.send(6).await.unwrap();
        assert!(poll(&mut slot).is_ready());
        assert_eq!(slot.demo.received, [1, 2, 5, 6]);
    }

    #[tokio::test]
    async fn a_demo_that_is_left_at_work_is_frozen_and_its_work_ends() {
        let mut slot = open::<Worker>();
        slot.freeze();
        assert!(!slot.is_frozen(), "it did nothing, so it goes on when its slide is back");
        let mailbox = start(&mut slot).await;
        mailbox.send(1).await.unwrap();
        assert!(poll(&mut slot).is_ready());
        mailbox.send(2).await.unwrap();
        slot.freeze();
        assert!(slot.is_frozen());
        timeout(Duration::from_mins(1), slot.scope.closed()).await.expect("its work goes on");
        assert_eq!(mailbox.send(3).await, Err(NotDelivered));
        assert_eq!(poll(&mut slot), Poll::Pending);
        slot.key(KeyCode::Esc.into());
        assert_eq!((slot.demo.received.as_slice(), slot.wants_escape()), (&[1][..], false));
    }

    /// A demo that opens another one over itself with `o`, and counts the other keys.
    struct Opener {
        keys: usize,
        focused: usize,
    }

    impl Demo for Opener {
        const NAME: &'static str = "opener";
        const ABOUT: &'static str = "";
        const SETTINGS: &'static [SettingSpec] = &[];
        const KEYS: &'static [KeyHint] = &[KeyHint { keys: "o", about: "" }];
        const MIN_ROWS: u16 = 1;
        type Msg = ();
        type Cmd = ();

        fn open(_: &Settings) -> Result<(Self, Vec<()>), Diagnostic> {
            Ok((Self { keys: 0, focused: 0 }, Vec::new()))
        }

        fn update(&mut self, event: DemoEvent<()>) -> Vec<()> {
            match event {
                DemoEvent::Key(_) => self.keys += 1,
                DemoEvent::Focus => self.focused += 1,
                _ => {}
            }
            let opens = event == DemoEvent::Key(KeyCode::Char('o').into());
            if opens { vec![()] } else { Vec::new() }
        }

        fn view(&self, _: Rect, _: &mut Buffer, _: &ViewContext) {}

        fn perform((): (), stage: &Stage<()>) {
            let flood = || (Flood { received: 0 }, vec![()]);
            stage.open_overlay(StandaloneDemo::new(flood));
        }
    }

    #[tokio::test]
    async fn a_demo_over_another_one_has_the_keys_and_the_mail_until_esc() {
        let mut slot = open::<Opener>();
        assert!(!slot.wants_escape());
        slot.key(KeyCode::Char('o').into());
        assert_eq!((slot.demo.keys, slot.wants_escape(), slot.keys()), (1, true, Flood::KEYS));
        assert_eq!(poll(&mut slot), Poll::Ready(()), "its mailbox is read");
        slot.key(KeyCode::Char('x').into());
        assert_eq!(slot.demo.keys, 1, "the other one has the keys");
        slot.key(KeyCode::Esc.into());
        assert_eq!((slot.wants_escape(), slot.keys()), (false, Opener::KEYS));
        assert_eq!(slot.demo.focused, 1, "it has the keyboard again");
        slot.key(KeyCode::Char('x').into());
        assert_eq!(slot.demo.keys, 2);
    }

    /// A demo that ticks. At a key it starts work and opens another one over itself, which counts
    /// its events.
    struct Ticker(Option<Arc<AtomicUsize>>);

    impl Demo for Ticker {
        const NAME: &'static str = "ticker";
        const ABOUT: &'static str = "";
        const SETTINGS: &'static [SettingSpec] = &[];
        const KEYS: &'static [KeyHint] = &[];
        const MIN_ROWS: u16 = 1;
        type Msg = ();
        type Cmd = Arc<AtomicUsize>;

        fn open(_: &Settings) -> Result<(Self, Vec<Self::Cmd>), Diagnostic> {
            Ok((Self(None), Vec::new()))
        }

        fn update(&mut self, event: DemoEvent<()>) -> Vec<Self::Cmd> {
            match &self.0 {
                Some(events) => _ = events.fetch_add(1, Ordering::Relaxed),
                None if matches!(event, DemoEvent::Key(_)) => return vec![Arc::default()],
                None => {}
            }
            Vec::new()
        }

        fn view(&self, _: Rect, _: &mut Buffer, _: &ViewContext) {}

        fn tick_interval(&self) -> Option<Duration> {
            Some(Duration::from_secs(1))
        }

        fn perform(events: Self::Cmd, stage: &Stage<()>) {
            stage.start("work", |WorkContext { scope: _scope, .. }| std::future::pending::<()>());
            let opened = move || (Ticker(Some(events.clone())), Vec::new());
            stage.open_overlay(StandaloneDemo::new(opened));
        }
    }

    #[tokio::test]
    async fn nothing_reaches_what_lies_on_a_frozen_demo() {
        let mut slot = open::<Ticker>();
        let events = Arc::new(AtomicUsize::new(0));
        slot.perform(vec![events.clone()]);
        slot.tick(Instant::now());
        assert_eq!((events.load(Ordering::Relaxed), slot.tick_interval().is_some()), (1, true));
        slot.freeze();
        assert!(slot.is_frozen());
        slot.tick(Instant::now());
        slot.paste("text".to_owned());
        slot.click(Position::ORIGIN, Rect::new(0, 0, 9, 9));
        slot.wheel(1);
        slot.focus();
        assert_eq!((events.load(Ordering::Relaxed), slot.tick_interval()), (1, None));
    }

    #[tokio::test]
    async fn work_that_cannot_be_started_stops_the_demo_and_says_why() {
        let mut slot = open::<Worker>();
        let first = start(&mut slot).await;
        slot.stage.fail("work", &std::io::Error::other("no threads left"));
        assert!(poll(&mut slot).is_ready());
        assert_eq!(slot.stopped(), Some("could not start a thread for work: no threads left"));
        first.send(1).await.unwrap();
        assert!(poll(&mut slot).is_ready());
        assert!(slot.demo.received.is_empty(), "it takes nothing in any more");
    }
}
