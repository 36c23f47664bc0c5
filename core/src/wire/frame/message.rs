//! From frames to messages (RFC 6455 section 5.4): what each frame is to the message that is open.
//! It holds no payload; `transcript` puts the bytes together.

use crate::text::named_enum;
use crate::wire::frame::Opcode;
use crate::wire::frame::utf8::Utf8Validator;
use crate::wire::size::ByteLen;

/// What a data message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

named_enum!(MessageKind, "kind of message": Text = "text", Binary = "binary");

impl MessageKind {
    /// The opcode of its first frame.
    pub fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::Text,
            Self::Binary => Opcode::Binary,
        }
    }

    fn from_opcode(opcode: Opcode) -> Option<Self> {
        match opcode {
            Opcode::Text => Some(Self::Text),
            Opcode::Binary => Some(Self::Binary),
            _ => None,
        }
    }
}

/// What a frame is to the messages of its direction. `message` counts the messages that were begun, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FragmentRole {
    /// Begins a message (and ends it too, with FIN = 1).
    First {
        /// The number of the message.
        message: usize,
    },
    /// Goes on with the message that is open.
    Continuation {
        /// The number of the message.
        message: usize,
    },
    /// Part of no message: it may stand between two fragments.
    Control,
    /// Belongs nowhere: it continues nothing, interrupts a message, or has no known opcode.
    Orphan,
}

impl FragmentRole {
    /// The message that this frame is part of.
    pub fn message(self) -> Option<usize> {
        match self {
            Self::First { message } | Self::Continuation { message } => Some(message),
            Self::Control | Self::Orphan => None,
        }
    }
}

/// A message that has begun and not ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenMessage {
    pub(crate) number: usize,
    pub(crate) kind: MessageKind,
    pub(crate) compressed: bool,
    pub(crate) utf8: Utf8Validator,
    /// The first byte of its inflated text that is no UTF-8.
    pub(crate) invalid_byte: Option<u8>,
    /// Payload bytes so far, as they came.
    pub(crate) payload_len: ByteLen,
    /// Those of them that came in earlier frames.
    pub(crate) earlier_payload_len: ByteLen,
    /// The limit of inflating was told.
    pub(crate) limit_reported: bool,
    /// It can never be completed as a valid message any more.
    pub(crate) is_invalid: bool,
    /// At least one of its frames is complete.
    pub(crate) has_complete_frame: bool,
}

/// The messages of one direction, begun one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageTracker {
    pub(crate) open: Option<OpenMessage>,
    started: usize,
}

impl MessageTracker {
    /// Counts a message of one frame, and gives its number.
    pub(in crate::wire) fn count_single_frame(&mut self) -> usize {
        let number = self.started;
        self.started = number.saturating_add(1);
        number
    }

    /// Gives a frame its place by its first byte, and opens a message where one begins.
    /// `compressed` says whether RSV1 means that here.
    pub(crate) fn classify(&mut self, opcode: Opcode, compressed: bool) -> FragmentRole {
        if opcode.is_control() {
            return FragmentRole::Control;
        }
        match (MessageKind::from_opcode(opcode), &self.open) {
            (Some(kind), None) => {
                let number = self.count_single_frame();
                self.open = Some(OpenMessage {
                    number,
                    kind,
                    compressed,
                    utf8: Utf8Validator::new(),
                    invalid_byte: None,
                    payload_len: ByteLen::ZERO,
                    earlier_payload_len: ByteLen::ZERO,
                    limit_reported: false,
                    is_invalid: false,
                    has_complete_frame: false,
                });
                FragmentRole::First { message: number }
            }
            (None, Some(open)) if opcode == Opcode::Continuation => {
                FragmentRole::Continuation { message: open.number }
            }
            _ => FragmentRole::Orphan,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(opcodes: &[(Opcode, bool)]) -> Vec<FragmentRole> {
        let mut messages = MessageTracker::default();
        let place = |(opcode, fin): &(Opcode, bool)| {
            let place = messages.classify(*opcode, false);
            if *fin && place.message().is_some() {
                messages.open = None;
            }
            place
        };
        opcodes.iter().map(place).collect()
    }

    #[test]
    fn section_5_4_a_control_frame_between_two_fragments() {
        assert_eq!(
            places(&[
                (Opcode::Text, false),
                (Opcode::Ping, true),
                (Opcode::Continuation, true),
                (Opcode::Binary, true)
            ]),
            [
                FragmentRole::First { message: 0 },
                FragmentRole::Control,
                FragmentRole::Continuation { message: 0 },
                FragmentRole::First { message: 1 }
            ]
        );
    }

    #[test]
    fn section_5_4_frames_that_belong_nowhere() {
        assert_eq!(
            places(&[
                (Opcode::Continuation, true),
                (Opcode::Text, false),
                (Opcode::Binary, true),
                (Opcode::Reserved(3), true)
            ]),
            [
                FragmentRole::Orphan,
                FragmentRole::First { message: 0 },
                FragmentRole::Orphan,
                FragmentRole::Orphan
            ]
        );
    }
}
