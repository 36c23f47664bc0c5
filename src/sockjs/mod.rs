//! A SockJS server for axum: WebSocket's messages over plain HTTP where a WebSocket does not get
//! through. The rules are in [`wiretalk_core::sockjs`]; here are the sockets, the clock and the
//! tasks.
//!
//! ```no_run
//! # use wiretalk::sockjs::{Handler, JsString, Session, SockJs};
//! struct Echo;
//!
//! impl Handler for Echo {
//!     async fn message(&self, session: &Session, message: JsString) {
//!         let _ = session.send(message).await;
//!     }
//! }
//!
//! # async fn serve() -> std::io::Result<()> {
//! let echo = SockJs::new(Echo).build();
//! let app: axum::Router = echo.mount(axum::Router::new(), "/echo");
//! # Ok(())
//! # }
//! ```
//!
//! - [`Handler`]: what an application does when a session opens, brings a message, is closed.
//! - [`Session`]: a handle of a session: [`Session::send`] waits while the client reads too slowly,
//!   [`Session::try_send`] says so.
//! - [`SockJs`]: the service: [`SockJs::mount`], [`SockJs::drain`], [`SockJs::counters`].
//! - [`Options`]: what it offers and what its limits are.
//!
//! A limit that is reached has an answer: 413 for a body, 503 for a session too many, 403 for a
//! foreign origin or address, close frames with 1008 and 1009 for a client that does not read or
//! sends too much. There is no global state: a process may have any number of services.

#![warn(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing
)]
#![expect(
    clippy::result_large_err,
    reason = "a request that is refused has its response as the error, which is sent at once"
)]

mod counters;
mod driver;
mod handler;
mod headers;
mod options;
mod pages;
mod receive;
mod registry;
mod send;
mod service;
mod session;
mod websocket;

pub use wiretalk_core::sockjs::session::{
    Action, Attached, CloseCause, Counts, Detached, NextFrame, ReceiverId, ReceiverKind, SendError,
    SessionClose, SessionLimits, SessionMachine, SessionState, SessionTimer, TrySendError,
};
pub use wiretalk_core::sockjs::{
    BodyContent, BodyError, BodyItem, BodyReader, CallbackError, CodePoint, Escaping, Frame,
    FrameError, FrameProblem, JsString, MAX_CALLBACK, MAX_PART, PayloadError, SendRequest,
    SessionRequest, Target, Transport, escape, hixie76, payload, read_callback,
};

pub use counters::CounterValues;
pub use handler::Handler;
pub use options::{Options, OriginPolicy};
pub use service::{SockJs, SockJsBuilder};
pub use session::Session;
