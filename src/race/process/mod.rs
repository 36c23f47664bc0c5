//! The processes of a race: a pair for each lane, their messages to and from the runner, and the
//! machine they share.

pub(super) mod ipc;
pub(super) mod lane_processes;
pub(super) mod machine;
pub(super) mod platform;
