//! [`Outbox`]: the messages that wait for a receiver, within their limits.

use std::collections::VecDeque;

use crate::sockjs::js_string::JsString;
use crate::sockjs::session::limits::SessionLimits;

/// Messages in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox {
    messages: VecDeque<JsString>,
    bytes: usize,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a message of `bytes` fits. One that is larger than the limit fits if it is alone.
    pub(super) fn has_room(&self, bytes: usize, limits: &SessionLimits) -> bool {
        let fits = self.bytes.saturating_add(bytes) <= limits.queued_bytes;
        self.is_empty() || (fits && self.len() < limits.queued_messages)
    }

    pub(super) fn push(&mut self, message: JsString) {
        self.bytes = self.bytes.saturating_add(message.len());
        self.messages.push_back(message);
    }

    /// Takes messages for one frame: the first, and those behind it while the frame is small.
    pub(super) fn take(&mut self, frame_bytes: usize) -> Vec<JsString> {
        let (mut taken, mut bytes) = (0_usize, 0_usize);
        for message in &self.messages {
            if taken > 0 && bytes.saturating_add(message.len()) > frame_bytes {
                break;
            }
            taken = taken.saturating_add(1);
            bytes = bytes.saturating_add(message.len());
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        let taken = self.messages.drain(..taken).collect();
        if self.messages.is_empty() {
            // An idle session keeps nothing of a busy time.
            self.messages = VecDeque::new();
        }
        taken
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
