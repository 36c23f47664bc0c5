//! Bytes to meaning and back, sans I/O: handshakes, frames, messages, and every rule they can break.
//! Nothing here opens a socket, reads a clock or knows a terminal; whoever has bytes feeds them, in pieces of any size.
//!
//! In reading order; each room uses those above it only:
//!
//! - [`size`]: lengths and positions that nobody's claim can make wrap. [`mod@format`]: bytes and numbers as a reader sees them.
//! - [`frame`]: the header with its opcodes and length forms, the mask, close codes, UTF-8, what a frame is to the message
//!   that is open; and frames encoded, legal or not.
//! - [`handshake`]: heads found, validated and explained, and the extensions that they agree on.
//! - [`deflate`]: permessage-deflate: inflated with every fault in its place, listed symbol by symbol, compressed.
//! - [`decode`]: one direction cut into frames and messages, judged at the earliest byte, nothing kept.
//! - [`explain`]: a frame's bytes and bits labelled, a page on every field and rule, and which implementations refuse a fault.
//! - [`keep`]: both directions as a list of frames without payload, one direction with everything, one side that keeps every rule.
//! - [`query`]: which frames are shown, which hold some bytes, and what a reader takes away of them.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

pub mod decode;
pub mod deflate;
pub mod explain;
pub mod format;
pub mod frame;
pub mod handshake;
#[cfg(test)]
mod hostile;
pub mod keep;
pub mod query;
pub mod size;
#[cfg(test)]
mod vectors;

pub use decode::decoder::{Decoder, DecoderEvent, FrameStart};
pub use decode::fault::{Bits, Fault, FaultCode};
pub use decode::{MessageEnd, SimpleFrame};
pub use deflate::inflate::InflateStop;
pub use explain::field_span::{Field, FieldSpan};
pub use frame::close_code::CloseCode;
pub use frame::message::{FragmentRole, MessageKind};
pub use frame::{FramePart, Header, LengthForm, MaskingKey, Needed, Opcode, Severity, Side, Sides};
pub use handshake::extension::{AgreedExtensions, DeflateParams};
pub use keep::TraceRow;
pub use keep::arrivals::{Arrival, Arrivals};
pub use keep::endpoint::{Endpoint, EndpointEvent, Failure};
pub use keep::trace::{PartialFrame, Trace};
pub use keep::transcript::{DecodeVerdict, Frame, Message, PartialHeader, Transcript};
pub use size::{ByteLen, Offset};
