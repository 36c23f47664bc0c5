//! A run: all cases, several at once, and which of them a server does not survive.
//!
//! In reading order: `event`, `attempt` (one case), `state`, `driver` (all cases), `alone` (a case with
//! nothing beside it).

mod alone;
mod attempt;
mod driver;
mod event;
mod state;

pub use driver::run;
pub use event::ConformEvent;
