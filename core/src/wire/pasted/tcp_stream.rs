//! [`TcpStream`]: the segments of one direction of a dump in the order of their sequence numbers.

use std::cmp::Reverse;

use thiserror::Error;

use crate::wire::pasted::packet::DumpedSegment;

/// The packets of a dump go in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the packets go in both directions or belong to several connections; paste those of one \
     direction, or save them as pcap for `wiretalk inspect`"
)]
pub struct SeveralDirections;

/// What the segments of one direction carry, up to the first byte that the dump lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TcpStream {
    /// The bytes in order, each once.
    pub bytes: Vec<u8>,
    /// The number of bytes that are missing behind them: a packet isn't in the dump, or was cut off.
    pub missing: usize,
    /// The number of bytes behind the missing ones. They aren't in `bytes`.
    pub behind: usize,
}

/// A part of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamPart<'a> {
    /// Bytes of a segment.
    Bytes(&'a [u8]),
    /// A number of bytes that the dump lacks.
    Missing(usize),
}

/// The sender and the receiver of a segment.
type Ends = ((u128, u16), (u128, u16));

fn ends(segment: &DumpedSegment<'_>) -> Ends {
    (segment.source, segment.destination)
}

fn is_sent(segment: &DumpedSegment<'_>) -> bool {
    !segment.payload.is_empty() || segment.missing > 0
}

/// Returns what one direction carries, in the order of the sequence numbers and without what was
/// sent again; each with the index of the segment that it comes with.
fn parts_of<'a>(segments: &[DumpedSegment<'a>], of: Ends) -> Vec<(usize, StreamPart<'a>)> {
    let own = || segments.iter().enumerate().filter(|(_, one)| ends(one) == of && is_sent(one));
    let Some((_, first)) = own().next() else { return Vec::new() };
    // Sequence numbers wrap; those of one window are less than 2^31 apart (RFC 9293 section 3.4).
    let place = |segment: &DumpedSegment<'_>| {
        i64::from(segment.sequence.wrapping_sub(first.sequence).cast_signed())
    };
    let mut order: Vec<_> =
        own().map(|(index, segment)| (place(segment), index, segment)).collect();
    // Of two that begin at the same byte, the longer one comes first.
    order.sort_by_key(|(place, index, one)| (*place, Reverse(one.payload.len()), *index));
    let len = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
    let count = |len: i64| usize::try_from(len).unwrap_or_default();
    let mut parts = Vec::new();
    let mut next = order.first().map_or(0, |(place, ..)| *place);
    // How far the segments reach, with what was cut off, and the last one.
    let (mut reach, mut last) = (next, 0);
    for (place, index, segment) in order {
        if place > next {
            parts.push((index, StreamPart::Missing(count(place.saturating_sub(next)))));
            next = place;
        }
        let fresh = segment.payload.get(count(next.saturating_sub(place))..).unwrap_or_default();
        if !fresh.is_empty() {
            parts.push((index, StreamPart::Bytes(fresh)));
            next = next.saturating_add(len(fresh.len()));
        }
        let shown = place.saturating_add(len(segment.payload.len()));
        (reach, last) = (reach.max(shown.saturating_add(len(segment.missing))), index);
    }
    if reach > next {
        parts.push((last, StreamPart::Missing(count(reach.saturating_sub(next)))));
    }
    parts
}

/// Returns what the connection of the first segment with data carries, and whether each part goes
/// against the direction of that segment. Each direction is in the order of its sequence numbers,
/// and both together in the order of `segments` as far as that allows.
pub fn stream_parts<'a>(segments: &[DumpedSegment<'a>]) -> Vec<(bool, StreamPart<'a>)> {
    let Some(first) = segments.iter().find(|segment| is_sent(segment)) else { return Vec::new() };
    let (source, destination) = ends(first);
    let mut parts = Vec::new();
    for (back, of) in [(false, (source, destination)), (true, (destination, source))] {
        let mut place = 0_usize;
        parts.extend(parts_of(segments, of).into_iter().map(|(index, part)| {
            // What was sent late comes after what is behind it.
            place = place.max(index);
            (place, back, part)
        }));
    }
    parts.sort_by_key(|(place, ..)| *place);
    parts.into_iter().map(|(_, back, part)| (back, part)).collect()
}

impl TcpStream {
    /// Puts the segments of one direction together.
    ///
    /// # Errors
    ///
    /// Fails unless all of them have the same sender and receiver.
    pub(super) fn new(segments: &[DumpedSegment<'_>]) -> Result<Self, SeveralDirections> {
        let first = segments.first().map(ends);
        if segments.iter().any(|segment| Some(ends(segment)) != first) {
            return Err(SeveralDirections);
        }
        let mut stream = Self::default();
        for (_, part) in stream_parts(segments) {
            match part {
                StreamPart::Bytes(bytes) if stream.missing == 0 => stream.bytes.extend(bytes),
                StreamPart::Bytes(bytes) => {
                    stream.behind = stream.behind.saturating_add(bytes.len());
                }
                StreamPart::Missing(bytes) if stream.behind == 0 => {
                    stream.missing = stream.missing.saturating_add(bytes);
                }
                StreamPart::Missing(_) => {}
            }
        }
        Ok(stream)
    }
}
