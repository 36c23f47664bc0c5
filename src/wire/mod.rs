//! Bytes to meaning and back, sans I/O: handshakes, frames, messages, and every rule they can break.
//! Nothing here opens a socket, reads a clock or knows a terminal; whoever has bytes feeds them, in pieces of any size.
//!
//! In reading order:
//!
//! - [`size`]: lengths and positions that nobody's claim can make wrap.
//! - [`Sides`]: what both sides of a connection have.
//! - [`frame`]: the header, its opcodes and length forms; [`mask`]: the XOR.
//! - [`decoder`]: one direction cut into frames, judged as early as possible, nothing kept;
//!   its rules stand in `frame_validator`, their words in [`fault`] and (for fields) `describe`, close codes in [`close_code`], UTF-8 in [`utf8`].
//! - [`message`]: what a frame is to the message that is open.
//! - `fast_path`: the quick way through frames that are whole, legal and ordinary.
//! - [`trace`]: both directions from the first byte on, as a list of frames that keeps no payload;
//!   [`arrivals`]: in which pieces the bytes came, and when.
//! - [`transcript`]: one direction with everything kept; [`field_span`]: a frame's bytes and bits labelled on demand.
//! - [`inflate`]: permessage-deflate undone, exact about what is wrong; [`deflate_listing`]: the same with every symbol shown; [`deflater`]: and done.
//! - [`encode`]: frames onto the wire, legal or not; [`endpoint`]: one side that keeps every rule.
//! - [`handshake`]: heads found, judged, explained; [`extension`]: the header that the frames depend on.
//! - [`connection`]: both directions from the first byte on.
//! - [`filter`]: which frames of a trace are shown; [`search`]: which of them say something.
//! - [`copy_as`]: what a reader takes away of frames: hex, commands, programs, test vectors.
//! - [`mod@reference`]: a page on every field and every rule; [`interop`]: which implementations refuse a fault.
//! - [`mod@format`]: bytes and numbers as a reader sees them.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

pub mod arrivals;
pub mod close_code;
pub mod connection;
pub mod copy_as;
pub mod decoder;
pub mod deflate_listing;
pub mod deflater;
mod describe;
pub mod encode;
pub mod endpoint;
pub mod extension;
mod fast_path;
pub mod fault;
mod fault_sink;
pub mod field_span;
pub mod filter;
pub mod format;
pub mod frame;
mod frame_validator;
pub mod handshake;
mod handshake_pair;
#[cfg(test)]
mod hostile;
pub mod inflate;
pub mod interop;
pub mod mask;
pub mod message;
pub mod reference;
pub mod search;
mod sides;
pub mod size;
pub mod trace;
mod trace_row;
pub mod transcript;
pub mod utf8;
#[cfg(test)]
mod vectors;

pub use arrivals::{Arrival, Arrivals};
pub use close_code::CloseCode;
pub use connection::{ConnectionTranscript, DirectionView};
pub use decoder::{Decoder, DecoderEvent, FrameStart};
pub use endpoint::{Endpoint, EndpointEvent, Failure};
pub use extension::{AgreedExtensions, DeflateParams};
pub use fast_path::SimpleFrame;
pub use fault::{Bits, Fault, FaultCode, Severity};
pub use field_span::{Field, FieldSpan};
pub use frame::{FramePart, Header, LengthForm, MaskingKey, Needed, Opcode, Side};
pub use frame_validator::MessageEnd;
pub use inflate::InflateStop;
pub use message::{FragmentRole, MessageKind};
pub use sides::Sides;
pub use size::{ByteLen, Offset};
pub use trace::{PartialFrame, Trace};
pub use trace_row::TraceRow;
pub use transcript::{DecodeVerdict, Frame, Message, PartialHeader, Transcript};
