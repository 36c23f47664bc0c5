//! [`Stream`]: one connection of a capture, as far as it could be read, and [`Flow`], the stream while it is being read.
//! Which packets belong to it and in which order is decided before they get here.

use std::io;
use std::num::Saturating;
use std::sync::Arc;
use std::time::Duration;

use crate::capture::Sink;
use crate::capture::store::{Place, Shelf, Store};
use crate::capture::tls::{self, Random, Secrets, Session, Tls};
use crate::net::Peers;
use crate::scope;
use crate::wire::{ByteLen, Offset, Side, format};

/// More oddities of one stream than this are counted and not told one by one.
const MOST_TOLD: usize = 20;

/// What one stream takes of zeros for missing bytes: a file of a few bytes may claim gaps of any length.
const MOST_FILLED: ByteLen = ByteLen::new(16 << 20);

/// More gaps of one stream than this are told as warnings and not kept.
const MOST_GAPS: usize = 1 << 16;

/// What the first byte of a stream belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// The beginning was captured: heads come first.
    Head,
    /// The capture starts in the middle: the first byte seen in each direction is taken for the first of a frame.
    Frames,
}

/// Bytes of a stream that the capture does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Whose bytes are missing.
    pub from: Side,
    /// Where: an offset in that side's stream, as [`Store::read`] counts.
    pub offset: Offset,
    /// How many bytes are missing.
    pub missing: ByteLen,
    /// How many of them stand in the stream as zeros, so that what follows keeps its place in the frame.
    pub filled: ByteLen,
}

/// One connection.
#[derive(Debug)]
pub struct Stream<S> {
    /// Who talked; nobody knows for hex text and recordings.
    pub peers: Option<Peers>,
    /// When its first packet was captured, since 1970; zero for hex text and recordings.
    pub began: Duration,
    /// What its first byte belongs to.
    pub begins: Begins,
    /// Whether it was encrypted, and whether that was undone.
    pub tls: Tls,
    /// What was made of its bytes; times in it count from `began`.
    pub trace: S,
    /// Its bytes, to be read again.
    pub store: Store,
    /// What is missing in it.
    pub gaps: Vec<Gap>,
    /// What is odd about it, in words.
    pub warnings: Vec<String>,
    /// Why it could not be read, in one line; then nothing else is known of it. It is a mistake of this program: other
    /// connections of the capture are read all the same.
    pub failed: Option<String>,
}

/// Reads a part of one connection. A panic costs that connection and no other: `fail` throws away what is known of it.
pub(super) fn guarded<C>(
    connection: &mut C,
    fail: impl FnOnce(&mut C, String),
    read: impl FnOnce(&mut C) -> io::Result<()>,
) -> io::Result<()> {
    match scope::catch_panic_now(|| read(connection)) {
        Ok(done) => done,
        Err(panic) => {
            fail(connection, internal_error(&panic));
            Ok(())
        }
    }
}

/// A panic as the reason for which a connection is not shown. Its message may quote what a peer has sent.
pub(super) fn internal_error(panic: &str) -> String {
    format::escape_controls(&format!("internal error: {panic}"))
}

/// What all streams of one capture share while it is read.
#[derive(Debug)]
pub(super) struct Shared<M> {
    pub(super) secrets: Secrets,
    pub(super) shelf: Arc<Shelf>,
    pub(super) make: M,
}

#[derive(Debug)]
enum Mode {
    Fresh,
    Plain,
    Tls(Box<Session>),
}

/// A stream while its bytes come.
#[derive(Debug)]
pub(super) struct Flow<S> {
    began: u64,
    /// A SYN was seen, so the first byte is the connection's first.
    pub(super) from_the_start: bool,
    mode: Mode,
    told: Told,
    inside: Option<Inside<S>>,
    failed: Option<String>,
}

/// What the plain bytes of a stream become.
#[derive(Debug)]
struct Inside<S> {
    begins: Begins,
    sink: S,
    store: Store,
    gaps: Vec<Gap>,
    /// Zeros that stand for missing bytes.
    filled: ByteLen,
}

#[derive(Debug, Default)]
struct Told {
    warnings: Vec<String>,
    more: Saturating<u64>,
}

impl Told {
    fn warn(&mut self, what: String) {
        if self.warnings.len() < MOST_TOLD {
            self.warnings.push(what);
        } else {
            self.more += 1;
        }
    }

    fn words(mut self) -> Vec<String> {
        if self.more.0 > 0 {
            self.warnings.push(format!("and {} more of the kind", self.more));
        }
        self.warnings
    }
}

impl<S: Sink> Flow<S> {
    /// Nothing seen yet; `began` is the time of the first packet.
    pub(super) fn new(began: u64) -> Self {
        let (mode, told) = (Mode::Fresh, Told::default());
        Self { began, from_the_start: false, mode, told, inside: None, failed: None }
    }

