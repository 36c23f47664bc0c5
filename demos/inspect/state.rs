//! What the inspector knows, and the questions that all its parts ask of it.
//!
//! What the keys do is said in `keys`, what comes in is taken in `reports`; nothing is drawn or sent here.

use std::ops::Range;

use super::connection::{ConnectionStatus, InspectedConnection};
use super::draft::Draft;
use super::scenario::ScenarioPlayer;
use super::search::{ActiveFilter, ActiveSearch};
use super::source::{ConnectOptions, InspectSource};
use super::{Cmd, CommandSender, ProxyCommandSender, deflate, handshake, mask, problems, timeline};
use crate::clients::SessionCommand;
use crate::wire::{FieldSpan, Frame, Side, TraceRow};

/// The longest text that can be typed, in bytes: enough to see all three forms of the length.
const MAX_INPUT_BYTES: usize = 70_000;

/// Connections of our own that are kept when a new one is made.
const MAX_EARLIER_CONNECTIONS: usize = 4;

/// Rows that are looked through for the newest of some kind.
const MAX_ROWS_SEARCHED: usize = 4096;

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
    pub(super) fn from_name(name: &str) -> Option<Self> {
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
pub(super) struct ByteCursor {
    pub(super) byte: usize,
    pub(super) bit: u8,
}

/// What the keys write into at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InputMode {
    /// Keys are commands.
    Browse,
    /// A line is typed.
    Input(InputLine),
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
pub(super) struct InputLine {
    pub(super) purpose: InputPurpose,
    pub(super) text: String,
    /// What was wrong with it at the last Enter.
    pub(super) error: Option<String>,
}

/// What a typed line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InputPurpose {
    Send,
    Hex,
    Filter,
    Search,
    /// Bytes that the proxy puts in.
    Inject,
}

/// The inspector's state.
pub struct Inspect {
    pub(super) source: InspectSource,
    pub(super) connect_options: ConnectOptions,
    pub(super) tab: Tab,
    /// Counts the runs, so that a late report of an earlier one is known as such.
    pub(super) run: u64,
    /// The connections: one, or those of a proxy or a capture; never none.
    pub(super) connections: Vec<InspectedConnection>,
    /// The connection that is shown.
    pub(super) connection_index: usize,
    /// The row that the reader chose; `None` follows what is sent.
    pub(super) selected_row: Option<usize>,
    pub(super) cursor: ByteCursor,
    pub(super) mode: InputMode,
    /// The frame in the reader's hand.
    pub(super) draft: Option<Draft>,
    /// What the last command did, until the next key.
    pub(super) notice: Option<String>,
    pub(super) filter: Option<ActiveFilter>,
    pub(super) search: Option<ActiveSearch>,
    /// The rows that were asked for last, and are on their way.
    pub(super) requested_rows: Option<Range<usize>>,
    pub(super) player: Option<ScenarioPlayer>,
    /// The proxy holds what passes; and whose frames its keys mean.
    pub(super) intercepting: bool,
    /// The proxy has as many connections as it may have.
    pub(super) full: bool,
    pub(super) selected_side: Side,
    pub(super) auto_pong: bool,
    pub(super) handshake: handshake::HandshakeTabState,
    pub(super) mask: mask::MaskTabState,
    pub(super) timeline: timeline::TimelineTabState,
    pub(super) problems: problems::ProblemsTabState,
    pub(super) deflate: deflate::DeflateTabState,
    pub(super) commands: Option<CommandSender>,
    pub(super) proxy_commands: Option<ProxyCommandSender>,
}

