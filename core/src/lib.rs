//! The pure floor of `wiretalk`: no tasks, no files, no sockets, no clock, no terminal. That it has no dependency which knows
//! any of them is a fact of its manifest.
//!
//! - [`text`]: widths in cells, control characters made visible
//! - [`wire`]: WebSocket bytes to meaning and back: handshakes, frames, messages, faults
//! - [`deck`]: Markdown to slides and warnings
//! - [`measure`]: histograms and ratios with their intervals

pub mod text;
pub mod wire;

pub mod deck;
pub mod measure;
