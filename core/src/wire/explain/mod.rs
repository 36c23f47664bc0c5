//! What a frame's bytes and bits mean: its fields, the rules behind them, and which implementations hold a peer to them.

mod describe;
pub mod field_span;
pub mod interop;
pub mod reference;
