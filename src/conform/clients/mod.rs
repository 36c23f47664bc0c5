//! [`judge_clients`]: plays the cases for clients with whatever connects, a case at each path.

mod index;
mod server;
#[cfg(test)]
mod tests;

pub use server::{ClientEvent, ClientsConfig, judge_clients};
