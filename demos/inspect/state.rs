//! What the inspector knows, and the questions that all its parts ask of it.
//!
//! What the keys do is said in `keys`, what comes in is taken in `reports`; nothing is drawn or sent here.

use std::ops::Range;

use super::conn::{Conn, Status};
use super::draft::Draft;
use super::looking::{Filtered, Search};
use super::scenario::Play;
use super::source::{Opening, Source};
use super::{Cmd, Orders, ProxyOrders, deflate, handshake, mask, problems, timeline};
use crate::clients::SessionCommand;
use crate::wire::{FieldSpan, Frame, Side, TraceRow};

/// The longest text that can be typed, in bytes: enough to see all three forms of the length.
const LONGEST: usize = 70_000;

/// Connections of our own that are kept when a new one is made.
const EARLIER: usize = 4;

/// Rows that are looked through for the newest of some kind.
const FAR: usize = 4096;

/// Which part of the connection is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Handshake,
    Frames,
    Mask,
    Timeline,
    Problems,
    Deflate,
}

impl Tab {
    pub(super) const ALL: [Self; 6] =
        [Self::Handshake, Self::Frames, Self::Mask, Self::Timeline, Self::Problems, Self::Deflate];

    /// The tab of that name, in small letters.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Handshake => "Handshake",
            Self::Frames => "Frames",
            Self::Mask => "Mask",
            Self::Timeline => "Timeline",
            Self::Problems => "Problems",
            Self::Deflate => "Deflate",
        }
    }
}

/// Where the reader's eye is in a frame: a byte of it, and a bit of that byte (0 = most significant).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) byte: usize,
    pub(super) bit: u8,
}

/// What the keys write into at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Keys are commands.
    Look,
    /// A line is typed.
    Line(Line),
    /// A frame is edited.
    Edit,
    /// The keys are listed.
    Help,
    /// The rules of the field under the cursor are open; scrolled by so many rows.
    Rules(u16),
    /// It is asked what to copy.
    Copy,
    /// A scenario's question stands.
    Bet,
}

/// A line that is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) purpose: Purpose,
    pub(super) text: String,
    /// What was wrong with it at the last Enter.
    pub(super) complaint: Option<String>,
}

/// What a typed line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Send,
    Hex,
    Filter,
    Search,
    /// Bytes that the proxy puts in.
    Inject,
}

/// The inspector's state.
pub struct Inspect {
    pub(super) source: Source,
    pub(super) opening: Opening,
    pub(super) tab: Tab,
    /// Counts the runs, so that a late report of an earlier one is known as such.
    pub(super) run: u64,
    /// The connections: one, or those of a proxy or a capture; never none.
    pub(super) conns: Vec<Conn>,
    /// The connection that is shown.
    pub(super) at: usize,
    /// The row that the reader chose; `None` follows what is sent.
    pub(super) chosen: Option<usize>,
    pub(super) cursor: Cursor,
    pub(super) mode: Mode,
    /// The frame in the reader's hand.
    pub(super) draft: Option<Draft>,
    /// What the last command did, until the next key.
    pub(super) said: Option<String>,
    pub(super) filter: Option<Filtered>,
    pub(super) search: Option<Search>,
    /// The rows that were asked for last, and are on their way.
    pub(super) asked: Option<Range<usize>>,
    pub(super) play: Option<Play>,
    /// The proxy holds what passes; and whose frames its keys mean.
    pub(super) holds: bool,
    /// The proxy has as many connections as it may have.
    pub(super) full: bool,
    pub(super) hand: Side,
    pub(super) auto_pong: bool,
    pub(super) handshake: handshake::State,
    pub(super) mask: mask::State,
    pub(super) timeline: timeline::State,
    pub(super) problems: problems::State,
    pub(super) deflate: deflate::State,
    pub(super) orders: Option<Orders>,
    pub(super) proxy: Option<ProxyOrders>,
}

