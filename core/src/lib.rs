//! The pure floor of `wiretalk`. Nothing here uses tasks, files, sockets, a clock or the terminal,
//! and the crate depends on no library that does.
//!
//! - [`text`]: widths in cells, control characters made visible
//! - [`wire`]: WebSocket bytes to meaning and back: handshakes, frames, messages, faults
//! - [`sockjs`]: frames, transports and sessions of SockJS
//! - [`conformance`]: the rules of the protocol as test cases for any server
//! - [`sloppy`]: the server that breaks a rule on each of its paths, without its sockets
//! - [`deck`]: Markdown to slides and warnings
//! - [`learn`]: exercises that hide their solution, questions, and when they come again
//! - [`measure`]: histograms and ratios with their intervals

pub mod text;
pub mod wire;

pub mod sockjs;

pub mod conformance;

pub mod sloppy;

pub mod deck;
pub mod learn;
pub mod measure;