impl Inspect {
    pub(super) fn new(source: InspectSource, connect_options: ConnectOptions, tab: Tab) -> Self {
        Self {
            connections: vec![InspectedConnection::new(source.name())],
            source,
            connect_options,
            tab,
            run: 0,
            connection_index: 0,
            selected_row: None,
            cursor: ByteCursor::default(),
            mode: InputMode::Browse,
            draft: None,
            notice: None,
            filter: None,
            search: None,
            requested_rows: None,
            player: None,
            intercepting: false,
            full: false,
            selected_side: Side::Client,
            auto_pong: true,
            handshake: handshake::HandshakeTabState::default(),
            mask: mask::MaskTabState::default(),
            timeline: timeline::TimelineTabState::default(),
            problems: problems::ProblemsTabState::default(),
            deflate: deflate::DeflateTabState::default(),
            commands: None,
            proxy_commands: None,
        }
    }

    /// Begins anew as the slide wishes; what was seen before is forgotten.
    pub(super) fn connect(&mut self) -> Vec<Cmd> {
        self.open_with(self.connect_options.clone())
    }

    /// Begins anew, in this way once.
    pub(super) fn open_with(&mut self, connect_options: ConnectOptions) -> Vec<Cmd> {
        let fresh = Self::new(self.source.clone(), self.connect_options.clone(), self.tab);
        let (run, player) = (self.run + 1, self.player.take());
        let mut connections = if player.is_none() { self.earlier_connections() } else { Vec::new() };
        let notice = (!connections.is_empty()).then(|| "connected anew · < shows what was before".to_owned());
        connections.extend(fresh.connections);
        let at = connections.len() - 1;
        *self = Self { run, connections, connection_index: at, notice, player, ..fresh };
        vec![Cmd::Open(run, self.source.clone(), Box::new(connect_options))]
    }

    /// Connections of our own that were before this one, as far as anything was said in them; a lesson has none.
    fn earlier_connections(&mut self) -> Vec<InspectedConnection> {
        if !self.source.is_own_connection() {
            return Vec::new();
        }
        let mut connections = std::mem::take(&mut self.connections);
        connections.retain(|connection| !connection.trace.head_bytes(Side::Client).is_empty());
        if let Some(connection) = connections
            .last_mut()
            .filter(|connection| !matches!(connection.status, ConnectionStatus::Ended(_)))
        {
            connection.status = ConnectionStatus::Ended(Ok("left for a new one".to_owned()));
        }
        let over = connections.len().saturating_sub(MAX_EARLIER_CONNECTIONS);
        connections.drain(..over);
        connections
    }

    /// The connection that reports of our own are about: the newest.
    pub(super) fn own_connection(&mut self) -> &mut InspectedConnection {
        self.connections.last_mut().expect("there is always one")
    }

    /// The connection that is shown.
    pub(super) fn connection(&self) -> &InspectedConnection {
        &self.connections[self.connection_index]
    }

    /// The row that is shown: the chosen one, else the newest of ours, whose mask can be undone, else the newest. Where
    /// compression is shown, the newest that is compressed comes first.
    pub(super) fn current_row(&self) -> Option<usize> {
        if let Some(filter) = &self.filter {
            let last = *filter.rows.last()? as usize;
            return Some(
                self.selected_row
                    .filter(|row| filter.rows.binary_search(&(*row as u32)).is_ok())
                    .unwrap_or(last),
            );
        }
        let rows = self.connection().trace.rows();
        let last = rows.len().checked_sub(1)?;
        let newest = || {
            let near = &rows[last.saturating_sub(MAX_ROWS_SEARCHED)..];
            let compressed =
                || near.iter().rposition(TraceRow::is_compressed).filter(|_| self.tab == Tab::Deflate);
            let ours = || near.iter().rposition(|row| row.from() == Side::Client);
            compressed().or_else(ours).map_or(last, |at| rows.len() - near.len() + at)
        };
        Some(self.selected_row.map_or_else(newest, |chosen| chosen.min(last)))
    }

    /// A frame with its bytes, as far as they are shown; none if they are gone or not fetched yet.
    pub(super) fn frame(&self, row: usize) -> Option<Frame> {
        self.connection().frame(row)
    }

