//! The inspector on a slide: a real connection, and every byte of it explained.
//!
//! What bytes mean is `wire`'s part, and the connection is `clients`'; here is how the parts are joined.

mod accept_steps;
mod canvas;
mod chrome;
mod connection;
mod deflate;
mod draft;
mod engine;
mod fields;
mod frames;
mod handshake;
mod head_line;
mod hex;
mod keys;
mod list;
mod location;
mod mask;
mod memory_limit;
mod payload_text;
mod problem_row;
mod problems;
mod prose;
mod recorder;
mod reports;
mod ring;
mod rules;
mod scenario;
mod search;
mod source;
mod state;
mod symbols;
mod timeline;
mod verdict;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::capture::{self, ByteStore};
use crate::clients::{SessionCommand, SessionEvent};
use crate::proxy;
use crate::stage::{
    DeclaredEffect, Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, SettingType, Settings, Stage,
    ViewContext,
};
use crate::wire::query::search::Needle;
use crate::wire::{Offset, Trace, TraceRow};
use scenario::{Scenario, ScenarioPlayer};
use state::{InputMode, Tab};

pub use source::{ConnectOptions, InspectSource};
pub use state::Inspect;

/// What the inspector asks for.
#[derive(Clone, Debug)]
pub enum Cmd {
    /// Begin with this source; what ran before ends. The number tells its reports from those of an earlier one.
    Open(u64, InspectSource, Box<ConnectOptions>),
    /// Something to do on the open connection.
    Send(CommandSender, SessionCommand),
    /// Something to do with what passes through the proxy.
    Proxy(ProxyCommandSender, proxy::ProxyCommand),
    /// Read at most so many bytes of each of these frames out of a file: the row's number, the row, where it stands.
    Read(u64, Arc<ByteStore>, Vec<(usize, TraceRow, Offset)>, u64),
    /// Look for something in a file's frames, from this row on.
    Find(u64, Arc<ByteStore>, Arc<Trace>, usize, Box<Needle>),
    /// Put a text on the clipboard.
    Copy(String),
}

/// The way to an open connection: a handle, so that what is asked stays plain data.
#[derive(Clone, Debug)]
pub struct CommandSender(mpsc::Sender<SessionCommand>);

/// The way to a running proxy.
#[derive(Clone, Debug)]
pub struct ProxyCommandSender(mpsc::Sender<proxy::ProxyCommand>);

/// A file that was read.
#[derive(Debug)]
pub struct LoadedCapture {
    streams: Vec<capture::CapturedStream<Trace>>,
    notes: Vec<String>,
}

/// What comes back, with the number of its run.
#[derive(Debug)]
pub enum Msg {
    /// A connection is being opened: to where, when, and where commands for it go.
    Connecting(u64, String, Instant, CommandSender),
    /// It reports.
    Session(u64, SessionEvent),
    /// The source could not be opened: why, in words.
    Failed(u64, String),
    /// The proxy listens.
    ProxyUp(u64, String, Instant, ProxyCommandSender),
    /// The proxy reports.
    Proxy(u64, proxy::ProxyEvent),
    /// The naive proxy took something for a request.
    ParsedRequest(u64, String),
    /// A file was read.
    Loaded(u64, Box<LoadedCapture>),
    /// Bytes of frames, and how much of each was asked for at most.
    Read(u64, Vec<(usize, Vec<u8>)>, u64),
    /// Where something was found.
    Found(u64, Option<usize>),
}

impl Msg {
    fn run(&self) -> u64 {
        match self {
            Self::Connecting(run, ..)
            | Self::Session(run, _)
            | Self::Failed(run, _)
            | Self::ProxyUp(run, ..)
            | Self::Proxy(run, _)
            | Self::ParsedRequest(run, _)
            | Self::Loaded(run, _)
            | Self::Read(run, ..)
            | Self::Found(run, _) => *run,
        }
    }
}

