//! HTTP/2 connections (RFC 9113) and the WebSockets on their streams (RFC 8441). [`Http2Session`] reads
//! the frames of one connection; each WebSocket becomes a stream of the capture of its own, whose
//! bytes are the payloads of its DATA frames.
//!
//! Limits: 256 KiB of a header block, 64 KiB of its fields and a table of 64 KiB; 4,096 streams that
//! are open at once and 1,024 WebSockets of a connection.

mod error_code;
mod exchange;
mod field_decoder;
mod frame;
mod frame_reader;
mod header_block;
mod message_head;
mod session;
mod streams;
mod websocket;

pub use self::error_code::Http2ErrorCode;
pub(super) use self::frame::{begins_with_preface, begins_with_settings, looks_like_frames};
pub use self::message_head::{Http2Head, Http2WebSocket};
pub(super) use self::session::Http2Session;
pub(super) use self::streams::Http2Context;
pub(super) use self::websocket::{Http2Ending, WebSocketStream};
