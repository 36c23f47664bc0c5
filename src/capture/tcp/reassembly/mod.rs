//! Puts the segments of one TCP direction in order, and remembers what came again.

mod cuts;
mod progress;
mod reassembler;
mod repeats;

pub(super) use progress::{Progress, Reassembled, SegmentData};
pub(super) use reassembler::Reassembler;