    /// The frame that is shown.
    pub(super) fn current_frame(&self) -> Option<(usize, &TraceRow, Frame)> {
        let current = self.current_row()?;
        Some((current, &self.connection().trace.rows()[current], self.frame(current)?))
    }

    /// The bytes and the fields that the cursor moves over: the draft's while there is one.
    pub(super) fn bytes_under_cursor(&self) -> Option<(Vec<u8>, Vec<FieldSpan>)> {
        if let Some(draft) = &self.draft {
            return Some((draft.bytes().to_vec(), draft.spans()));
        }
        let (_, _, frame) = self.current_frame()?;
        Some((frame.raw().to_vec(), frame.field_spans()))
    }

    /// The field under the cursor.
    pub(super) fn field_under_cursor(&self, spans: &[FieldSpan]) -> usize {
        let ByteCursor { byte, bit } = self.cursor;
        spans.iter().position(|span| span.contains(byte, bit)).unwrap_or(0)
    }

    /// Puts the row in the list's middle and the cursor on its first byte.
    pub(super) fn select_row(&mut self, row: usize) {
        let last = self.connection().trace.rows().len().saturating_sub(1);
        self.selected_row = Some(row.min(last));
        self.cursor = ByteCursor::default();
        self.draft = None;
    }

    /// The lines of both heads: whose, and which.
    pub(super) fn head_lines(&self) -> Vec<(Side, usize)> {
        let lines = |from| {
            let head = self.connection().trace.head(from).and_then(|validated| validated.head.as_ref());
            let count = head.map_or(0, |head| head.lines().len());
            (0..count).map(move |line| (from, line))
        };
        lines(Side::Client).chain(lines(Side::Server)).collect()
    }

    /// What the tabs keep of what has come, or of the frame that is chosen, is brought up to date.
    pub(super) fn update_tabs(&mut self) {
        problems::follow(self);
        deflate::follow(self);
    }

    /// How much is wrong, in both heads and both directions.
    pub(super) fn fault_count(&self) -> usize {
        let heads = [Side::Client, Side::Server].map(|from| self.connection().trace.head(from));
        let heads: usize =
            heads.into_iter().flatten().map(|validated| validated.validation.problems.len()).sum();
        heads
            + self.connection().trace.faults(Side::Client).len()
            + self.connection().trace.faults(Side::Server).len()
    }

    /// Adds to the line that is typed.
    pub(super) fn paste(&mut self, text: &str) {
        if self.mode == InputMode::Browse {
            self.mode = InputMode::Input(InputLine::new(InputPurpose::Send));
        }
        let InputMode::Input(line) = &mut self.mode else { return };
        line.error = None;
        for letter in text.chars() {
            if line.text.len() + letter.len_utf8() <= MAX_INPUT_BYTES {
                line.text.push(letter);
            }
        }
    }

    /// Why nothing can be sent.
    pub(super) fn cannot_send_reason(&self) -> &'static str {
        match self.source {
            InspectSource::File(..) => "this was read from a file: nobody is there to send to",
            InspectSource::Proxy(_) => {
                "the proxy passes on what others send: I puts bytes in, e and Enter a frame"
            }
            InspectSource::Bundled(_) | InspectSource::Url(_) => "not connected: Ctrl-R connects anew",
        }
    }

    /// Asks the open connection for something; where there is none, says so.
    pub(super) fn send_command(&mut self, command: &SessionCommand) -> Vec<Cmd> {
        self.selected_row = None;
        if self.source.is_own_connection() {
            self.connection_index = self.connections.len() - 1;
        }
        if self.commands.is_none() {
            self.notice = Some(self.cannot_send_reason().to_owned());
        }
        self.commands.iter().map(|commands| Cmd::Send(commands.clone(), command.clone())).collect()
    }
}

