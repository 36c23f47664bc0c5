//! A conference talk that runs in the terminal.

pub mod cli;
pub mod wire;
