//! The opening handshake (RFC 6455 section 4): finds heads in a stream and validates them as
//! strictly as the RFC demands. Every problem has its position.
//! Nothing is sent here. A validation says what a server would answer.
//!
//! In reading order: [`head`] finds heads and splits them into lines, [`request`] and [`response`]
//! validate them, [`accept`] computes the accept value, [`problem`] describes the rules,
//! [`checks`] lists which of them passed, [`extended_connect`] is the handshake over HTTP/2, and
//! [`pair`] finds the handshake among the HTTP exchanges of a connection.

pub mod accept;
mod body;
pub mod checks;
mod content;
mod exchange;
pub mod extended_connect;
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
pub(crate) use body::BodyReader;
pub use checks::{CheckResult, HandshakeCheck};
pub use content::{Content, ContentFields, ContentFilter, ContentPart};
pub use exchange::{HttpExchange, RequestLine, begins_with_start_line};
pub(crate) use exchange::{looks_like_request, may_switch_protocols};
pub use head::reader::{DEFAULT_MAX_HEAD_LEN, HeadReader, HeadScan};
pub use head::{FieldLine, Head, HeadLine, HeadLineKind, HeadPart, HeadPartKind};
pub use problem::{Problem, ProblemCode, ProblemRule};
pub use request::ServerPolicy;
pub use response::ClientOffer;
pub use validated_head::{HeadContext, ValidatedHead};
pub use validation::{HandshakeOutcome, HeadValidation};
