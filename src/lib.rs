//! The library under `wiretalk`: a talk about WebSockets that runs in the terminal, with live demos
//! on its slides.
//!
//! The map, in reading order. Imports point down only; `tests/architecture/` holds them to it.
//!
//! **Floor 0, pure**: no tasks, no files, no sockets, no clock, no terminal; a package of its own,
//! `core/`.
//!
//! - [`text`]: widths in cells, control characters made visible, numbers with their units
//! - [`wire`]: WebSocket bytes to meaning and back: handshakes, frames, messages, faults
//! - [`deck`]: Markdown to slides and warnings
//! - [`measure`]: histograms and ratios with their intervals
//!
//! **Floor 1, engines**: sockets, files, clocks and tasks, but no terminal.
//!
//! - [`scope`]: who owns a task, and ends it
//! - [`net`]: the tap at the socket, and what listens there
//! - [`servers`]: the bundled REST echo and WebSocket echo
//! - [`proxy`]: between real peers, byte for byte, with a hand on the frames
//! - [`clients`]: a connection of our own, every byte of it reported
//! - [`capture`]: connections out of pcap, pcapng, hex text and recordings, and into pcapng
//! - [`feed`]: one source of news, polled and pushed, side by side
//! - [`inspect`]: what an inspector is told: source, request, sends, recording
//! - [`race`]: HTTP, WebSocket and their like, each lane two processes, measured in alternation
//!
//! **Floor 2**
//!
//! - [`stage`]: what a demo is, where it lives, colours, shared pieces of picture
//!
//! **Floor 3**, siblings that never import each other; `main` joins them.
//!
//! - [`app`]: the talk on stage: state, event loop, slide views, keys, terminal
//! - [`cli`]: the command line and the commands that need no stage
//! - [`export`]: a screen as a picture
//! - [`demos`]: the inspector, the race and its grid, the feed, the scales

pub use wiretalk_core::{deck, measure, text, wire};

pub mod capture;
pub mod clients;
pub(crate) mod feed;
pub mod inspect;
pub mod net;
pub mod proxy;
pub mod race;
pub mod scope;
pub mod servers;

pub mod stage;

pub mod app;
pub mod cli;
#[path = "../demos/mod.rs"]
pub mod demos;
pub mod export;
