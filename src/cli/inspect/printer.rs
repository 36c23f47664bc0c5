//! [`Printer`]: what comes over connections, turned into records as soon as each is complete.
//! It remembers no frame that is complete, so a flood costs no memory.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cli::inspect::lane::{Lane, Seen};
use crate::cli::inspect::record::{self, Place};
use crate::cli::inspect::words;
use crate::scope::catch_panic_now;
use crate::wire::format::escape_controls;
use crate::wire::{AgreedExtensions, ByteLen, Side, Sides, Trace};

/// Bytes of one direction that are kept while it is not known whether they are frames.
const MOST_EARLY: usize = 2 << 20;

pub(super) struct Printer<W> {
    json: bool,
    /// Records name their connection where a person reads them.
    several: bool,
    live: bool,
    out: W,
    began: Instant,
    open: BTreeMap<usize, Connection>,
    /// Connections whose bytes are not read any further.
    unread: BTreeMap<usize, String>,
    faulty: bool,
}

/// A Close with its code and reason, where it has them.
struct Closed(Option<(u16, String)>);

/// What is remembered of one connection.
struct Connection {
    /// The handshake; frames go past it.
    trace: Trace,
    heads: Sides<bool>,
    early: Sides<Vec<u8>>,
    lanes: Option<Sides<Lane>>,
    bytes: Sides<ByteLen>,
    /// The first Close of each side with its code and reason.
    closes: Sides<Option<Closed>>,
    at: Duration,
}

impl<W: Write> Printer<W> {
    pub(super) fn new(json: bool, several: bool, out: W, began: Instant) -> Self {
        Self {
            json,
            several,
            live: true,
            out,
            began,
            open: BTreeMap::new(),
            unread: BTreeMap::new(),
            faulty: false,
        }
    }

    /// For what happened long ago: records may wait in `out` until it is full.
    pub(super) fn of_a_file(json: bool, several: bool, out: W) -> Self {
        Self { live: false, ..Self::new(json, several, out, Instant::now()) }
    }

    /// When that is in the records of a live connection.
    pub(super) fn time(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.began)
    }

    /// A connection whose handshake nobody saw: its first bytes are frames.
    pub(super) fn midway(&mut self, number: usize) {
        let frames = Sides::each(|from| Lane::new(from, AgreedExtensions::none()));
        self.open.insert(number, Connection { lanes: Some(frames), ..Connection::new() });
    }

    /// Prints what these bytes complete. A panic over them costs their connection alone, and is told.
    pub(super) fn bytes(&mut self, number: usize, from: Side, at: Duration, bytes: &[u8]) -> io::Result<()> {
        if self.unread.contains_key(&number) {
            return Ok(());
        }
        let panic = match catch_panic_now(|| self.try_bytes(number, from, at, bytes)) {
            Ok(printed) => return printed,
            Err(panic) => panic,
        };
        self.faulty = true;
        // the message may quote what a peer has sent
        let why = escape_controls(&format!("internal error: {panic}"));
        let text = format!("this connection is not read any further: {why}; this is a fault of wiretalk");
        self.unread.insert(number, why);
        self.tell_at("note", at, json!({ "connection": number, "text": text }))
    }

    /// There was a fault of the program's own.
    pub(super) fn is_faulty(&self) -> bool {
        self.faulty
    }

    fn try_bytes(&mut self, number: usize, from: Side, at: Duration, bytes: &[u8]) -> io::Result<()> {
        let mut connection = self.open.remove(&number).unwrap_or_else(Connection::new);
        let told = connection.push(from, at, bytes, |place, what| {
            let place = Place { connection: number, ..place };
            let record = match what {
                What::Head(bytes, opening) => record::handshake(place, bytes, Some(opening)),
                What::Frame(seen) => record::frame(place, &seen),
            };
            self.print(&record)
        });
        self.open.insert(number, connection);
        told
    }

    /// Prints what a connection left unfinished, and how it ended.
    pub(super) fn end(&mut self, number: usize, ended: &Result<String, String>) -> io::Result<()> {
        let unread = self.unread.remove(&number).map(|why| Err(format!("not read to its end: {why}")));
        let ended = unread.as_ref().unwrap_or(ended);
        let mut connection = self.open.remove(&number).unwrap_or_else(Connection::new);
        for from in [Side::Client, Side::Server] {
            let place = Place { connection: number, from, at: connection.at };
            let head = connection.trace.head_bytes(from);
            if connection.trace.head(from).is_none() && !head.is_empty() {
                self.print(&record::handshake(place, head, None))?;
            }
            let body = connection.trace.leftover(from);
            if connection.lanes.is_none() && !body.is_empty() {
                self.print(&record::bytes(place, body))?;
            }
            let unfinished = connection.lanes.as_mut().and_then(|lanes| lanes[from].unfinished());
            if let Some(seen) = unfinished {
                self.print(&record::frame(place, &seen))?;
            }
        }
        self.print(&connection.end(number, ended))
    }

    /// Prints something that has a type and fields of its own; the time is now.
    pub(super) fn tell(&mut self, kind: &str, fields: Value) -> io::Result<()> {
        self.tell_at(kind, self.began.elapsed(), fields)
    }

    /// The same for another time.
    pub(super) fn tell_at(&mut self, kind: &str, at: Duration, fields: Value) -> io::Result<()> {
        let mut record = json!({ "type": kind, "t_ms": record::millis(at) });
        if let (Some(record), Value::Object(fields)) = (record.as_object_mut(), fields) {
            record.extend(fields);
        }
        self.print(&record)
    }

    /// Prints the last record where there were several connections, or none.
    pub(super) fn last(&mut self, why: &str) -> io::Result<()> {
        let fields = json!({ "connection": Value::Null, "ok": true, "why": why, "close_received": false, "close_code": Value::Null });
        self.tell("end", fields)
    }

    /// Where the records go.
    pub(super) fn out(&mut self) -> &mut W {
        &mut self.out
    }

    pub(super) fn into_out(self) -> W {
        self.out
    }

    /// Hands on what waits.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// The numbers of the connections that are open, those among them that are not read any further.
    pub(super) fn open(&self) -> Vec<usize> {
        self.open.keys().chain(self.unread.keys()).copied().collect()
    }

    fn print(&mut self, record: &Value) -> io::Result<()> {
        let line = if self.json { record.to_string() } else { words::lines(record, self.several) };
        writeln!(self.out, "{line}")?;
        // whoever reads a live connection wants each record at once
        if self.live { self.out.flush() } else { Ok(()) }
    }
}

