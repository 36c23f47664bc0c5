//! A demo that lives on a slide: its state, its mailbox, its scope.
//!
//! The stage above sees every demo through [`DynDemo`], without its types. When a slot is dropped,
//! the demo's tasks end and its sockets close.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use tokio::sync::mpsc;

use crate::scope::Scope;
use crate::stage::{Demo, DemoEvent, Diagnostic, KeyHint, Services, Settings, Stage, ViewContext};
use crate::text;

/// The reports that wait for the next frame; engines above this bound drop or wait.
const MAILBOX_CAPACITY: usize = 1024;

/// A live demo without its types.
pub trait DynDemo: Send {
    /// Gives it a key.
    fn key(&mut self, key: KeyEvent);
    /// Gives it pasted text.
    fn paste(&mut self, text: String);
    /// Gives it a click, at a position of the area it was drawn into.
    fn click(&mut self, at: Position, area: Rect);
    /// Gives it a turn of the mouse wheel: notches down, negative ones up.
    fn wheel(&mut self, by: isize);
    /// What it wants to be on the clipboard, once.
    fn take_clipboard(&mut self) -> Option<String>;
    /// Tells it the time.
    fn tick(&mut self, now: Instant);
    /// How often it wants the time.
    fn tick_interval(&self) -> Option<Duration>;
    /// Takes all reports that have come in; ready if there was one.
    fn poll_mailbox(&mut self, context: &mut Context) -> Poll<()>;
    /// Draws it.
    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext);
    /// The keys it knows.
    fn keys(&self) -> &'static [KeyHint];
    /// The rows below which it would be cramped.
    fn min_rows(&self) -> u16;
    /// Something is open in it that Esc closes.
    fn wants_escape(&self) -> bool;
    /// Why it takes nothing in any more: a panic, in words; none while it lives.
    fn stopped(&self) -> Option<&str>;
}

/// A demo with what keeps it alive.
pub struct RunningDemo<D: Demo> {
    demo: D,
    stage: Stage<D::Msg>,
    mailbox: mpsc::Receiver<D::Msg>,
    panics: mpsc::Receiver<String>,
    panicked: Option<String>,
    scope: Scope,
}

impl<D: Demo> RunningDemo<D> {
    /// Opens the demo on a slide.
    ///
    /// # Errors
    ///
    /// What the demo itself has to complain of.
    pub fn open(settings: &Settings, services: Arc<Services>) -> Result<Self, Diagnostic> {
        let (demo, commands) = D::open(settings)?;
        let (sender, mailbox) = mpsc::channel(MAILBOX_CAPACITY);
        let (panic_sender, panics) = mpsc::channel(4);
        let scope = Scope::new(move |panic| {
            // a full mailbox holds four panics already: enough to read
            let _ = panic_sender.try_send(panic.clone());
        });
        let stage = Stage::new(scope.clone(), sender, services);
        let mut slot = Self { demo, stage, mailbox, panics, panicked: None, scope };
        slot.perform(commands);
        Ok(slot)
    }

    fn update(&mut self, event: DemoEvent<D::Msg>) {
        if self.panicked.is_some() {
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| self.demo.update(event))) {
            Ok(commands) => self.perform(commands),
            Err(panic) => self.panicked = Some(panic_message(panic.as_ref())),
        }
    }

    fn perform(&mut self, commands: Vec<D::Cmd>) {
        for command in commands {
            D::perform(command, &self.stage);
        }
    }
}

impl<D: Demo> DynDemo for RunningDemo<D> {
    fn key(&mut self, key: KeyEvent) {
        self.update(DemoEvent::Key(key));
    }

    fn paste(&mut self, text: String) {
        self.update(DemoEvent::Paste(text));
    }

    fn click(&mut self, at: Position, area: Rect) {
        self.update(DemoEvent::Click(at, area));
    }

    fn wheel(&mut self, by: isize) {
        self.update(DemoEvent::Wheel(by));
    }

    fn take_clipboard(&mut self) -> Option<String> {
        self.stage.take_clipboard()
    }

    fn tick(&mut self, now: Instant) {
        self.update(DemoEvent::Tick(now));
    }

    fn tick_interval(&self) -> Option<Duration> {
        self.demo.tick_interval().filter(|_| self.panicked.is_none())
    }

    fn poll_mailbox(&mut self, context: &mut Context) -> Poll<()> {
        let mut any = Poll::Pending;
        while let Poll::Ready(Some(panic)) = self.panics.poll_recv(context) {
            self.panicked.get_or_insert(panic);
            any = Poll::Ready(());
        }
        // at most one mailbox full a frame, so that a flood cannot keep the screen from drawing
        for _ in 0..MAILBOX_CAPACITY {
            let Poll::Ready(Some(report)) = self.mailbox.poll_recv(context) else { break };
            self.update(DemoEvent::Msg(report));
            any = Poll::Ready(());
        }
        any
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, look: &ViewContext) {
        self.demo.view(area, buffer, look);
        if let Some(panic) = &self.panicked
            && area.height > 0
        {
            // what can be done comes first: a long reason is cut
            let message = format!(" this demo has stopped: Ctrl-R starts it anew · {panic} ");
            let bar = Rect { y: area.bottom() - 1, height: 1, ..area };
            let style =
                Style::new().fg(look.theme.background).bg(look.theme.bad).add_modifier(Modifier::BOLD);
            buffer.set_style(bar, style);
            buffer.set_stringn(bar.x, bar.y, text::sanitize(&message), bar.width.into(), style);
        }
    }

    fn keys(&self) -> &'static [KeyHint] {
        D::KEYS
    }

    fn wants_escape(&self) -> bool {
        self.demo.wants_escape()
    }

    fn min_rows(&self) -> u16 {
        D::MIN_ROWS
    }

    fn stopped(&self) -> Option<&str> {
        self.panicked.as_deref()
    }
}

impl<D: Demo> Drop for RunningDemo<D> {
    fn drop(&mut self) {
        self.scope.cancel();
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
