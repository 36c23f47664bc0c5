//! Observing every byte of a socket: the [`Tap`](tap::Tap) and its observers.

pub(super) mod chunk_sender;
pub(super) mod tap;
pub(super) mod traffic;
