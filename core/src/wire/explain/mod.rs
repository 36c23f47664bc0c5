//! Explains a frame's bytes and bits: its fields, the rules that apply to them, and which
//! implementations enforce the rules.

mod describe;
pub mod field_span;
mod frame_context;
pub mod interop;
mod non_frame;
pub mod reference;

pub use frame_context::FrameContext;
pub use non_frame::NonFrame;