    /// Nothing more of it is read, and what was read is forgotten.
    pub(super) fn fail(&mut self, why: String) {
        *self = Self { failed: Some(why), ..Self::new(self.began) };
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    pub(super) fn warn(&mut self, what: String) {
        self.told.warn(what);
    }

    /// The name in key logs of a connection whose secrets are lacking.
    pub(super) fn lacks(&self) -> Option<Random> {
        if let Mode::Tls(session) = &self.mode { session.lacks() } else { None }
    }

    /// Takes the next bytes of a side, which stand in the file from `place` on.
    pub(super) fn bytes<M: FnMut(Begins) -> S>(
        &mut self,
        from: Side,
        at: u64,
        place: Offset,
        bytes: &[u8],
        shared: &mut Shared<M>,
    ) -> io::Result<()> {
        if matches!(self.mode, Mode::Fresh) {
            self.mode = if tls::begins(bytes) { Mode::Tls(Box::default()) } else { Mode::Plain };
        }
        let at = Duration::from_nanos(at.saturating_sub(self.began));
        let Self { mode, inside, told, from_the_start, .. } = self;
        let Mode::Tls(session) = mode else {
            let place = Place::File(place);
            inside_of(inside, bytes, *from_the_start, shared).take(from, at, place, bytes);
            return Ok(());
        };
        let Shared { secrets, shelf, make } = shared;
        let mut failed = None;
        let result = session.push(from, bytes, secrets, &mut |from, plain| match shelf.keep(plain) {
            Ok(place) if !plain.is_empty() => {
                inside_with(inside, plain, true, shelf, make).take(from, at, place, plain);
            }
            Ok(_) => {}
            Err(error) => failed = Some(error),
        });
        if let Err(what) = result {
            told.warn(what);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Takes bytes that stand in no file; those of a connection that could not be read are passed over.
    pub(super) fn loose<M: FnMut(Begins) -> S>(
        &mut self,
        from: Side,
        at: Duration,
        bytes: &[u8],
        shared: &mut Shared<M>,
    ) -> io::Result<()> {
        if bytes.is_empty() || self.has_failed() {
            return Ok(());
        }
        let place = shared.shelf.keep(bytes)?;
        guarded(self, Self::fail, |flow| {
            inside_of(&mut flow.inside, bytes, false, shared).take(from, at, place, bytes);
            Ok(())
        })
    }

    /// Bytes of a side are missing.
    pub(super) fn gap(&mut self, from: Side, at: u64, missing: ByteLen) {
        let time = Duration::from_nanos(at.saturating_sub(self.began));
        let mut what = format!("{missing} bytes of the {} are missing in the capture", from.name());
        if let Mode::Tls(session) = &mut self.mode {
            session.lost(from);
            what += ", and nothing behind them can be decrypted";
        } else if let Some(inside) = &mut self.inside {
            let offset = Offset::START + inside.store.len(from);
            what += &format!(" behind its first {offset}");
            let filled = inside.sink.gap(from, time, missing, MOST_FILLED - inside.filled);
            inside.filled += filled;
            inside.store.add(from, Place::Missing, filled);
            if inside.gaps.len() < MOST_GAPS {
                inside.gaps.push(Gap { from, offset, missing, filled });
            }
        }
        self.told.warn(what);
    }

    /// The stream, unless nothing was said in it.
    pub(super) fn finish<M: FnMut(Begins) -> S>(
        self,
        peers: Option<Peers>,
        shared: &mut Shared<M>,
    ) -> Option<Stream<S>> {
        let tls = match &self.mode {
            Mode::Tls(session) => session.state(),
            Mode::Fresh | Mode::Plain => Tls::No,
        };
        if self.inside.is_none() && tls == Tls::No && self.failed.is_none() {
            return None;
        }
        let Inside { begins, sink, store, gaps, .. } = self.inside.unwrap_or_else(|| Inside {
            begins: Begins::Head,
            sink: (shared.make)(Begins::Head),
            store: Store::new(Arc::clone(&shared.shelf)),
            gaps: Vec::new(),
            filled: ByteLen::ZERO,
        });
        let began = Duration::from_nanos(self.began);
        let (warnings, failed) = (self.told.words(), self.failed);
        Some(Stream { peers, began, begins, tls, trace: sink, store, gaps, warnings, failed })
    }
}

impl<S: Sink> Inside<S> {
    fn take(&mut self, from: Side, at: Duration, place: Place, bytes: &[u8]) {
        self.store.add(from, place, ByteLen::of(bytes));
        self.sink.push(from, at, bytes);
    }
}

fn inside_of<'a, S, M: FnMut(Begins) -> S>(
    inside: &'a mut Option<Inside<S>>,
    first: &[u8],
    from_the_start: bool,
    shared: &mut Shared<M>,
) -> &'a mut Inside<S> {
    inside_with(inside, first, from_the_start, &shared.shelf, &mut shared.make)
}

/// What takes the plain bytes; the first of them decide whether a head is awaited.
fn inside_with<'a, S, M: FnMut(Begins) -> S>(
    inside: &'a mut Option<Inside<S>>,
    first: &[u8],
    from_the_start: bool,
    shelf: &Arc<Shelf>,
    make: &mut M,
) -> &'a mut Inside<S> {
    inside.get_or_insert_with(|| {
        let begins = if from_the_start || is_head(first) { Begins::Head } else { Begins::Frames };
        Inside {
            begins,
            sink: make(begins),
            store: Store::new(Arc::clone(shelf)),
            gaps: Vec::new(),
            filled: ByteLen::ZERO,
        }
    })
}

/// Whether bytes begin like an HTTP request: no frame that keeps the rules does (RFC 6455 section 5.2: RSV bits).
pub(super) fn is_request(bytes: &[u8]) -> bool {
    let methods = ["GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "DELETE ", "PATCH ", "CONNECT ", "PRI "];
    methods.iter().any(|method| bytes.starts_with(method.as_bytes()))
}

/// Whether bytes begin like an HTTP response.
pub(super) fn is_response(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/")
}

fn is_head(bytes: &[u8]) -> bool {
    is_request(bytes) || is_response(bytes)
}
