//! `wiretalk inspect URL` without a stage: what went over the wire, as text or as JSON lines.
//!
//! On a terminal the same command opens the inspector instead; `main` decides that.

use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant as Deadline, sleep_until};

use crate::cli::Interrupt;
use crate::clients::{Command, Report, session};
use crate::net::Direction;
use crate::wire::handshake::Opening;
use crate::wire::{Connection, Fault, Frame, Opcode, Side, words};

/// Connect to a WebSocket server and show every byte of the connection.
///
/// On a terminal this opens the inspector. With --json, or where standard output is no terminal, each head and each
/// frame is one record, printed as it comes; the last record says how the connection ended.
#[derive(Debug, clap::Args)]
pub struct Inspect {
    /// The server, for example <ws://127.0.0.1:9001/chat>
    pub url: String,
    /// Send this text once the connection is open; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub send: Vec<String>,
    /// Close this many seconds after the last text was sent
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    pub seconds: f64,
    /// Print one JSON object a record
    #[arg(long)]
    pub json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("give a number of seconds from 0 to 86400".to_owned()),
    }
}

impl Inspect {
    /// Whether records are printed instead of a stage opened.
    pub fn is_headless(&self) -> bool {
        self.json || !io::stdout().is_terminal()
    }

    /// Runs the session and prints its records. The exit status is 1 if the connection did not end as it should.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(self.play());
        runtime.shutdown_background();
        result
    }

    async fn play(self) -> anyhow::Result<ExitCode> {
        let (orders, inbox) = mpsc::channel(self.send.len() + 2);
        let (post, mut mail) = mpsc::channel(64);
        let mut printer = Printer::new(self.json, io::stdout());
        let mut interrupt = Interrupt::new()?;
        let mut session = Box::pin(session(crate::clients::Options::new(self.url.clone()), inbox, post));
        let mut deadline = None;
        let mut over = false;
        loop {
            tokio::select! {
                biased;
                report = mail.recv() => match report {
                    Some(Report::Open) => {
                        for text in &self.send {
                            orders.try_send(Command::Text(text.clone()))?;
                        }
                        deadline = Some(Deadline::now() + Duration::from_secs_f64(self.seconds));
                    }
                    Some(report) => printer.report(report)?,
                    None => break,
                },
                () = &mut session, if !over => over = true,
                () = sleep_until(deadline.unwrap_or_else(Deadline::now)), if deadline.is_some() => {
                    deadline = None;
                    orders.try_send(Command::Close(1000, String::new()))?;
                }
                () = interrupt.recv() => {
                    deadline = None;
                    // a second Ctrl-C finds the queue full and changes nothing; the server has 5 s to answer
                    let _ = orders.try_send(Command::Close(1000, String::new()));
                }
            }
        }
        Ok(if printer.well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Turns reports into records.
struct Printer<W> {
    json: bool,
    out: W,
    began: Instant,
    seen: Connection,
    heads: [bool; 2],
    frames: [usize; 2],
    well: bool,
}

impl<W: Write> Printer<W> {
    fn new(json: bool, out: W) -> Self {
        Self {
            json,
            out,
            began: Instant::now(),
            seen: Connection::new(),
            heads: [false; 2],
            frames: [0; 2],
            well: true,
        }
    }

    fn report(&mut self, report: Report) -> io::Result<()> {
        match report {
            Report::Open | Report::Note(_) | Report::Secrets(_) => Ok(()),
            Report::Bytes(chunk) => {
                let from = if chunk.direction == Direction::Sent { Side::Client } else { Side::Server };
                self.seen.push(from, &chunk.bytes);
                let at = chunk.at.saturating_duration_since(self.began);
                self.news(Side::Client, at)?;
                self.news(Side::Server, at)
            }
            Report::Ended(why) => {
                self.well = why.is_ok();
                let record = self.end(&why);
                self.print(&record)
            }
        }
    }

    /// Prints what is complete since the last time.
    fn news(&mut self, from: Side, at: Duration) -> io::Result<()> {
        let side = usize::from(from == Side::Server);
        let mut records = Vec::new();
        let stream = self.seen.stream(from);
        if let Some(opening) = stream.opening().filter(|_| !self.heads[side]) {
            self.heads[side] = true;
            records.push(head(from, stream.head_bytes(), opening, at));
        }
        let said = stream.said();
        for frame in &said.frames()[self.frames[side]..] {
            let faults: Vec<&Fault> = said.faults_of(frame.index).collect();
            records.push(self::frame(from, frame, &faults, at));
        }
        self.frames[side] = said.frames().len();
        records.iter().try_for_each(|record| self.print(record))
    }

    fn end(&self, why: &Result<String, String>) -> Value {
        let close = |from| {
            let frames = self.seen.stream(from).said().frames().iter();
            frames
                .rev()
                .find(|frame| frame.header.opcode == Opcode::Close)
                .map(super::super::wire::transcript::Frame::close)
        };
        let code = |from| close(from).flatten().map(|(code, _)| code);
        json!({
            "type": "end",
            "ok": why.is_ok(),
            "why": words::harmless(why.as_ref().unwrap_or_else(|why| why)),
            "close_received": close(Side::Server).is_some(),
            "close_code": code(Side::Server),
            "close_code_sent": code(Side::Client),
        })
    }

    fn print(&mut self, record: &Value) -> io::Result<()> {
        let line = if self.json { record.to_string() } else { in_words(record) };
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }
}

fn millis(at: Duration) -> f64 {
    (at.as_secs_f64() * 1e6).round() / 1e3
}

fn head(from: Side, bytes: &[u8], opening: &Opening, at: Duration) -> Value {
    let problems: Vec<Value> = opening
        .judgement
        .problems
        .iter()
        .map(|problem| json!({ "code": problem.code.name(), "what": problem.code.rule().what, "section": problem.code.rule().section }))
        .collect();
    let accept = &opening.judgement.accept;
    json!({
        "type": "handshake",
        "t_ms": millis(at),
        "from": from.name(),
        "head": String::from_utf8_lossy(bytes),
        "accept_expected": accept.as_ref().map(|accept| &accept.value),
        "accept_received": opening.judgement.received_accept,
        "problems": problems,
    })
}

fn frame(from: Side, frame: &Frame, faults: &[&Fault], at: Duration) -> Value {
    let header = &frame.header;
    let payload = frame.payload();
    let faults: Vec<Value> = faults
        .iter()
        .map(|fault| json!({ "code": fault.code.name(), "what": fault.what(), "section": fault.section() }))
        .collect();
    json!({
        "type": "frame",
        "t_ms": millis(at),
        "from": from.name(),
        "frame": frame.index,
        "offset": frame.offset,
        "fin": header.fin,
        "opcode": header.opcode.bits(),
        "opcode_name": header.opcode.name(),
        "masking_key": header.key.map(|key| words::hex(&key)),
        "payload_len": header.payload_len,
        "payload_hex": words::hex(&payload),
        "text": std::str::from_utf8(&payload).ok().filter(|_| header.opcode == Opcode::Text),
        "close_code": frame.close().map(|(code, _)| code),
        "raw_hex": words::hex(frame.raw()),
        "violations": faults,
    })
}

/// A record as a person reads it.
fn in_words(record: &Value) -> String {
    let text = |name: &str| words::harmless(record[name].as_str().unwrap_or_default());
    let mut told = match record["type"].as_str() {
        Some("handshake") => {
            let lines = record["head"].as_str().unwrap_or_default().lines().filter(|line| !line.is_empty());
            let lines: Vec<String> = lines.map(|line| format!("    {}", words::harmless(line))).collect();
            format!(
                "{:>9.3} ms  {}  handshake\n{}",
                record["t_ms"].as_f64().unwrap_or(0.0),
                text("from"),
                lines.join("\n")
            )
        }
        Some("frame") => {
            let raw = record["raw_hex"].as_str().unwrap_or_default();
            let bytes: Vec<&str> = (0..raw.len() / 2).take(24).map(|at| &raw[2 * at..2 * at + 2]).collect();
            let shown = match (record["text"].as_str(), record["close_code"].as_u64()) {
                (Some(text), _) => words::quoted(text.as_bytes(), 60),
                (None, Some(code)) => format!("code {code}"),
                (None, None) => String::new(),
            };
            format!(
                "{:>9.3} ms  {}  {} {} bytes {shown}\n    {}{}",
                record["t_ms"].as_f64().unwrap_or(0.0),
                text("from"),
                text("opcode_name"),
                record["payload_len"],
                bytes.join(" "),
                if raw.len() > 48 { " …" } else { "" },
            )
        }
        _ => {
            let code =
                record["close_code"].as_u64().map_or_else(|| "none".to_owned(), |code| code.to_string());
            format!("end: {}; close code received: {code}", text("why"))
        }
    };
    for list in ["problems", "violations"] {
        for fault in record[list].as_array().into_iter().flatten() {
            told += &format!("\n    ✗ {}", words::harmless(fault["code"].as_str().unwrap_or_default()));
            told += &format!(
                ": {} ({})",
                fault["what"].as_str().unwrap_or_default(),
                fault["section"].as_str().unwrap_or_default()
            );
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Chunk;

    fn printed(json: bool, said: &[(Direction, &[u8])]) -> String {
        let mut printer = Printer::new(json, Vec::new());
        for (direction, bytes) in said {
            let chunk = Chunk { at: printer.began, direction: *direction, bytes: bytes.to_vec() };
            printer.report(Report::Bytes(chunk)).unwrap();
        }
        printer.report(Report::Ended(Ok("closed".into()))).unwrap();
        String::from_utf8(printer.out).unwrap()
    }

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    const RESPONSE: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x05Hello\x88\x02\x03\xe8";

    #[test]
    fn records_come_in_order_and_the_last_one_has_the_code() {
        let text = printed(true, &[(Direction::Sent, REQUEST), (Direction::Received, RESPONSE)]);
        let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let types: Vec<_> = records.iter().map(|record| record["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["handshake", "handshake", "frame", "frame", "end"]);
        assert_eq!(records[1]["accept_received"], records[1]["accept_expected"]);
        assert_eq!(
            (records[2]["text"].as_str(), records[2]["raw_hex"].as_str()),
            (Some("Hello"), Some("810548656c6c6f"))
        );
        assert_eq!(
            (records[4]["close_code"].as_u64(), records[4]["close_received"].as_bool()),
            (Some(1000), Some(true))
        );
    }

    #[test]
    fn words_hold_nothing_that_a_terminal_obeys() {
        let nasty = b"HTTP/1.1 200 \x1b[2J\r\nServer: \x07\r\n\r\n";
        let text = printed(false, &[(Direction::Sent, REQUEST), (Direction::Received, nasty)]);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(text.contains("close code received: none"), "{text}");
    }
}
