//! Files of text: pasted bytes, the records that `wiretalk inspect --json` printed, and what browsers
//! export: HAR and Chrome's network log; flow files of mitmproxy; what wscat, websocat and curl print.

pub(super) mod browser;
mod built;
pub(super) mod client;
mod decimal_time;
pub(super) mod mitmproxy;
pub(super) mod pasted;
mod record_line;
pub(super) mod recording;
#[cfg(test)]
mod test_support;
mod text_file;
pub(super) mod tnetstring;
