//! The library behind `wiretalk`: a talk about WebSockets that runs in the terminal, with live
//! demos on its slides.
//!
//! The modules in reading order. A floor imports only from the floors above it in this list;
//! `tests/architecture/` enforces that.
//!
//! **Floor 0, pure**: no tasks, files, sockets, clocks or terminal. It is a package of its own,
//! `core/`.
//!
//! - [`text`]: widths in cells, control characters made visible, numbers with their units
//! - [`wire`]: parsing and encoding of WebSocket bytes: handshakes, frames, messages, faults
//! - [`conformance`]: the rules of the protocol as test cases for any server
//! - [`sloppy`]: the server that breaks a rule on each of its paths, without its sockets
//! - [`deck`]: Markdown to slides and warnings
//! - [`learn`]: exercises that hide their solution, questions, and when they come again
//! - [`measure`]: histograms, and ratios with confidence intervals
//!
//! **Floor 1, engines**: sockets, files, clocks and tasks, but no terminal.
//!
//! - [`scope`]: ownership of tasks and threads
//! - [`watch`]: files and when they change
//! - [`net`]: sockets, TLS, taps that observe every byte, modelled links
//! - [`sockjs`]: a SockJS server for any axum router
//! - [`servers`]: the bundled HTTP, WebSocket and SockJS servers
//! - [`proxy`]: a proxy that relays byte for byte and can intercept frames
//! - [`clients`]: a WebSocket connection that reports every byte
//! - [`capture`]: connections from pcap, pcapng, text, recordings and HAR, and into pcapng
//! - [`feed`]: one source of news, polled and pushed, side by side
//! - [`inspect`]: what an inspector is told: source, request, sends, recording
//! - [`conform`]: a server tested by the rules of the protocol, case by case
//! - [`race`]: HTTP, WebSocket and their like, each lane two processes, measured in alternation
//! - [`lab`]: servers on WebSocket libraries, built, started, tested and measured
//! - [`repair`]: servers of the exercises, built and run with their fault and without
//! - [`published_place`]: where a talk is that is being shown, for a second terminal
//!
//! **Floor 2**
//!
//! - [`stage`]: the trait of demos, running demos, colours, shared widgets
//!
//! **Floor 3**
//!
//! - [`slide`]: slides laid out for a size of the screen
//!
//! **Floor 4**, siblings that never import each other; `main` joins them.
//!
//! - [`app`]: the talk on stage: state, event loop, keys, terminal
//! - [`cli`]: the command line and the commands that need no stage
//! - [`export`]: screens as pictures
//! - [`demos`]: the inspector, the race and its grid, the feed, the bytes of an exchange

pub use wiretalk_core::{conformance, deck, learn, measure, sloppy, text, wire};

pub mod capture;
pub mod clients;
pub mod conform;
pub(crate) mod feed;
pub mod inspect;
pub mod lab;
pub mod net;
pub mod progress;
pub mod proxy;
pub mod published_place;
pub mod race;
pub mod repair;
pub mod scope;
pub mod servers;
pub mod sockjs;
pub mod watch;

pub mod stage;

pub mod slide;

pub mod app;
pub mod cli;
#[path = "../demos/mod.rs"]
pub mod demos;
pub mod export;
