//! Tests how well a WebSocket server keeps the rules of the protocol: plays the cases of
//! [`crate::wire`]'s conformance suite against it, side by side.
//!
//! In reading order: `config` (what is tested, and how far it may go), `exchange` (one case on one
//! socket), `annotation` (its bytes, decoded), `probe` (is the server there, and does it echo),
//! `restart` (bring it back), `outcome` (the results), `runner`.

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
mod config;
mod exchange;
mod outcome;
mod probe;
mod restart;
mod runner;

pub use annotation::AnnotatedSide;
pub use config::{ConformConfig, EchoMode};
pub use exchange::Exchange;
pub use outcome::{CaseOutcome, ConformOutcome};
pub use probe::ProbeError;
pub use runner::{ConformError, ConformEvent, run};
pub use wiretalk_core::conformance::{
    Case, Expectation, Finding, Group, Opening, RunLimits, ServerAddress, ServerTraits, Step,
    Verdict, all_cases,
};
