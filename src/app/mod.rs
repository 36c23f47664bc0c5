//! The talk on stage: state, event loop, views.
//!
//! Input is a stream of [`AppEvent`]s, so a test can play a whole talk from a script. This module
//! knows no demo by its type and reads no file.

mod app_view;
mod config;
mod deck_update;
mod footer;
mod highlight;
mod idle_worker;
mod overlay;
mod pictures;
mod prepared_layout;
mod reload;
mod resize;
mod slots;
mod state;
mod steering;
mod terminal;
#[cfg(test)]
mod testing;
mod transition;

pub use config::AppConfig;
pub use deck_update::DeckUpdate;
pub use footer::ServerStatus;
pub use highlight::Highlighter;
pub use pictures::{
    EncodedPicture, GraphicsAnswer, GraphicsSupport, PictureEvent, PictureLoader, PictureOutcome,
    PictureProtocol, may_be_asked,
};
pub use state::{App, AppEvent, LoopExit};
pub use steering::{DeckPlace, KeyMap, KeysProblem, MouseReports, Route, check_keys, read_keys};
pub use terminal::backend::{FrameBackend, TerminalBackend};
pub use terminal::double_buffer::DoubleBuffer;
pub use terminal::event_loop::{draw_frame, run_event_loop};
pub use terminal::event_stream::{
    Signals, event_stream, start_highlighter, start_picture_loader, watch_servers,
};
pub use terminal::screen::{HANGUP, Screen, is_hangup, locale_notice, unsuitable_terminal};
pub use terminal::terminal_reply::{FilteredInput, TerminalReplyFilter, terminal_questions};
pub use transition::Transition;
