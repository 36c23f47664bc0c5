//! A capture told once more, all its connections in the order of time: for whoever prints it or writes it into another file.
//! The bytes are read from the file again; what they mean was found when it was opened.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

use crate::capture::{Capture, Gap, Stream, Writer};
use crate::net::Peers;
use crate::wire::{Side, Trace};

/// Bytes that are told at once at most.
const PIECE: u64 = 1 << 18;

/// What one side of a connection says at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// The number of the connection in the capture, from 0.
    pub stream: usize,
    /// Who says it.
    pub from: Side,
    /// When, since the connection's first packet.
    pub at: Duration,
    /// What.
    pub said: Said<'a>,
}

/// Bytes, or that they are missing.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// The next bytes of that side.
    Bytes(&'a [u8]),
    /// The next bytes of that side are not in the capture.
    Missing {
        /// How many.
        bytes: u64,
        /// How many of them the frame lacks that was under way; what follows is the beginning of another.
        within_frame: u64,
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
        mut tell: impl FnMut(Heard<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let streams = self.streams();
        let mut courses: Vec<Course<'_>> = streams.iter().map(Course::new).collect();
        let first = |(number, course): (usize, &mut Course<'_>)| Some(Reverse(course.next_at(number)?));
        let mut next: BinaryHeap<_> = courses.iter_mut().enumerate().filter_map(first).collect();
        while let Some(Reverse((_, number))) = next.pop() {
            let course = &mut courses[number];
            if let Some(step) = course.next.take() {
                course.tell(number, step, &mut tell)?;
            }
            next.extend(course.next_at(number).map(Reverse));
        }
        Ok(())
    }

    /// Writes all its connections into another file, decrypted where that was possible. How each ended this file does not
    /// say, and neither will the other.
    ///
    /// # Errors
    ///
    /// If this file cannot be read any more, or the other takes no more.
    pub fn write<W: io::Write>(&self, writer: &mut Writer<W>) -> io::Result<()> {
        let mut flows = vec![None; self.streams().len()];
        self.replay(|heard| {
            let stream = &self.streams()[heard.stream];
            let at = stream.began + heard.at;
            let flow = match flows[heard.stream] {
                Some(flow) => flow,
                None => *flows[heard.stream].insert(writer.open_plain(stream.peers.unwrap_or(SOMEBODY), at)?),
            };
            match heard.said {
                Said::Bytes(bytes) => writer.data(flow, heard.from, at, bytes),
                Said::Missing { bytes, .. } => {
                    writer.lack(flow, heard.from, bytes);
                    Ok(())
                }
            }
        })
    }
}

/// Where nobody knows who talked: the addresses in a file that is written.
const SOMEBODY: Peers = Peers {
    client: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 49_152),
    server: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 80),
};

/// Bytes of one side that came at a moment, zeros for missing ones among them.
#[derive(Debug)]
struct Step {
    at: Duration,
    from: Side,
    range: Range<u64>,
}

/// One connection and how far it is told: by the pieces in which it came, then by frames, then whatever is left.
#[derive(Debug)]
struct Course<'a> {
    stream: &'a Stream<Trace>,
    next: Option<Step>,
    piece: usize,
    row: usize,
    /// The gaps of each side that are still to come, the next one last.
    gaps: [Vec<Gap>; 2],
    /// How far each side's stream is told, or will be by the next step.
    reached: [u64; 2],
    at: Duration,
}

impl<'a> Course<'a> {
    fn new(stream: &'a Stream<Trace>) -> Self {
        let gaps = |from| stream.gaps.iter().rev().filter(|gap| gap.from == from).copied().collect();
        let gaps = [gaps(Side::Client), gaps(Side::Server)];
        Self { stream, next: None, piece: 0, row: 0, gaps, reached: [0; 2], at: Duration::ZERO }
    }

    /// When there is more of it, since 1970, and whose it is.
    fn next_at(&mut self, number: usize) -> Option<(Duration, usize)> {
        self.next = self.step();
        let step = self.next.as_ref()?;
        self.reached[index(step.from)] = step.range.end;
        self.at = step.at;
        Some((self.stream.began + step.at, number))
    }

    fn step(&mut self) -> Option<Step> {
        let trace = &self.stream.trace;
        while let Some(piece) = trace.segments().all().get(self.piece) {
            self.piece += 1;
            let (at, from) = (piece.at(), piece.from());
            let range = self.reached[index(from)]..piece.offset() + piece.bytes();
            if !range.is_empty() {
                return Some(Step { at, from, range });
            }
        }
        while let Some(row) = trace.rows().get(self.row) {
            self.row += 1;
            let (at, from) = (row.at(), row.from());
            let range =
                self.reached[index(from)]..trace.frames_at(from) + row.offset().saturating_add(row.len());
            if !range.is_empty() {
                return Some(Step { at, from, range });
            }
        }
        [Side::Client, Side::Server].into_iter().find_map(|from| {
            let reached = self.reached[index(from)];
            let range = reached..self.stream.store.len(from).min(reached + PIECE);
            (!range.is_empty()).then_some(Step { at: self.at, from, range })
        })
    }

    fn tell<E: From<io::Error>>(
        &mut self,
        number: usize,
        step: Step,
        tell: &mut impl FnMut(Heard<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Step { at, from, range } = step;
        let mut start = range.start;
        let gaps = &mut self.gaps[index(from)];
        while let Some(gap) = gaps.pop_if(|gap| gap.offset < range.end) {
            self.stream.tell(number, at, from, start..gap.offset, tell)?;
            let said = Said::Missing { bytes: gap.missing, within_frame: gap.filled };
            tell(Heard { stream: number, from, at, said })?;
            // the zeros that stand for it are told by no piece
            start = gap.offset + gap.filled;
        }
        self.reached[index(from)] = start.max(range.end);
        self.stream.tell(number, at, from, start..range.end, tell)
    }
}

fn index(from: Side) -> usize {
    usize::from(from == Side::Server)
}

impl Stream<Trace> {
    fn tell<E: From<io::Error>>(
        &self,
        number: usize,
        at: Duration,
        from: Side,
        range: Range<u64>,
        tell: &mut impl FnMut(Heard<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + PIECE);
            let bytes = self.store.read(from, start..end)?;
            tell(Heard { stream: number, from, at, said: Said::Bytes(&bytes) })?;
            start = end;
        }
        Ok(())
    }
}
