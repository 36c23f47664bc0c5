//! Files of text: hex digits, and the records that `wiretalk inspect --json` printed.

pub(super) mod hex;
pub(super) mod recording;
