//! [`Broadcast`]: what everybody who is connected to the hub is sent.

use bytes::Bytes;

/// Whole frames that go to everybody in one write.
#[derive(Clone, Debug)]
pub(super) struct Broadcast {
    pub(super) frames: Bytes,
    pub(super) messages: u64,
}
