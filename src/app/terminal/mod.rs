//! The app's side of the terminal: taking and restoring it, reading events, drawing.

pub(super) mod backend;
pub(super) mod clusters;
pub(super) mod double_buffer;
pub(super) mod event_loop;
pub(super) mod event_stream;
mod input;
#[cfg(target_os = "linux")]
mod input_parser;
pub(super) mod screen;
pub(super) mod terminal_reply;
