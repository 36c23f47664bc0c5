//! A case of the SockJS suite as data, and the evaluation of what a server answers, without I/O.
//!
//! In reading order: [`request`], [`rule`] (what a rule
//! demands of a head, a body, a stream or a frame), [`script`] (the steps of a case), [`response`]
//! and [`received`] (what came on a connection), [`evaluation`] with a file for each kind of
//! rule, and [`polling`] for answers that are asked for again.

mod body_evaluation;
mod evaluation;
mod frame_evaluation;
mod head_evaluation;
mod info_evaluation;
mod polling;
mod received;
mod request;
mod response;
mod rule;
mod script;

pub use evaluation::{evaluate, evaluate_at_end, late};
pub use polling::{Polled, evaluate_poll, evaluate_retry};
pub use received::Received;
pub use request::{Names, Notes, SockJsRequest};
pub use response::ResponseReader;
pub use rule::{BodyRule, Evaluation, FrameRule, HeadRule, InfoRule, StreamRule};
pub use script::{ServiceEndpoint, SockJsScript, SockJsStep, SockJsTraits, TRANSPORTS};

pub use crate::sockjs::Transport;
