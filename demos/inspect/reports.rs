//! What comes in: reports of connections, proxies and files, and what is still wanted of them.
//!
//! How it is shown is for the tabs.

use std::time::Instant;

use super::conn::{Bytes, Conn, PREVIEW, SHOWN, Status};
use super::scenario::Stand;
use super::state::{Inspect, Mode};
use super::{Cmd, Loaded, Msg, deflate, handshake, mask, problems, timeline};
use crate::capture;
use crate::clients::SessionEvent;
use crate::proxy::{self, ProxyEventKind};
use crate::wire::{Side, Trace, format};

/// Frames before and behind the one that is shown whose bytes the list may need.
const IN_SIGHT: usize = 100;

impl Inspect {
    pub(super) fn message(&mut self, message: Msg) {
        match message {
            Msg::Opening(_, name, at, orders) => {
                let conn = self.own();
                (conn.name, conn.began) = (name, Some(at));
                self.orders = Some(orders);
            }
            Msg::Report(_, report) => self.report(report),
            Msg::ProxyUp(_, address, at, orders) => {
                let conn = &mut self.conns[0];
                (conn.name, conn.began) = (format!("proxy on {address}"), Some(at));
                conn.status = Status::Open;
                self.said = Some(format!("waiting for a client on {address}"));
                self.proxy = Some(orders);
            }
            Msg::Proxy(_, report) => self.passed(report),
            Msg::Parsed(_, request) => {
                if let Some(play) = &mut self.play {
                    play.parsed.push(request);
                }
            }
            Msg::Loaded(_, loaded) => self.loaded(*loaded),
            Msg::Read(_, found, most) => {
                if !found.is_empty() {
                    self.asked = None;
                }
                self.conns[self.at].fetched(found, most);
            }
            Msg::Found(_, row) => self.found(row),
        }
    }

    fn report(&mut self, report: SessionEvent) {
        let conn = self.own();
        match report {
            SessionEvent::Bytes(chunk) => {
                let from = chunk.direction.sender();
                conn.push(from, chunk.at, &chunk.bytes);
                self.keep_within(self.conns.len() - 1);
            }
            SessionEvent::Open => conn.status = Status::Open,
            SessionEvent::Note(note) => self.said = Some(note),
            SessionEvent::Connected(_) | SessionEvent::KeyLog(_) => {}
            SessionEvent::Ended(why) => {
                conn.status = Status::Ended(why);
                self.orders = None;
            }
        }
    }

    /// A report of the proxy: each of its connections has a place of its own.
    fn passed(&mut self, report: proxy::ProxyEvent) {
        let (number, told) = match report {
            proxy::ProxyEvent::Connection(number, told) => (number, told),
            proxy::ProxyEvent::Full => {
                self.full = true;
                self.said = Some(proxy::full());
                return;
            }
            proxy::ProxyEvent::Room => {
                self.full = false;
                self.said = Some(proxy::ROOM.to_owned());
                return;
            }
        };
        let through = self.source.name();
        let index = self.numbered(number, || format!("connection {number} through the {through}"));
        let conn = &mut self.conns[index];
        match told {
            ProxyEventKind::Opened { peer } => {
                conn.name = format!("{peer} → {}", self.source.name());
                conn.began = Some(Instant::now());
                conn.status = Status::Connecting;
                self.said = Some(format!("a client has come: {peer}"));
            }
            ProxyEventKind::Connected { .. } => conn.status = Status::Open,
            ProxyEventKind::Bytes { from, at, bytes } => {
                conn.push(from, at, &bytes);
                self.keep_within(index);
            }
            ProxyEventKind::Held { from, frames, .. } => conn.waiting[usize::from(from == Side::Server)] = frames,
            ProxyEventKind::Dropped { from, bytes, .. } => {
                conn.drop_first(from);
                self.said = Some(format!("dropped: {} did not pass", format::byte_count(bytes.len() as u64)));
            }
            ProxyEventKind::Injected { from, bytes, .. } => {
                self.said = Some(format!(
                    "{} put in as if the {from} had sent them",
                    format::byte_count(bytes.len() as u64)
                ));
            }
            ProxyEventKind::Ended(why) => conn.status = Status::Ended(why),
        }
    }

