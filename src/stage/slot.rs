//! A demo that lives on a slide: its state, its mailbox, its scope.
//!
//! The stage above sees every demo through [`Live`], without its types. When a slot is dropped,
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
use crate::stage::{Complaint, Demo, Event, Hint, House, Look, Settings, Stage};
use crate::text;

/// The reports that wait for the next frame; engines above this bound drop or wait.
const MAILBOX: usize = 1024;

/// A live demo without its types.
pub trait Live: Send {
    /// Gives it a key.
    fn key(&mut self, key: KeyEvent);
    /// Gives it pasted text.
    fn paste(&mut self, text: String);
    /// Gives it a click, at a position of the area it was drawn into.
    fn click(&mut self, at: Position, area: Rect);
    /// Gives it a turn of the mouse wheel: notches down, negative ones up.
    fn wheel(&mut self, by: isize);
    /// What it wants to be on the clipboard, once.
    fn copied(&mut self) -> Option<String>;
    /// Tells it the time.
    fn tick(&mut self, now: Instant);
    /// How often it wants the time.
    fn pace(&self) -> Option<Duration>;
    /// Takes all reports that have come in; ready if there was one.
    fn poll_mail(&mut self, context: &mut Context) -> Poll<()>;
    /// Draws it.
    fn view(&self, area: Rect, buffer: &mut Buffer, look: &Look);
    /// The keys it knows.
    fn keys(&self) -> &'static [Hint];
    /// The rows below which it would be cramped.
    fn rows(&self) -> u16;
    /// Something is open in it that Esc closes.
    fn wants_escape(&self) -> bool;
    /// Why it takes nothing in any more: a panic, in words; none while it lives.
    fn stopped(&self) -> Option<&str>;
}

/// A demo with what keeps it alive.
pub struct Slot<D: Demo> {
    demo: D,
    stage: Stage<D::Msg>,
    mail: mpsc::Receiver<D::Msg>,
    panics: mpsc::Receiver<String>,
    panicked: Option<String>,
    scope: Scope,
}

impl<D: Demo> Slot<D> {
    /// Opens the demo on a slide.
    ///
    /// # Errors
    ///
    /// What the demo itself has to complain of.
    pub fn open(settings: &Settings, house: Arc<House>) -> Result<Self, Complaint> {
        let (demo, commands) = D::open(settings)?;
        let (post, mail) = mpsc::channel(MAILBOX);
        let (alarm, panics) = mpsc::channel(4);
        let scope = Scope::new(move |panic| {
            // a full mailbox holds four panics already: enough to read
            let _ = alarm.try_send(panic.clone());
        });
        let stage = Stage::new(scope.clone(), post, house);
        let mut slot = Self { demo, stage, mail, panics, panicked: None, scope };
        slot.perform(commands);
        Ok(slot)
    }

    fn update(&mut self, event: Event<D::Msg>) {
        if self.panicked.is_some() {
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| self.demo.update(event))) {
            Ok(commands) => self.perform(commands),
            Err(panic) => self.panicked = Some(message(panic.as_ref())),
        }
    }

    fn perform(&mut self, commands: Vec<D::Cmd>) {
        for command in commands {
            D::perform(command, &self.stage);
        }
    }
}

impl<D: Demo> Live for Slot<D> {
    fn key(&mut self, key: KeyEvent) {
        self.update(Event::Key(key));
    }

    fn paste(&mut self, text: String) {
        self.update(Event::Paste(text));
    }

    fn click(&mut self, at: Position, area: Rect) {
        self.update(Event::Click(at, area));
    }

    fn wheel(&mut self, by: isize) {
        self.update(Event::Wheel(by));
    }

    fn copied(&mut self) -> Option<String> {
        self.stage.copied()
    }

    fn tick(&mut self, now: Instant) {
        self.update(Event::Tick(now));
    }

    fn pace(&self) -> Option<Duration> {
        self.demo.pace().filter(|_| self.panicked.is_none())
    }

    fn poll_mail(&mut self, context: &mut Context) -> Poll<()> {
        let mut any = Poll::Pending;
        while let Poll::Ready(Some(panic)) = self.panics.poll_recv(context) {
            self.panicked.get_or_insert(panic);
            any = Poll::Ready(());
        }
        // at most one mailbox full a frame, so that a flood cannot keep the screen from drawing
        for _ in 0..MAILBOX {
            let Poll::Ready(Some(report)) = self.mail.poll_recv(context) else { break };
            self.update(Event::Msg(report));
            any = Poll::Ready(());
        }
        any
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, look: &Look) {
        self.demo.view(area, buffer, look);
        if let Some(panic) = &self.panicked
            && area.height > 0
        {
            // what can be done comes first: a long reason is cut
            let told = format!(" this demo has stopped: Ctrl-R starts it anew · {panic} ");
            let bar = Rect { y: area.bottom() - 1, height: 1, ..area };
            let style = Style::new().fg(look.theme.ground).bg(look.theme.bad).add_modifier(Modifier::BOLD);
            buffer.set_style(bar, style);
            buffer.set_stringn(bar.x, bar.y, text::sanitize(&told), bar.width.into(), style);
        }
    }

    fn keys(&self) -> &'static [Hint] {
        D::KEYS
    }

    fn wants_escape(&self) -> bool {
        self.demo.wants_escape()
    }

    fn rows(&self) -> u16 {
        D::ROWS
    }

    fn stopped(&self) -> Option<&str> {
        self.panicked.as_deref()
    }
}

impl<D: Demo> Drop for Slot<D> {
    fn drop(&mut self) {
        self.scope.cancel();
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
