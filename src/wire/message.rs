//! From frames to messages (RFC 6455 section 5.4): what each frame is to the message that is open.
//! It holds no payload; `transcript` puts the bytes together.

use super::frame::Opcode;
use super::size::ByteLen;
use super::utf8::Validator;

/// What a data message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

impl Kind {
    /// `text` or `binary`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }

    /// The opcode of its first frame.
    pub(crate) fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::Text,
            Self::Binary => Opcode::Binary,
        }
    }

    fn of(opcode: Opcode) -> Option<Self> {
        match opcode {
            Opcode::Text => Some(Self::Text),
            Opcode::Binary => Some(Self::Binary),
            _ => None,
        }
    }
}

/// What a frame is to the messages of its direction. `message` counts the messages that were begun, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Begins a message (and ends it too, with FIN = 1).
    Opens {
        /// The number of the message.
        message: usize,
    },
    /// Goes on with the message that is open.
    Continues {
        /// The number of the message.
        message: usize,
    },
    /// Part of no message: it may stand between two fragments.
    Control,
    /// Belongs nowhere: it continues nothing, interrupts a message, or has no known opcode.
    Stray,
}

impl Place {
    /// The message that this frame is part of.
    pub fn message(self) -> Option<usize> {
        match self {
            Self::Opens { message } | Self::Continues { message } => Some(message),
            Self::Control | Self::Stray => None,
        }
    }
}

/// A message that has begun and not ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) number: usize,
    pub(crate) kind: Kind,
    pub(crate) compressed: bool,
    pub(crate) text: Validator,
    /// The first byte of its inflated text that is no UTF-8.
    pub(crate) bad_byte: Option<u8>,
    /// Payload bytes so far, as they came.
    pub(crate) payload: ByteLen,
    /// Those of them that came in earlier frames.
    pub(crate) before: ByteLen,
    /// The limit of inflating was told.
    pub(crate) limit_told: bool,
    /// It can never be completed as a valid message any more.
    pub(crate) broken: bool,
    /// At least one of its frames is complete.
    pub(crate) fragmented: bool,
}

/// The messages of one direction, begun one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Messages {
    pub(crate) open: Option<Open>,
    begun: usize,
}

impl Messages {
    /// Counts a message of one frame, and gives its number.
    pub(super) fn pass(&mut self) -> usize {
        let number = self.begun;
        self.begun = number.saturating_add(1);
        number
    }

    /// Gives a frame its place by its first byte, and opens a message where one begins.
    /// `compressed` says whether RSV1 means that here.
    pub(crate) fn place(&mut self, opcode: Opcode, compressed: bool) -> Place {
        if opcode.is_control() {
            return Place::Control;
        }
        match (Kind::of(opcode), &self.open) {
            (Some(kind), None) => {
                let number = self.pass();
                self.open = Some(Open {
                    number,
                    kind,
                    compressed,
                    text: Validator::new(),
                    bad_byte: None,
                    payload: ByteLen::ZERO,
                    before: ByteLen::ZERO,
                    limit_told: false,
                    broken: false,
                    fragmented: false,
                });
                Place::Opens { message: number }
            }
            (None, Some(open)) if opcode == Opcode::Continuation => Place::Continues { message: open.number },
            _ => Place::Stray,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(opcodes: &[(Opcode, bool)]) -> Vec<Place> {
        let mut messages = Messages::default();
        let place = |(opcode, fin): &(Opcode, bool)| {
            let place = messages.place(*opcode, false);
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
                Place::Opens { message: 0 },
                Place::Control,
                Place::Continues { message: 0 },
                Place::Opens { message: 1 }
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
            [Place::Stray, Place::Opens { message: 0 }, Place::Stray, Place::Stray]
        );
    }
}
