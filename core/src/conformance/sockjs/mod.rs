//! A case of the SockJS suite as data, and the judgement of what a server answers, without I/O.
//!
//! In reading order: [`request`], [`rule`] (what a rule
//! demands of a head, a body, a stream or a frame), [`script`] (the steps of a case), [`response`]
//! and [`received`] (what came on a connection), [`judge`] with a file for
//! each kind of rule, and [`polling`] for answers that are asked for again.

mod info;
mod judge;
mod judge_body;
mod judge_frame;
mod judge_head;
mod polling;
mod received;
mod request;
mod response;
mod rule;
mod script;

pub use judge::{Judgement, judge, judge_at_end, late};
pub use polling::{Polled, judge_poll, judge_retry};
pub use received::Received;
pub use request::{Names, Notes, SockjsRequest};
pub use response::ResponseReader;
pub use rule::{BodyRule, FrameRule, HeadRule, InfoRule, StreamRule};
pub use script::{ServiceEndpoint, SockjsScript, SockjsStep, SockjsTraits, Transport};
