//! Helpers of the inspector's tests: an inspector with traffic, keys, and its picture as text.

use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use super::action::Tab;
use super::chrome;
use super::messages::{Cmd, CommandSender, LoadedCapture, Msg};
use super::session::mask_key::MaskKeySource;
use super::state::Inspect;
use crate::capture::{self, ConnectionEnd, PcapngWriter, ReadOptions};
use crate::clients::{SessionCommand, SessionEvent};
use crate::inspect::{BundledServer, InspectConfig, InspectSource};
use crate::measure::SplitMix64;
use crate::net::{AddressPair, Chunk, Transfer};
use crate::stage::{Demo as _, DemoEvent, Theme, ViewContext};
use crate::text;
use crate::wire::{ByteLen, Offset, Side, TraceRow};

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

/// What a side sent in a capture, or the number of bytes that the capture lacks.
pub(crate) enum Captured<'a> {
    Bytes(&'a [u8]),
    Missing(u64),
}

/// Returns an inspector that has opened a capture of one connection, 150 µs between two packets, as
/// [`capture_file`] writes it.
pub(crate) fn opened_capture(sent: &[(Side, Captured<'_>)], end: Option<ConnectionEnd>) -> Inspect {
    opened_file(capture_file(sent, end), &ReadOptions::default())
}

/// Writes a capture of one connection to a temporary file.
pub(crate) fn capture_file(
    sent: &[(Side, Captured<'_>)],
    end: Option<ConnectionEnd>,
) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = PcapngWriter::new(Vec::new(), None).unwrap();
    let flow = writer.open_plain(AddressPair::UNKNOWN, Duration::from_secs(1)).unwrap();
    let mut at = Duration::from_secs(1);
    for (from, piece) in sent {
        at += Duration::from_micros(150);
        match piece {
            Captured::Bytes(bytes) => writer.write_data(flow, *from, at, bytes).unwrap(),
            Captured::Missing(len) => writer.skip_missing(flow, *from, ByteLen::new(*len)),
        }
    }
    if let Some(end) = end {
        writer.close(flow, end, at + Duration::from_mins(1)).unwrap();
    }
    std::fs::write(file.path(), writer.into_inner()).unwrap();
    file
}

/// Writes a capture that begins in the middle of a connection: without its SYN.
pub(crate) fn capture_from_the_middle(sent: &[(Side, Captured<'_>)]) -> tempfile::NamedTempFile {
    let file = capture_file(sent, None);
    let bytes = std::fs::read(file.path()).unwrap();
    // Blocks of pcapng (draft-ietf-opsawg-pcapng section 3.1): type, length, body, length. The
    // three packets of the TCP handshake are left out.
    let (mut rest, mut kept, mut packets) = (&bytes[..], Vec::new(), 0);
    while let Some((head, _)) = rest.split_first_chunk::<8>() {
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
        let (block, behind) = rest.split_at(number(4) as usize);
        packets += u32::from(number(0) == 6);
        if number(0) != 6 || packets > 3 {
            kept.extend_from_slice(block);
        }
        rest = behind;
    }
    std::fs::write(file.path(), kept).unwrap();
    file
}

/// Returns an inspector that has opened a file. The bytes in sight are fetched as by its engine.
pub(crate) fn opened_file(file: impl AsRef<std::path::Path>, options: &ReadOptions) -> Inspect {
    let source = InspectSource::File(file.as_ref().to_owned(), options.clone());
    let (mut inspect, _) = Inspect::with_config(&InspectConfig::new(source));
    let loaded = LoadedCapture::new(capture::open(file.as_ref(), options).unwrap(), Vec::new());
    let commands = inspect.update(DemoEvent::Msg(Msg::Loaded(Box::new(loaded))));
    fetch(&mut inspect, commands);
    inspect
}

/// Carries out the commands that read frames from a file.
pub(crate) fn fetch(inspect: &mut Inspect, commands: Vec<Cmd>) {
    let mut commands = commands;
    while let Some(command) = commands.pop() {
        let Cmd::Read(store, wanted, max_bytes) = command else { continue };
        let read = |(row, frame, at): &(usize, TraceRow, Offset)| {
            let end = *at + frame.len().min(max_bytes.into());
            (*row, store.read(frame.from(), *at..end).unwrap())
        };
        let found = wanted.iter().map(read).collect();
        commands.extend(inspect.update(DemoEvent::Msg(Msg::Read(found, max_bytes))));
    }
}

/// Presses a key, and fetches the bytes that are in sight then.
pub(crate) fn press_and_fetch(inspect: &mut Inspect, code: KeyCode) {
    let commands = press(inspect, code);
    fetch(inspect, commands);
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