impl Inspect {
    pub(super) fn new(source: Source, opening: Opening, tab: Tab) -> Self {
        Self {
            conns: vec![Conn::new(source.name())],
            source,
            opening,
            tab,
            run: 0,
            at: 0,
            chosen: None,
            cursor: Cursor::default(),
            mode: Mode::Look,
            draft: None,
            said: None,
            filter: None,
            search: None,
            asked: None,
            play: None,
            holds: false,
            full: false,
            hand: Side::Client,
            auto_pong: true,
            handshake: handshake::State::default(),
            mask: mask::State::default(),
            timeline: timeline::State::default(),
            problems: problems::State::default(),
            deflate: deflate::State::default(),
            orders: None,
            proxy: None,
        }
    }

    /// Begins anew as the slide wishes; what was seen before is forgotten.
    pub(super) fn connect(&mut self) -> Vec<Cmd> {
        self.open(self.opening.clone())
    }

    /// Begins anew, in this way once.
    pub(super) fn open(&mut self, opening: Opening) -> Vec<Cmd> {
        let fresh = Self::new(self.source.clone(), self.opening.clone(), self.tab);
        let (run, play) = (self.run + 1, self.play.take());
        let mut conns = if play.is_none() { self.earlier() } else { Vec::new() };
        let said = (!conns.is_empty()).then(|| "connected anew · < shows what was before".to_owned());
        conns.extend(fresh.conns);
        let at = conns.len() - 1;
        *self = Self { run, conns, at, said, play, ..fresh };
        vec![Cmd::Open(run, self.source.clone(), Box::new(opening))]
    }

    /// Connections of our own that were before this one, as far as anything was said in them; a lesson has none.
    fn earlier(&mut self) -> Vec<Conn> {
        if !self.source.is_ours() {
            return Vec::new();
        }
        let mut conns = std::mem::take(&mut self.conns);
        conns.retain(|conn| !conn.trace.head_bytes(Side::Client).is_empty());
        if let Some(conn) = conns.last_mut().filter(|conn| !matches!(conn.status, Status::Ended(_))) {
            conn.status = Status::Ended(Ok("left for a new one".to_owned()));
        }
        let over = conns.len().saturating_sub(EARLIER);
        conns.drain(..over);
        conns
    }

    /// The connection that reports of our own are about: the newest.
    pub(super) fn own(&mut self) -> &mut Conn {
        self.conns.last_mut().expect("there is always one")
    }

    /// The connection that is shown.
    pub(super) fn conn(&self) -> &Conn {
        &self.conns[self.at]
    }

    /// The row that is shown: the chosen one, else the newest of ours, whose mask can be undone, else the newest. Where
    /// compression is shown, the newest that is compressed comes first.
    pub(super) fn current(&self) -> Option<usize> {
        if let Some(filter) = &self.filter {
            let last = *filter.rows.last()? as usize;
            return Some(
                self.chosen.filter(|row| filter.rows.binary_search(&(*row as u32)).is_ok()).unwrap_or(last),
            );
        }
        let rows = self.conn().trace.rows();
        let last = rows.len().checked_sub(1)?;
        let newest = || {
            let near = &rows[last.saturating_sub(FAR)..];
            let compressed =
                || near.iter().rposition(TraceRow::is_compressed).filter(|_| self.tab == Tab::Deflate);
            let ours = || near.iter().rposition(|row| row.from() == Side::Client);
            compressed().or_else(ours).map_or(last, |at| rows.len() - near.len() + at)
        };
        Some(self.chosen.map_or_else(newest, |chosen| chosen.min(last)))
    }

    /// A frame with its bytes, as far as they are shown; none if they are gone or not fetched yet.
    pub(super) fn frame(&self, row: usize) -> Option<Frame> {
        self.conn().frame(row)
    }

    /// The frame that is shown.
    pub(super) fn shown(&self) -> Option<(usize, &TraceRow, Frame)> {
        let current = self.current()?;
        Some((current, &self.conn().trace.rows()[current], self.frame(current)?))
    }

    /// The bytes and the fields that the cursor moves over: the draft's while there is one.
    pub(super) fn under(&self) -> Option<(Vec<u8>, Vec<FieldSpan>)> {
        if let Some(draft) = &self.draft {
            return Some((draft.raw().to_vec(), draft.spans()));
        }
        let (_, _, frame) = self.shown()?;
        Some((frame.raw().to_vec(), frame.field_spans()))
    }

