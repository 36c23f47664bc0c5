//! [`CapturedStream`]: one connection of a capture, as far as it could be read, and
//! [`StreamBuilder`]: the stream while it is read.
//!
//! What TCP carries is a sequence of layers, each of which knows its own beginning and end: a header
//! of the PROXY protocol, a SOCKS negotiation, HTTP/1.1 up to the response that opens a tunnel,
//! TLS, HTTP/2. [`layer`] passes bytes through them; [`detect`] tells from the first bytes which one comes
//! next.

mod builder;
mod captured_stream;
mod detect;
mod layer;
mod layer_context;
mod layer_output;
mod live_ending;
mod proxies;
mod recorded;
mod tunnel;

pub(super) use self::builder::{ReadContext, StreamBuilder, guarded};
pub(crate) use self::captured_stream::{CapturedStream, StreamIdentity};
pub use self::captured_stream::{
    Http2Role, OpenEnd, RecordedEnd, Stall, StallKind, StreamEnding, StreamStart,
};
pub(super) use self::detect::{is_request, is_response};
pub(crate) use self::live_ending::LiveEnding;
pub(super) use self::recorded::{RecordedGap, RecordedHead};
