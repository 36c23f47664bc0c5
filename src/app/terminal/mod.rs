//! The app's side of the terminal: taken and given back, read, and drawn to by one loop.

pub(super) mod event_loop;
pub(super) mod event_stream;
pub(super) mod screen;
pub(super) mod terminal_reply;
