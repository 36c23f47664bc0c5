//! How far away a peer is: by a model ([`DelayedStream`](delayed_stream::DelayedStream),
//! [`Stall`](stall::Stall)) or in truth ([`NetnsPair`](netns::NetnsPair)).

pub(super) mod delayed_stream;
pub(super) mod link_emulator;
pub(super) mod link_model;
pub(super) mod netns;
pub(super) mod stall;
