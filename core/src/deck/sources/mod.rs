//! The sources of what speaker notes say: a list beside the deck, and the references to it.
//!
//! Whether the list can be read at all is for the caller to say, who has the files.

mod reference;
mod resolve;
mod source_list;

pub use resolve::{SourceProblems, check_sources};
