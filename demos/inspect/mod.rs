//! The inspector on a slide: a real connection, and every byte of it explained.
//!
//! What bytes mean is `wire`'s part, and the connection is `clients`'; here is how the parts are joined.

mod canvas;
mod conn;
mod deflate;
mod draft;
mod engine;
mod fields;
mod frames;
mod handshake;
mod headline;
mod hex;
mod keeping;
mod kept;
mod keys;
mod list;
mod listed;
mod looking;
mod mask;
mod memory;
mod place;
mod problems;
mod proof;
mod prose;
mod reading;
mod reports;
mod rules;
mod scenario;
mod source;
mod state;
mod symbols;
mod timeline;
mod verdict;
mod view;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::capture::{self, ByteStore};
use crate::clients::{SessionCommand, SessionEvent};
use crate::proxy;
use crate::stage::{Complaint, Declared, Demo, Doc, Event, Hint, Look, Settings, Stage, Takes};
use crate::wire::search::Needle;
use crate::wire::{Offset, Trace, TraceRow};
use scenario::{Play, Scenario};
use state::{Mode, Tab};

pub use source::{Opening, Source};
pub use state::Inspect;

/// What the inspector asks for.
#[derive(Clone, Debug)]
pub enum Cmd {
    /// Begin with this source; what ran before ends. The number tells its reports from those of an earlier one.
    Open(u64, Source, Box<Opening>),
    /// Something to do on the open connection.
    Do(Orders, SessionCommand),
    /// Something to do with what passes through the proxy.
    Handle(ProxyOrders, proxy::ProxyCommand),
    /// Read at most so many bytes of each of these frames out of a file: the row's number, the row, where it stands.
    Read(u64, Arc<ByteStore>, Vec<(usize, TraceRow, Offset)>, u64),
    /// Look for something in a file's frames, from this row on.
    Find(u64, Arc<ByteStore>, Arc<Trace>, usize, Box<Needle>),
    /// Put a text on the clipboard.
    Copy(String),
}

/// The way to an open connection: a handle, so that what is asked stays plain data.
#[derive(Clone, Debug)]
pub struct Orders(mpsc::Sender<SessionCommand>);

/// The way to a running proxy.
#[derive(Clone, Debug)]
pub struct ProxyOrders(mpsc::Sender<proxy::ProxyCommand>);

/// A file that was read.
#[derive(Debug)]
pub struct Loaded {
    streams: Vec<capture::CapturedStream<Trace>>,
    notes: Vec<String>,
}

/// What comes back, with the number of its run.
#[derive(Debug)]
pub enum Msg {
    /// A connection is being opened: to where, when, and where commands for it go.
    Opening(u64, String, Instant, Orders),
    /// It reports.
    Report(u64, SessionEvent),
    /// The proxy listens.
    ProxyUp(u64, String, Instant, ProxyOrders),
    /// The proxy reports.
    Proxy(u64, proxy::ProxyEvent),
    /// The naive proxy took something for a request.
    Parsed(u64, String),
    /// A file was read.
    Loaded(u64, Box<Loaded>),
    /// Bytes of frames, and how much of each was asked for at most.
    Read(u64, Vec<(usize, Vec<u8>)>, u64),
    /// Where something was found.
    Found(u64, Option<usize>),
}

impl Msg {
    fn run(&self) -> u64 {
        match self {
            Self::Opening(run, ..)
            | Self::Report(run, _)
            | Self::ProxyUp(run, ..)
            | Self::Proxy(run, _)
            | Self::Parsed(run, _)
            | Self::Loaded(run, _)
            | Self::Read(run, ..)
            | Self::Found(run, _) => *run,
        }
    }
}

