//! Files of text: pasted bytes, the records that `wiretalk inspect --json` printed, and what browsers
//! export: HAR and Chrome's network log; flow files of mitmproxy; what wscat, websocat and curl print.

pub(super) mod client_log;
pub(super) mod curl_trace;
pub(super) mod har;
pub(super) mod mitmproxy;
pub(super) mod net_log;
pub(super) mod pasted;
mod record_line;
pub(super) mod recording;
#[cfg(test)]
mod test_support;
pub(super) mod tnetstring;
mod websocat_line;