impl Demo for Inspect {
    const NAME: &'static str = "inspect";
    const ABOUT: &'static str = "a real WebSocket connection, every byte of it explained";
    const SETTINGS: &'static [SettingSpec] = &[
        SettingSpec {
            name: "server",
            value_type: SettingType::Text("echo"),
            about: "a bundled server (plain, strict, guarded, sloppy/PATH, naive-proxy), or a ws:// or wss:// URL",
        },
        SettingSpec { name: "text", value_type: SettingType::Text("Hello"), about: "the first message" },
        SettingSpec {
            name: "sends",
            value_type: SettingType::Text(""),
            about: "what follows it, a line each: `text Hello` or `hex 81 00`",
        },
        SettingSpec {
            name: "show",
            value_type: SettingType::Choice(&[
                "frames",
                "handshake",
                "mask",
                "timeline",
                "problems",
                "deflate",
            ]),
            about: "what is shown first",
        },
        SettingSpec {
            name: "scenario",
            value_type: SettingType::Text(""),
            about: "a lesson: handshake, wrong-answers, origin, frame, mask, break-it, deflate",
        },
        SettingSpec {
            name: "file",
            value_type: SettingType::Text(""),
            about: "a capture, hex text or recording to look into, instead of a server",
        },
        SettingSpec {
            name: "keylog",
            value_type: SettingType::Text(""),
            about: "the TLS key log that belongs to the file",
        },
        SettingSpec {
            name: "from",
            value_type: SettingType::Choice(&["mask", "client", "server"]),
            about: "whose bytes a file of hex text holds; `mask`: the first frame's MASK bit tells",
        },
        SettingSpec {
            name: "write",
            value_type: SettingType::Text(""),
            about: "a pcapng file that keeps what is seen, unencrypted",
        },
        SettingSpec {
            name: "replace",
            value_type: SettingType::Choice(&["no", "yes"]),
            about: "write over that file if it is there",
        },
        SettingSpec {
            name: "proxy",
            value_type: SettingType::Text(""),
            about: "listen here, for example 127.0.0.1:9000, and pass everything on to the server",
        },
        SettingSpec {
            name: "anywhere",
            value_type: SettingType::Choice(&["no", "yes"]),
            about: "let the proxy listen beyond loopback",
        },
        SettingSpec {
            name: "deflate",
            value_type: SettingType::Choice(&["no", "yes"]),
            about: "offer permessage-deflate",
        },
        SettingSpec {
            name: "origin",
            value_type: SettingType::Text(""),
            about: "the page that asks, as a browser would tell it",
        },
        SettingSpec {
            name: "protocols",
            value_type: SettingType::Text(""),
            about: "subprotocols to offer, the best first",
        },
        SettingSpec {
            name: "headers",
            value_type: SettingType::Text(""),
            about: "further headers, a line each",
        },
        SettingSpec { name: "pong", value_type: SettingType::Choice(&["yes", "no"]), about: "answer pings" },
        SettingSpec {
            name: "ca",
            value_type: SettingType::Text(""),
            about: "a PEM file with further authorities to trust",
        },
        SettingSpec {
            name: "name",
            value_type: SettingType::Text(""),
            about: "the name to ask the certificate for",
        },
        SettingSpec {
            name: "insecure",
            value_type: SettingType::Choice(&["no", "yes"]),
            about: "do not check the certificate: anybody may sit in between",
        },
    ];
    const KEYS: &'static [KeyHint] = &[
        KeyHint { keys: "1 – 6, Tab", about: "handshake, frames, mask, timeline, problems, deflate" },
        KeyHint { keys: "Enter  r", about: "type a text and send it; raw bytes in hex" },
        KeyHint { keys: "p  P  c", about: "send a Ping; leave pings unanswered; say goodbye" },
        KeyHint { keys: "Ctrl-D  Ctrl-R", about: "say goodbye; connect anew" },
        KeyHint { keys: "[ ]  { }  Home End", about: "one frame, twenty frames; the first, the last" },
        KeyHint { keys: "space  g", about: "stand still, follow; next frame of the message" },
        KeyHint { keys: "f  /  n", about: "filter frames; search in what they say; the next hit" },
        KeyHint { keys: "↑ ↓ ← → b", about: "field, byte, bit" },
        KeyHint { keys: "x  e", about: "flip the bit; edit the frame, and Enter sends it as it is" },
        KeyHint { keys: "?", about: "what the RFC wants of this, and why; a text as a whole" },
        KeyHint { keys: "y", about: "copy: hex, text, test vector, command, program" },
        KeyHint { keys: "handshake  n p a", about: "the accept value step by step; all of it" },
        KeyHint { keys: "mask  n p a f z t w k r", about: "step, auto; flip, zero, twice, wide, key, reset" },
        KeyHint { keys: "timeline  ← → + − 0 o", about: "frame, scale, fit, TCP pieces" },
        KeyHint { keys: "problems  Enter s w i", about: "to the bit; send the Close; who refuses it; go on" },
        KeyHint { keys: "<  >", about: "another connection: of the file, the proxy, before" },
        KeyHint { keys: "H S D I W", about: "proxy: hold, step, drop, put in, whose frames" },
        KeyHint { keys: ".  ,", about: "lesson: on, back; a digit bets" },
    ];
    const MIN_ROWS: u16 = 13;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let mut source = InspectSource::from_settings(settings)?;
        let tab = match settings.text("show") {
            "handshake" => Tab::Handshake,
            "mask" => Tab::Mask,
            "timeline" => Tab::Timeline,
            "problems" => Tab::Problems,
            "deflate" => Tab::Deflate,
            _ => Tab::Frames,
        };
        let connect_options = InspectSource::connect_options(settings)?;
        let mut player = None;
        if !settings.text("scenario").is_empty() {
            let scenario = Scenario::from_name(settings.text("scenario")).ok_or_else(|| {
                let message =
                    format!("there is no scenario of that name; there are: {}", Scenario::names().join(", "));
                settings.invalid("scenario", message)
            })?;
            source = InspectSource::Bundled(
                scenario::BundledServer::parse(&scenario.server).expect("it was checked with the file"),
            );
            player = Some(ScenarioPlayer::new(scenario));
        }
        let mut inspect = Self::new(source, connect_options, tab);
        let commands = if player.is_some() { Vec::new() } else { inspect.connect() };
        inspect.player = player;
        Ok((inspect, commands))
    }

    fn effects(settings: &Settings) -> Result<Vec<DeclaredEffect>, Diagnostic> {
        InspectSource::effects(settings)
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        let mut commands = Vec::new();
        match event {
            DemoEvent::Key(key) => commands = self.handle_key(key),
            DemoEvent::Paste(text) => self.paste(&text),
            DemoEvent::Click(at, area) => {
                if let Some(target) = chrome::click_target(self, area, at) {
                    self.handle_click(target);
                }
            }
            DemoEvent::Wheel(by) => self.move_selection(by),
            DemoEvent::Msg(message) if message.run() == self.run => self.handle_message(message),
            DemoEvent::Tick(now) => mask::tick(self, now),
            DemoEvent::Msg(_) => {}
        }
        self.update_progress();
        self.update_tabs();
        commands.extend(self.fetch_command());
        commands
    }

    fn tick_interval(&self) -> Option<Duration> {
        mask::tick_interval(self)
    }

    fn wants_escape(&self) -> bool {
        !matches!(self.mode, InputMode::Browse | InputMode::Bet)
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        chrome::draw(self, area, buffer, context);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Open(run, source, opening) => engine::open(stage, run, source, *opening),
            // a queue that is full holds what the peer has not taken yet; one that is closed belongs to a
            // connection whose end is on the screen already
            Cmd::Send(orders, command) => drop(orders.0.try_send(command)),
            Cmd::Proxy(orders, command) => drop(orders.0.try_send(command)),
            Cmd::Read(run, store, wanted, most) => engine::read_frames(stage, run, store, wanted, most),
            Cmd::Find(run, store, trace, from, needle) => {
                engine::search_frames(stage, run, store, trace, from, *needle);
            }
            Cmd::Copy(text) => stage.copy_to_clipboard(text),
        }
    }
}
