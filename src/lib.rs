//! wiretalk.
pub mod cli;
pub mod wire;
