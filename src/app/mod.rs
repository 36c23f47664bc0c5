//! The talk on stage: state, event loop, views.
//!
//! Input is a stream of [`Event`]s, so that a test plays a whole talk by script. No demo is known
//! here by its type, and no file is read.

mod answers;
mod consent;
mod events;
mod fitting;
mod footer;
mod highlight;
mod keys;
mod mouse;
mod restart;
mod run;
mod slide;
mod state;
mod terminal;
mod view;

pub use answers::{ASK_BACKGROUND, Answer, Answers};
pub use events::{Signals, events, watch};
pub use footer::Lamp;
pub use highlight::{Highlights, Role, Tokens};
pub use run::{paint, run};
pub use state::{App, End, Event, Show};
pub use terminal::{Screen, locale_notice, unsuitable};
