//! The rules for frames (RFC 6455 sections 5, 7.4 and 8.1, RFC 7692 section 6): what a
//! [`FrameValidator`](frame_validator::FrameValidator) knows, and in a file each, what the header,
//! the place in the message and the payload decide.

mod close_body;
mod fragmentation;
pub(super) mod frame_validator;
mod header;
mod payload;

pub use frame_validator::MessageEnd;
