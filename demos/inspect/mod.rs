//! The inspector on a slide: a real connection, and every byte of it explained.
//!
//! What bytes mean is `wire`'s part, and the connection is `clients`'; here is how the parts are joined.

mod canvas;
mod draft;
mod fields;
mod frames;
mod handshake;
mod hex;
mod kept;
mod keys;
mod list;
mod mask;
mod problems;
mod reading;
mod rules;
mod state;
mod timeline;
mod view;

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::clients::{self, Command, Report};
use crate::stage::{Complaint, Demo, Doc, Event, Hint, House, Look, Settings, Stage, Takes};
use state::Tab;

pub use state::Inspect;

/// What the inspector asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Open a connection; the one before ends.
    Open {
        /// The number of this connection.
        run: u64,
        /// The URL; `None` is the bundled echo server.
        url: Option<String>,
        /// The first text.
        first: String,
    },
    /// Something to do on the open connection.
    Do(Orders, Command),
}

/// The way to an open connection: a handle, so that what is asked stays plain data.
#[derive(Clone, Debug)]
pub struct Orders(mpsc::Sender<Command>);

impl PartialEq for Orders {
    fn eq(&self, other: &Self) -> bool {
        self.0.same_channel(&other.0)
    }
}

/// What comes back, with the number of its connection.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The connection is being opened: to where, when, and where commands for it go.
    Opening(u64, String, Instant, Orders),
    /// It reports.
    Report(u64, Report),
}

impl Demo for Inspect {
    const NAME: &'static str = "inspect";
    const ABOUT: &'static str = "a real WebSocket connection, every byte of it explained";
    const SETTINGS: &'static [Doc] = &[
        Doc {
            name: "server",
            takes: Takes::Text("echo"),
            about: "\"echo\", the bundled server, or a ws:// URL",
        },
        Doc { name: "text", takes: Takes::Text("Hello"), about: "the first message" },
        Doc { name: "show", takes: Takes::Choice(&["frames", "handshake"]), about: "what is shown first" },
    ];
    const KEYS: &'static [Hint] = &[
        Hint { keys: "1 – 5, Tab", about: "handshake, frames, mask, timeline, problems" },
        Hint { keys: "Enter", about: "type a text and send it" },
        Hint { keys: "r", about: "type raw bytes in hex and put them on the wire" },
        Hint { keys: "[ ]  { }", about: "one frame, twenty frames back or on" },
        Hint { keys: "Home End", about: "the first frame, the last" },
        Hint { keys: "space", about: "stand still, or follow what is sent" },
        Hint { keys: "g", about: "the next frame of the same message" },
        Hint { keys: "↑ ↓ ← → b", about: "field, byte, bit" },
        Hint { keys: "x", about: "flip the bit: what would it mean?" },
        Hint { keys: "e", about: "take the frame into the hand, edit it, send it" },
        Hint { keys: "m", about: "the masking, step by step" },
        Hint { keys: "?", about: "what the RFC wants of this field, and why" },
        Hint { keys: "p  c", about: "send a Ping; say goodbye" },
        Hint { keys: "y", about: "copy the frame" },
        Hint { keys: "Ctrl-D Ctrl-R", about: "say goodbye; connect anew" },
        Hint { keys: "mouse", about: "click a tab, a frame, a byte, a bit, a line" },
    ];
    const ROWS: u16 = 13;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Complaint> {
        let server = settings.text("server");
        let url = (server != "echo").then(|| server.to_owned());
        if url.as_ref().is_some_and(|url| !url.starts_with("ws://")) {
            return Err(
                settings.complain("server", format!("`{server}` is neither \"echo\" nor a ws:// URL"))
            );
        }
        let tab = if settings.text("show") == "handshake" { Tab::Handshake } else { Tab::Frames };
        let mut inspect = Self::new(url, settings.text("text").to_owned(), tab);
        let commands = inspect.connect();
        Ok((inspect, commands))
    }

    fn update(&mut self, event: Event<Msg>) -> Vec<Cmd> {
        match event {
            Event::Key(key) => return self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Click(at, area) => {
                if let Some(target) = view::target(self, area, at) {
                    self.click(target);
                }
            }
            Event::Wheel(by) => self.step(by),
            Event::Msg(Msg::Opening(run, url, at, commands)) if run == self.run => {
                self.opening(url, at, commands);
            }
            Event::Msg(Msg::Report(run, report)) if run == self.run => self.report(report),
            Event::Tick(now) => mask::tick(self, now),
            Event::Msg(_) => {}
        }
        Vec::new()
    }

    fn pace(&self) -> Option<Duration> {
        mask::pace(self)
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, look: &Look) {
        view::draw(self, area, buffer, look);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Open { run, url, first } => {
                let (house, mail) = (stage.house().clone(), stage.mail());
                stage.begin("connection").spawn("inspect", connection(run, url, first, house, mail));
            }
            // a queue that is full holds eight texts that the server has not taken yet; one that is
            // closed belongs to a connection whose end is on the screen already
            Cmd::Do(orders, command) => drop(orders.0.try_send(command)),
        }
    }
}

/// Opens the connection and hands its reports on with the number of the run.
async fn connection(run: u64, url: Option<String>, first: String, house: House, mail: mpsc::Sender<Msg>) {
    let url = match url {
        Some(url) => Ok(url),
        None => house.addresses().await.map(|addresses| addresses.websocket_url()),
    };
    let url = match url {
        Ok(url) => url,
        Err(why) => {
            let _ = mail.send(Msg::Report(run, Report::Ended(Err(why)))).await;
            return;
        }
    };
    let (orders, inbox) = mpsc::channel(8);
    if !first.is_empty() {
        orders.try_send(Command::Text(first)).expect("a new queue has room");
    }
    let (post, mut reports) = mpsc::channel(64);
    let forward = async {
        if mail.send(Msg::Opening(run, url.clone(), Instant::now(), Orders(orders))).await.is_err() {
            return;
        }
        while let Some(report) = reports.recv().await {
            if mail.send(Msg::Report(run, report)).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(clients::session(url.clone(), inbox, post), forward);
}
