//! How a server is to run: whom it lets in, what it may be asked for, and who hears of it.

pub(super) mod access;
pub(super) mod event_log;
pub(super) mod limits;
pub(super) mod server_options;
