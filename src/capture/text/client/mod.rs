//! What clients print: wscat, websocat, `curl --trace`.

pub(in crate::capture) mod client_log;
pub(in crate::capture) mod curl_trace;
mod websocat_line;
