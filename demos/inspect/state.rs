//! What the inspector knows, and how keys and reports change it.
//!
//! Nothing is drawn or sent here.

use std::time::{Duration, Instant};

use super::{Cmd, Orders};
use crate::clients::{Command, Report};
use crate::net::{Chunk, Direction};
use crate::wire::{Connection, Frame, Side};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The longest text that can be typed, in bytes: enough to see all three forms of the length.
const LONGEST: usize = 70_000;

/// Which part of the connection is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Handshake,
    Frames,
}

/// How the connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Connecting,
    Open,
    /// Over, and why; an error if it was not meant to be.
    Ended(Result<String, String>),
}

/// A frame in the order in which they were complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) from: Side,
    pub(super) index: usize,
    /// Since the connection was begun.
    pub(super) at: Duration,
}

/// The inspector's state.
pub struct Inspect {
    pub(super) url: Option<String>,
    pub(super) first: String,
    pub(super) tab: Tab,
    /// Counts the connections, so that a late report of an earlier one is known as such.
    pub(super) run: u64,
    pub(super) address: String,
    pub(super) status: Status,
    pub(super) seen: Connection,
    pub(super) entries: Vec<Entry>,
    /// The frame that the reader chose; `None` follows what is sent.
    pub(super) chosen: Option<usize>,
    /// The field of the frame that has the cursor.
    pub(super) field: usize,
    /// The line of the handshake that has the cursor, the response's after the request's.
    pub(super) line: usize,
    pub(super) typed: String,
    pub(super) help: bool,
    began: Option<Instant>,
    orders: Option<Orders>,
}

impl Inspect {
    pub(super) fn new(url: Option<String>, first: String, tab: Tab) -> Self {
        Self {
            url,
            first,
            tab,
            run: 0,
            address: String::new(),
            status: Status::Connecting,
            seen: Connection::new(),
            entries: Vec::new(),
            chosen: None,
            field: 0,
            line: 0,
            typed: String::new(),
            help: false,
            began: None,
            orders: None,
        }
    }

    /// Begins a connection; what was seen of the one before is forgotten.
    pub(super) fn connect(&mut self) -> Vec<Cmd> {
        let fresh = Self::new(self.url.take(), std::mem::take(&mut self.first), self.tab);
        let (run, typed) = (self.run + 1, std::mem::take(&mut self.typed));
        *self = Self { run, typed, ..fresh };
        vec![Cmd::Open { run, url: self.url.clone(), first: self.first.clone() }]
    }

    pub(super) fn opening(&mut self, address: String, at: Instant, orders: Orders) {
        self.address = address;
        self.began = Some(at);
        self.orders = Some(orders);
    }

    pub(super) fn report(&mut self, report: Report) {
        match report {
            Report::Bytes(chunk) => self.bytes(&chunk),
            Report::Open => self.status = Status::Open,
            Report::Note(_) | Report::Secrets(_) => {}
            Report::Ended(why) => {
                self.status = Status::Ended(why);
                self.orders = None;
            }
        }
    }

    fn bytes(&mut self, chunk: &Chunk) {
        let from = match chunk.direction {
            Direction::Sent => Side::Client,
            Direction::Received => Side::Server,
        };
        self.seen.push(from, &chunk.bytes);
        let at = self.began.map_or(Duration::ZERO, |began| chunk.at.saturating_duration_since(began));
        // a 101 may set frames free that the other side sent before it
        for from in [Side::Client, Side::Server] {
            let known = self.entries.iter().filter(|entry| entry.from == from).count();
            let frames = self.seen.stream(from).said().frames().len();
            self.entries.extend((known..frames).map(|index| Entry { from, index, at }));
        }
    }

    /// The number of the frame that is shown, in the order of the list: the chosen one, else the
    /// newest of ours, whose mask can be undone, else the newest.
    pub(super) fn current(&self) -> Option<usize> {
        let last = self.entries.len().checked_sub(1)?;
        let newest = || self.entries.iter().rposition(|entry| entry.from == Side::Client).unwrap_or(last);
        Some(self.chosen.map_or_else(newest, |chosen| chosen.min(last)))
    }

    /// The frame of an entry.
    pub(super) fn frame(&self, entry: Entry) -> &Frame {
        &self.seen.stream(entry.from).said().frames()[entry.index]
    }

    /// The lines of both heads: whose, and which.
    pub(super) fn lines(&self) -> Vec<(Side, usize)> {
        let lines = |from| {
            let head = self.seen.stream(from).opening().and_then(|opening| opening.head.as_ref());
            let count = head.map_or(0, |head| head.lines().len());
            (0..count).map(move |line| (from, line))
        };
        lines(Side::Client).chain(lines(Side::Server)).collect()
    }

