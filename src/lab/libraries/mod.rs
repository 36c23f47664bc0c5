//! The folder of the contestants: the list of them, and how their libraries are built inside.

mod contestants;
mod inside;

pub(super) use contestants::CommandLine;
pub use contestants::{Contestant, ContestantList, ContestantListError, Options, Toolchain};
pub use inside::{InsideError, LibraryInside, Place};
