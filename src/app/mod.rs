//! The talk on stage: state, event loop, views.
//!
//! Input is a stream of [`Event`]s, so that a test plays a whole talk by script. No demo is known
//! here by its type, and no file is read.

mod terminal_reply;
mod consent;
mod event_stream;
mod resize;
mod footer;
mod highlight;
mod key_bindings;
mod mouse;
mod restart;
mod event_loop;
mod slide;
mod state;
mod screen;
mod app_view;

pub use terminal_reply::{BACKGROUND_QUERY, FilteredInput, TerminalReplyFilter};
pub use event_stream::{Signals, event_stream, watch_servers};
pub use footer::ServerStatus;
pub use highlight::{Highlights, TokenKind, Tokens};
pub use event_loop::{draw_frame, run_event_loop};
pub use state::{App, LoopExit, AppEvent, Presentation};
pub use screen::{Screen, locale_notice, unsuitable_terminal};
