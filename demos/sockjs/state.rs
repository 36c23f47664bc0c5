//! The state of the demo, and how keys and reports change it. This file draws nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use tokio::sync::mpsc;

use super::bet;
use crate::clients::sockjs::{FallBackReport, SockJsCommand, SockJsReport, SockJsState};
use crate::sockjs::{Session, SessionState, SessionTimer, Transport};
use crate::stage::KeyHint;

/// The keys while the demo has the keyboard.
pub(super) const KEYS: &[KeyHint] = &[
    KeyHint { keys: "Space", about: "start; send the next line over every transport" },
    KeyHint { keys: "t", about: "type a line" },
    KeyHint { keys: "1 2 3 4", about: "the bet, before the first line" },
    KeyHint { keys: "↑ ↓", about: "choose a transport" },
    KeyHint { keys: "Enter", about: "its bytes; ↑ ↓ choose an exchange, Esc closes" },
    KeyHint { keys: "x", about: "take the transport away at the server; give it back" },
    KeyHint { keys: "2", about: "a second receiver on its session" },
    KeyHint { keys: "d", about: "let its receiver go; open it again" },
    KeyHint { keys: "c", about: "have the server close its session" },
    KeyHint { keys: "r", about: "stop, back to the bet" },
];

/// The lines that Space sends, one after the other.
pub(super) const LINES: [&str; 3] =
    ["It does not have to be REST", "Is anybody still there?", "„Zwölf Boxkämpfer“, said the 🦊"];

/// The message at which the server closes a session.
pub(super) const CLOSE_LINE: &str = "/close";

/// The longest line that can be typed, in characters.
const MAX_LINE: usize = 200;

/// The demo's state.
pub struct SockJs {
    pub(super) config: SockJsConfig,
    pub(super) phase: Phase,
    pub(super) lanes: Vec<Lane>,
    pub(super) fall_back: FallBackReport,
    /// The index of the lane under the cursor.
    pub(super) cursor: usize,
    /// The transports that were taken away.
    pub(super) taken_away: BTreeSet<Transport>,
    pub(super) bet: Option<usize>,
    pub(super) mode: Mode,
    /// The line that was sent last.
    pub(super) line: String,
    /// The number of lines of [`LINES`] that were sent.
    sent_lines: usize,
    /// The server's sessions of the lanes.
    pub(super) server_sides: Vec<ServerSide>,
}

/// The timers of the server. By default the heartbeat is shorter than the protocol's, so that a room can
/// wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SockJsConfig {
    /// The pause before a heartbeat.
    pub heartbeat: Duration,
    /// How long a session lives without a receiver.
    pub session_timeout: Duration,
}

/// The phase of the demo.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// Nothing runs.
    Ready,
    /// The server is being started.
    Starting,
    /// The server and the clients run.
    Running(EngineHandle),
    /// The server could not be started, for this reason.
    Failed(String),
}

/// The meaning of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// They choose transports and act on them.
    #[default]
    Browse,
    /// They type a line: what there is of it.
    Typing(String),
    /// They move through the exchanges of the lane: how far from the newest one.
    Bytes(usize),
    /// Any key closes the rules.
    Rules,
}

/// One transport.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lane {
    pub(super) transport: Transport,
    pub(super) report: Option<SockJsReport>,
}

/// A handle to the running engine. Two handles are equal if they belong to the same run, so that
/// tests can compare commands.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    /// The address of the server, as it is shown.
    pub address: String,
    pub(super) orders: Arc<mpsc::Sender<Order>>,
}

impl PartialEq for EngineHandle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.orders, &other.orders)
    }
}

/// What the server knows of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerSide {
    /// Its transport.
    pub transport: Transport,
    /// Its state.
    pub state: SessionState,
    /// Whether it has a receiver.
    pub receiver: bool,
    /// What it waits for, and how much longer.
    pub timer: Option<(SessionTimer, Duration)>,
}

impl ServerSide {
    pub(super) fn of(session: &Session) -> Self {
        Self {
            transport: session.transport(),
            state: session.state(),
            receiver: session.receiver().is_some(),
            timer: session.timer(),
        }
    }
}

/// An order to the running engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Sends a line over every transport, and over the session of the fallback client.
    Line(String),
    /// Tells the session of a transport something.
    Session(Transport, SockJsCommand),
    /// Takes a transport away at the server, or gives it back.
    SetOffered(Transport, bool),
}

