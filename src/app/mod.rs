//! The talk on stage: state, event loop, views.
//!
//! Input is a stream of [`AppEvent`]s, so that a test plays a whole talk by script. No demo is known
//! here by its type, and no file is read.

mod app_view;
mod consent;
mod event_loop;
mod event_stream;
mod footer;
mod highlight;
mod key_bindings;
mod mouse;
mod resize;
mod restart;
mod screen;
mod slide;
mod state;
mod terminal_reply;

pub use event_loop::{draw_frame, run_event_loop};
pub use event_stream::{Signals, event_stream, watch_servers};
pub use footer::ServerStatus;
pub use highlight::{Highlights, TokenKind, Tokens};
pub use screen::{Screen, locale_notice, unsuitable_terminal};
pub use state::{App, AppEvent, LoopExit, Presentation};
pub use terminal_reply::{BACKGROUND_QUERY, FilteredInput, TerminalReplyFilter};
