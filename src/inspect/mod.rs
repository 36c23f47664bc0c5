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
mod capture_copy;
mod config;
mod connection_summary;
mod direction_cursor;
mod ending;
mod recording;
mod search_job;
mod standard_input;
mod text_scan;
mod unread_extensions;

pub use bundled_server::BundledServer;
pub(crate) use capture_copy::{CaptureCopy, is_same_file};
pub use config::{InspectConfig, InspectSource};
pub(crate) use connection_summary::{ConnectionKind, ConnectionSummary, describe_kinds};
pub(crate) use direction_cursor::SearchedBytes;
pub(crate) use ending::{
    AbnormalClosure, Ending, closes_of, describe_ending, how_it_ended, last_activity,
    non_http_answer, open_end_name, proxied_end, short_ending, silence_of_server,
};
pub use recording::RecordingOptions;
pub(crate) use recording::{Recording, RecordingError};
pub use search_job::{FoundFrame, SearchJob};
pub use standard_input::STANDARD_INPUT;
pub(crate) use standard_input::is_pipe;
pub(crate) use text_scan::{MAX_ROWS_SCANNED, ScanCursors};
pub use text_scan::{TextScan, TextScanJob};
pub(crate) use unread_extensions::unread_extensions;
