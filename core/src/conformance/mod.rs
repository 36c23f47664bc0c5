//! The rules of RFC 6455, RFC 7692, RFC 9112 and SockJS as test cases for any WebSocket server or
//! client, without I/O.
//!
//! A [`Case`] is data: what is sent, byte for byte, and what a conforming peer does then. A
//! [`CaseRun`] plays one case as a state machine: its caller has the socket and the clock, and gets
//! a [`Finding`] in the end.
//!
//! In reading order: [`verdict`], [`request`] (opening handshakes, legal or not), [`case`] (what is
//! sent and expected), [`cases`] (all of them), [`run`]; [`sockjs`] has what a case of the SockJS suite
//! is made of.

mod broken_rule;
pub mod case;
mod case_builder;
pub mod cases;
mod client_cases;
mod group;
mod http2_rule;
mod key_quality;
mod masking_keys;
pub mod request;
pub mod response;
pub mod run;
pub mod sockjs;
mod sockjs_cases;
pub mod verdict;
mod whole_run;

pub use broken_rule::broken_rule;
pub use case::{Case, CaseKind, Expectation, Opening, SizeLimit, Step};
pub use cases::{all_cases, http2_cases, message_without_echo, short_echo, standard_handshake};
pub use client_cases::client_cases;
pub use group::Group;
pub use http2_rule::Http2Rule;
pub use key_quality::KeyRule;
pub use request::{EXAMPLE_KEY, Request, ServerAddress};
pub use response::Response;
pub use run::{Action, CaseRun, ConnectionEnd, RunLimits, ServerTraits, StreamEnd};
pub use sockjs_cases::sockjs_cases;
pub use verdict::{Finding, Verdict};
pub use whole_run::echo_of_size;
