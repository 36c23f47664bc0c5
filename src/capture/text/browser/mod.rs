//! What browsers export: HAR files and Chrome's network log.

pub(in crate::capture) mod har;
mod har_content;
mod json;
pub(in crate::capture) mod net_log;
mod net_log_content;
