//! What must be known around a frame to explain it.

use crate::wire::frame::Side;
use crate::wire::frame::message::MessageKind;

/// What the meaning of a field depends on besides its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameContext {
    /// Who sent the frame.
    pub from: Side,
    /// permessage-deflate was agreed.
    pub deflate: bool,
    /// What the message holds that the frame is part of, where that is known.
    pub kind: Option<MessageKind>,
    /// The message that the frame is part of is compressed.
    pub compressed: bool,
}

impl FrameContext {
    /// A frame from `from` of which nothing else is known.
    pub fn new(from: Side, deflate: bool) -> Self {
        Self { from, deflate, kind: None, compressed: false }
    }
}
