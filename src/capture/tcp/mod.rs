//! TCP: segments to connections (`connection_table`), and the bytes of a connection in order.

mod annotations;
pub(super) mod client_guess;
mod closing;
pub(super) mod connection;
pub(super) mod connection_table;
mod end;
mod header_prediction;
mod ownership;
pub(super) mod reassembly;
#[cfg(test)]
mod tests;
mod time_order;
