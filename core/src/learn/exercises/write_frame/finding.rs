//! [`Finding`]: a field of an answer, right or wrong.

use std::ops::Range;

use crate::learn::judgment::Mark;
use crate::wire::explain::field_span::Field;

/// A part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Fin,
    /// The three reserved bits.
    Reserved,
    Opcode,
    Masked,
    Length,
    Key,
    Payload,
    Code,
    Reason,
    /// A rule that the decoder found broken in another way.
    Rule,
    /// The end of the last frame.
    End,
}

/// A field of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The number of the frame, from 0.
    pub(super) frame: usize,
    /// The field.
    pub(super) part: Part,
    /// Whether it is right.
    pub(super) right: bool,
    /// The bytes of the answer that show so.
    pub(super) bytes: Range<usize>,
    /// The value that the answer has.
    pub(super) remark: String,
    /// The value that is right, and why.
    pub(super) lesson: String,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Reserved => "rsv",
            Self::Rule => "rule",
            Self::Opcode => "opcode",
            Self::Masked => "masked",
            Self::Length => "length",
            Self::Key => "key",
            Self::Payload => "payload",
            Self::Code => "code",
            Self::Reason => "reason",
            Self::End => "end",
        }
    }

    /// Returns the field that explains the part.
    pub(super) fn field(self) -> Field {
        match self {
            Self::Fin => Field::Fin,
            Self::Reserved => Field::Rsv1,
            Self::Opcode => Field::Opcode,
            Self::Masked => Field::Mask,
            Self::Length | Self::End => Field::Length,
            Self::Key => Field::MaskingKey,
            Self::Payload | Self::Rule => Field::Payload,
            Self::Code => Field::CloseCode,
            Self::Reason => Field::CloseReason,
        }
    }

    /// Returns the remark on the part when it is right.
    pub(super) fn right(self) -> &'static str {
        match self {
            Self::Code => "the code is right",
            Self::Reason => "the reason is right",
            _ => "the payload is right",
        }
    }
}

impl Finding {
    /// Returns the mark. Where there are several frames, its part begins with the frame's number,
    /// from 1.
    pub(super) fn mark(&self, has_several_frames: bool) -> Mark {
        let part = self.part.name();
        let part = if has_several_frames && self.part != Part::End {
            format!("frame {} {part}", self.frame.saturating_add(1))
        } else {
            part.to_owned()
        };
        Mark {
            part,
            right: self.right,
            bytes: Some(self.bytes.clone()),
            remark: self.remark.clone(),
        }
    }
}
