//! The scales on a slide: one exchange of JSON over HTTP and one over WebSocket, every byte of both, and what they weigh.
//!
//! The bytes are those that the servers' sockets gave and took; all figures are counted from them.

mod bytes;
mod engine;
mod view;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::stage::{Complaint, Demo, Doc, Event, Hint, Look, Settings, Stage, Takes};

pub use bytes::{Exchange, Weighed};

/// The payloads that the keys 1, 2 and 3 choose, in bytes.
const PAYLOADS: [usize; 3] = [33, 1024, 16 * 1024];

/// The demo's state.
pub struct Weigh {
    order: Order,
    /// Counts the exchanges, so that a late one is known as such.
    run: u64,
    phase: Phase,
    help: bool,
}

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Bytes of JSON, there and back.
    pub payload: usize,
    /// With the headers and cookies of a browser, and of a server in production.
    pub browser: bool,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Ready,
    /// Under way; what was weighed before is still shown.
    Sending(Option<Box<Weighed>>),
    Done(Box<Weighed>),
    /// It did not work: why, in words.
    Failed(String),
}

/// What the scales ask for: one exchange each way, with its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cmd(u64, Order);

/// What comes back, with the number of its exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Msg(u64, Result<Box<Weighed>, String>);

impl Demo for Weigh {
    const NAME: &'static str = "weigh";
    const ABOUT: &'static str = "what an exchange weighs: every byte of it over HTTP and over WebSocket";
    const SETTINGS: &'static [Doc] = &[
        Doc {
            name: "payload",
            takes: Takes::Number(engine::LEAST as i64..=64 * 1024, 33),
            about: "bytes of JSON there and back",
        },
        Doc {
            name: "browser",
            takes: Takes::Choice(&["no", "yes"]),
            about: "a browser's headers and cookies from the start",
        },
    ];
    const KEYS: &'static [Hint] = &[
        Hint { keys: "Enter Space n", about: "send; again: send once more" },
        Hint { keys: "b", about: "with a browser's headers and cookies; without" },
        Hint { keys: "1 2 3", about: "33 B, 1 KiB, 16 KiB of JSON" },
        Hint { keys: "?", about: "what is counted" },
    ];
    const ROWS: u16 = 16;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Complaint> {
        let payload = settings.number("payload") as usize;
        let order = Order { payload, browser: settings.text("browser") == "yes" };
        Ok((Self { order, run: 0, phase: Phase::Ready, help: false }, Vec::new()))
    }

    fn update(&mut self, event: Event<Msg>) -> Vec<Cmd> {
        match event {
            Event::Key(key) => return self.key(key),
            Event::Msg(Msg(run, found)) if run == self.run => {
                self.phase = found.map_or_else(Phase::Failed, Phase::Done);
            }
            Event::Msg(_) | Event::Paste(_) | Event::Click(..) | Event::Wheel(_) | Event::Tick(_) => {}
        }
        Vec::new()
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, look: &Look) {
        view::draw(self, area, buffer, look);
    }

    fn perform(Cmd(run, order): Cmd, stage: &Stage<Msg>) {
        let (scope, mail) = (stage.begin("weigh"), stage.mail());
        let failed = stage.mail();
        // servers and clients share one thread: when a client has its answer, the tap has seen all of it
        let started = scope.spawn_thread("weigh", move |scope| async move {
            let found = engine::weigh(order, &scope).await.map(Box::new);
            // the reader is gone only if nobody wants it
            let _ = mail.send(Msg(run, found)).await;
        });
        if let Err(error) = started {
            let _ = failed.try_send(Msg(run, Err(format!("could not start a thread: {error}"))));
        }
    }
}

impl Weigh {
    fn key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        if self.help {
            self.help = false;
            return Vec::new();
        }
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ' | 'n') => return self.send(),
            KeyCode::Char('?') => self.help = true,
            KeyCode::Char('b') => {
                self.order.browser = !self.order.browser;
                return self.again();
            }
            KeyCode::Char(digit @ '1'..='3') => {
                self.order.payload = PAYLOADS[digit as usize - '1' as usize];
                return self.again();
            }
            _ => {}
        }
        Vec::new()
    }

    fn send(&mut self) -> Vec<Cmd> {
        self.run += 1;
        let before = match std::mem::replace(&mut self.phase, Phase::Ready) {
            Phase::Done(weighed) => Some(weighed),
            Phase::Sending(before) => before,
            Phase::Ready | Phase::Failed(_) => None,
        };
        self.phase = Phase::Sending(before);
        vec![Cmd(self.run, self.order)]
    }

    /// Sends once more where something was sent: what is on the scales is what the keys say.
    fn again(&mut self) -> Vec<Cmd> {
        if self.phase == Phase::Ready { Vec::new() } else { self.send() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::Fence;
    use crate::stage::settings;

    fn open() -> Weigh {
        let fence = Fence { name: "weigh".into(), ..Fence::default() };
        let (weigh, commands) = Weigh::open(&settings(&fence, Weigh::SETTINGS).unwrap()).unwrap();
        assert_eq!(commands, [], "nothing is sent by looking");
        weigh
    }

    fn press(weigh: &mut Weigh, letter: char) -> Vec<Cmd> {
        weigh.update(Event::Key(KeyCode::Char(letter).into()))
    }

    #[test]
    fn keys_choose_and_what_was_sent_is_sent_anew() {
        let mut weigh = open();
        assert_eq!(press(&mut weigh, 'b'), []);
        assert_eq!(press(&mut weigh, 'n'), [Cmd(1, Order { payload: 33, browser: true })]);
        assert_eq!(press(&mut weigh, '2'), [Cmd(2, Order { payload: 1024, browser: true })]);
        weigh.update(Event::Msg(Msg(1, Err("late".into()))));
        assert_eq!(weigh.phase, Phase::Sending(None), "the first does not count any more");
        weigh.update(Event::Msg(Msg(2, Ok(Box::default()))));
        assert_eq!(weigh.phase, Phase::Done(Box::default()));
        assert_eq!(press(&mut weigh, 'b'), [Cmd(3, Order { payload: 1024, browser: false })]);
        assert_eq!(weigh.phase, Phase::Sending(Some(Box::default())), "no flicker");
        weigh.update(Event::Msg(Msg(3, Err("no sockets".into()))));
        assert_eq!(weigh.phase, Phase::Failed("no sockets".into()));
        assert_eq!(press(&mut weigh, '?'), []);
        assert_eq!(press(&mut weigh, 'n'), [], "any key closes the page");
    }
}
