//! [`Broadcast`]: frames that are sent to every subscriber of the hub.

use bytes::Bytes;

/// Complete frames that are sent to every subscriber in one write.
#[derive(Clone, Debug)]
pub(super) struct Broadcast {
    pub(super) frames: Bytes,
    pub(super) messages: u64,
}