impl InputLine {
    pub(super) fn new(purpose: InputPurpose) -> Self {
        Self { purpose, text: String::new(), error: None }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::connection::ConnectionStatus;
    use super::super::scenario::BundledServer;
    use super::super::{Cmd, CommandSender, Msg};
    use super::*;
    use crate::clients::{SessionEnd, SessionEvent};
    use crate::net::{Chunk, Direction};
    use crate::stage::{Demo as _, DemoEvent};
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
        let source = InspectSource::Bundled(BundledServer::parse("plain").unwrap());
        let mut inspect = Inspect::new(source, ConnectOptions::default(), Tab::Frames);
        assert!(matches!(inspect.connect()[..], [Cmd::Open(1, InspectSource::Bundled(_), _)]));
        let (commands, inbox) = mpsc::channel(4);
        let at = Instant::now();
        inspect.update(DemoEvent::Msg(Msg::Connecting(
            1,
            "ws://127.0.0.1:9001/".into(),
            at,
            CommandSender(commands),
        )));
        let mut chunk = |direction, bytes: &[u8], micros| {
            let at = at + Duration::from_micros(micros);
            let chunk = Chunk { at, direction, bytes: bytes.to_vec() };
            inspect.update(DemoEvent::Msg(Msg::Session(1, SessionEvent::Bytes(chunk))));
        };
        chunk(Direction::Sent, request, 100);
        chunk(Direction::Received, response, 512);
        for (number, (from, bytes)) in (0..).zip(sent) {
            let way = if *from == Side::Client { Direction::Sent } else { Direction::Received };
            chunk(way, bytes, 600 + 150 * number);
        }
        inspect.update(DemoEvent::Msg(Msg::Session(1, SessionEvent::Open)));
        (inspect, inbox)
    }

    pub(in super::super) fn client_commands(commands: &[Cmd]) -> Vec<&SessionCommand> {
        fn command(asked: &Cmd) -> Option<&SessionCommand> {
            match asked {
                Cmd::Send(_, command) => Some(command),
                _ => None,
            }
        }
        commands.iter().filter_map(command).collect()
    }

    pub(in super::super) fn press(inspect: &mut Inspect, code: KeyCode) -> Vec<Cmd> {
        inspect.update(DemoEvent::Key(code.into()))
    }

    #[test]
    fn frames_come_in_the_order_of_the_sockets() {
        let (inspect, _inbox) = opened();
        let rows = inspect.connection().trace.rows().iter();
        let order: Vec<_> =
            rows.map(|row| (row.from(), row.index(), row.completed_at().as_micros())).collect();
        assert_eq!(order, [(Side::Client, 0, 600), (Side::Server, 0, 750)]);
        assert_eq!(inspect.current_row(), Some(0), "it follows what is sent");
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
        assert_eq!(client_commands(&sent), [&SessionCommand::Text("hi?".into())]);
        assert_eq!(inspect.mode, InputMode::Browse);
    }

    #[test]
    fn a_line_that_is_no_hex_stays_with_what_is_wrong() {
        let (mut inspect, _inbox) = opened();
        press(&mut inspect, KeyCode::Char('r'));
        inspect.update(DemoEvent::Paste("81 8".into()));
        assert!(press(&mut inspect, KeyCode::Enter).is_empty());
        let InputMode::Input(line) = &inspect.mode else { panic!("{:?}", inspect.mode) };
        assert!(line.error.as_ref().unwrap().contains("3 hex digits"), "{line:?}");
        press(&mut inspect, KeyCode::Char('0'));
        assert_eq!(
            client_commands(&press(&mut inspect, KeyCode::Enter)),
            [&SessionCommand::Raw(vec![0x81, 0x80])]
        );
    }

