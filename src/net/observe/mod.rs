//! Seeing every byte of a socket: the [`Tap`](tap::Tap), and those who watch through it.

pub(super) mod chunk_sender;
pub(super) mod tap;
pub(super) mod traffic;
