//! The results of a race: samples of each lane, ratios, and whether the run counts.

pub(super) mod lane_recorder;
pub(super) mod outcome;
pub(super) mod validity;
