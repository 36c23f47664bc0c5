//! Time for sockets: a clock that tests can replace, and a timer for deadlines.

pub(super) mod clock;
pub(super) mod deadline_timer;
