//! The WebSocket protocol without I/O: handshakes, frames, messages, and every rule that they can
//! break.
//! Nothing here opens a socket, reads a clock or knows a terminal. Callers pass in bytes, in pieces
//! of any size.
//!
//! In reading order; each module uses only those above it:
//!
//! - [`size`]: lengths and positions whose arithmetic cannot wrap. [`mod@format`]: bytes and
//!   numbers formatted for people. [`pasted`]: the other way round, dumps, arrays, strings and
//!   base64 read as bytes.
//! - [`frame`]: the header with its opcodes and length forms, masking, close codes, UTF-8, the role
//!   of a frame in its message, and encoding, legal or not.
//! - [`handshake`]: the heads of request and response found, validated and explained, and the
//!   extensions that they agree on.
//! - [`deflate`]: permessage-deflate: inflating with the exact position of every fault, listing
//!   symbol by symbol, compressing.
//! - [`decode`]: one direction decoded into frames and messages. Each fault is reported at the
//!   earliest byte, and nothing is kept.
//! - [`explain`]: labels for a frame's bytes and bits, a reference page for every field and rule,
//!   and the implementations that reject a fault.
//! - [`mod@sockjs`]: SockJS read from the content of HTTP exchanges and from messages.
//! - [`keep`]: both directions as a list of frames without payload, one direction with all its
//!   bytes, and an endpoint that enforces every rule.
//! - [`query`]: filters for frames, searching in payloads, and copying frames as hex, commands and
//!   programs.

#![warn(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing
    )
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
pub mod pasted;
pub mod query;
pub mod size;
pub mod sockjs;
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
pub use keep::transcript::{
    DecodeVerdict, Frame, Message, PartialHeader, PayloadPiece, Transcript,
};
pub use size::{ByteLen, Offset};
