//! The panels of the race: each draws one part of what is known, and knows no other.

pub(super) mod lane_cards;
pub(super) mod lane_table;
pub(super) mod latency_histogram;
pub(super) mod ratio_panel;
pub(super) mod status_lines;