    /// The field under the cursor.
    pub(super) fn field(&self, spans: &[FieldSpan]) -> usize {
        let Cursor { byte, bit } = self.cursor;
        spans.iter().position(|span| span.contains(byte, bit)).unwrap_or(0)
    }

    /// Puts the row in the list's middle and the cursor on its first byte.
    pub(super) fn choose(&mut self, row: usize) {
        let last = self.conn().trace.rows().len().saturating_sub(1);
        self.chosen = Some(row.min(last));
        self.cursor = Cursor::default();
        self.draft = None;
    }

    /// The lines of both heads: whose, and which.
    pub(super) fn lines(&self) -> Vec<(Side, usize)> {
        let lines = |from| {
            let head = self.conn().trace.head(from).and_then(|opening| opening.head.as_ref());
            let count = head.map_or(0, |head| head.lines().len());
            (0..count).map(move |line| (from, line))
        };
        lines(Side::Client).chain(lines(Side::Server)).collect()
    }

    /// What the tabs keep of what has come, or of the frame that is chosen, is brought up to date.
    pub(super) fn follow(&mut self) {
        problems::follow(self);
        deflate::follow(self);
    }

    /// How much is wrong, in both heads and both directions.
    pub(super) fn faults(&self) -> usize {
        let heads = [Side::Client, Side::Server].map(|from| self.conn().trace.head(from));
        let heads: usize = heads.into_iter().flatten().map(|opening| opening.validation.problems.len()).sum();
        heads + self.conn().trace.faults(Side::Client).len() + self.conn().trace.faults(Side::Server).len()
    }

    /// Adds to the line that is typed.
    pub(super) fn paste(&mut self, text: &str) {
        if self.mode == Mode::Look {
            self.mode = Mode::Line(Line::new(Purpose::Send));
        }
        let Mode::Line(line) = &mut self.mode else { return };
        line.complaint = None;
        for letter in text.chars() {
            if line.text.len() + letter.len_utf8() <= LONGEST {
                line.text.push(letter);
            }
        }
    }

    /// Why nothing can be sent.
    pub(super) fn nobody(&self) -> &'static str {
        match self.source {
            Source::File(..) => "this was read from a file: nobody is there to send to",
            Source::Proxy(_) => "the proxy passes on what others send: I puts bytes in, e and Enter a frame",
            Source::Bundled(_) | Source::Url(_) => "not connected: Ctrl-R connects anew",
        }
    }

    /// Asks the open connection for something; where there is none, says so.
    pub(super) fn ask(&mut self, command: &SessionCommand) -> Vec<Cmd> {
        self.chosen = None;
        if self.source.is_ours() {
            self.at = self.conns.len() - 1;
        }
        if self.orders.is_none() {
            self.said = Some(self.nobody().to_owned());
        }
        self.orders.iter().map(|orders| Cmd::Do(orders.clone(), command.clone())).collect()
    }
}

