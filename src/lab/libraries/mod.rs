//! The folder of the contestants: the list of them, and how their libraries are built inside.

mod command_line;
mod contestants;
mod inside;
mod suite;

pub(crate) use command_line::CommandLine;
pub use contestants::{Contestant, ContestantList, ContestantListError, Options, Toolchain};
pub use inside::{InsideError, LibraryInside, Place};
pub use suite::Suite;
