//! Tests how well a WebSocket server or client keeps the rules of the protocol: plays the cases of
//! [`crate::conformance`] against it, side by side.
//!
//! In reading order: `config` (what is tested, and how far it may go), `exchange` (one case on one
//! socket), `play` (on a connection of HTTP/1.1 or on a stream of HTTP/2), `annotation` (its bytes,
//! decoded), `sockjs` (cases of SockJS, on several connections), `probe` (is the server there, and does it echo), `process` and `restart` (start the server, bring it back), `limits` (how large its messages may be),
//! `survival` (what violations leave behind), `outcome` (the results), `runner`, and `clients`
//! (the other way round: whatever connects is tested).

#![warn(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing
    )
)]

mod annotation;
pub mod clients;
mod config;
mod exchange;
mod limits;
mod outcome;
mod play;
mod probe;
mod process;
mod restart;
mod runner;
mod sockjs;
mod survival;
#[cfg(test)]
mod tests;

pub use annotation::AnnotatedSide;
pub use config::{ConformConfig, EchoMode, SockJsPaths, fast_cases, fast_limits};
pub use exchange::{ConnectionBytes, Exchange, Transferred};
pub use outcome::{CaseOutcome, ConformOutcome};
pub use play::{Http2Error, PlayError};
pub use probe::ProbeError;
pub use process::ServerProcessId;
pub use restart::RestartError;
pub use runner::{ConformEvent, run};
pub use sockjs::SockJsProbeError;
pub use wiretalk_core::conformance::sockjs::{
    Names, Notes, ServiceEndpoint, SockJsRequest, SockJsScript, SockJsStep, TRANSPORTS,
};
pub use wiretalk_core::conformance::{
    Case, CaseKind, Expectation, Finding, Group, Opening, RunLimits, ServerAddress, ServerTraits,
    Step, Verdict, all_cases, client_cases, http2_cases, sockjs_cases,
};
