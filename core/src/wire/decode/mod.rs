//! Decodes one direction into frames, messages and faults, each as soon as its deciding byte
//! arrives.

mod close_body;
pub mod decoder;
pub mod direction_reader;
mod fast_path;
pub mod fault;
mod fragmentation_rules;
pub mod frame_assembler;
mod frame_faults;
mod frame_validator;
mod header_rules;
mod payload_rules;

pub use fast_path::SimpleFrame;
pub use frame_validator::MessageEnd;
