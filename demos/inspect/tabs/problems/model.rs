//! The list of problems, and where each of them is.

use std::collections::BTreeSet;

use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::MAX_BYTES_SHOWN;
use crate::wire::frame::Severity;
use crate::wire::{Fault, MaskingKey, Offset, Side, Trace};

pub(crate) const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProblemRef {
    /// In that side's head: its number in the judgement.
    Head(Side, usize),
    /// In that side's frames: its number among the trace's faults.
    Frame(Side, usize),
}

/// What is told below the list where there is no room for everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProblemPane {
    #[default]
    Rule,
    Implementations,
    Reaction,
}

/// What the tab remembers.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProblemsTabState {
    pub(crate) problems: Vec<ProblemRef>,
    /// How many of each side's are in the list: of the heads, of the frames.
    pub(crate) head_counts: [usize; 2],
    pub(crate) frame_counts: [usize; 2],
    pub(crate) selected: usize,
    /// Those that the reader has put aside.
    pub(crate) ignored: BTreeSet<usize>,
    pub(crate) pane: ProblemPane,
    /// The masking key of the next Close: drawn before the Close is shown, spent when it is sent.
    pub(crate) close_key: Option<MaskingKey>,
}

impl ProblemsTabState {
    /// The problem under the cursor.
    pub(crate) fn selected(&self) -> Option<ProblemRef> {
        self.problems.get(self.selected.min(self.problems.len().saturating_sub(1))).copied()
    }
}

/// Takes what has become certain since the last time.
pub(crate) fn follow(state: &mut ProblemsTabState, trace: &Trace) {
    let heads = SIDES
        .map(|from| trace.head(from).map_or(0, |validated| validated.validation.problems.len()));
    let frames = SIDES.map(|from| trace.faults(from).len());
    let fewer = |now: [usize; 2], then: [usize; 2]| now[0] < then[0] || now[1] < then[1];
    if fewer(heads, state.head_counts) || fewer(frames, state.frame_counts) {
        let (pane, close_key) = (state.pane, state.close_key);
        *state = ProblemsTabState { pane, close_key, ..ProblemsTabState::default() };
    }
    let mut fresh = Vec::new();
    for (which, from) in SIDES.into_iter().enumerate() {
        state.problems.extend(
            (state.head_counts[which]..heads[which]).map(|number| ProblemRef::Head(from, number)),
        );
        let faults = trace.faults(from).iter().enumerate().skip(state.frame_counts[which]);
        fresh.extend(
            faults.map(|(number, fault)| (from, number, fault.frame, fault.detectable_after)),
        );
    }
    if frames[0] > state.frame_counts[0] && frames[1] > state.frame_counts[1] {
        let when = |&(from, _, frame, after): &(Side, usize, usize, Offset)| {
            (row_of(trace, from, frame).unwrap_or(usize::MAX), after)
        };
        fresh.sort_by_cached_key(when);
    }
    state
        .problems
        .extend(fresh.into_iter().map(|(from, number, ..)| ProblemRef::Frame(from, number)));
    (state.head_counts, state.frame_counts) = (heads, frames);
}

/// The row of a side's frame, found by halving: of either side the numbers rise.
pub(crate) fn row_of(trace: &Trace, from: Side, index: usize) -> Option<usize> {
    let rows = trace.rows();
    let (mut low, mut high) = (0, rows.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let Some(at) = (middle..high).find(|at| rows[*at].from() == from) else {
            high = middle;
            continue;
        };
        match rows[at].index() {
            found if found == index => return Some(at),
            found if found < index => low = at + 1,
            _ => high = middle,
        }
    }
    None
}

/// A fault with the frame that it is in.
pub(crate) struct LocatedFault<'a> {
    pub(crate) from: Side,
    pub(crate) fault: &'a Fault,
    /// The row of its frame; none while that is not complete.
    pub(crate) row: Option<usize>,
    /// Where its frame begins, counted like the fault's bytes.
    pub(crate) frame_start: Offset,
}

impl LocatedFault<'_> {
    /// The byte of the frame that is wrong.
    pub(crate) fn byte_in_frame(&self) -> usize {
        (self.fault.byte_offset - self.frame_start).to_usize_saturating()
    }

    /// The bytes of the frame, as far as they are there and shown.
    pub(crate) fn frame_bytes(&self, session: &Session) -> Option<Vec<u8>> {
        if let Some(row) = self.row {
            return session.frame(row).map(|frame| frame.raw().to_vec());
        }
        let have = session.connection().trace.partial_frame(self.from)?.have;
        let at = session.connection().trace.stream_offset(self.from, self.frame_start);
        session.connection().read(
            self.from,
            at,
            have.min(MAX_BYTES_SHOWN.into()).to_usize_saturating(),
        )
    }
}

/// A fault of the frames, looked up.
pub(crate) fn locate_fault(
    session: &Session,
    from: Side,
    number: usize,
) -> Option<LocatedFault<'_>> {
    let fault = session.connection().trace.faults(from).get(number)?;
    let row = row_of(&session.connection().trace, from, fault.frame);
    let start = match row {
        Some(row) => session.connection().trace.rows()[row].offset(),
        None => session
            .connection()
            .trace
            .partial_frame(from)
            .map_or(Offset::START, |frame| frame.offset),
    };
    Some(LocatedFault { from, fault, row, frame_start: start })
}

/// The line of the head that a problem is in.
pub(crate) fn line_of_problem(session: &Session, from: Side, number: usize) -> Option<usize> {
    let validated = session.connection().trace.head(from)?;
    let at = validated.validation.problems.get(number)?.span.as_ref()?.start;
    let lines = validated.head.as_ref()?.lines();
    lines.iter().position(|line| at < line.line_end.end).or(lines.len().checked_sub(1))
}

/// How bad a problem is.
pub(crate) fn severity(session: &Session, problem: ProblemRef) -> Option<Severity> {
    match problem {
        ProblemRef::Head(from, number) => {
            Some(session.connection().trace.head(from)?.validation.problems.get(number)?.severity)
        }
        ProblemRef::Frame(from, number) => {
            Some(session.connection().trace.faults(from).get(number)?.severity())
        }
    }
}
