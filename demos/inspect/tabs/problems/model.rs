//! The list of problems, and their locations.

use std::collections::BTreeSet;

use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::{InspectedConnection, MAX_BYTES_SHOWN};
use crate::wire::explain::NonFrame;
use crate::wire::frame::Severity;
use crate::wire::{Fault, MaskingKey, Offset, Side, Trace};

pub(crate) const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// A problem, by its index in the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProblemRef {
    /// A problem of a side's head, by its index in the validated head.
    Head(Side, usize),
    /// A fault of a side's frames, by its index among the trace's faults.
    Frame(Side, usize),
    /// The Close of a side that refuses what the other one sent.
    Refusal(Side),
    /// The end of the connection without both Closes.
    Ending,
}

/// The pane below the list, if there is no room for all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProblemPane {
    #[default]
    Rule,
    Implementations,
    Reaction,
}

/// The state of the tab.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProblemsTabState {
    pub(crate) problems: Vec<ProblemRef>,
    /// The number of head problems of each side that are in the list.
    pub(crate) head_counts: [usize; 2],
    /// The number of frame faults of each side that are in the list.
    pub(crate) frame_counts: [usize; 2],
    /// Whether a Close that refuses is in the list.
    pub(crate) has_refusal: bool,
    /// Whether the end of the connection is in the list.
    pub(crate) has_ending: bool,
    pub(crate) selected: usize,
    /// The indices of problems that the user ignores.
    pub(crate) ignored: BTreeSet<usize>,
    pub(crate) pane: ProblemPane,
    /// The masking key of the next Close. It is drawn before the Close is shown, and used up when
    /// it is sent.
    pub(crate) close_key: Option<MaskingKey>,
}

impl ProblemsTabState {
    /// Returns the selected problem.
    pub(crate) fn selected(&self) -> Option<ProblemRef> {
        self.problems.get(self.selected.min(self.problems.len().saturating_sub(1))).copied()
    }
}

/// Adds the problems found since the last call.
pub(crate) fn follow(state: &mut ProblemsTabState, connection: &InspectedConnection) {
    let trace = &*connection.trace;
    let ended = connection.abnormal.is_some();
    let refusal = connection.refusal();
    let heads = SIDES.map(|from| connection.head_problems(from).len());
    let frames = SIDES.map(|from| trace.faults(from).len());
    // Fewer than before means that another connection is shown.
    let fewer = |now: [usize; 2], then: [usize; 2]| now[0] < then[0] || now[1] < then[1];
    if fewer(heads, state.head_counts)
        || fewer(frames, state.frame_counts)
        || state.has_ending && !ended
        || state.has_refusal && refusal.is_none()
    {
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
    // Faults of one side come in order. New ones of both sides are merged by their rows.
    if frames[0] > state.frame_counts[0] && frames[1] > state.frame_counts[1] {
        let when = |&(from, _, frame, after): &(Side, usize, usize, Offset)| {
            (row_of(trace, from, frame).unwrap_or(usize::MAX), after)
        };
        fresh.sort_by_cached_key(when);
    }
    state
        .problems
        .extend(fresh.into_iter().map(|(from, number, ..)| ProblemRef::Frame(from, number)));
    if let Some(refusal) = refusal.as_ref().filter(|_| !state.has_refusal) {
        state.problems.push(ProblemRef::Refusal(refusal.from));
    }
    // Nothing comes after the end.
    if ended && !state.has_ending {
        state.problems.push(ProblemRef::Ending);
    }
    (state.head_counts, state.frame_counts, state.has_ending) = (heads, frames, ended);
    state.has_refusal = refusal.is_some();
}

/// Returns the row of a side's frame by binary search, because the numbers of each side rise.
pub(crate) fn row_of(trace: &Trace, from: Side, frame_number: usize) -> Option<usize> {
    let rows = trace.rows();
    let (mut low, mut high) = (0, rows.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        // The row in the middle may belong to the other side; then the next row of this side
        // counts.
        let Some(at) = (middle..high).find(|at| rows[*at].from() == from) else {
            high = middle;
            continue;
        };
        match rows[at].frame_number() {
            found if found == frame_number => return Some(at),
            found if found < frame_number => low = at + 1,
            _ => high = middle,
        }
    }
    None
}

/// A fault with its frame.
pub(crate) struct LocatedFault<'a> {
    pub(crate) from: Side,
    pub(crate) fault: &'a Fault,
    /// The row of its frame; `None` while the frame is incomplete.
    pub(crate) row: Option<usize>,
    /// The offset of its frame's first byte, on the same scale as the fault's offsets.
    pub(crate) frame_start: Offset,
}

impl LocatedFault<'_> {
    /// Returns the index of the faulty byte in its frame.
    pub(crate) fn byte_in_frame(&self) -> usize {
        (self.fault.byte_offset - self.frame_start).to_usize_saturating()
    }

    /// Returns the bytes of the frame that have arrived and can be shown.
    pub(crate) fn frame_bytes(&self, session: &Session) -> Option<Vec<u8>> {
        if let Some(row) = self.row {
            return session.frame(row).map(|frame| frame.raw().to_vec());
        }
        session.connection().partial_frame_bytes(self.from, MAX_BYTES_SHOWN)
    }

    /// Returns what the bytes are, if they are no frame.
    pub(crate) fn non_frame(&self, session: &Session) -> Option<NonFrame> {
        session.connection().trace.non_frame_at(self.from, self.fault.frame)
    }
}

/// Looks up a fault and its frame.
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

/// Returns the index of the head's line that a problem is in.
pub(crate) fn line_of_problem(session: &Session, from: Side, number: usize) -> Option<usize> {
    let validated = session.connection().trace.head(from)?;
    let at = validated.validation.problems.get(number)?.span.as_ref()?.start;
    let lines = validated.head.as_ref()?.lines();
    lines.iter().position(|line| at < line.line_end.end).or(lines.len().checked_sub(1))
}

/// Returns the severity of a problem.
pub(crate) fn severity(session: &Session, problem: ProblemRef) -> Option<Severity> {
    match problem {
        ProblemRef::Head(from, number) => {
            Some(session.connection().head_problems(from).get(number)?.severity)
        }
        ProblemRef::Frame(from, number) => {
            Some(session.connection().trace.faults(from).get(number)?.severity())
        }
        // No rule of framing is broken, so no receiver fails the connection because of it.
        ProblemRef::Refusal(_) | ProblemRef::Ending => Some(Severity::Warning),
    }
}
