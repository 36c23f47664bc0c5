//! Helpers of the inspector's tests: an inspector with traffic, keys, and its picture as text.

use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use super::action::Tab;
use super::chrome;
use super::messages::{Cmd, CommandSender, Msg};
use super::session::mask_key::MaskKeySource;
use super::state::Inspect;
use crate::clients::{SessionCommand, SessionEvent};
use crate::inspect::{BundledServer, InspectConfig, InspectSource};
use crate::measure::SplitMix64;
use crate::net::{Chunk, Transfer};
use crate::stage::{Demo as _, DemoEvent, Theme, ViewContext};
use crate::text;
use crate::wire::Side;

pub(crate) const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
pub(crate) const RESPONSE: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
pub(crate) const HELLO: &[u8] = &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

/// Returns an inspector with a handshake and a "Hello" in each direction.
pub(crate) fn opened() -> (Inspect, mpsc::Receiver<SessionCommand>) {
    inspector_after(&[(Side::Client, HELLO), (Side::Server, b"\x81\x05Hello")])
}

/// Returns an inspector with a handshake and then these bytes, 150 µs apart.
pub(crate) fn inspector_after(sent: &[(Side, &[u8])]) -> (Inspect, mpsc::Receiver<SessionCommand>) {
    inspector_after_handshake(REQUEST, RESPONSE, sent)
}

/// Like [`inspector_after`], with another handshake.
pub(crate) fn inspector_after_handshake(
    request: &[u8],
    response: &[u8],
    sent: &[(Side, &[u8])],
) -> (Inspect, mpsc::Receiver<SessionCommand>) {
    let source = InspectSource::Bundled(BundledServer::parse("plain").unwrap());
    let mut inspect = Inspect::new(&InspectConfig::new(source), Tab::Frames);
    inspect.session.mask_keys = MaskKeySource::Seeded(SplitMix64::new(7));
    assert!(matches!(inspect.connect()[..], [Cmd::Open(1, InspectSource::Bundled(_), _)]));
    let (commands, inbox) = mpsc::channel(4);
    let at = Instant::now();
    inspect.update(DemoEvent::Msg(Msg::Connecting(
        "ws://127.0.0.1:9001/".into(),
        at,
        CommandSender(commands),
    )));
    let mut chunk = |transfer, bytes: &[u8], micros| {
        let at = at + Duration::from_micros(micros);
        let chunk = Chunk { at, transfer, bytes: bytes.to_vec() };
        inspect.update(DemoEvent::Msg(Msg::Session(SessionEvent::Bytes(chunk))));
    };
    chunk(Transfer::Sent, request, 100);
    chunk(Transfer::Received, response, 512);
    for (number, (from, bytes)) in (0..).zip(sent) {
        let transfer = if *from == Side::Client { Transfer::Sent } else { Transfer::Received };
        chunk(transfer, bytes, 600 + 150 * number);
    }
    inspect.update(DemoEvent::Msg(Msg::Session(SessionEvent::Open)));
    (inspect, inbox)
}

/// Returns the commands for our own connection among `commands`.
pub(crate) fn client_commands(commands: &[Cmd]) -> Vec<&SessionCommand> {
    fn command(cmd: &Cmd) -> Option<&SessionCommand> {
        match cmd {
            Cmd::Send(_, command) => Some(command),
            _ => None,
        }
    }
    commands.iter().filter_map(command).collect()
}

/// Presses a key and returns the commands of the inspector.
pub(crate) fn press(inspect: &mut Inspect, code: KeyCode) -> Vec<Cmd> {
    inspect.update(DemoEvent::Key(code.into()))
}

/// Draws the inspector and returns the picture as text, row by row.
pub(crate) fn render_text(inspect: &Inspect, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    chrome::draw(inspect, area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
    let row = |cells: &[ratatui::buffer::Cell]| {
        let (mut shown, mut x) = (String::new(), 0);
        while let Some(cell) = cells.get(x) {
            shown += cell.symbol();
            // A wide character covers the next cell too.
            x += text::width(cell.symbol()).max(1);
        }
        shown.trim_end().to_owned() + "\n"
    };
    buffer.content.chunks(width.max(1).into()).map(row).collect()
}

/// Asserts that the picture contains each of `parts`.
#[track_caller]
pub(crate) fn assert_contains(shown: &str, parts: &[&str]) {
    for part in parts {
        assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
    }
}
