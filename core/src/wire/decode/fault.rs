//! Every rule that frames can break: one row per rule, with its section and an explanation for
//! beginners.
//! `frame_validator` finds out when and where a rule is broken.

use std::fmt;
use std::str::FromStr;

use crate::text::UnknownName;
use crate::wire::deflate::inflate::{InflateFault, InflateFaultKind};
use crate::wire::frame::Severity;
use crate::wire::size::{ByteLen, Offset};

macro_rules! rules {
    ($(
        $code:ident $name:literal $severity:ident $close:expr, $section:literal,
        $summary:literal,
        $rationale:literal;
    )*) => {
        /// The rules, by the names in the program's output.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultCode { $(#[doc = $summary] $code,)* }

        impl FaultCode {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// Returns the rule's description.
            pub fn rule(self) -> &'static FaultRule {
                match self {
                    $(Self::$code => &FaultRule {
                        code: Self::$code,
                        name: $name,
                        severity: Severity::$severity,
                        close_code: $close,
                        section: $section,
                        summary: $summary,
                        rationale: $rationale,
                    },)*
                }
            }
        }
    };
}

/// One rule of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRule {
    /// The code of the rule.
    pub code: FaultCode,
    /// The name in output: `E_...` for a fatal rule, `W_...` for a warning.
    pub name: &'static str,
    /// The severity of breaking the rule.
    pub severity: Severity,
    /// The code of the Close that a receiver sends. `None` for warnings and for the rules about
    /// frames after a Close: the receiver sends no Close for these.
    pub close_code: Option<u16>,
    /// The section that states the rule.
    pub section: &'static str,
    /// The violation in one clause.
    pub summary: &'static str,
    /// The reason for the rule, or what a violation tells.
    pub rationale: &'static str,
}