    #[test]
    fn a_connection_that_is_over_is_begun_anew() {
        let (mut inspect, _inbox) = opened();
        inspect.update(DemoEvent::Msg(Msg::Session(1, SessionEvent::Ended(Ok(SessionEnd::HungUp)))));
        inspect.update(DemoEvent::Paste("x".into()));
        let again = press(&mut inspect, KeyCode::Enter);
        let [Cmd::Open(2, _, connect_options)] = &again[..] else { panic!("{again:?}") };
        assert_eq!(connect_options.initial_commands, [SessionCommand::Text("x".into())]);
        assert_eq!(inspect.connection().trace.rows(), []);
        inspect.update(DemoEvent::Msg(Msg::Session(1, SessionEvent::Open)));
        assert_eq!(
            inspect.connection().status,
            ConnectionStatus::Connecting,
            "a late report changes nothing"
        );
        press(&mut inspect, KeyCode::Char('<'));
        assert_eq!(
            inspect.connection().status,
            ConnectionStatus::Ended(Ok("we hung up".into())),
            "what was before is kept"
        );
        assert_eq!(inspect.connection().trace.rows().len(), 2);
        inspect.update(DemoEvent::Msg(Msg::Session(2, SessionEvent::Open)));
        assert_eq!(inspect.own_connection().status, ConnectionStatus::Open, "reports are about the new one");
        press(&mut inspect, KeyCode::Char('>'));
        assert_eq!(inspect.connection().status, ConnectionStatus::Open);
        for _ in 0..9 {
            inspect.update(DemoEvent::Key(KeyEvent::new(KeyCode::Char('r'), KeyModifiers::CONTROL)));
        }
        assert_eq!(inspect.connections.len(), 2, "where nothing was said nothing is kept");
    }

    #[test]
    fn ctrl_d_sends_a_close() {
        let (mut inspect, _inbox) = opened();
        let sent = inspect.update(DemoEvent::Key(KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL)));
        assert_eq!(client_commands(&sent), [&SessionCommand::Close(1000, "done".into())]);
    }

    #[test]
    fn a_flipped_bit_is_in_the_hand_until_it_is_sent() {
        let (mut inspect, _inbox) = opened();
        for key in ['x', 'b', 'x'] {
            assert!(press(&mut inspect, KeyCode::Char(key)).is_empty());
        }
        let sent = press(&mut inspect, KeyCode::Enter);
        let raw = [&[0x01 ^ 0x0b, 0x85], &HELLO[2..]].concat();
        assert_eq!(client_commands(&sent).len(), 1);
        assert!(
            matches!(client_commands(&sent)[0], SessionCommand::Raw(bytes) if bytes[1..] == raw[1..]),
            "{sent:?}"
        );
        assert_eq!((inspect.draft.as_ref(), &inspect.mode), (None, &InputMode::Browse));
    }

    #[test]
    fn the_cursor_stays_on_what_is_there() {
        let (mut inspect, _inbox) = opened();
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Right);
        }
        assert_eq!(inspect.cursor, ByteCursor { byte: 10, bit: 0 });
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Up);
        }
        assert_eq!(inspect.cursor, ByteCursor::default());
        press(&mut inspect, KeyCode::Char(']'));
        press(&mut inspect, KeyCode::Char(']'));
        assert_eq!(inspect.current_row(), Some(1));
        press(&mut inspect, KeyCode::Char(' '));
        assert_eq!(inspect.selected_row, None, "it follows again");
        press(&mut inspect, KeyCode::Char('1'));
        for _ in 0..30 {
            press(&mut inspect, KeyCode::Down);
        }
        assert_eq!(inspect.handshake.line, inspect.head_lines().len() - 1);
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
            inspect.select_row(0);
            inspect.update(DemoEvent::Click((x, y).into(), area));
            reached.push((inspect.tab, inspect.current_row(), inspect.cursor));
        }
        for tab in Tab::ALL {
            assert!(reached.iter().any(|state| state.0 == tab), "{tab:?}");
        }
        assert!(reached.iter().any(|state| state.1 == Some(1)), "the other row");
        assert!(reached.iter().any(|state| state.2 == ByteCursor { byte: 6, bit: 0 }), "a byte");
        assert!(reached.iter().any(|state| state.2 == ByteCursor { byte: 0, bit: 7 }), "a bit");
    }
}
