//! Decodes one direction into frames, messages and faults, each as soon as its deciding byte
//! arrives.

pub mod decoder;
pub mod direction_reader;
mod fast_path;
pub mod fault;
pub mod frame_assembler;
mod frame_chain;
mod frame_faults;
mod frame_search;
mod frame_sync;
mod gap;
mod header_bytes;
mod non_frame;
mod rules;

pub use fast_path::SimpleFrame;
pub use frame_search::{FoundUnit, FrameSearch};
pub use frame_sync::masking_of_frames;
pub use non_frame::NonFrame;
pub use rules::MessageEnd;

pub use crate::wire::handshake::pair::Resumption;
