//! The bytes of a stream after everything that carries them, on their way to its receiver: pieces,
//! gaps, and the search for frames behind a gap.

mod gap;
mod piece;
mod plaintext_sink;
mod resync;

pub(crate) use self::gap::{Gap, ResumePoint};
pub(super) use self::piece::{HeldPiece, Piece};
pub(super) use self::plaintext_sink::PlaintextSink;
