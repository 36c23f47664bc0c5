//! A capture told once more, all its connections in the order of time: for whoever prints it or
//! writes it into another file. The bytes are read from the file again; what they mean was found
//! when it was opened.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::slice;
use std::time::Duration;

use crate::capture::{Capture, CapturedStream, Gap, PcapngWriter};
use crate::net::AddressPair;
use crate::wire::{Arrival, ByteLen, Offset, Side, Sides, Trace, TraceRow};

/// Bytes that are told at once at most.
const MAX_READ: ByteLen = ByteLen::new(1 << 18);

/// What one side of a connection says at a moment.
#[derive(Clone, Copy, Debug)]
pub struct ReplayEvent<'a> {
    /// The number of the connection in the capture, from 0.
    pub stream: usize,
    /// Who says it.
    pub from: Side,
    /// When, since the connection's first packet.
    pub at: Duration,
    /// What.
    pub data: ReplayData<'a>,
}

/// Bytes, or that they are missing.
#[derive(Clone, Copy, Debug)]
pub enum ReplayData<'a> {
    /// The next bytes of that side.
    Bytes(&'a [u8]),
    /// The next bytes of that side are not in the capture.
    Missing {
        /// How many.
        bytes: ByteLen,
        /// How many of them the frame lacks that was under way; what follows is the beginning of
        /// another.
        within_frame: ByteLen,
    },
}

impl Capture {
    /// Tells everything once more.
    ///
    /// # Errors
    ///
    /// What `tell` says; or that the file cannot be read any more.
    pub fn replay<E: From<io::Error>>(
        &self,
        mut on_event: impl FnMut(ReplayEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let streams = self.streams();
        let mut cursors: Vec<ReplayCursor<'_>> = streams.iter().map(ReplayCursor::new).collect();
        let first = |(number, cursor): (usize, &mut ReplayCursor<'_>)| {
            Some(Reverse(cursor.next_at(number)?))
        };
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

    /// Writes all its connections into another file, decrypted where that was possible. How each
    /// ended this file does not say, and neither will the other.
    ///
    /// # Errors
    ///
    /// If this file cannot be read any more, or the other takes no more.
    pub fn write<W: io::Write>(&self, writer: &mut PcapngWriter<W>) -> io::Result<()> {
        let mut flows: Vec<_> = self.streams().iter().map(|stream| (stream, None)).collect();
        self.replay(|event| {
            let Some((stream, flow)) = flows.get_mut(event.stream) else { return Ok(()) };
            let at = stream.started_at.saturating_add(event.at);
            let flow = match flow {
                Some(flow) => *flow,
                none => *none
                    .insert(writer.open_plain(stream.addresses.unwrap_or(UNKNOWN_ADDRESSES), at)?),
            };
            match event.data {
                ReplayData::Bytes(bytes) => writer.write_data(flow, event.from, at, bytes),
                ReplayData::Missing { bytes, .. } => {
                    writer.skip_missing(flow, event.from, bytes);
                    Ok(())
                }
            }
        })
    }
}

/// Where nobody knows who talked: the addresses in a file that is written.
const UNKNOWN_ADDRESSES: AddressPair = AddressPair {
    client: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 49_152),
    server: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 80),
};

/// Bytes of one side that came at a moment, zeros for missing ones among them.
#[derive(Debug)]
struct ReplayStep {
    at: Duration,
    from: Side,
    range: Range<Offset>,
}

/// One connection and how far it is told: by the pieces in which it came, then by frames, then
/// whatever is left.
#[derive(Debug)]
struct ReplayCursor<'a> {
    stream: &'a CapturedStream<Trace>,
    next_step: Option<ReplayStep>,
    pieces: slice::Iter<'a, Arrival>,
    rows: slice::Iter<'a, TraceRow>,
    /// The gaps of each side that are still to come, the next one last.
    gaps: Sides<Vec<Gap>>,
    /// How far each side's stream is told, or will be by the next step.
    replayed_to: Sides<Offset>,
    at: Duration,
}

impl<'a> ReplayCursor<'a> {
    fn new(stream: &'a CapturedStream<Trace>) -> Self {
        let gaps = Sides::each(|from| {
            stream.gaps.iter().rev().filter(|gap| gap.from == from).copied().collect()
        });
        let (pieces, rows) = (stream.trace.arrivals().all().iter(), stream.trace.rows().iter());
        Self {
            stream,
            next_step: None,
            pieces,
            rows,
            gaps,
            replayed_to: Sides::default(),
            at: Duration::ZERO,
        }
    }

    /// When there is more of it, since 1970, and whose it is.
    fn next_at(&mut self, number: usize) -> Option<(Duration, usize)> {
        self.next_step = self.find_step();
        let step = self.next_step.as_ref()?;
        self.replayed_to[step.from] = step.range.end;
        self.at = step.at;
        Some((self.stream.started_at.saturating_add(step.at), number))
    }

    fn find_step(&mut self) -> Option<ReplayStep> {
        let (CapturedStream { trace, store, .. }, reached) = (self.stream, self.replayed_to);
        let step = |at, from, end| {
            let range = reached[from]..end;
            (!range.is_empty()).then_some(ReplayStep { at, from, range })
        };
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
        step: ReplayStep,
        on_event: &mut impl FnMut(ReplayEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let ReplayStep { at, from, range } = step;
        let mut start = range.start;
        let gaps = &mut self.gaps[from];
        while let Some(gap) = gaps.pop_if(|gap| gap.offset < range.end) {
            self.stream.emit_bytes(number, at, from, start..gap.offset, on_event)?;
            let data = ReplayData::Missing { bytes: gap.missing, within_frame: gap.filled };
            on_event(ReplayEvent { stream: number, from, at, data })?;
            // the zeros that stand for it are told by no piece
            start = gap.offset + gap.filled;
        }
        self.replayed_to[from] = start.max(range.end);
        self.stream.emit_bytes(number, at, from, start..range.end, on_event)
    }
}

impl CapturedStream<Trace> {
    fn emit_bytes<E: From<io::Error>>(
        &self,
        number: usize,
        at: Duration,
        from: Side,
        range: Range<Offset>,
        on_event: &mut impl FnMut(ReplayEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + MAX_READ);
            let bytes = self.store.read(from, start..end)?;
            on_event(ReplayEvent { stream: number, from, at, data: ReplayData::Bytes(&bytes) })?;
            start = end;
        }
        Ok(())
    }
}
