//! Replays a capture: all its connections in the order of time, for printing it or copying it to
//! another file. The bytes are read from the file again; their meaning was found when it was
//! opened.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ops::Range;
use std::slice;
use std::time::Duration;

use crate::capture::{Capture, CapturedStream, Gap, Http2Head, ResumePoint};
use crate::wire::decode::Resumption;
use crate::wire::{AgreedExtensions, Arrival, ByteLen, Offset, Side, Sides, Trace, TraceRow};

/// The maximum number of bytes in one event.
const MAX_READ: ByteLen = ByteLen::new(1 << 18);

/// What one side of a connection sent at one moment.
#[derive(Clone, Copy, Debug)]
pub struct ReplayEvent<'a> {
    /// The number of the connection in the capture, from 0.
    pub stream: usize,
    /// The side that sent it.
    pub from: Side,
    /// When it was captured, counted from the connection's first packet.
    pub at: Duration,
    /// The data.
    pub data: ReplayData<'a>,
}

/// Bytes, a gap, or a head of HTTP/2.
#[derive(Clone, Copy, Debug)]
pub enum ReplayData<'a> {
    /// The header fields of a WebSocket over HTTP/2, which are in
    /// [`Http2WebSocket`](crate::capture::Http2WebSocket).
    Http2Head(&'a Http2Head),
    /// The next bytes of the side.
    Bytes(&'a [u8]),
    /// The next bytes of the side are missing in the capture.
    Missing {
        /// The number of missing bytes.
        bytes: ByteLen,
        /// The number of them that belong to the frame in progress. What follows is the beginning
        /// of another frame.
        within_frame: ByteLen,
    },
    /// The next bytes of the side, which lie within messages or frames whose beginning was not
    /// captured.
    Unframed(&'a [u8]),
    /// The next byte of the side is the first of this unit, although nothing before it tells.
    Resumed(Resumption),
}

impl Capture {
    /// Replays everything.
    ///
    /// # Errors
    ///
    /// Fails with an error of `on_event`, or if the file can no longer be read.
    pub fn replay<E: From<io::Error>>(
        &self,
        on_event: impl FnMut(ReplayEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.replay_from(&mut ReplayPositions::default(), |_| true, on_event)
    }

    /// Replays what follows `positions` of the connections that are wanted, by their numbers from 0,
    /// and moves the positions there. They may come from an earlier snapshot of a growing capture.
    ///
    /// # Errors
    ///
    /// As for [`Self::replay`].
    pub(crate) fn replay_from<E: From<io::Error>>(
        &self,
        positions: &mut ReplayPositions,
        is_wanted: impl Fn(usize) -> bool,
        mut on_event: impl FnMut(ReplayEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let streams = self.streams();
        positions.0.resize(positions.0.len().max(streams.len()), ReplayPosition::default());
        let begin = |(stream, position)| ReplayCursor::new(stream, position);
        let mut cursors: Vec<ReplayCursor<'_>> =
            streams.iter().zip(&positions.0).map(begin).collect();
        let first = |(number, cursor): (usize, &mut ReplayCursor<'_>)| {
            if is_wanted(number) { Some(Reverse(cursor.next_at(number)?)) } else { None }
        };
        // The heap holds one step of each connection, so the earliest of all is next.
        let mut next: BinaryHeap<_> = cursors.iter_mut().enumerate().filter_map(first).collect();
        while let Some(Reverse((_, number))) = next.pop() {
            let Some(cursor) = cursors.get_mut(number) else { continue };
            if let Some(step) = cursor.next_step.take() {
                cursor.emit(number, step, &mut on_event)?;
            }
            next.extend(cursor.next_at(number).map(Reverse));
        }
        for (position, cursor) in positions.0.iter_mut().zip(cursors) {
            *position = cursor.position;
        }
        Ok(())
    }
}

/// Bytes of one side that were captured at one moment, including zeros that stand for missing
/// bytes.
#[derive(Debug)]
struct ReplayStep<'a> {
    at: Duration,
    from: Side,
    range: Range<Offset>,
    /// A head of HTTP/2, which has no bytes.
    head: Option<&'a Http2Head>,
}

/// How far the connections of a capture were replayed.
#[derive(Debug, Default)]
pub(crate) struct ReplayPositions(Vec<ReplayPosition>);

/// How far one connection was replayed.
#[derive(Clone, Copy, Debug, Default)]
struct ReplayPosition {
    /// How far each side's stream was replayed, including the next step.
    replayed_to: Sides<Offset>,
    /// The number of gaps of each side that were given out. More bytes that belong to no frame may
    /// have come behind the last of them.
    gaps: Sides<usize>,
    /// Whether the missing bytes of the next gap of each side were given out, with the head that they
    /// end.
    is_gap_given: Sides<bool>,
    /// The number of places of each side where reading resumed.
    resumptions: Sides<usize>,
    /// The number of heads of HTTP/2 that were given out.
    heads: usize,
    at: Duration,
}

/// One connection and the position of its replay. Steps come from the recorded arrivals, then from
/// frames, then from whatever is left.
#[derive(Debug)]
struct ReplayCursor<'a> {
    stream: &'a CapturedStream<Trace>,
    next_step: Option<ReplayStep<'a>>,
    /// The heads of HTTP/2 that are still to come, in reverse order.
    heads: Vec<(Side, &'a Http2Head)>,
    pieces: slice::Iter<'a, Arrival>,
    rows: slice::Iter<'a, TraceRow>,
    /// The gaps of each side that are still to come, in reverse order.
    gaps: Sides<Vec<Gap>>,
    /// The last gap of each side that was given out, if nothing has followed it since.
    open_gap: Sides<Option<Gap>>,
    /// The places of each side where reading resumes that are still to come, in reverse order.
    resumptions: Sides<Vec<ResumePoint>>,
    position: ReplayPosition,
}

impl<'a> ReplayCursor<'a> {
    fn new(stream: &'a CapturedStream<Trace>, position: &ReplayPosition) -> Self {
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
        let position = *position;
        Self { stream, next_step: None, heads, pieces, rows, gaps, open_gap, resumptions, position }
    }

    /// Prepares the next step and returns its time since 1970 with the connection's number.
    fn next_at(&mut self, number: usize) -> Option<(Duration, usize)> {
        self.next_step = self.find_step();
        let step = self.next_step.as_ref()?;
        self.position.replayed_to[step.from] = step.range.end;
        self.position.at = step.at;
        Some((self.stream.started_at.saturating_add(step.at), number))
    }

    fn find_step(&mut self) -> Option<ReplayStep<'a>> {
        // No frame is read before the response.
        if let Some((from, head)) = self.heads.pop() {
            self.position.heads = self.position.heads.saturating_add(1);
            let at = self.position.replayed_to[from];
            return Some(ReplayStep { at: head.at, from, range: at..at, head: Some(head) });
        }
        let (CapturedStream { trace, store, .. }, reached) =
            (self.stream, self.position.replayed_to);
        let step = |at, from, end| {
            let range = reached[from]..end;
            (!range.is_empty()).then_some(ReplayStep { at, from, range, head: None })
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
        self.pieces
            .find_map(by_piece)
            .or_else(|| self.rows.find_map(by_row))
            .or_else(|| [Side::Client, Side::Server].into_iter().find_map(rest))
            .or_else(|| {
                // Gaps behind the last byte of a side.
                let from = [Side::Client, Side::Server]
                    .into_iter()
                    .find(|from| !self.gaps[*from].is_empty())?;
                let range = reached[from]..reached[from];
                Some(ReplayStep { at: self.position.at, from, range, head: None })
            })
    }

    fn emit<E: From<io::Error>>(
        &mut self,
        number: usize,
        step: ReplayStep<'_>,
        on_event: &mut impl FnMut(ReplayEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let ReplayStep { at, from, range, head } = step;
        if let Some(head) = head {
            return on_event(ReplayEvent {
                stream: number,
                from,
                at,
                data: ReplayData::Http2Head(head),
            });
        }
        let mut emit =
            |data: ReplayData<'_>| on_event(ReplayEvent { stream: number, from, at, data });
        let stream = self.stream;
        let resumptions = &mut self.resumptions[from];
        let mut start = range.start;
        if let Some(gap) = self.open_gap[from].take() {
            stream.read(from, start..gap.end(), |bytes| emit(ReplayData::Unframed(bytes)))?;
            start = start.max(gap.end());
        }
        let gaps = &mut self.gaps[from];
        let is_behind_all = range.is_empty();
        while let Some(gap) = gaps.pop_if(|gap| is_behind_all || gap.offset < range.end) {
            self.position.gaps[from] = self.position.gaps[from].saturating_add(1);
            self.position.is_gap_given[from] = false;
            stream.emit_bytes(from, start..gap.offset, resumptions, &mut emit)?;
            // Without a number, it is only known that something is missing.
            if gap.missing > ByteLen::ZERO || gap.unframed == ByteLen::ZERO {
                emit(ReplayData::Missing { bytes: gap.missing, within_frame: gap.filled })?;
            }
            // The zeros that stand for the gap are skipped, because the event covers them.
            let unframed = gap.offset + gap.filled..gap.end();
            stream.read(from, unframed, |bytes| emit(ReplayData::Unframed(bytes)))?;
            start = gap.end();
        }
        self.position.replayed_to[from] = start.max(range.end);
        stream.emit_bytes(from, start..range.end, resumptions, &mut emit)?;
        // What ends a head is told with the head, and not with what follows it.
        if let Some(gap) = gaps.last_mut()
            && gap.offset == range.end
            && gap.missing > ByteLen::ZERO
            && gap.offset <= stream.trace.frames_start(from)
        {
            emit(ReplayData::Missing { bytes: gap.missing, within_frame: gap.filled })?;
            gap.missing = ByteLen::ZERO;
            self.position.is_gap_given[from] = true;
            if gap.unframed == ByteLen::ZERO {
                gaps.pop();
                self.position.gaps[from] = self.position.gaps[from].saturating_add(1);
                self.position.is_gap_given[from] = false;
            }
        }
        let all = stream.resumptions.iter().filter(|place| place.from == from).count();
        self.position.resumptions[from] = all.saturating_sub(self.resumptions[from].len());
        Ok(())
    }
}

impl CapturedStream<Trace> {
    /// Reads the connection again with other extensions, as one whose handshake was not captured.
    /// What was sent before is not known.
    ///
    /// # Errors
    ///
    /// Fails if the file can no longer be read.
    pub(crate) fn retrace(&self, agreed: AgreedExtensions) -> io::Result<Trace> {
        let mut trace = Trace::midway(agreed);
        let mut cursor = ReplayCursor::new(self, &ReplayPosition::default());
        while cursor.next_at(0).is_some() {
            let Some(step) = cursor.next_step.take() else { break };
            cursor.emit(0, step, &mut |event: ReplayEvent<'_>| {
                match event.data {
                    ReplayData::Bytes(bytes) => trace.push(event.from, event.at, bytes),
                    ReplayData::Missing { bytes, within_frame } => {
                        trace.push_gap(event.from, event.at, bytes, within_frame);
                    }
                    ReplayData::Unframed(bytes) => {
                        trace.push_unframed(event.from, event.at, ByteLen::of(bytes));
                    }
                    ReplayData::Resumed(unit) => {
                        trace.resume(event.from, event.at, unit);
                    }
                    ReplayData::Http2Head(_) => {}
                }
                Ok::<(), io::Error>(())
            })?;
        }
        Ok(trace)
    }

    /// Emits bytes of a side piece by piece, with the places among them where reading resumes.
    fn emit_bytes<E: From<io::Error>>(
        &self,
        from: Side,
        range: Range<Offset>,
        resumptions: &mut Vec<ResumePoint>,
        emit: &mut impl FnMut(ReplayData<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = range.start;
        while let Some(place) = resumptions.pop_if(|place| place.offset < range.end) {
            let before = start..place.offset.max(start);
            start = before.end;
            self.read(from, before, |bytes| emit(ReplayData::Bytes(bytes)))?;
            emit(ReplayData::Resumed(place.unit))?;
        }
        self.read(from, start..range.end, |bytes| emit(ReplayData::Bytes(bytes)))
    }

    /// Reads bytes of a side piece by piece.
    fn read<E: From<io::Error>>(
        &self,
        from: Side,
        range: Range<Offset>,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + MAX_READ);
            let bytes = self.store.read(from, start..end)?.bytes;
            take(&bytes)?;
            start = end;
        }
        Ok(())
    }
}
