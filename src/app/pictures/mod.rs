//! What a terminal draws other than in cells of its own size: pictures, which are loaded and scaled
//! on a thread, and large text.

mod encode;
mod gallery;
mod show;
mod sized_text;
mod support;
mod thread;

pub use encode::EncodedPicture;
pub(crate) use gallery::Gallery;
pub(crate) use support::{GRAPHICS_QUERY, is_sized_text};
pub use support::{GraphicsAnswer, GraphicsSupport, PictureProtocol, may_be_asked};
pub use thread::{PictureEvent, PictureLoader, PictureOutcome};
