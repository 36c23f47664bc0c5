//! Replays a capture: all its connections in the order of time, for printing it or copying it to
//! another file. The bytes are read from the file again; their meaning was found when it was
//! opened.

mod cursor;
mod event;
mod reading;
mod replaying;

pub use self::event::ReplayData;
pub(crate) use self::event::ReplayEvent;
pub(crate) use self::replaying::ReplayPositions;
