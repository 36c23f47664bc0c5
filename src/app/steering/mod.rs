//! Steering: which key does what, where a talk goes next, and what the mouse does.

mod dispatch;
mod focus;
mod jump_history;
mod keys;
mod mouse;
mod navigation;
mod on_overlays;
mod route;
mod steering_state;
#[cfg(test)]
mod tests;

pub use jump_history::DeckPlace;
pub(super) use keys::{KeyBinding, StageAction};
pub use keys::{KeyMap, KeysProblem, check_keys, read_keys};
pub use route::Route;
pub use steering_state::MouseReports;
pub(super) use steering_state::{Laser, Showing, Steering};