    pub(super) fn paste(&mut self, text: &str) {
        for letter in text.chars() {
            if self.typed.len() + letter.len_utf8() <= LONGEST {
                self.typed.push(letter);
            }
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Cmd> {
        if std::mem::take(&mut self.help) {
            return Vec::new();
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('d') if control => return self.ask(&Command::Close(1000, "done".to_owned())),
            KeyCode::Char('r') if control => return self.connect(),
            KeyCode::Char('u') if control => self.typed.clear(),
            KeyCode::Char('?') if self.typed.is_empty() => self.help = true,
            KeyCode::Char(letter) if !control => self.paste(letter.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => {
                self.typed.pop();
            }
            KeyCode::Enter => return self.send(),
            KeyCode::Tab | KeyCode::BackTab => {
                self.tab = if self.tab == Tab::Frames { Tab::Handshake } else { Tab::Frames };
            }
            KeyCode::Up => self.step(-1),
            KeyCode::Down => self.step(1),
            KeyCode::Left => self.field = self.field.min(self.fields()).saturating_sub(1),
            KeyCode::Right => self.field = (self.field + 1).min(self.fields()),
            _ => {}
        }
        Vec::new()
    }

    /// Sends what was typed; on a connection that is over, connects anew and sends it there.
    fn send(&mut self) -> Vec<Cmd> {
        if matches!(self.status, Status::Ended(_)) {
            let text = std::mem::take(&mut self.typed);
            if !text.is_empty() {
                self.first = text;
            }
            return self.connect();
        }
        self.tab = Tab::Frames;
        self.chosen = None;
        let text = std::mem::take(&mut self.typed);
        self.ask(&Command::Text(text))
    }

    fn ask(&mut self, command: &Command) -> Vec<Cmd> {
        self.chosen = None;
        self.orders.iter().map(|orders| Cmd::Do(orders.clone(), command.clone())).collect()
    }

    fn step(&mut self, by: isize) {
        match self.tab {
            Tab::Handshake => {
                let last = self.lines().len().saturating_sub(1);
                self.line = self.line.saturating_add_signed(by).min(last);
            }
            Tab::Frames => {
                let Some(current) = self.current() else { return };
                self.chosen = Some(current.saturating_add_signed(by).min(self.entries.len() - 1));
                self.field = self.field.min(self.fields());
            }
        }
    }

    /// The number of the last field of the frame that is shown.
    fn fields(&self) -> usize {
        let frame = self.current().map(|current| self.frame(self.entries[current]));
        frame.map_or(0, |frame| frame.spans().len().saturating_sub(1))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Msg;
    use super::*;
    use crate::stage::{Demo as _, Event};
    use tokio::sync::mpsc;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    const RESPONSE: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

    /// An inspector that has seen a handshake and one Hello each way.
    pub(in super::super) fn opened() -> (Inspect, mpsc::Receiver<Command>) {
        let mut inspect = Inspect::new(None, "Hello".into(), Tab::Frames);
        assert_eq!(inspect.connect(), [Cmd::Open { run: 1, url: None, first: "Hello".into() }]);
        let (orders, inbox) = mpsc::channel(4);
        let at = Instant::now();
        inspect.update(Event::Msg(Msg::Opening(1, "ws://127.0.0.1:9001/".into(), at, Orders(orders))));
        let mut chunk = |direction, bytes: &[u8], micros| {
            let at = at + Duration::from_micros(micros);
            let chunk = Chunk { at, direction, bytes: bytes.to_vec() };
            inspect.update(Event::Msg(Msg::Report(1, Report::Bytes(chunk))));
        };
        chunk(Direction::Sent, REQUEST, 100);
        chunk(Direction::Received, RESPONSE, 512);
        chunk(Direction::Sent, HELLO, 600);
        chunk(Direction::Received, b"\x81\x05Hello", 750);
        inspect.update(Event::Msg(Msg::Report(1, Report::Open)));
        (inspect, inbox)
    }

    fn asked(commands: &[Cmd]) -> Vec<&Command> {
        fn command(asked: &Cmd) -> Option<&Command> {
            match asked {
                Cmd::Do(_, command) => Some(command),
                Cmd::Open { .. } => None,
            }
        }
        commands.iter().filter_map(command).collect()
    }

    fn press(inspect: &mut Inspect, code: KeyCode) -> Vec<Cmd> {
        inspect.update(Event::Key(code.into()))
    }

    #[test]
    fn frames_come_in_the_order_of_the_sockets() {
        let (inspect, _inbox) = opened();
        let order: Vec<_> =
            inspect.entries.iter().map(|entry| (entry.from, entry.index, entry.at.as_micros())).collect();
        assert_eq!(order, [(Side::Client, 0, 600), (Side::Server, 0, 750)]);
        assert_eq!(inspect.current(), Some(0), "it follows what is sent");
    }

    #[test]
    fn typing_and_enter_send_a_text() {
        let (mut inspect, _inbox) = opened();
        for letter in "hi?".chars() {
            press(&mut inspect, KeyCode::Char(letter));
        }
        let sent = press(&mut inspect, KeyCode::Enter);
        assert_eq!(asked(&sent), [&Command::Text("hi?".into())]);
        assert_eq!(inspect.typed, "");
    }

    #[test]
    fn a_connection_that_is_over_is_begun_anew() {
        let (mut inspect, _inbox) = opened();
        inspect.update(Event::Msg(Msg::Report(1, Report::Ended(Ok("closed".into())))));
        press(&mut inspect, KeyCode::Char('x'));
        assert_eq!(press(&mut inspect, KeyCode::Enter), [Cmd::Open { run: 2, url: None, first: "x".into() }]);
        assert_eq!(inspect.entries, []);
        inspect.update(Event::Msg(Msg::Report(1, Report::Open)));
        assert_eq!(inspect.status, Status::Connecting, "a late report changes nothing");
    }

    #[test]
    fn ctrl_d_says_goodbye() {
        let (mut inspect, _inbox) = opened();
        let sent = inspect.update(Event::Key(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL)));
        assert_eq!(asked(&sent), [&Command::Close(1000, "done".into())]);
    }

    #[test]
    fn the_cursor_stays_on_what_is_there() {
        let (mut inspect, _inbox) = opened();
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Right);
        }
        assert_eq!(inspect.field, inspect.fields());
        press(&mut inspect, KeyCode::Down);
        press(&mut inspect, KeyCode::Down);
        assert_eq!(inspect.current(), Some(1));
        press(&mut inspect, KeyCode::Enter);
        assert_eq!(inspect.chosen, None, "after a text is sent it follows again");
        press(&mut inspect, KeyCode::Tab);
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Down);
        }
        assert_eq!(inspect.line, inspect.lines().len() - 1);
    }
}