/// A command of the demo.
#[derive(Clone, Debug, PartialEq)]
pub enum Cmd {
    /// Starts the server and the clients, and sends a line. An earlier run ends.
    Start(SockJsConfig, String),
    /// Ends the run.
    Stop,
    /// Gives the running engine an order.
    Give(EngineHandle, Order),
}

/// A message to the demo.
#[derive(Debug)]
pub enum Msg {
    /// The server runs, and takes orders by this handle.
    Started(EngineHandle),
    /// The server could not be started.
    Failed(String),
    /// A report of one session.
    Session(Box<SockJsReport>),
    /// The server's sessions of the lanes.
    ServerSides(Vec<ServerSide>),
    /// A report of the fallback client.
    FallBack(Box<FallBackReport>),
}

impl SockJs {
    pub(super) fn new(config: SockJsConfig) -> Self {
        let lane = |transport| Lane { transport, report: None };
        Self {
            config,
            phase: Phase::Ready,
            lanes: Transport::OF_SESSIONS.map(lane).to_vec(),
            fall_back: FallBackReport::default(),
            cursor: 0,
            taken_away: BTreeSet::new(),
            bet: None,
            mode: Mode::Browse,
            line: String::new(),
            sent_lines: 0,
            server_sides: Vec::new(),
        }
    }

    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        match std::mem::take(&mut self.mode) {
            Mode::Browse => self.browse(key.code),
            Mode::Typing(line) => self.type_line(key.code, line),
            Mode::Bytes(back) => self.move_through_bytes(key.code, back),
            Mode::Rules => Vec::new(),
        }
    }

    /// Places the bet that was clicked, if one was. A click on the rules closes them.
    pub(super) fn click(&mut self, bet: Option<usize>) {
        match self.mode {
            Mode::Rules => self.mode = Mode::Browse,
            _ if self.phase == Phase::Ready => self.bet = bet.or(self.bet),
            _ => {}
        }
    }

    fn browse(&mut self, key: KeyCode) -> Vec<Cmd> {
        match key {
            KeyCode::Up | KeyCode::Char('k') => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => {
                self.cursor = (self.cursor + 1).min(self.lanes.len() - 1);
            }
            KeyCode::Char(' ') => return self.send_next_line(),
            KeyCode::Char('t') => self.mode = Mode::Typing(String::new()),
            KeyCode::Char('?') => self.mode = Mode::Rules,
            KeyCode::Char('r') => return self.reset(),
            KeyCode::Enter if self.has_exchanges() => self.mode = Mode::Bytes(0),
            KeyCode::Enter if self.phase == Phase::Ready => return self.send_next_line(),
            KeyCode::Char(digit @ '1'..='4') if self.phase == Phase::Ready => {
                self.bet = Some(digit as usize - '1' as usize);
            }
            KeyCode::Char('x') => return self.toggle_offered(),
            KeyCode::Char('2') => return self.order(SockJsCommand::OpenSecondReceiver),
            KeyCode::Char('c') => return self.order(SockJsCommand::Send(CLOSE_LINE.to_owned())),
            KeyCode::Char('d') => {
                let waits = self.report().is_some_and(|report| report.receiver);
                let command = if waits { SockJsCommand::Detach } else { SockJsCommand::Attach };
                return self.order(command);
            }
            _ => {}
        }
        Vec::new()
    }

    fn type_line(&mut self, key: KeyCode, mut line: String) -> Vec<Cmd> {
        match key {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Enter if line.is_empty() => return Vec::new(),
            KeyCode::Enter => return self.send_line(line),
            KeyCode::Backspace => drop(line.pop()),
            KeyCode::Char(letter) if line.chars().count() < MAX_LINE => line.push(letter),
            _ => {}
        }
        self.mode = Mode::Typing(line);
        Vec::new()
    }

    /// Adds a pasted text to the line that is being typed.
    pub(super) fn paste(&mut self, text: &str) {
        if let Mode::Typing(line) = &mut self.mode {
            let room = MAX_LINE.saturating_sub(line.chars().count());
            line.extend(text.chars().filter(|letter| !letter.is_control()).take(room));
        }
    }

    fn move_through_bytes(&mut self, key: KeyCode, back: usize) -> Vec<Cmd> {
        let last = self.report().map_or(0, |report| report.exchanges.len().saturating_sub(1));
        self.mode = match key {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => Mode::Browse,
            KeyCode::Up | KeyCode::Char('k') => Mode::Bytes((back + 1).min(last)),
            KeyCode::Down | KeyCode::Char('j') => Mode::Bytes(back.saturating_sub(1)),
            _ => Mode::Bytes(back),
        };
        Vec::new()
    }

    fn send_next_line(&mut self) -> Vec<Cmd> {
        if matches!(self.phase, Phase::Starting) {
            return Vec::new();
        }
        let line = LINES[self.sent_lines % LINES.len()];
        self.sent_lines += 1;
        self.send_line(line.to_owned())
    }

    /// Sends a line, with a run of its own if none runs.
    fn send_line(&mut self, line: String) -> Vec<Cmd> {
        let running = match &self.phase {
            Phase::Running(handle) => Some(handle.clone()),
            // The line stays where it was typed until there is somebody to take it.
            Phase::Starting => {
                self.mode = Mode::Typing(line);
                return Vec::new();
            }
            Phase::Ready | Phase::Failed(_) => None,
        };
        self.line.clone_from(&line);
        if let Some(handle) = running {
            return vec![Cmd::Give(handle, Order::Line(line))];
        }
        self.phase = Phase::Starting;
        vec![Cmd::Start(self.config, line)]
    }

    fn toggle_offered(&mut self) -> Vec<Cmd> {
        let (Phase::Running(handle), Some(lane)) = (&self.phase, self.lanes.get(self.cursor))
        else {
            return Vec::new();
        };
        let is_back = self.taken_away.remove(&lane.transport);
        if !is_back {
            self.taken_away.insert(lane.transport);
        }
        vec![Cmd::Give(handle.clone(), Order::SetOffered(lane.transport, is_back))]
    }

    /// Tells the session under the cursor something.
    fn order(&self, command: SockJsCommand) -> Vec<Cmd> {
        let (Phase::Running(handle), Some(lane)) = (&self.phase, self.lanes.get(self.cursor))
        else {
            return Vec::new();
        };
        vec![Cmd::Give(handle.clone(), Order::Session(lane.transport, command))]
    }

    fn reset(&mut self) -> Vec<Cmd> {
        let (config, cursor, was_ready) = (self.config, self.cursor, self.phase == Phase::Ready);
        *self = Self { cursor, ..Self::new(config) };
        if was_ready { Vec::new() } else { vec![Cmd::Stop] }
    }

    pub(super) fn apply(&mut self, message: Msg) {
        match message {
            Msg::ServerSides(sides) => self.server_sides = sides,
            Msg::Started(handle) => self.phase = Phase::Running(handle),
            Msg::Failed(reason) => self.phase = Phase::Failed(reason),
            Msg::FallBack(report) => self.fall_back = *report,
            Msg::Session(report) => {
                let transport = report.transport;
                let lane = self.lanes.iter_mut().find(|lane| lane.transport == transport);
                if let Some(lane) = lane {
                    lane.report = Some(*report);
                }
            }
        }
    }

    /// Returns what is known of the session under the cursor.
    pub(super) fn report(&self) -> Option<&SockJsReport> {
        self.lanes.get(self.cursor)?.report.as_ref()
    }

    fn has_exchanges(&self) -> bool {
        self.report().is_some_and(|report| !report.exchanges.is_empty())
    }

    /// Returns the server's side of the session under the cursor: the newest of its transport.
    pub(super) fn server_side(&self) -> Option<&ServerSide> {
        let transport = self.lanes.get(self.cursor)?.transport;
        self.server_sides.iter().rev().find(|side| side.transport == transport)
    }

    /// Returns how the bet ended, once every lane that is offered has its echo.
    pub(super) fn bet_result(&self) -> Option<String> {
        Some(bet::result(self.bet?, &self.costs()?))
    }

    /// Returns the transport and the bytes of the latest line, once every lane that could send it is
    /// done.
    pub(super) fn costs(&self) -> Option<Vec<(Transport, u64)>> {
        let mut costs = Vec::new();
        for lane in &self.lanes {
            let report = lane.report.as_ref()?;
            match report.line {
                Some(line) => costs.push((lane.transport, line.bytes.both())),
                None if report.state == SockJsState::Open => return None,
                None => {}
            }
        }
        Some(costs)
    }

    /// Whether the room may still bet.
    pub(super) fn can_bet(&self) -> bool {
        self.phase == Phase::Ready
    }
}
