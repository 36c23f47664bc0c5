//! What is known of the connections, and what of them is looked at. Nothing here knows a screen or
//! a key.

pub(crate) mod connections;
mod copy;
pub(crate) mod draft;
pub(crate) mod mask_key;
pub(crate) mod payload_text;
pub(crate) mod query;
mod reports;
mod search;
mod selection;
pub(crate) mod state;

pub(crate) use state::Session;