enum What<'a> {
    Head(&'a [u8], &'a crate::wire::handshake::ValidatedHead),
    Frame(Seen),
}

impl Connection {
    fn new() -> Self {
        Self {
            trace: Trace::new(),
            heads: Sides::default(),
            early: Sides::default(),
            lanes: None,
            bytes: Sides::default(),
            closes: Sides::default(),
            at: Duration::ZERO,
        }
    }

    fn push(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        mut tell: impl FnMut(Place, What<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        self.at = at;
        self.bytes[from] += ByteLen::of(bytes);
        if self.lanes.is_some() {
            return self.frames(from, at, bytes, &mut tell);
        }
        let early = &mut self.early[from];
        let room = MOST_EARLY.saturating_sub(early.len());
        early.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.trace.push(from, at, bytes);
        for from in [Side::Client, Side::Server] {
            if let Some(opening) = self.trace.head(from).filter(|_| !self.heads[from]) {
                self.heads[from] = true;
                let place = Place { connection: 0, from, at };
                tell(place, What::Head(self.trace.head_bytes(from), opening))?;
            }
        }
        if self.trace.is_open() {
            let agreed = self.trace.agreed();
            self.lanes = Some(Sides::each(|from| Lane::new(from, agreed)));
            for from in [Side::Client, Side::Server] {
                let early = std::mem::take(&mut self.early[from]);
                let head = self.trace.head_bytes(from).len();
                self.frames(from, at, early.get(head..).unwrap_or_default(), &mut tell)?;
            }
        }
        Ok(())
    }

    fn frames(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        tell: &mut impl FnMut(Place, What<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(lanes) = &mut self.lanes else { return Ok(()) };
        let closes = &mut self.closes[from];
        lanes[from].push(bytes, |seen| {
            if seen.begun.is_some_and(|begun| begun.header.opcode == crate::wire::Opcode::Close) {
                closes.get_or_insert_with(|| Closed(record::close(&seen)));
            }
            tell(Place { connection: 0, from, at }, What::Frame(seen))
        })
    }

    fn end(&self, number: usize, ended: &Result<String, String>) -> Value {
        let Sides { client: sent, server: received } = &self.closes;
        let told = |close: &Option<Closed>| close.as_ref().and_then(|close| close.0.clone()).unzip();
        let (code, reason) = told(received);
        let (code_sent, _) = told(sent);
        let frames = |from: Side| self.lanes.as_ref().map_or(0, |lanes| lanes[from].frames);
        json!({
            "type": "end",
            "connection": number,
            "t_ms": record::millis(self.at),
            "ok": ended.is_ok(),
            "why": escape_controls(ended.as_ref().unwrap_or_else(|why| why)),
            "close_received": received.is_some(),
            "close_code": code,
            "close_reason": reason,
            "close_sent": sent.is_some(),
            "close_code_sent": code_sent,
            "frames_sent": frames(Side::Client),
            "frames_received": frames(Side::Server),
            "bytes_sent": self.bytes.client,
            "bytes_received": self.bytes.server,
        })
    }
}
