//! The lanes that can be raced, and switching one of them or TLS for all on or off.

use crate::race::{Lane, LaneKind, RaceConfig};

/// Returns all lanes in the order of the choice: plain ones, then with TLS.
pub(super) fn all_lanes() -> [Lane; 20] {
    std::array::from_fn(|index| Lane { kind: LaneKind::ALL[index % 10], tls: index >= 10 })
}

/// Toggles a lane. Returns `false` if it is the only one, which stays on.
pub(super) fn toggle_lane(config: &mut RaceConfig, lane: Lane) -> bool {
    let mut on: Vec<Lane> = config.lanes.iter().copied().filter(|&other| other != lane).collect();
    if on.len() == config.lanes.len() {
        on.push(lane);
        // The order of the choice, whatever the order in which lanes were added.
        on.sort_by_key(|lane| all_lanes().iter().position(|other| other == lane));
    }
    let any = !on.is_empty();
    if any {
        config.lanes = on;
    }
    any
}

/// Gives all lanes TLS, or takes it from them.
pub(super) fn set_tls(lanes: &mut Vec<Lane>, tls: bool) {
    let mut kinds: Vec<LaneKind> = Vec::new();
    for lane in lanes.drain(..) {
        // A lane may have been there both plain and with TLS.
        if !kinds.contains(&lane.kind) {
            kinds.push(lane.kind);
        }
    }
    lanes.extend(kinds.into_iter().map(|kind| Lane { kind, tls }));
}