rules! {
    RsvNonzero "E_RSV_NONZERO" Fatal Some(1002), "RFC 6455 §5.2",
        "a reserved bit is 1, but no agreed extension gives it a meaning",
        "The three RSV bits belong to extensions. Without one they mean nothing, so a 1 shows that \
         the two sides disagree about what was agreed, or that the reader has lost its place in \
         the stream.";
    Rsv1OnControl "E_RSV1_ON_CONTROL" Fatal Some(1002), "RFC 7692 §6.1",
        "RSV1, 'this message is compressed', on a control frame",
        "permessage-deflate compresses messages. Control frames are not part of any message and \
         are never compressed.";
    Rsv1OnContinuation "E_RSV1_ON_CONTINUATION" Fatal Some(1002), "RFC 7692 §6.1",
        "RSV1, 'this message is compressed', on a fragment that is not the first",
        "A message is compressed as a whole, so only its first frame carries the flag.";
    OpcodeReserved "E_OPCODE_RESERVED" Fatal Some(1002), "RFC 6455 §5.2",
        "an opcode that nothing defines (3-7 and B-F)",
        "The RFC reserves these opcodes. Either the peer uses an extension of its own, or the \
         reader has lost its place in the stream: check the length of the previous frame.";
    CtrlFragmented "E_CTRL_FRAGMENTED" Fatal Some(1002), "RFC 6455 §5.5",
        "a control frame with FIN = 0",
        "Control frames may come between the fragments of a message. That only works if they are \
         never fragmented themselves.";
    CtrlTooLong "E_CTRL_TOO_LONG" Fatal Some(1002), "RFC 6455 §5.5",
        "a control frame that claims more than 125 bytes",
        "Control frames are short, so that they can be sent between other frames at any time and \
         every receiver can hold one in memory.";
    LenNotMinimal "E_LEN_NOT_MINIMAL" Fatal Some(1002), "RFC 6455 §5.2",
        "a length written longer than needed",
        "There is exactly one legal encoding of each length. A second one could hide data from \
         middleboxes that inspect the stream, and it is a sign of a broken encoder.";
    LenMsbSet "E_LEN_MSB_SET" Fatal Some(1002), "RFC 6455 §5.2",
        "a 64-bit length with its top bit set",
        "Lengths end at 2^63 - 1, so that they fit a signed 64-bit number. Nothing after such a \
         header can be framed any more.";
    UnmaskedClient "E_UNMASKED_CLIENT" Fatal Some(1002), "RFC 6455 §5.1",
        "a client sent a frame without a mask",
        "Everything that a client sends is masked, so that a script cannot choose the bytes on the \
         wire and send something to a naive proxy that looks like HTTP.";
    MaskedServer "E_MASKED_SERVER" Fatal Some(1002), "RFC 6455 §5.1",
        "a server sent a masked frame",
        "The attack that masking prevents comes from scripts in browsers. A server has no reason \
         to mask, and a client must reject masked frames.";
    ContWithoutStart "E_CONT_WITHOUT_START" Fatal Some(1002), "RFC 6455 §5.4",
        "a continuation, but no message is open",
        "Opcode 0 continues an open message, and there is none: its beginning was lost, or the \
         message had already ended with FIN = 1.";
    NewDataInFragmented "E_NEW_DATA_IN_FRAGMENTED" Fatal Some(1002), "RFC 6455 §5.4",
        "a new text or binary frame while a message is still open",
        "Fragments of two messages must not be interleaved, because frames carry no message \
         number. Only control frames may come in between.";
    Utf8 "E_UTF8" Fatal Some(1007), "RFC 6455 §8.1",
        "a text message that is not UTF-8",
        "A text message is UTF-8 as a whole. A character may be split between two frames, but \
         every byte must be part of a valid character.";
    CloseLen1 "E_CLOSE_LEN1" Fatal Some(1002), "RFC 6455 §5.5.1",
        "a Close with a body of one byte",
        "The body of a Close is empty or begins with a code of two bytes; half a code means \
         nothing.";
    CloseCodeInvalid "E_CLOSE_CODE_INVALID" Fatal Some(1002), "RFC 6455 §7.4",
        "a close code that must not be sent",
        "Some codes exist only for a library to report to its own program (1005, 1006, 1015). The \
         other codes below 3000 are reserved for the protocol.";
    CloseReasonUtf8 "E_CLOSE_REASON_UTF8" Fatal Some(1007), "RFC 6455 §5.5.1, §8.1",
        "a close reason that is not UTF-8",
        "The reason after the code is text, and text is UTF-8.";
    DataAfterClose "E_DATA_AFTER_CLOSE" Fatal None, "RFC 6455 §5.5.1",
        "a data frame after the Close of the same side",
        "A Close is the last frame that a side may send. Receivers discard what comes later, so \
         the application never gets this data.";
    ControlAfterClose "W_CONTROL_AFTER_CLOSE" Warning None, "RFC 6455 §1.4, §5.5.1",
        "a control frame after the Close of the same side",
        "The RFC explicitly forbids only data frames after a Close, but a receiver no longer reads \
         anything.";
    Inflate "E_INFLATE" Fatal Some(1007), "RFC 7692 §7.2.2",
        "compressed data that cannot be inflated",
        "The payload is marked as DEFLATE data and isn't, or it refers back to data that the \
         receiver does not have.";
    DeflateTail "W_DEFLATE_TAIL" Warning None, "RFC 7692 §7.2.1",
        "compressed data without the last byte of its empty block",
        "A message ends with an empty block, and the sender removes only its last four bytes, 00 \
         00 ff ff. If the byte before them is missing too, the four bytes that the receiver \
         appends do not complete a block. zlib reports no error. With context takeover it takes \
         the next message for the rest of the block.";
    MaskZero "W_MASK_ZERO" Warning None, "RFC 6455 §5.3, §10.3",
        "the masking key is 00000000",
        "XOR with zero changes nothing: the payload goes over the wire exactly as the sender chose \
         it, which is what masking exists to prevent.";
    MaskReused "W_MASK_REUSED" Warning None, "RFC 6455 §5.3",
        "the same masking key as in the previous frame",
        "Each frame needs a fresh key from a strong source of randomness. Anyone who can predict \
         the next key can choose the bytes on the wire.";
    CloseCodeOutOfRange "W_CLOSE_CODE_OUT_OF_RANGE" Warning None, "RFC 6455 §7.4.2",
        "a close code of 5000 or more",
        "No range in the RFC covers it. Some receivers reject it, others pass it on.";
    EmptyFragment "W_EMPTY_FRAGMENT" Warning None, "RFC 6455 §5.4",
        "a fragment without payload that is not the last",
        "It is legal and useless: it only announces that more will come. An endless stream of them \
         keeps a receiver busy.";
    InflateLimit "W_INFLATE_LIMIT" Warning None, "RFC 6455 §10.4",
        "a message that inflates to more than the limit of this program",
        "A few bytes can inflate to a thousand times as many, so inflating needs a limit. Data \
         beyond the limit is not shown. The sender has done nothing wrong.";
    ContextLost "W_CONTEXT_LOST" Warning None, "RFC 7692 §7.2.2",
        "a message that cannot be inflated, because an earlier one was not",
        "With context takeover a message may refer back to earlier ones. One of those is not known \
         completely, so this message cannot be inflated.";
}

