//! A SockJS client for every transport: a session whose frames, requests and bytes are reported, and
//! a client that falls back from one transport to the next.
//!
//! HTTP is hyper's, WebSocket tungstenite's; both work on a socket with a tap, so each figure is a
//! count of what the socket gave or took. Requests carry no more than HTTP and SockJS ask for.
//!
//! `wire_log` counts, `link` is a connection, `receiver` and `sender` are the two halves of a session
//! over HTTP, `websocket` is one that needs no halves, and `book` writes down what they tell.

mod book;
mod error;
mod fall_back;
mod link;
mod options;
mod receiver;
mod report;
mod sender;
mod session;
mod websocket;
mod wire_log;

pub use error::SockJsError;
pub use fall_back::{
    FallBackOptions, FallBackReport, FallBackStep, FallBackStepKind, run_fall_back,
};
pub use options::{SockJsCommand, SockJsOptions};
pub use report::{LineCost, SockJsReport, SockJsState};
pub use session::run_sockjs;
pub use wire_log::{ByteSample, ByteTotals, Exchange, Purpose};
