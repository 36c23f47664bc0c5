//! What lies between a socket and the protocol above it: the [`Tap`], which sees every byte, and what listens there.
//! It gives bytes no meaning; that is `wire`'s part.

mod chunks;
mod fault;
mod linger;
mod tap;
mod traffic;
mod words;

pub use chunks::{Chunk, Chunks};
pub use fault::fault_code;
pub use linger::linger;
pub use tap::{Direction, Observer, Taken, Tap};
pub use traffic::{Counted, Tally, Traffic};
pub use words::in_words;
