//! Pictures on slides: loaded and scaled on a thread, drawn with what the terminal has for them.

mod encode;
mod gallery;
mod show;
mod support;
mod thread;

pub use encode::EncodedPicture;
pub(crate) use gallery::Gallery;
pub(crate) use support::protocol_of;
pub use support::{GRAPHICS_QUERY, GraphicsSupport, PictureProtocol, may_be_asked};
pub use thread::{PictureEvent, PictureLoader, PictureOutcome};
