//! What is kept of a connection: frames as rows without payload, or one direction with all its
//! bytes. And an endpoint that enforces every rule.

pub mod arrivals;
mod direction_trace;
pub mod endpoint;
pub mod exchange_log;
mod frame;
pub mod sockjs_log;
pub mod trace;
mod trace_beside;
mod trace_gaps;
mod trace_row;
pub mod transcript;

pub use trace_row::TraceRow;