impl FaultCode {
    /// Returns the rule's name: `E_UTF8`.
    pub fn name(self) -> &'static str {
        self.rule().name
    }

    /// Whether the rule is about the code in a Close.
    pub fn is_of_close(self) -> bool {
        matches!(self, Self::CloseCodeInvalid | Self::CloseCodeOutOfRange)
    }
}

impl FromStr for FaultCode {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.iter().copied().find(|code| code.name() == name);
        let names = || Self::ALL.iter().map(|code| code.name()).collect();
        found.ok_or_else(|| UnknownName::new("rule", name, names()))
    }
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Some bits of one byte. They are numbered as in the RFC: 0 is the most significant bit and the
/// first on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bits {
    /// A field, from its first to its last bit. It is shown as `4-7`, or as `0` if it has only one
    /// bit.
    Field(u8, u8),
    /// Single flags: one for each 1 in this byte. They are shown as `1,2,3`.
    Flags(u8),
}

impl Bits {
    /// Whether bit `number` (0 = most significant) is one of them.
    pub fn contains(self, number: u8) -> bool {
        match self {
            Self::Field(first, last) => (first..=last).contains(&number),
            Self::Flags(byte) => number < 8 && byte & (0x80 >> number) != 0,
        }
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Field(first, last) if first == last => write!(f, "{first}"),
            Self::Field(first, last) => write!(f, "{first}-{last}"),
            Self::Flags(_) => {
                let numbers: Vec<String> = (0..8)
                    .filter(|bit| self.contains(*bit))
                    .map(|bit: u8| bit.to_string())
                    .collect();
                f.pad(&numbers.join(","))
            }
        }
    }
}

/// What exactly was found, if the rule alone does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    /// There is nothing to add to the rule.
    None,
    /// The reserved bits that are set, at their positions in the first byte.
    Rsv(u8),
    /// The opcode, 0 to 15.
    Opcode(u8),
    /// The length, and the number of bits in which it is encoded.
    Length(ByteLen, u32),
    /// A byte that is invalid at its position.
    Byte(u8),
    /// The text ends inside a character: the number of its bytes that are there, and the number
    /// that it has.
    IncompleteCharacter(u8, u8),
    /// The close code.
    CloseCode(u16),
    /// The masking key.
    MaskingKey([u8; 4]),
    /// The fault in the DEFLATE data of the message.
    Inflate(InflateFault),
    /// The number of bytes at which inflating stops.
    InflateLimit(ByteLen),
}

