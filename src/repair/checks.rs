//! [`check`]: what is tried with a server, and what is said about it.

use std::io;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::clients::raw_client::{self, RawClient};
use crate::lab::RunningContestant;
use crate::learn::RepairCheck;
use crate::repair::finding::RepairFinding;

use crate::text::counted;
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::{CloseCode, Opcode};

/// The page of another site.
const FOREIGN_PAGE: &str = "https://evil.example";

/// The time for which a server's process is watched while its client does not read.
const HELD_UP: Duration = Duration::from_secs(3);

/// The time in which a line has to be in the log, after a client has left or a panic has shown.
const LOGGED_WITHIN: Duration = Duration::from_secs(3);

/// The pause between two looks at the log.
const LOOK: Duration = Duration::from_millis(20);

/// Tries a server. `silence` is the time for which a client answers nothing.
///
/// # Errors
/// Fails if the server cannot be reached, or does something that no check foresees.
pub(super) async fn check(
    check: RepairCheck,
    server: &mut RunningContestant,
    silence: Duration,
) -> io::Result<RepairFinding> {
    match check {
        RepairCheck::ForeignOrigin => foreign_origin(server).await,
        RepairCheck::LargeMessage => large_message(server).await,
        RepairCheck::Text => echoed(server, Opcode::Text, "Grüße".as_bytes()).await,
        RepairCheck::Binary => echoed(server, Opcode::Binary, &[0xff, 0x00, 0xfe]).await,
        RepairCheck::LongMessage => long_message(server).await,
        RepairCheck::SilentClient => silent_client(server, silence).await,
        RepairCheck::TwoWriters => two_writers(server).await,
        RepairCheck::ClientLeaves => client_leaves(server).await,
    }
}

fn finding(is_fine: bool, sentence: String) -> RepairFinding {
    RepairFinding { is_fine, sentence }
}

async fn foreign_origin(server: &RunningContestant) -> io::Result<RepairFinding> {
    let own_page = format!("http://{}", server.target.authority());
    let (foreign, _) = raw_client::ask(&server.target, Some(FOREIGN_PAGE)).await?;
    let (own, _) = raw_client::ask(&server.target, Some(&own_page)).await?;
    let sentence =
        format!("a page of {FOREIGN_PAGE} got {foreign}, one of the server's own host {own}");
    Ok(finding(foreign != 101 && own == 101, sentence))
}

async fn large_message(server: &RunningContestant) -> io::Result<RepairFinding> {
    let mut peer = raw_client::open(&server.target).await?;
    let frame = peer.send_and_read(Opcode::Binary, &vec![0; 8 << 20]).await?;
    let what = describe_first(frame.as_ref());
    let is_fine = frame.as_ref().and_then(close_code) == Some(1009);
    Ok(finding(is_fine, format!("a message of 8 MiB: {what}")))
}

/// Returns what came first, in a clause.
fn describe_first(frame: Option<&AssembledFrame>) -> String {
    let Some(frame) = frame else { return "the server ended TCP".to_owned() };
    match (close_code(frame), frame.start) {
        (Some(code), _) => {
            format!("the server closed with {code}, {}", CloseCode::new(code).name)
        }
        (None, Some(start)) => {
            let len = crate::wire::format::byte_count(start.header.payload_len);
            format!("a {} message of {len} came back", start.header.opcode)
        }
        (None, None) => "part of a frame came back".to_owned(),
    }
}

/// Returns the code of a Close.
fn close_code(frame: &AssembledFrame) -> Option<u16> {
    let code = frame.payload.first_chunk().filter(|_| frame.is_close());
    code.map(|code| u16::from_be_bytes(*code))
}

async fn echoed(
    server: &RunningContestant,
    opcode: Opcode,
    data: &[u8],
) -> io::Result<RepairFinding> {
    let mut peer = raw_client::open(&server.target).await?;
    let Some(frame) = peer.send_and_read(opcode, data).await? else {
        return Ok(finding(false, "the server ended TCP instead of echoing".to_owned()));
    };
    let came = frame.start.map(|start| start.header.opcode);
    let name = came.map_or("nothing", Opcode::name);
    let faults: Vec<&str> = frame.faults.iter().map(|fault| fault.code.name()).collect();
    let faults =
        if faults.is_empty() { String::new() } else { format!(" ({})", faults.join(", ")) };
    let shown = str::from_utf8(data).map_or_else(|_| crate::wire::format::hex(data), str::to_owned);
    let is_fine = came == Some(opcode) && frame.payload == data;
    Ok(finding(is_fine, format!("{opcode} {shown} came back as {name}{faults}")))
}

async fn long_message(server: &RunningContestant) -> io::Result<RepairFinding> {
    let data = "0123456789".repeat(2_000);
    let mut peer = raw_client::open(&server.target).await?;
    peer.send(Opcode::Text, data.as_bytes()).await?;
    // The pong comes after all that the message brought.
    peer.send(Opcode::Ping, b"end").await?;
    let (mut count, mut joined) = (0_usize, Vec::new());
    while let Some(frame) = peer.reader.next_frame().await? {
        if frame.start.is_some_and(|start| start.header.opcode == Opcode::Pong) {
            break;
        }
        count = count.saturating_add(1);
        joined.extend(frame.payload);
    }
    let is_same = joined == data.as_bytes();
    let changed = if is_same { "" } else { ", changed" };
    let messages = counted(count, "message");
    let sentence = format!("a message of 20,000 bytes came back as {messages}{changed}");
    Ok(finding(count == 1 && is_same, sentence))
}

