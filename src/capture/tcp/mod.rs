//! TCP: segments to connections (`connection_table`), and the bytes of a connection in order.

pub(super) mod client_guess;
mod connection;
pub(super) mod connection_table;
mod end;
pub(super) mod reassembly;
mod time_order;
