//! The race: the same exchange over HTTP and over WebSocket, in alternation, on one course.
//!
//! It measures and reports; it draws nothing, and it starts no servers. A lane's time counts from
//! before a request is given to its client library until the whole reply has been compared.

mod course;
mod drive;
mod lane;
mod outcome;

pub use course::{Course, CourseError, Lane};
pub use drive::{Counters, Live, Report, run};
pub use outcome::{Figures, Outcome};
