//! Files of text: pasted bytes, the records that `wiretalk inspect --json` printed, and what browsers
//! export: HAR and Chrome's network log.

pub(super) mod har;
pub(super) mod net_log;
pub(super) mod pasted;
pub(super) mod recording;
