//! The panels of the race. Each draws one part and does not depend on the others.

pub(super) mod bet_panel;
pub(super) mod lane_cards;
pub(super) mod lane_table;
pub(super) mod latency_histogram;
pub(super) mod ratio_panel;
pub(super) mod status_lines;
