//! Files of text: pasted bytes, and the records that `wiretalk inspect --json` printed.

pub(super) mod pasted;
pub(super) mod recording;
