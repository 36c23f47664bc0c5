//! Bytes to meaning and back, sans I/O: handshakes, frames, messages, and every rule they can break.
//! Nothing here opens a socket, reads a clock or knows a terminal; whoever has bytes feeds them, in pieces of any size.
//!
//! In reading order:
//!
//! - [`size`]: lengths and positions that nobody's claim can make wrap.
//! - [`Sides`]: what both sides of a connection have.
//! - [`frame`]: the header, its opcodes and length forms; [`mask`]: the XOR.
//! - [`decoder`]: one direction cut into frames, judged as early as possible, nothing kept;
//!   its rules stand in `judge`, their words in [`fault`] and (for fields) `meaning`, close codes in [`close`], UTF-8 in [`utf8`].
//! - [`message`]: what a frame is to the message that is open.
//! - `skim`: the quick way through frames that are whole, legal and ordinary.
//! - [`trace`]: both directions from the first byte on, as a list of frames that keeps no payload;
//!   [`segment`]: in which pieces the bytes came, and when.
//! - [`transcript`]: one direction with everything kept; [`span`]: a frame's bytes and bits labelled on demand.
//! - [`inflate`]: permessage-deflate undone, exact about what is wrong; [`lens`]: the same with every symbol shown; [`deflate`]: and done.
//! - [`encode`]: frames onto the wire, legal or not; [`endpoint`]: one side that keeps every rule.
//! - [`handshake`]: heads found, judged, explained; [`extension`]: the header that the frames depend on.
//! - [`connection`]: both directions from the first byte on.
//! - [`filter`]: which frames of a trace are shown; [`search`]: which of them say something.
//! - [`copy`]: what a reader takes away of frames: hex, commands, programs, test vectors.
//! - [`rules`]: a page on every field and every rule; [`peers`]: which implementations refuse a fault.
//! - [`words`]: bytes and numbers as a reader sees them.

#![warn(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)]
#![cfg_attr(
    test,
    allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::indexing_slicing)
)]

pub mod close;
pub mod connection;
pub mod copy;
pub mod decoder;
pub mod deflate;
pub mod encode;
pub mod endpoint;
pub mod extension;
pub mod fault;
pub mod filter;
pub mod frame;
pub mod handshake;
#[cfg(test)]
mod hostile;
pub mod inflate;
mod judge;
pub mod lens;
pub mod mask;
mod meaning;
pub mod message;
mod opened;
pub mod peers;
mod report;
mod row;
pub mod rules;
pub mod search;
pub mod segment;
mod sides;
pub mod size;
mod skim;
pub mod span;
pub mod trace;
pub mod transcript;
pub mod utf8;
#[cfg(test)]
mod vectors;
pub mod words;

pub use close::CloseCode;
pub use connection::{Connection, Stream};
pub use decoder::{Begun, Decoder, Event};
pub use endpoint::{Endpoint, Failure, Incoming};
pub use extension::{Agreed, Deflate};
pub use fault::{Bits, Code, Fault, Severity};
pub use frame::{Header, Key, LengthForm, Needs, Opcode, Phase, Side};
pub use inflate::Uninflated;
pub use judge::MessageEnd;
pub use message::{Kind, Place};
pub use row::Row;
pub use segment::{Segment, Segments};
pub use sides::Sides;
pub use size::{ByteLen, Offset};
pub use skim::Skimmed;
pub use span::{Field, Span};
pub use trace::{Trace, Unfinished};
pub use transcript::{Beginning, Frame, Message, Transcript, Verdict};
