//! The distance to a peer: modelled ([`DelayedStream`](delayed_stream::DelayedStream),
//! [`Stall`](stall::Stall)) or real ([`NetnsPair`](netns::NetnsPair)).

pub(super) mod delayed_stream;
pub(super) mod link_emulator;
pub(super) mod link_model;
pub(super) mod netns;
pub(super) mod stall;
