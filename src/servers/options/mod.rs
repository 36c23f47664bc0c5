//! The options of a server: whom it admits, its limits, and its event log.

pub(super) mod access;
pub(super) mod event_log;
pub(super) mod limits;
pub(super) mod server_options;
