//! What the command line says about presenting a deck: where it starts and where it is from, which
//! slides it goes through, and the user's keys.

mod deck_source;
mod keys_source;
mod live_reload;
mod notes_args;
mod present_args;
mod resume_file;
mod talk_memory;
mod user_folder;

pub use deck_source::{DeckSource, read_piped_deck};
pub use keys_source::{default_keys_file, read_keys_file, read_user_keys};
pub use live_reload::{ShownVersion, TalkFiles, WatchedTalk, read_for_first_frame, reread_on_save};
pub use notes_args::NotesArgs;
pub use present_args::{OnlyArg, PresentArgs, TransitionArg, WithArg};
pub use resume_file::RememberedPlace;
pub use talk_memory::TalkMemory;
pub(super) use user_folder::user_folder;
