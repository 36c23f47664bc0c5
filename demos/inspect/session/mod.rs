//! What is known about the connections, and what of it is selected. This module knows no screen and
//! no keys.

pub(crate) mod connections;
mod copy;
pub(crate) mod frame_draft;
mod loaded;
pub(crate) mod mask_key;
pub(crate) mod payload_text;
pub(crate) mod query;
mod reports;
mod search;
pub(crate) mod selection;
mod send;
pub(crate) mod state;

pub(crate) use state::{Growth, Session};
