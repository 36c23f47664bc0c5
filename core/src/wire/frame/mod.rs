//! A frame on the wire: its header, masking, its role in a message, and encoding.
//! `decode` checks what a sender is allowed to do.

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
