//! The opening handshake (RFC 6455 section 4): heads found in a stream, judged as strict sides do, every rule with its place.
//! Nothing is sent or answered here; a judgement says what a server would answer.
//!
//! In reading order: [`head`] finds heads and cuts them, [`request`] and [`response`] judge, [`accept`] computes the proof,
//! [`problem`] holds the rules in words, [`checks`] what was right.

pub mod accept;
pub mod checks;
pub mod extension;
pub mod head;
mod head_validator;
pub mod pair;
pub mod problem;
pub mod request;
pub mod response;
mod validated_head;
mod validation;

pub use accept::{AcceptMistake, AcceptStep, AcceptValue, GUID};
pub use checks::{CheckResult, HandshakeCheck};
pub use head::reader::{DEFAULT_MAX_HEAD_LEN, HeadReader, HeadScan};
pub use head::{FieldLine, Head, HeadLine, HeadLineKind, HeadPart, HeadPartKind};
pub use problem::{Problem, ProblemCode, ProblemRule};
pub use request::ServerPolicy;
pub use response::ClientOffer;
pub use validated_head::{HeadContext, ValidatedHead};
pub use validation::{HandshakeOutcome, HeadValidation};
