//! [`FrameField`]: the fields that are asked for.

use crate::learn::exercise::FieldForm;

/// A field of a frame that is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameField {
    Fin,
    Rsv1,
    Opcode,
    Masked,
    Length,
    Key,
    Start,
    Text,
    Payload,
    Code,
    Reason,
}

impl FrameField {
    const ALL: [Self; 11] = [
        Self::Fin,
        Self::Rsv1,
        Self::Opcode,
        Self::Masked,
        Self::Length,
        Self::Key,
        Self::Start,
        Self::Text,
        Self::Payload,
        Self::Code,
        Self::Reason,
    ];

    /// Returns the fields that a level asks for, in wire order. They never depend on the frame: that
    /// would give some of it away.
    pub(super) fn of_level(level: u8) -> impl Iterator<Item = Self> {
        let asks = move |field: &Self| match field {
            Self::Rsv1 => level == 5,
            Self::Start => level == 2,
            Self::Text => matches!(level, 1 | 5),
            Self::Payload => matches!(level, 3 | 4),
            Self::Code | Self::Reason => level == 4,
            _ => true,
        };
        Self::ALL.into_iter().filter(asks)
    }

    /// Returns the field with that name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Returns the key of an answer.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Rsv1 => "rsv1",
            Self::Opcode => "opcode",
            Self::Masked => "masked",
            Self::Length => "length",
            Self::Key => "key",
            Self::Start => "start",
            Self::Text => "text",
            Self::Payload => "payload",
            Self::Code => "code",
            Self::Reason => "reason",
        }
    }

    /// Returns what people read beside it.
    pub(super) fn form(self, level: u8) -> FieldForm {
        let (label, expects) = match self {
            Self::Fin => ("FIN", "0 or 1"),
            Self::Rsv1 => ("RSV1", "0 or 1"),
            Self::Opcode => ("opcode", "a number such as 1, or a name such as text"),
            Self::Masked => ("MASK", "0 or 1"),
            Self::Length => ("payload length", "a number of bytes"),
            Self::Key => ("masking key", "four bytes in hex; empty if there's none"),
            Self::Start => ("payload starts at byte", "a number, counted from 0"),
            Self::Text => ("text", "the text as it is, or 0x and its bytes"),
            Self::Payload if level == 3 => ("payload, unmasked", "its bytes in hex"),
            Self::Payload => {
                ("payload of a ping or pong, unmasked", "its bytes in hex; empty if there's none")
            }
            Self::Code => ("close code", "a number; empty if there's none"),
            Self::Reason => ("close reason", "the text; empty if there's none"),
        };
        FieldForm {
            name: self.name().to_owned(),
            label: label.to_owned(),
            expects: expects.to_owned(),
            is_text: matches!(self, Self::Text | Self::Reason),
        }
    }
}
