//! [`ReplayCursor`]: replays one connection step by step.

use std::io;
use std::ops::Range;
use std::slice;
use std::time::Duration;

use wiretalk_core::wire::sockjs::SockJsRow;

use super::event::{ReplayData, ReplayEvent};
use super::reading::MAX_READ;
use crate::capture::http2::Http2Head;
use crate::capture::plaintext::{Gap, ResumePoint};
use crate::capture::stream::{CapturedStream, OpenEnd};
use crate::wire::handshake::HttpExchange;
use crate::wire::{Arrival, ByteLen, Offset, Side, Sides, Trace, TraceRow};

/// Bytes of one side that were captured at one moment, including zeros that stand for missing
/// bytes.
#[derive(Debug)]
struct ReplayStep<'a> {
    at: Duration,
    from: Side,
    range: Range<Offset>,
    kind: StepKind<'a>,
}

/// The kind of data in a step.
#[derive(Clone, Copy, Debug)]
enum StepKind<'a> {
    /// Bytes, with the gaps among them.
    Bytes,
    /// The missing bytes of a gap, without any that replace them.
    Gap,
    /// A head of HTTP/2, which has no bytes.
    Http2Head(&'a Http2Head),
}

/// The next event of a connection.
#[derive(Debug)]
enum NextEvent<'a> {
    Start,
    Step(ReplayStep<'a>),
    Exchange(&'a HttpExchange),
    SockJs(&'a SockJsRow),
    Exhausted,
    End,
}

/// What a capture says of all its connections.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReplayFacts {
    /// Whether it is a recording, in which exchanges have no bytes.
    pub(super) is_recording: bool,
    /// When its last packet was captured, since 1970; `None` without packets.
    pub(super) ended_at: Option<Duration>,
}

/// How far one connection was replayed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReplayPosition {
    /// How far each side's stream was replayed, including the next step.
    replayed_to: Sides<Offset>,
    /// The number of gaps of each side that were given out. More bytes that belong to no frame may
    /// have come behind the last of them.
    gaps: Sides<usize>,
    /// Whether the missing bytes of the next gap of each side were given out, although the bytes behind
    /// it were not.
    is_gap_given: Sides<bool>,
    /// The number of places of each side where reading resumed.
    resumptions: Sides<usize>,
    /// The number of heads of HTTP/2 that were given out.
    heads: usize,
    /// The number of exchanges that were given out.
    exchanges: usize,
    /// The number of rows of SockJS that were given out.
    sockjs: usize,
    has_started: bool,
    is_exhausted: bool,
    has_ended: bool,
    at: Duration,
}

/// One connection and the position of its replay. Steps come from the recorded arrivals, then from
/// frames, then from whatever is left.
#[derive(Debug)]
pub(super) struct ReplayCursor<'a> {
    stream: &'a CapturedStream<Trace>,
    facts: ReplayFacts,
    next_event: Option<NextEvent<'a>>,
    /// The step after the next event, if that is an exchange.
    waiting_step: Option<ReplayStep<'a>>,
    /// The exchanges that are still to come, if their bytes are not replayed.
    exchanges: slice::Iter<'a, (Duration, HttpExchange)>,
    /// The rows of SockJS in such exchanges that are still to come.
    sockjs: slice::Iter<'a, SockJsRow>,
    /// The heads of HTTP/2 that are still to come, in reverse order.
    heads: Vec<(Side, &'a Http2Head)>,
    pieces: slice::Iter<'a, Arrival>,
    rows: slice::Iter<'a, TraceRow>,
    /// The gaps of each side that are still to come, in reverse order.
    gaps: Sides<Vec<Gap>>,
    /// The last gap of each side that was given out, if bytes behind it may still belong to nothing
    /// known.
    open_gap: Sides<Option<Gap>>,
    /// The places of each side where reading resumes that are still to come, in reverse order.
    resumptions: Sides<Vec<ResumePoint>>,
    position: ReplayPosition,
}