impl Detail {
    /// Returns the byte at `index` of `piece`, which broke a rule.
    pub(super) fn byte_at(piece: &[u8], index: usize) -> Self {
        piece.get(index).map_or(Self::None, |byte| Self::Byte(*byte))
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::None => Ok(()),
            Self::Rsv(byte) => {
                let names: Vec<String> = (1..4)
                    .filter(|bit| byte & (0x80 >> bit) != 0)
                    .map(|bit: u8| format!("RSV{bit}"))
                    .collect();
                f.pad(&names.join("+"))
            }
            Self::Opcode(bits) => write!(f, "opcode 0x{bits:X}"),
            Self::Length(len, bits) => write!(f, "{len} encoded in {bits} bits"),
            Self::Byte(byte) => write!(f, "byte 0x{byte:02x}"),
            Self::IncompleteCharacter(have, of) => {
                write!(f, "the text ends after {have} of the {of} bytes of a character")
            }
            Self::CloseCode(code) => {
                let about = crate::wire::frame::close_code::CloseCode::new(code);
                write!(f, "{code} {}: {}", about.name, about.meaning)
            }
            Self::MaskingKey(key) => write!(f, "key {:08x}", u32::from_be_bytes(key)),
            Self::Inflate(fault) => fault.fmt(f),
            Self::InflateLimit(limit) => write!(f, "inflating stops at {limit} bytes a message"),
        }
    }
}

/// A rule that is broken at one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule that is broken.
    pub code: FaultCode,
    /// The number of the frame, counted from 0 in its direction.
    pub frame: usize,
    /// The byte to highlight, counted from the first frame byte of the direction.
    pub byte_offset: Offset,
    /// The bits of that byte to highlight; `None` for the whole byte.
    pub bits: Option<Bits>,
    /// The number of bytes after which the fault is certain, whatever follows. Counted like
    /// `byte_offset`.
    pub detectable_after: Offset,
    /// The details of the finding.
    pub detail: Detail,
}

impl Fault {
    /// Returns the severity of the rule.
    pub fn severity(&self) -> Severity {
        self.code.rule().severity
    }

    /// Whether a receiver must fail the connection.
    pub fn is_fatal(&self) -> bool {
        self.severity() == Severity::Fatal
    }

    /// Returns the code of the Close that a receiver sends.
    pub fn close_code(&self) -> Option<u16> {
        self.code.rule().close_code
    }

    /// Returns the section that states the rule.
    pub fn section(&self) -> &'static str {
        self.code.rule().section
    }

    /// Returns what is wrong, in one clause.
    pub fn summary(&self) -> &'static str {
        self.code.rule().summary
    }

    /// Returns what was found and its usual cause, as a sentence without a full stop, if there is
    /// more to say than the rule does.
    pub fn hint(&self) -> Option<&'static str> {
        match self.detail {
            Detail::Inflate(InflateFault { kind: InflateFaultKind::NoData, .. }) => Some(
                "an empty message is the single byte 00: with an empty payload the receiver has \
                 only the 00 00 ff ff that it appends, which is no complete block, and zlib fails \
                 at the next message with 'invalid stored block lengths'",
            ),
            _ => None,
        }
    }

    /// Returns the reason for the rule.
    pub fn rationale(&self) -> &'static str {
        self.code.rule().rationale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_by_its_name_and_named_after_its_severity() {
        for code in FaultCode::ALL {
            let rule = code.rule();
            assert_eq!(rule.name.parse(), Ok(*code));
            let prefix = if rule.severity == Severity::Fatal { "E_" } else { "W_" };
            assert!(rule.name.starts_with(prefix), "{}", rule.name);
            assert!(rule.rationale.ends_with('.') && !rule.summary.ends_with('.'), "{}", rule.name);
        }
        assert!("E_NOTHING".parse::<FaultCode>().is_err());
    }

    #[test]
    fn bits_are_written_as_the_rfc_counts_them() {
        assert_eq!(Bits::Field(4, 7).to_string(), "4-7");
        assert_eq!(Bits::Field(0, 0).to_string(), "0");
        assert_eq!(Bits::Flags(0x70).to_string(), "1,2,3");
        assert!(Bits::Flags(0x40).contains(1) && !Bits::Flags(0x40).contains(2));
    }

    #[test]
    fn details_in_words() {
        assert_eq!(Detail::Rsv(0x70).to_string(), "RSV1+RSV2+RSV3");
        assert_eq!(Detail::Length(ByteLen::new(5), 64).to_string(), "5 encoded in 64 bits");
        assert_eq!(
            Detail::IncompleteCharacter(1, 2).to_string(),
            "the text ends after 1 of the 2 bytes of a character"
        );
    }
}
