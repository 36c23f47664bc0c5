//! A frame on the wire: its header, its payload under the mask, what it is to a message, and the way there from the other side.
//! What a sender may do is `decode`'s to judge.

pub mod close_code;
pub mod encode;
mod header;
pub mod mask;
pub mod message;
pub mod severity;
mod sides;
pub mod utf8;

pub use header::*;
pub use severity::Severity;
pub use sides::Sides;
