//! Explains a frame's bytes and bits: its fields, the rules that apply to them, and which
//! implementations enforce the rules.

mod describe;
pub mod field_span;
mod frame_context;
pub mod interop;
mod non_http;
pub mod reference;

pub use crate::wire::decode::NonFrame;
pub use frame_context::FrameContext;
pub use non_http::describe_non_http;
