//! Decodes one direction into frames, messages and faults, each as soon as its deciding byte
//! arrives.

pub mod decoder;
pub mod direction_reader;
mod fast_path;
pub mod fault;
pub mod frame_assembler;
mod frame_faults;
mod frame_sync;
mod gap;
mod rules;

pub use fast_path::SimpleFrame;
pub use frame_sync::{are_messages_compressed, masking_of_frames};
pub use rules::MessageEnd;
