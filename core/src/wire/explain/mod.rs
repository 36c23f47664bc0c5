//! What a frame's bytes and bits mean: its fields, the rules behind them, and which implementations hold a peer to them.

mod describe;
pub mod field_span;
mod frame_context;
pub mod interop;
pub mod reference;

pub use frame_context::FrameContext;