    fn loaded(&mut self, loaded: Loaded) {
        let file = self.source.name();
        let count = loaded.streams.len();
        self.conns =
            loaded.streams.into_iter().enumerate().map(|(at, stream)| read(&file, at, stream)).collect();
        if self.conns.is_empty() {
            let mut conn = Conn::new(file);
            let mut why = "there is no TCP connection in it that says anything".to_owned();
            for note in &loaded.notes {
                why = format!("{why}; {note}");
            }
            conn.status = Status::Ended(Err(why));
            self.conns.push(conn);
        }
        let busiest = (0..self.conns.len()).max_by_key(|at| self.conns[*at].trace.rows().len());
        self.at = busiest.unwrap_or(0);
        self.chosen = Some(0);
        let more = if count > 1 { format!("{count} connections: < > chooses · ") } else { String::new() };
        let note = loaded.notes.first().map_or("", String::as_str);
        self.said = Some(more + note).filter(|said| !said.is_empty());
    }

    /// Looks whether the scenario's step has come to something, and brings the filter up to date.
    pub(super) fn settle(&mut self) {
        let conn = &self.conns[self.at];
        if let Some(filter) = &mut self.filter {
            filter.go_on(&conn.trace);
        }
        if let Some(play) = &mut self.play {
            let ended = match &conn.status {
                Status::Ended(Ok(why) | Err(why)) => Some(why.as_str()),
                _ => None,
            };
            let was = matches!(play.stand, Stand::Done(_));
            play.look(&conn.trace, ended, |row| conn.frame(row));
            if !was && matches!(play.stand, Stand::Done(_)) {
                self.look_at_outcome();
            }
        }
    }

    /// The bytes that the picture needs and a file still has; what was asked for already is on its way.
    pub(super) fn wanted(&mut self) -> Option<Cmd> {
        let current = problems::looked_at(self).or_else(|| self.current())?;
        let conn = self.conn();
        let Bytes::Stored(store, _) = &conn.bytes else { return None };
        let message = conn.trace.message_rows(current).into_iter().take(IN_SIGHT);
        let whole = conn.lacking(message.chain([current]), SHOWN);
        let (rows, lacking, most) = if whole.is_empty() {
            let sight = self.in_sight(current);
            let rows = *sight.first()?..*sight.last()? + 1;
            (rows, conn.lacking(sight.into_iter(), PREVIEW), PREVIEW)
        } else {
            (current..current, whole, SHOWN)
        };
        if lacking.is_empty() || self.asked.as_ref() == Some(&rows) {
            return None;
        }
        let command = Cmd::Read(self.run, store.clone(), lacking, most);
        self.asked = Some(rows);
        Some(command)
    }

    /// The rows near the current one, in the order of the list.
    fn in_sight(&self, current: usize) -> Vec<usize> {
        let near = |at: usize, count: usize| at.saturating_sub(IN_SIGHT)..(at + IN_SIGHT).min(count);
        let Some(filter) = &self.filter else {
            return near(current, self.conn().trace.rows().len()).collect();
        };
        let at = filter.rows.partition_point(|row| (*row as usize) < current);
        filter.rows[near(at, filter.rows.len())].iter().map(|row| *row as usize).collect()
    }

    /// Shows another connection of the proxy or the capture.
    pub(super) fn switch(&mut self, by: isize) {
        let count = self.conns.len() as isize;
        self.at = (self.at as isize + by).rem_euclid(count) as usize;
        self.chosen = None;
        self.draft = None;
        self.mode = Mode::Look;
        self.asked = None;
        self.handshake = handshake::State::default();
        self.mask = mask::State::default();
        self.timeline = timeline::State::default();
        self.problems = problems::State::default();
        self.deflate = deflate::State::default();
        if let Some(filter) = &mut self.filter {
            filter.begin_anew();
        }
        self.said = Some(format!("connection {} of {count}", self.at + 1));
    }
}

/// A connection of a file.
fn read(file: &str, at: usize, stream: capture::CapturedStream<Trace>) -> Conn {
    let peers =
        stream.addresses.map_or_else(String::new, |peers| format!(" · {} → {}", peers.client, peers.server));
    let mut told: Vec<String> = stream.warnings.clone();
    if !stream.gaps.is_empty() {
        told.push(format!("{} gaps in it", stream.gaps.len()));
    }
    let told = if told.is_empty() { "read from a file".to_owned() } else { told.join("; ") };
    let status = match (&stream.failed, &stream.tls) {
        (Some(why), _) => Status::Ended(Err(format!("this connection could not be read: {why}"))),
        (None, capture::TlsStatus::Encrypted(why)) => Status::Ended(Err(format!(
            "{why}; --keylog FILE would name the secrets, if somebody logged them"
        ))),
        (None, capture::TlsStatus::Plaintext | capture::TlsStatus::Decrypted { .. }) => Status::Read(told),
    };
    Conn::stored(format!("{file} · stream {}{peers}", at + 1), status, stream.trace, stream.store)
}
