//! [`FrameContext`]: what else must be known to explain a frame.

use crate::wire::frame::Side;
use crate::wire::frame::message::MessageKind;
use crate::wire::handshake::extension::AgreedExtensions;

/// What the meaning of a field depends on, besides its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameContext {
    /// The side that sent the frame.
    pub from: Side,
    /// Whether permessage-deflate was agreed.
    pub deflate: bool,
    /// The type of the message that the frame is part of, if known.
    pub kind: Option<MessageKind>,
    /// Whether the message that the frame is part of is compressed.
    pub compressed: bool,
}

impl FrameContext {
    /// Creates the context of a frame that `from` sent on a connection with these extensions.
    /// Nothing else is known of the frame.
    pub fn new(from: Side, agreed: AgreedExtensions) -> Self {
        Self { from, deflate: agreed.deflate.is_some(), kind: None, compressed: false }
    }
}
