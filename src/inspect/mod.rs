//! The configuration of an inspector, typed, whether it comes from the command line or from a
//! slide, and what it tells about each of many connections.
//!
//! `cli::inspect` builds it from arguments, and `demos::inspect` from the settings of a fence.
//! Nothing here opens a connection.

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

mod bundled_server;
mod config;
mod connection_summary;
mod ending;
mod recording;
mod search_job;

pub use bundled_server::BundledServer;
pub use config::{InspectConfig, InspectSource, STANDARD_INPUT};
pub(crate) use connection_summary::{ConnectionKind, ConnectionSummary, describe_kinds};
pub(crate) use ending::{
    AbnormalClosure, Ending, EndingObserver, closes_of, describe_ending, how_it_ended,
    last_activity, proxied_end, short_ending, silence_of_server,
};
pub use recording::RecordingOptions;
pub(crate) use recording::{Recording, RecordingError};
pub(crate) use search_job::SearchedBytes;
pub use search_job::{FoundFrame, SearchJob};
