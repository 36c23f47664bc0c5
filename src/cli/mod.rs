//! The subcommands.

pub mod decode;