impl<'a> ReplayCursor<'a> {
    pub(super) fn new(
        stream: &'a CapturedStream<Trace>,
        position: &ReplayPosition,
        facts: ReplayFacts,
    ) -> Self {
        let of_side = |from: Side| stream.gaps.iter().filter(move |gap| gap.from == from).copied();
        let gaps = Sides::each(|from| {
            let mut gaps: Vec<Gap> = of_side(from).skip(position.gaps[from]).collect();
            if let (true, Some(first)) = (position.is_gap_given[from], gaps.first_mut()) {
                first.missing = ByteLen::ZERO;
            }
            gaps.reverse();
            gaps
        });
        let open_gap = Sides::each(|from| of_side(from).nth(position.gaps[from].checked_sub(1)?));
        let resumptions = Sides::each(|from| {
            let places = stream.resumptions.iter().filter(|place| place.from == from);
            let mut places: Vec<_> = places.skip(position.resumptions[from]).copied().collect();
            places.reverse();
            places
        });
        let (pieces, rows) = (stream.trace.arrivals().all().iter(), stream.trace.rows().iter());
        let heads = stream.http2_websocket().into_iter().flat_map(|websocket| {
            let response = websocket.response.as_ref().map(|head| (Side::Server, head));
            response.into_iter().chain(websocket.request.as_ref().map(|head| (Side::Client, head)))
        });
        let mut heads: Vec<_> = heads.collect();
        heads.truncate(heads.len().saturating_sub(position.heads));
        let has_facts_only = stream.is_http2_connection() || facts.is_recording;
        let exchanges = stream.trace.exchanges().all();
        let exchanges = exchanges.get(position.exchanges..).filter(|_| has_facts_only);
        let sockjs = stream.trace.sockjs().rows().get(position.sockjs..);
        let sockjs = sockjs.filter(|_| stream.is_http2_connection());
        Self {
            stream,
            facts,
            next_event: None,
            waiting_step: None,
            exchanges: exchanges.unwrap_or_default().iter(),
            sockjs: sockjs.unwrap_or_default().iter(),
            heads,
            pieces,
            rows,
            gaps,
            open_gap,
            resumptions,
            position: *position,
        }
    }

    /// Returns how far the connection was replayed.
    pub(super) fn position(&self) -> ReplayPosition {
        self.position
    }

    /// Prepares the next event and returns its time since 1970.
    pub(super) fn next_at(&mut self) -> Option<Duration> {
        let (event, at) = self.find_event()?;
        self.next_event = Some(event);
        self.position.at = at;
        Some(self.stream.started_at.saturating_add(at))
    }

    fn find_event(&mut self) -> Option<(NextEvent<'a>, Duration)> {
        if !self.position.has_started {
            self.position.has_started = true;
            return Some((NextEvent::Start, Duration::ZERO));
        }
        self.waiting_step = self.waiting_step.take().or_else(|| self.find_step());
        let is_due = |at: Duration| self.waiting_step.as_ref().is_none_or(|step| at <= step.at);
        if let Some(row) = self.sockjs.as_slice().first().filter(|row| is_due(row.at)) {
            self.sockjs.next();
            self.position.sockjs = self.position.sockjs.saturating_add(1);
            return Some((NextEvent::SockJs(row), row.at.max(self.position.at)));
        }
        if let Some((at, exchange)) = self.exchanges.as_slice().first().filter(|one| is_due(one.0))
        {
            self.exchanges.next();
            self.position.exchanges = self.position.exchanges.saturating_add(1);
            return Some((NextEvent::Exchange(exchange), (*at).max(self.position.at)));
        }
        if let Some(step) = self.waiting_step.take() {
            self.position.replayed_to[step.from] = step.range.end;
            let at = step.at;
            return Some((NextEvent::Step(step), at));
        }
        if !self.stream.is_over || self.position.has_ended {
            return None;
        }
        if !self.position.is_exhausted {
            self.position.is_exhausted = true;
            return Some((NextEvent::Exhausted, self.position.at));
        }
        self.position.has_ended = true;
        Some((NextEvent::End, self.ended_at()))
    }

