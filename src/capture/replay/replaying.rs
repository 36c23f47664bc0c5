//! Replaying all connections of a capture, and reading one of them again with other extensions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use super::cursor::{ReplayCursor, ReplayFacts, ReplayPosition};
use super::event::{ReplayData, ReplayEvent};
use crate::capture::captured_file::{Capture, CaptureFormat};
use crate::capture::stream::CapturedStream;
use crate::wire::{AgreedExtensions, ByteLen, Trace};

/// How far the connections of a capture were replayed.
#[derive(Debug, Default)]
pub(crate) struct ReplayPositions(Vec<ReplayPosition>);

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
    /// and moves the positions there. They may come from an earlier snapshot of a growing capture: of
    /// a connection that is not over, more may come.
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
        let facts = ReplayFacts {
            is_recording: self.format() == CaptureFormat::Recording,
            ended_at: self.span().map(|span| span.end),
        };
        let begin = |(stream, position)| ReplayCursor::new(stream, position, facts);
        let mut cursors: Vec<ReplayCursor<'_>> =
            streams.iter().zip(&positions.0).map(begin).collect();
        let first = |(number, cursor): (usize, &mut ReplayCursor<'_>)| {
            if is_wanted(number) { Some(Reverse((cursor.next_at()?, number))) } else { None }
        };
        // The heap holds one step of each connection, so the earliest of all is next.
        let mut next: BinaryHeap<_> = cursors.iter_mut().enumerate().filter_map(first).collect();
        while let Some(Reverse((_, number))) = next.pop() {
            let Some(cursor) = cursors.get_mut(number) else { continue };
            cursor.emit(number, &mut on_event)?;
            next.extend(cursor.next_at().map(|at| Reverse((at, number))));
        }
        for (position, cursor) in positions.0.iter_mut().zip(cursors) {
            *position = cursor.position();
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
        let mut cursor =
            ReplayCursor::new(self, &ReplayPosition::default(), ReplayFacts::default());
        while cursor.next_at().is_some() {
            cursor.emit(0, &mut |event: ReplayEvent<'_>| {
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
                    ReplayData::Start
                    | ReplayData::Http2Head(_)
                    | ReplayData::Exchange(_)
                    | ReplayData::SockJs(_)
                    | ReplayData::Exhausted
                    | ReplayData::End => {}
                }
                Ok::<(), io::Error>(())
            })?;
        }
        Ok(trace)
    }
}