/// Answers nothing for `silence`, or until the server ends the connection.
async fn silent_client(server: &RunningContestant, silence: Duration) -> io::Result<RepairFinding> {
    let mut peer = raw_client::open(&server.target).await?;
    let (begin, mut pings) = (Instant::now(), 0_usize);
    let reading = async {
        while let Some(frame) = peer.reader.next_frame().await? {
            let is_ping = frame.start.is_some_and(|start| start.header.opcode == Opcode::Ping);
            pings = pings.saturating_add(usize::from(is_ping));
        }
        Ok::<_, io::Error>(())
    };
    let ended = timeout(silence, reading).await;
    let seconds = begin.elapsed().as_secs_f64();
    let pings = counted(pings, "ping");
    let sentence = match ended {
        Ok(_) => format!(
            "a client that answers nothing got {pings} and was cut off after {seconds:.1} s"
        ),
        Err(_) => format!(
            "a client that answers nothing got {pings} and was still connected after {seconds:.1} s"
        ),
    };
    Ok(finding(ended.is_ok(), sentence))
}

/// Holds the server up in the middle of a long message, while its ticker wants to write too.
async fn two_writers(server: &mut RunningContestant) -> io::Result<RepairFinding> {
    // More than the buffers of both sockets together hold.
    let message = vec![b'm'; 24 << 20];
    let mut peer = raw_client::open(&server.target).await?;
    let began = peer.send_and_wait(Opcode::Binary, &message).await?;
    // Which of the two writers notices the other is chance: a panic of the ticker ends the process,
    // one of the handler is caught by net/http and ends the connection alone.
    if server.ends_within(HELD_UP).await {
        let panic =
            logged(server, |log| log.lines().find(|line| line.starts_with("panic: "))).await;
        let panic = panic.unwrap_or_else(|| "no reason".to_owned());
        return Ok(finding(false, format!("the process ended while it was writing: {panic}")));
    }
    let (len, ticks) = if began { read_echo(&mut peer).await? } else { (0, 0) };
    if ticks > 0 {
        let is_whole = len == message.len() as u64;
        let how = if is_whole { "whole" } else { "of 24 MiB" };
        let (len, ticks) = (crate::wire::format::byte_count(len), counted(ticks, "tick"));
        return Ok(finding(is_whole, format!("{len} came back {how}, and {ticks} after it")));
    }
    let panic = logged(server, logged_panic).await;
    let panic = panic.map_or_else(String::new, |reason| format!(": panic, {reason}"));
    Ok(finding(false, format!("the connection ended while the server was writing{panic}")))
}

/// Reads a binary message and the text that follows it. Returns its length, and the number of texts.
async fn read_echo(peer: &mut RawClient) -> io::Result<(u64, usize)> {
    let mut len = 0;
    while let Some(frame) = peer.reader.next_frame().await? {
        let Some(start) = frame.start else { break };
        if start.header.opcode == Opcode::Binary {
            len = frame.payload_received.get();
        } else if len > 0 {
            return Ok((len, 1));
        }
    }
    Ok((len, 0))
}

async fn client_leaves(server: &RunningContestant) -> io::Result<RepairFinding> {
    let mut peer = raw_client::open(&server.target).await?;
    let echo = peer.send_and_read(Opcode::Text, b"bye").await?;
    if echo.is_none() {
        return Ok(finding(false, "the server ended TCP instead of echoing".to_owned()));
    }
    drop(peer);
    Ok(match logged(server, logged_panic).await {
        Some(reason) => finding(false, format!("a client left, and the log says: panic, {reason}")),
        None => finding(true, "a client left, and the log says nothing".to_owned()),
    })
}

/// Returns what `find` finds in the log of a server, which may come a little after its cause.
async fn logged(server: &RunningContestant, find: impl Fn(&str) -> Option<&str>) -> Option<String> {
    let begin = Instant::now();
    loop {
        if let Some(found) = find(&server.stderr()) {
            return Some(found.to_owned());
        }
        if begin.elapsed() >= LOGGED_WITHIN {
            return None;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Returns the reason of a panic that net/http has caught, from the log of a server: `http: panic
/// serving 127.0.0.1:40123: REASON`.
fn logged_panic(log: &str) -> Option<&str> {
    let line = log.lines().find(|line| line.contains("http: panic serving "))?;
    let (_, behind) = line.split_once("http: panic serving ")?;
    behind.split_once(": ").map(|(_, reason)| reason)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's peer needs no backlog")]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::lab::{ANY_PORT, CommandLine, Launch};
    use crate::scope::Scope;

    /// Accepts a connection, reads what `two_writers` sends but for its end, and goes, with an RST.
    async fn goes_while_it_writes(listener: TcpListener) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; 64 << 10];
        let mut count = stream.read(&mut buffer).await.unwrap();
        stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").await.unwrap();
        while count < 24 << 20 {
            count += stream.read(&mut buffer).await.unwrap();
        }
    }

    /// net/http catches the panic of a handler: the connection ends, and the process stays.
    #[tokio::test]
    async fn a_panic_of_the_handler_shows_as_one_of_the_ticker_does() {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let listener = TcpListener::bind(ANY_PORT).await.unwrap();
        let address = listener.local_addr().unwrap();
        scope.spawn("a server", goes_while_it_writes(listener));
        let script = format!(
            "echo listening on ws://{address}/; \
             echo 'http: panic serving 127.0.0.1:40123: concurrent write' >&2; cat"
        );
        let folder = std::env::temp_dir();
        let launch = Launch::new(CommandLine::new(&["sh", "-c", &script]), folder.clone(), folder);
        let mut server = RunningContestant::start(&scope, &launch, ANY_PORT).await.unwrap();
        let found = two_writers(&mut server).await.unwrap();
        server.stop().await;
        let sentence = "the connection ended while the server was writing: panic, concurrent write";
        assert_eq!(found, finding(false, sentence.to_owned()));
    }
}
