//! Replays a capture: all its connections in the order of time, for printing it or writing it to
//! another file. The bytes are read from the file again; their meaning was found when it was
//! opened.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ops::Range;
use std::slice;
use std::time::Duration;

use crate::capture::{Capture, CapturedStream, Gap, Http2Head, PcapngWriter, ResumePoint};
use crate::net::AddressPair;
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
        mut on_event: impl FnMut(ReplayEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let streams = self.streams();
        let mut cursors: Vec<ReplayCursor<'_>> = streams.iter().map(ReplayCursor::new).collect();
        let first = |(number, cursor): (usize, &mut ReplayCursor<'_>)| {
            Some(Reverse(cursor.next_at(number)?))
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
        Ok(())
    }

    /// Writes all connections to another file, decrypted where that was possible. This file does
    /// not say how each of them ended, so the other will not either.
    ///
    /// # Errors
    ///
    /// Fails if this file can no longer be read, or if the other cannot be written.
    pub fn write<W: io::Write>(&self, writer: &mut PcapngWriter<W>) -> io::Result<()> {
        let mut flows: Vec<_> = self.streams().iter().map(|stream| (stream, None)).collect();
        self.replay(|event| {
            let Some((stream, flow)) = flows.get_mut(event.stream) else { return Ok(()) };
            // Its bytes are among those of its HTTP/2 connection.
            if stream.http2_websocket().is_some() {
                return Ok(());
            }
            let at = stream.started_at.saturating_add(event.at);
            let flow = match flow {
                Some(flow) => *flow,
                none => *none.insert(
                    writer.open_plain(stream.addresses.unwrap_or(AddressPair::UNKNOWN), at)?,
                ),
            };
            match event.data {
                ReplayData::Bytes(bytes) | ReplayData::Unframed(bytes) => {
                    writer.write_data(flow, event.from, at, bytes)
                }
                ReplayData::Missing { bytes, .. } => {
                    writer.skip_missing(flow, event.from, bytes);
                    Ok(())
                }
                ReplayData::Http2Head(_) | ReplayData::Resumed(_) => Ok(()),
            }
        })
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
    /// The places of each side where reading resumes that are still to come, in reverse order.
    resumptions: Sides<Vec<ResumePoint>>,
    /// How far each side's stream has been replayed, including the next step.
    replayed_to: Sides<Offset>,
    at: Duration,
}

impl<'a> ReplayCursor<'a> {
    fn new(stream: &'a CapturedStream<Trace>) -> Self {
        let gaps = Sides::each(|from| {
            stream.gaps.iter().rev().filter(|gap| gap.from == from).copied().collect()
        });
        let resumptions = Sides::each(|from| {
            stream.resumptions.iter().rev().filter(|place| place.from == from).copied().collect()
        });
        let (pieces, rows) = (stream.trace.arrivals().all().iter(), stream.trace.rows().iter());
        let heads = stream.http2_websocket().into_iter().flat_map(|websocket| {
            let response = websocket.response.as_ref().map(|head| (Side::Server, head));
            response.into_iter().chain(websocket.request.as_ref().map(|head| (Side::Client, head)))
        });
        Self {
            stream,
            next_step: None,
            heads: heads.collect(),
            pieces,
            rows,
            gaps,
            resumptions,
            replayed_to: Sides::default(),
            at: Duration::ZERO,
        }
    }

    /// Prepares the next step and returns its time since 1970 with the connection's number.
    fn next_at(&mut self, number: usize) -> Option<(Duration, usize)> {
        self.next_step = self.find_step();
        let step = self.next_step.as_ref()?;
        self.replayed_to[step.from] = step.range.end;
        self.at = step.at;
        Some((self.stream.started_at.saturating_add(step.at), number))
    }

    fn find_step(&mut self) -> Option<ReplayStep<'a>> {
        // No frame is read before the response.
        if let Some((from, head)) = self.heads.pop() {
            let at = self.replayed_to[from];
            return Some(ReplayStep { at: head.at, from, range: at..at, head: Some(head) });
        }
        let (CapturedStream { trace, store, .. }, reached) = (self.stream, self.replayed_to);
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
            step(self.at, from, (Offset::START + store.len(from)).min(reached[from] + MAX_READ))
        };
        self.pieces
            .find_map(by_piece)
            .or_else(|| self.rows.find_map(by_row))
            .or_else(|| [Side::Client, Side::Server].into_iter().find_map(rest))
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
        let gaps = &mut self.gaps[from];
        while let Some(gap) = gaps.pop_if(|gap| gap.offset < range.end) {
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
        self.replayed_to[from] = start.max(range.end);
        stream.emit_bytes(from, start..range.end, resumptions, &mut emit)?;
        // What ends a head is told with the head, and not with what follows it.
        if let Some(gap) = gaps.last_mut()
            && gap.offset == range.end
            && gap.missing > ByteLen::ZERO
            && gap.offset <= stream.trace.frames_start(from)
        {
            emit(ReplayData::Missing { bytes: gap.missing, within_frame: gap.filled })?;
            gap.missing = ByteLen::ZERO;
            if gap.unframed == ByteLen::ZERO {
                gaps.pop();
            }
        }
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
        let mut cursor = ReplayCursor::new(self);
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
