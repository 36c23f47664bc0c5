//! Tracks which message each frame belongs to (RFC 6455 section 5.4).
//! It keeps no payload; `transcript` assembles the bytes.

use crate::text::named_enum;
use crate::wire::frame::Opcode;
use crate::wire::frame::utf8::Utf8Validator;
use crate::wire::size::ByteLen;

/// The type of a data message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Arbitrary bytes.
    Binary,
}

named_enum!(MessageKind, "kind of message": Text = "text", Binary = "binary");

impl MessageKind {
    /// Returns the opcode of the message's first frame.
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

/// The role of a frame in the messages of its direction. Messages are numbered from 0, in the order
/// in which they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FragmentRole {
    /// The first frame of a message, and the only one if FIN = 1.
    First {
        /// The number of the message.
        message: usize,
    },
    /// Continues the open message.
    Continuation {
        /// The number of the message.
        message: usize,
    },
    /// A control frame. It belongs to no message and may come between two fragments.
    Control,
    /// A frame that belongs nowhere: it continues nothing, interrupts a message, or has a reserved
    /// opcode.
    Orphan,
}

impl FragmentRole {
    /// Returns the number of the message that the frame is part of.
    pub fn message_number(self) -> Option<usize> {
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
    /// The first byte of its inflated text that isn't valid UTF-8.
    pub(crate) invalid_byte: Option<u8>,
    /// The payload bytes so far, before inflating.
    pub(crate) payload_len: ByteLen,
    /// The part of `payload_len` that came in earlier frames.
    pub(crate) earlier_payload_len: ByteLen,
    /// Whether the inflate limit has been reported.
    pub(crate) limit_reported: bool,
    /// Whether the message has a fault, so that it will not be delivered.
    pub(crate) is_invalid: bool,
    /// Whether at least one of its frames is complete.
    pub(crate) has_complete_frame: bool,
}

/// The messages of one direction. At most one is open: fragments of two messages must not be
/// interleaved (RFC 6455 section 5.4).
#[derive(Clone, Debug, Default)]
pub(crate) struct MessageTracker {
    pub(crate) open: Option<OpenMessage>,
    started: usize,
    /// Whether frames were lost since the last message began, so that the place of the next ones
    /// is unknown.
    pub(crate) follows_gap: bool,
}

impl MessageTracker {
    /// Counts a message that consists of one frame and returns its number.
    pub(in crate::wire) fn count_single_frame(&mut self) -> usize {
        let number = self.started;
        self.started = number.saturating_add(1);
        self.follows_gap = false;
        number
    }

    /// Forgets the open message, because frames were lost.
    pub(crate) fn lose_frames(&mut self) {
        self.open = None;
        self.follows_gap = true;
    }

    /// Returns the role of a frame, by its first byte, and opens a message where one begins.
    /// `compressed` is true if RSV1 is set and means "compressed" here.
    pub(crate) fn classify(&mut self, opcode: Opcode, compressed: bool) -> FragmentRole {
        // Control frames may be injected in the middle of a fragmented message (section 5.4), so
        // they leave `open` alone.
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
            // A new data frame while a message is open does not replace that message: its
            // continuations may still follow.
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
            if *fin && place.message_number().is_some() {
                messages.open = None;
            }
            place
        };
        opcodes.iter().map(place).collect()
    }

    #[test]
    fn a_kind_has_the_name_of_its_opcode() {
        for (kind, name) in [(MessageKind::Text, "text"), (MessageKind::Binary, "binary")] {
            assert_eq!((kind.name(), kind.opcode().name()), (name, name));
        }
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