    /// Returns when the connection ended: at the packet that ended it, when it was over by what another
    /// packet proves, or with the capture.
    fn ended_at(&self) -> Duration {
        let CapturedStream { ending, recorded_end, open_end, started_at, .. } = self.stream;
        let recorded = recorded_end.as_ref().and_then(|end| end.at);
        let reused = match open_end {
            OpenEnd::PortsReused(after) => Some(self.position.at.saturating_add(*after)),
            OpenEnd::StillOpen => None,
        };
        let last = self.facts.ended_at.map(|at| at.saturating_sub(*started_at));
        let at = ending.map(|ending| ending.at).or(recorded).or(reused).or(last);
        at.unwrap_or_default().max(self.position.at)
    }

    fn find_step(&mut self) -> Option<ReplayStep<'a>> {
        // No frame is read before the response.
        if let Some((from, head)) = self.heads.pop() {
            self.position.heads = self.position.heads.saturating_add(1);
            let at = self.position.replayed_to[from];
            let kind = StepKind::Http2Head(head);
            return Some(ReplayStep { at: head.at, from, range: at..at, kind });
        }
        let (CapturedStream { trace, store, .. }, reached) =
            (self.stream, self.position.replayed_to);
        let step = |at, from, end| {
            let range = reached[from]..end;
            (!range.is_empty()).then_some(ReplayStep { at, from, range, kind: StepKind::Bytes })
        };
        // Arrivals are bounded, so a long connection falls back to the times of its frames.
        let by_piece = |piece: &Arrival| step(piece.time(), piece.from(), piece.end());
        let by_row = |row: &TraceRow| {
            let end = trace.stream_offset(row.from(), row.offset()) + row.len();
            step(row.completed_at(), row.from(), end)
        };
        let rest = |from| {
            step(
                self.position.at,
                from,
                (Offset::START + store.len(from)).min(reached[from] + MAX_READ),
            )
        };
        let mut ahead = (self.pieces.clone(), self.rows.clone());
        let bytes = (ahead.0.find_map(by_piece))
            .or_else(|| ahead.1.find_map(by_row))
            .or_else(|| [Side::Client, Side::Server].into_iter().find_map(rest));
        // A gap is told before the bytes that come later.
        let is_next = |gap: &ReplayStep<'_>| bytes.as_ref().is_none_or(|step| gap.at < step.at);
        if let Some(gap) = self.gap_of_head().or_else(|| self.next_gap().filter(is_next)) {
            return Some(gap);
        }
        (self.pieces, self.rows) = ahead;
        bytes.or_else(|| {
            // Gaps behind the last byte of a side.
            let from = [Side::Client, Side::Server]
                .into_iter()
                .find(|from| !self.gaps[*from].is_empty())?;
            let range = reached[from]..reached[from];
            Some(ReplayStep { at: self.position.at, from, range, kind: StepKind::Bytes })
        })
    }

    /// Returns the step of a gap that ends a head: it is told with the head, and not with what follows.
    fn gap_of_head(&self) -> Option<ReplayStep<'a>> {
        [Side::Client, Side::Server].into_iter().find_map(|from| {
            let reached = self.position.replayed_to[from];
            let ends_head =
                reached > Offset::START && reached <= self.stream.trace.frames_start(from);
            let at = self.position.at;
            self.gap_step(from).filter(|_| ends_head).map(|step| ReplayStep { at, ..step })
        })
    }

    /// Returns the step of the earliest gap that nothing replaces, and before which a side was
    /// replayed.
    fn next_gap(&self) -> Option<ReplayStep<'a>> {
        let of_side = |from: Side| self.gap_step(from);
        [Side::Client, Side::Server].into_iter().filter_map(of_side).min_by_key(|step| step.at)
    }

    fn gap_step(&self, from: Side) -> Option<ReplayStep<'a>> {
        let reached = self.position.replayed_to[from];
        let gap = self.gaps[from].last()?;
        let is_next = gap.offset == reached
            && gap.missing > ByteLen::ZERO
            && gap.filled == ByteLen::ZERO
            && self.open_gap[from].is_none_or(|gap| gap.end() <= reached);
        let (at, range) = (gap.at.max(self.position.at), reached..reached);
        is_next.then_some(ReplayStep { at, from, range, kind: StepKind::Gap })
    }

    /// Emits the event that was prepared.
    pub(super) fn emit<E: From<io::Error>>(
        &mut self,
        number: usize,
        on_event: &mut impl FnMut(ReplayEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (from, data) = match self.next_event.take() {
            Some(NextEvent::Step(step)) => return self.emit_step(number, step, on_event),
            Some(NextEvent::Start) => (Side::Client, ReplayData::Start),
            Some(NextEvent::Exchange(exchange)) => (Side::Client, ReplayData::Exchange(exchange)),
            Some(NextEvent::SockJs(row)) => (row.from, ReplayData::SockJs(row)),
            Some(NextEvent::Exhausted) => (Side::Client, ReplayData::Exhausted),
            Some(NextEvent::End) => {
                let by = self.stream.ending.map_or(Side::Client, |ending| ending.by);
                (by, ReplayData::End)
            }
            None => return Ok(()),
        };
        on_event(ReplayEvent { stream: number, from, at: self.position.at, data })
    }

    fn emit_step<E: From<io::Error>>(
        &mut self,
        number: usize,
        step: ReplayStep<'_>,
        on_event: &mut impl FnMut(ReplayEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let ReplayStep { at, from, range, kind } = step;
        let mut emit =
            |data: ReplayData<'_>| on_event(ReplayEvent { stream: number, from, at, data });
        match kind {
            StepKind::Bytes => {}
            StepKind::Gap => return self.emit_gap(from, emit),
            StepKind::Http2Head(head) => return emit(ReplayData::Http2Head(head)),
        }
        let stream = self.stream;
        let resumptions = &mut self.resumptions[from];
        let mut start = range.start;
        let gaps = &mut self.gaps[from];
        let is_behind_all = range.is_empty();
        loop {
            if let Some(gap) = self.open_gap[from] {
                // Bytes that came later are given out with their own time.
                let end = gap.end().min(range.end).max(start);
                stream.read(from, start..end, |bytes| emit(ReplayData::Unframed(bytes)))?;
                start = end;
                if gap.end() > end {
                    break;
                }
                self.open_gap[from] = None;
            }
            let Some(gap) = gaps.pop_if(|gap| is_behind_all || gap.offset < range.end) else {
                break;
            };
            self.position.gaps[from] = self.position.gaps[from].saturating_add(1);
            self.position.is_gap_given[from] = false;
            stream.emit_bytes(from, start..gap.offset, resumptions, &mut emit)?;
            // Without a number, it is only known that something is missing.
            if gap.missing > ByteLen::ZERO || gap.unframed == ByteLen::ZERO {
                emit(ReplayData::Missing { bytes: gap.missing, within_frame: gap.filled })?;
            }
            // The zeros that stand for the gap are skipped, because the event covers them.
            start = gap.offset + gap.filled;
            self.open_gap[from] = Some(gap);
        }
        self.position.replayed_to[from] = start.max(range.end);
        stream.emit_bytes(from, start..range.end, resumptions, &mut emit)?;
        let all = stream.resumptions.iter().filter(|place| place.from == from).count();
        self.position.resumptions[from] = all.saturating_sub(self.resumptions[from].len());
        Ok(())
    }

    /// Gives out the missing bytes of the next gap of a side.
    fn emit_gap<E>(
        &mut self,
        from: Side,
        mut emit: impl FnMut(ReplayData<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(gap) = self.gaps[from].last_mut() else { return Ok(()) };
        let missing = std::mem::take(&mut gap.missing);
        self.position.is_gap_given[from] = gap.unframed > ByteLen::ZERO;
        if gap.unframed == ByteLen::ZERO {
            self.gaps[from].pop();
            self.position.gaps[from] = self.position.gaps[from].saturating_add(1);
        }
        emit(ReplayData::Missing { bytes: missing, within_frame: ByteLen::ZERO })
    }
}
