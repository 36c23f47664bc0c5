//! What a demo is, where it lives, and what it looks like.
//!
//! It knows the terminal's cells and keys, but no deck's view, no command line, and none of the
//! demos themselves.

mod big;
mod demo;
mod depth;
mod effect;
mod registry;
mod settings;
mod slot;
mod theme;
mod widgets;

pub use big::{Big, Size};
pub use demo::{Demo, Event, Hint, House, Look, Stage};
pub use depth::Depth;
pub use effect::{Consents, Declared, Effect, Spot, sentence};
pub use registry::{Closed, Entry, Registry};
pub use settings::{Complaint, Doc, Settings, Takes, settings};
pub use slot::{Live, Slot};
pub use theme::Theme;
pub use widgets::{LEVELS, keys, line, panel, rule};
