//! Time as sockets see it: the clock, which tests replace, and a timer that rings when a deadline
//! has come.

pub(super) mod clock;
pub(super) mod deadline_timer;
