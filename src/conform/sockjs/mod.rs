//! Plays a case of the SockJS suite, on as many connections as it needs.
//!
//! In reading order: `connection` (one of them), `player` (the steps of a case), `probe` (what a
//! server offers).

mod connection;
mod player;
mod probe;

pub(super) use player::play_script;
pub use probe::SockJsProbeError;
pub(super) use probe::{find_traits, is_alive};
