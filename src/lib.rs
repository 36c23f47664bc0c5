//! A conference talk about WebSockets that runs in the terminal.

pub mod cli;
pub mod wire;