impl Line {
    pub(super) fn new(purpose: Purpose) -> Self {
        Self { purpose, text: String::new(), complaint: None }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::conn::Status;
    use super::super::scenario::Server;
    use super::super::{Cmd, Msg, Orders};
    use super::*;
    use crate::clients::SessionEvent;
    use crate::net::{Chunk, Direction};
    use crate::stage::{Demo as _, Event};
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use std::time::{Duration, Instant};
    use tokio::sync::mpsc;

    pub(in super::super) const REQUEST: &[u8] =
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    pub(in super::super) const RESPONSE: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

    /// An inspector that has seen a handshake and one Hello each way.
    pub(in super::super) fn opened() -> (Inspect, mpsc::Receiver<SessionCommand>) {
        seen(&[(Side::Client, HELLO), (Side::Server, b"\x81\x05Hello")])
    }

    /// An inspector that has seen a handshake, and then these bytes, 150 µs apart.
    pub(in super::super) fn seen(sent: &[(Side, &[u8])]) -> (Inspect, mpsc::Receiver<SessionCommand>) {
        seen_after(REQUEST, RESPONSE, sent)
    }

    /// The same after this handshake.
    pub(in super::super) fn seen_after(
        request: &[u8],
        response: &[u8],
        sent: &[(Side, &[u8])],
    ) -> (Inspect, mpsc::Receiver<SessionCommand>) {
        let source = Source::Bundled(Server::parse("plain").unwrap());
        let mut inspect = Inspect::new(source, Opening::default(), Tab::Frames);
        assert!(matches!(inspect.connect()[..], [Cmd::Open(1, Source::Bundled(_), _)]));
        let (orders, inbox) = mpsc::channel(4);
        let at = Instant::now();
        inspect.update(Event::Msg(Msg::Opening(1, "ws://127.0.0.1:9001/".into(), at, Orders(orders))));
        let mut chunk = |direction, bytes: &[u8], micros| {
            let at = at + Duration::from_micros(micros);
            let chunk = Chunk { at, direction, bytes: bytes.to_vec() };
            inspect.update(Event::Msg(Msg::Report(1, SessionEvent::Bytes(chunk))));
        };
        chunk(Direction::Sent, request, 100);
        chunk(Direction::Received, response, 512);
        for (number, (from, bytes)) in (0..).zip(sent) {
            let way = if *from == Side::Client { Direction::Sent } else { Direction::Received };
            chunk(way, bytes, 600 + 150 * number);
        }
        inspect.update(Event::Msg(Msg::Report(1, SessionEvent::Open)));
        (inspect, inbox)
    }

    pub(in super::super) fn asked(commands: &[Cmd]) -> Vec<&SessionCommand> {
        fn command(asked: &Cmd) -> Option<&SessionCommand> {
            match asked {
                Cmd::Do(_, command) => Some(command),
                _ => None,
            }
        }
        commands.iter().filter_map(command).collect()
    }

    pub(in super::super) fn press(inspect: &mut Inspect, code: KeyCode) -> Vec<Cmd> {
        inspect.update(Event::Key(code.into()))
    }

    #[test]
    fn frames_come_in_the_order_of_the_sockets() {
        let (inspect, _inbox) = opened();
        let rows = inspect.conn().trace.rows().iter();
        let order: Vec<_> =
            rows.map(|row| (row.from(), row.index(), row.completed_at().as_micros())).collect();
        assert_eq!(order, [(Side::Client, 0, 600), (Side::Server, 0, 750)]);
        assert_eq!(inspect.current(), Some(0), "it follows what is sent");
        assert_eq!(inspect.frame(1).unwrap().payload(), b"Hello");
    }

    #[test]
    fn a_typed_line_is_sent_as_a_text() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Enter);
        for letter in "hi?".chars() {
            press(&mut inspect, KeyCode::Char(letter));
        }
        let sent = press(&mut inspect, KeyCode::Enter);
        assert_eq!(asked(&sent), [&SessionCommand::Text("hi?".into())]);
        assert_eq!(inspect.mode, Mode::Look);
    }

    #[test]
    fn a_line_that_is_no_hex_stays_with_what_is_wrong() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('r'));
        inspect.update(Event::Paste("81 8".into()));
        assert!(press(&mut inspect, KeyCode::Enter).is_empty());
        let Mode::Line(line) = &inspect.mode else { panic!("{:?}", inspect.mode) };
        assert!(line.complaint.as_ref().unwrap().contains("3 hex digits"), "{line:?}");
        press(&mut inspect, KeyCode::Char('0'));
        assert_eq!(asked(&press(&mut inspect, KeyCode::Enter)), [&SessionCommand::Raw(vec![0x81, 0x80])]);
    }

    #[test]
    fn a_connection_that_is_over_is_begun_anew() {
        let (mut inspect, _inbox) = opened();
        inspect.update(Event::Msg(Msg::Report(1, SessionEvent::Ended(Ok("closed".into())))));
        inspect.update(Event::Paste("x".into()));
        let again = press(&mut inspect, KeyCode::Enter);
        let [Cmd::Open(2, _, opening)] = &again[..] else { panic!("{again:?}") };
        assert_eq!(opening.first, [SessionCommand::Text("x".into())]);
        assert_eq!(inspect.conn().trace.rows(), []);
        inspect.update(Event::Msg(Msg::Report(1, SessionEvent::Open)));
        assert_eq!(inspect.conn().status, Status::Connecting, "a late report changes nothing");
        press(&mut inspect, KeyCode::Char('<'));
        assert_eq!(inspect.conn().status, Status::Ended(Ok("closed".into())), "what was before is kept");
        assert_eq!(inspect.conn().trace.rows().len(), 2);
        inspect.update(Event::Msg(Msg::Report(2, SessionEvent::Open)));
        assert_eq!(inspect.own().status, Status::Open, "reports are about the new one");
        press(&mut inspect, KeyCode::Char('>'));
        assert_eq!(inspect.conn().status, Status::Open);
        for _ in 0..9 {
            inspect.update(Event::Key(KeyEvent::new(KeyCode::Char('r'), KeyModifiers::CONTROL)));
        }
        assert_eq!(inspect.conns.len(), 2, "where nothing was said nothing is kept");
    }

    #[test]
    fn ctrl_d_says_goodbye() {
        let (mut inspect, _inbox) = opened();
        let sent = inspect.update(Event::Key(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL)));
        assert_eq!(asked(&sent), [&SessionCommand::Close(1000, "done".into())]);
    }

    #[test]
    fn a_flipped_bit_is_in_the_hand_until_it_is_sent() {
        let (mut inspect, _inbox) = opened();
        for key in ['x', 'b', 'x'] {
            assert!(press(&mut inspect, KeyCode::Char(key)).is_empty());
        }
        let sent = press(&mut inspect, KeyCode::Enter);
        let raw = [&[0x01 ^ 0x0b, 0x85], &HELLO[2..]].concat();
        assert_eq!(asked(&sent).len(), 1);
        assert!(matches!(asked(&sent)[0], SessionCommand::Raw(bytes) if bytes[1..] == raw[1..]), "{sent:?}");
        assert_eq!((inspect.draft.as_ref(), &inspect.mode), (None, &Mode::Look));
    }

    #[test]
    fn the_cursor_stays_on_what_is_there() {
        let (mut inspect, _inbox) = opened();
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Right);
        }
        assert_eq!(inspect.cursor, Cursor { byte: 10, bit: 0 });
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Up);
        }
        assert_eq!(inspect.cursor, Cursor::default());
        press(&mut inspect, KeyCode::Char(']'));
        press(&mut inspect, KeyCode::Char(']'));
        assert_eq!(inspect.current(), Some(1));
        press(&mut inspect, KeyCode::Char(' '));
        assert_eq!(inspect.chosen, None, "it follows again");
        press(&mut inspect, KeyCode::Char('1'));
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Down);
        }
        assert_eq!(inspect.handshake.line, inspect.lines().len() - 1);
    }

    #[test]
    fn a_click_finds_what_the_eye_sees() {
        let (mut inspect, _inbox) = opened();
        let area = ratatui::layout::Rect::new(3, 2, 100, 30);
        let spots =
            (area.top()..area.bottom()).flat_map(|y| (area.left()..area.right()).map(move |x| (x, y)));
        let spots: Vec<_> = spots.collect();
        let mut reached = Vec::new();
        for (x, y) in spots {
            inspect.tab = Tab::Frames;
            inspect.choose(0);
            inspect.update(Event::Click((x, y).into(), area));
            reached.push((inspect.tab, inspect.current(), inspect.cursor));
        }
        for tab in Tab::ALL {
            assert!(reached.iter().any(|state| state.0 == tab), "{tab:?}");
        }
        assert!(reached.iter().any(|state| state.1 == Some(1)), "the other row");
        assert!(reached.iter().any(|state| state.2 == Cursor { byte: 6, bit: 0 }), "a byte");
        assert!(reached.iter().any(|state| state.2 == Cursor { byte: 0, bit: 7 }), "a bit");
    }
}
