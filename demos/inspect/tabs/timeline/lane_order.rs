//! Which lanes the timeline has, from top to bottom, and which are left out without room.

use crate::wire::Side;

/// A lane of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimelineLane {
    Axis,
    Arrivals(Side),
    Frames(Side),
    Messages(Side),
    Control,
    Pointer,
}

use Side::{Client, Server};
use TimelineLane::{Arrivals, Axis, Control, Frames, Messages, Pointer};

/// The lanes from top to bottom.
const LANE_ORDER: [TimelineLane; 9] = [
    Axis,
    Arrivals(Client),
    Frames(Client),
    Messages(Client),
    Arrivals(Server),
    Frames(Server),
    Messages(Server),
    Control,
    Pointer,
];

/// The lanes in the order in which they are left out without room. The TCP pieces are only there if
/// they were asked for, so others go first.
const DROP_ORDER: [TimelineLane; 8] = [
    Pointer,
    Control,
    Messages(Server),
    Axis,
    Messages(Client),
    Frames(Server),
    Arrivals(Server),
    Arrivals(Client),
];

/// Returns the lanes that fit into `rows` rows, with the TCP pieces or without.
pub(super) fn visible_lanes(rows: u16, with_arrivals: bool) -> Vec<TimelineLane> {
    let mut lanes = LANE_ORDER.to_vec();
    if !with_arrivals {
        lanes.retain(|lane| !matches!(lane, Arrivals(_)));
    }
    for leave in DROP_ORDER {
        if lanes.len() <= usize::from(rows) {
            break;
        }
        lanes.retain(|lane| *lane != leave);
    }
    lanes
}
