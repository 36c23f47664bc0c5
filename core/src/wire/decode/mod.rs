//! Bytes of one direction to frames, messages and faults, as soon as the deciding byte is there.

mod close_body;
pub mod decoder;
pub mod direction_reader;
mod fast_path;
pub mod fault;
mod fault_sink;
pub mod frame_assembler;
mod frame_validator;
mod header_rules;

pub use fast_path::SimpleFrame;
pub use frame_validator::MessageEnd;