impl Demo for Inspect {
    const NAME: &'static str = "inspect";
    const ABOUT: &'static str = "a real WebSocket connection, every byte of it explained";
    const SETTINGS: &'static [Doc] = &[
        Doc {
            name: "server",
            takes: Takes::Text("echo"),
            about: "a bundled server (plain, strict, guarded, sloppy/PATH, naive-proxy), or a ws:// or wss:// URL",
        },
        Doc { name: "text", takes: Takes::Text("Hello"), about: "the first message" },
        Doc {
            name: "sends",
            takes: Takes::Text(""),
            about: "what follows it, a line each: `text Hello` or `hex 81 00`",
        },
        Doc {
            name: "show",
            takes: Takes::Choice(&["frames", "handshake", "mask", "timeline", "problems", "deflate"]),
            about: "what is shown first",
        },
        Doc {
            name: "scenario",
            takes: Takes::Text(""),
            about: "a lesson: handshake, wrong-answers, origin, frame, mask, break-it, deflate",
        },
        Doc {
            name: "file",
            takes: Takes::Text(""),
            about: "a capture, hex text or recording to look into, instead of a server",
        },
        Doc { name: "keylog", takes: Takes::Text(""), about: "the TLS key log that belongs to the file" },
        Doc {
            name: "from",
            takes: Takes::Choice(&["mask", "client", "server"]),
            about: "whose bytes a file of hex text holds; `mask`: the first frame's MASK bit tells",
        },
        Doc {
            name: "write",
            takes: Takes::Text(""),
            about: "a pcapng file that keeps what is seen, unencrypted",
        },
        Doc {
            name: "replace",
            takes: Takes::Choice(&["no", "yes"]),
            about: "write over that file if it is there",
        },
        Doc {
            name: "proxy",
            takes: Takes::Text(""),
            about: "listen here, for example 127.0.0.1:9000, and pass everything on to the server",
        },
        Doc {
            name: "anywhere",
            takes: Takes::Choice(&["no", "yes"]),
            about: "let the proxy listen beyond loopback",
        },
        Doc { name: "deflate", takes: Takes::Choice(&["no", "yes"]), about: "offer permessage-deflate" },
        Doc {
            name: "origin",
            takes: Takes::Text(""),
            about: "the page that asks, as a browser would tell it",
        },
        Doc { name: "protocols", takes: Takes::Text(""), about: "subprotocols to offer, the best first" },
        Doc { name: "headers", takes: Takes::Text(""), about: "further headers, a line each" },
        Doc { name: "pong", takes: Takes::Choice(&["yes", "no"]), about: "answer pings" },
        Doc { name: "ca", takes: Takes::Text(""), about: "a PEM file with further authorities to trust" },
        Doc { name: "name", takes: Takes::Text(""), about: "the name to ask the certificate for" },
        Doc {
            name: "insecure",
            takes: Takes::Choice(&["no", "yes"]),
            about: "do not check the certificate: anybody may sit in between",
        },
    ];
    const KEYS: &'static [Hint] = &[
        Hint { keys: "1 – 6, Tab", about: "handshake, frames, mask, timeline, problems, deflate" },
        Hint { keys: "Enter  r", about: "type a text and send it; raw bytes in hex" },
        Hint { keys: "p  P  c", about: "send a Ping; leave pings unanswered; say goodbye" },
        Hint { keys: "Ctrl-D  Ctrl-R", about: "say goodbye; connect anew" },
        Hint { keys: "[ ]  { }  Home End", about: "one frame, twenty frames; the first, the last" },
        Hint { keys: "space  g", about: "stand still, follow; next frame of the message" },
        Hint { keys: "f  /  n", about: "filter frames; search in what they say; the next hit" },
        Hint { keys: "↑ ↓ ← → b", about: "field, byte, bit" },
        Hint { keys: "x  e", about: "flip the bit; edit the frame, and Enter sends it as it is" },
        Hint { keys: "?", about: "what the RFC wants of this, and why; a text as a whole" },
        Hint { keys: "y", about: "copy: hex, text, test vector, command, program" },
        Hint { keys: "handshake  n p a", about: "the accept value step by step; all of it" },
        Hint { keys: "mask  n p a f z t w k r", about: "step, auto; flip, zero, twice, wide, key, reset" },
        Hint { keys: "timeline  ← → + − 0 o", about: "frame, scale, fit, TCP pieces" },
        Hint { keys: "problems  Enter s w i", about: "to the bit; send the Close; who refuses it; go on" },
        Hint { keys: "<  >", about: "another connection: of the file, the proxy, before" },
        Hint { keys: "H S D I W", about: "proxy: hold, step, drop, put in, whose frames" },
        Hint { keys: ".  ,", about: "lesson: on, back; a digit bets" },
    ];
    const ROWS: u16 = 13;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Complaint> {
        let mut source = Source::of(settings)?;
        let tab = match settings.text("show") {
            "handshake" => Tab::Handshake,
            "mask" => Tab::Mask,
            "timeline" => Tab::Timeline,
            "problems" => Tab::Problems,
            "deflate" => Tab::Deflate,
            _ => Tab::Frames,
        };
        let opening = Source::opening(settings)?;
        let mut play = None;
        if !settings.text("scenario").is_empty() {
            let scenario = Scenario::named(settings.text("scenario")).ok_or_else(|| {
                let told =
                    format!("there is no scenario of that name; there are: {}", Scenario::names().join(", "));
                settings.complain("scenario", told)
            })?;
            source = Source::Bundled(
                scenario::Server::parse(&scenario.server).expect("it was checked with the file"),
            );
            play = Some(Play::new(scenario));
        }
        let mut inspect = Self::new(source, opening, tab);
        let commands = if play.is_some() { Vec::new() } else { inspect.connect() };
        inspect.play = play;
        Ok((inspect, commands))
    }

    fn effects(settings: &Settings) -> Result<Vec<Declared>, Complaint> {
        Source::effects(settings)
    }

    fn update(&mut self, event: Event<Msg>) -> Vec<Cmd> {
        let mut commands = Vec::new();
        match event {
            Event::Key(key) => commands = self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Click(at, area) => {
                if let Some(target) = view::target(self, area, at) {
                    self.click(target);
                }
            }
            Event::Wheel(by) => self.step(by),
            Event::Msg(message) if message.run() == self.run => self.message(message),
            Event::Tick(now) => mask::tick(self, now),
            Event::Msg(_) => {}
        }
        self.settle();
        self.follow();
        commands.extend(self.wanted());
        commands
    }

    fn pace(&self) -> Option<Duration> {
        mask::pace(self)
    }

    fn wants_escape(&self) -> bool {
        !matches!(self.mode, Mode::Look | Mode::Bet)
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, look: &Look) {
        view::draw(self, area, buffer, look);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Open(run, source, opening) => engine::open(stage, run, source, *opening),
            // a queue that is full holds what the peer has not taken yet; one that is closed belongs to a
            // connection whose end is on the screen already
            Cmd::Do(orders, command) => drop(orders.0.try_send(command)),
            Cmd::Handle(orders, command) => drop(orders.0.try_send(command)),
            Cmd::Read(run, store, wanted, most) => engine::read(stage, run, store, wanted, most),
            Cmd::Find(run, store, trace, from, needle) => {
                engine::find(stage, run, store, trace, from, *needle);
            }
            Cmd::Copy(text) => stage.copy(text),
        }
    }
}
