//! The keys of the stage: their names, their table, the file that changes it, and what tells them
//! from text.

mod key_press;
mod key_table;
mod keys_file;
mod typing_guard;

pub(in crate::app) use key_press::KeyPress;
pub use key_table::KeyMap;
pub(in crate::app) use key_table::{KeyBinding, StageAction, is_restart};
pub use keys_file::{KeysProblem, check_keys, read_keys};
pub(in crate::app) use typing_guard::{GuardVerdict, KeyMeaning, TypingGuard};
