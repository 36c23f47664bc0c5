//! Steering: which key does what, where a talk goes next, and what the mouse does.

mod dispatch;
mod focus;
mod jump_history;
mod key_press;
mod key_table;
mod keys_file;
mod mouse;
mod navigation;
mod on_overlays;
mod route;
mod steering_state;
mod typing_guard;

pub use jump_history::DeckPlace;
pub use key_table::KeyMap;
pub(super) use key_table::{KeyBinding, StageAction};
pub use keys_file::{KeysProblem, read_keys};
pub use route::Route;
pub use steering_state::MouseReports;
pub(super) use steering_state::{Laser, Showing, Steering};
