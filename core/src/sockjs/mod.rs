//! SockJS without I/O: the protocol that carries WebSocket's messages over plain HTTP where a
//! WebSocket does not get through. It follows the protocol's text, 0.3.3 and later
//! (github.com/sockjs/sockjs-protocol).
//!
//! Nothing here opens a socket, reads a clock or knows a terminal. In reading order; each module
//! uses only those above it:
//!
//! - [`JsString`]: a message's text, which may hold what no Rust string can.
//! - [`escape`]: JSON strings with the escapes that each side owes the browser.
//! - [`Frame`]: what a server sends. [`Transport`]: what goes around it on each way.
//! - [`Target`]: what an address below the prefix stands for.
//! - [`payload`]: what a client sends. [`BodyReader`]: the frames that a response contains.
//! - [`session`]: a session as a state machine. [`hixie76`]: the WebSocket before RFC 6455.
//!
//! What a connection says in SockJS, whatever carries it, is read by [`crate::wire::sockjs`].
//!
//! A lone surrogate, which a client sends as `\ud800`, is neither lost nor replaced: an echo returns
//! it as it came. Only where the text must be Unicode (a raw WebSocket, a close reason), U+FFFD
//! stands for it.

#![warn(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing
    )
)]

mod body_reader;
pub mod escape;
mod frame;
pub mod hixie76;
mod js_string;
mod json;
pub mod payload;
pub mod session;
mod transport;
mod uri_escapes;
mod url;

pub use body_reader::{BodyContent, BodyError, BodyItem, BodyReader};
pub use escape::Escaping;
pub use frame::Frame;
pub use js_string::{CodePoint, JsString};
pub use json::{FrameError, FrameProblem};
pub use payload::PayloadError;
pub use transport::{SendRequest, Transport};
pub use uri_escapes::decode_uri;
pub use url::{CallbackError, MAX_CALLBACK, MAX_PART, SessionRequest, Target, read_callback};
