//! Files of text: pasted bytes, the records that `wiretalk inspect --json` printed, and what browsers
//! export: HAR and Chrome's network log;
//! flow files of mitmproxy.

pub(super) mod har;
pub(super) mod mitmproxy;
pub(super) mod net_log;
pub(super) mod pasted;
mod record_line;
pub(super) mod recording;
pub(super) mod tnetstring;
