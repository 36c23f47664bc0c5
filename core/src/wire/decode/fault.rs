//! Every rule that frames can break: one row a rule, with its section and sentences for somebody who meets it for the first time.
//! When a rule is broken, and where, is found by `frame_validator`.

use std::fmt;
use std::str::FromStr;

use crate::text::UnknownName;
use crate::wire::deflate::inflate::InflateFault;
use crate::wire::frame::Severity;
use crate::wire::size::{ByteLen, Offset};

macro_rules! rules {
    ($($code:ident $name:literal $severity:ident $close:expr, $section:literal, $summary:literal, $rationale:literal;)*) => {
        /// The rules, by the names that the program prints.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultCode { $(#[doc = $summary] $code,)* }

        impl FaultCode {
            /// Every rule there is.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// What there is to say about it.
            pub fn rule(self) -> &'static FaultRule {
                match self {
                    $(Self::$code => &FaultRule { code: Self::$code, name: $name, severity: Severity::$severity,
                        close_code: $close, section: $section, summary: $summary, rationale: $rationale },)*
                }
            }
        }
    };
}

/// One rule of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRule {
    /// Which one.
    pub code: FaultCode,
    /// Its name in output: `E_...` when fatal, `W_...` when a warning.
    pub name: &'static str,
    /// How bad it is to break it.
    pub severity: Severity,
    /// What a receiver puts into its Close; none for warnings, and where a Close was there already.
    pub close_code: Option<u16>,
    /// Where it is written.
    pub section: &'static str,
    /// What is wrong, in one clause.
    pub summary: &'static str,
    /// Why there is such a rule, or what it means when one sees it broken.
    pub rationale: &'static str,
}

rules! {
    RsvNonzero "E_RSV_NONZERO" Fatal Some(1002), "RFC 6455 §5.2",
        "a reserved bit is 1, but no agreed extension gives it a meaning",
        "The three RSV bits belong to extensions. Without one they say nothing, so a 1 means that the sides disagree about what was agreed, or that the reader lost its place in the stream.";
    Rsv1OnControl "E_RSV1_ON_CONTROL" Fatal Some(1002), "RFC 7692 §6.1",
        "RSV1, 'this message is compressed', on a control frame",
        "permessage-deflate compresses messages. Control frames are not part of any message and always travel as they are.";
    Rsv1OnContinuation "E_RSV1_ON_CONTINUATION" Fatal Some(1002), "RFC 7692 §6.1",
        "RSV1, 'this message is compressed', on a fragment that is not the first",
        "A message is compressed as a whole, so only its first frame says so.";
    OpcodeReserved "E_OPCODE_RESERVED" Fatal Some(1002), "RFC 6455 §5.2",
        "an opcode that nothing defines (3-7 and B-F)",
        "The RFC keeps these for the future. Who sees one has met a peer with an extension of its own, or has lost its place in the stream: check the length of the frame before.";
    CtrlFragmented "E_CTRL_FRAGMENTED" Fatal Some(1002), "RFC 6455 §5.5",
        "a control frame with FIN = 0",
        "Control frames may stand between the fragments of a message; that works only if they themselves are always whole.";
    CtrlTooLong "E_CTRL_TOO_LONG" Fatal Some(1002), "RFC 6455 §5.5",
        "a control frame that claims more than 125 bytes",
        "Control frames are short so that they can slip in between at any time and any receiver can hold one in memory.";
    LenNotMinimal "E_LEN_NOT_MINIMAL" Fatal Some(1002), "RFC 6455 §5.2",
        "a length written longer than needed",
        "There is exactly one legal way to write each length. Two ways to say the same are a place to hide things from whoever looks on, and a sign of a broken encoder.";
    LenMsbSet "E_LEN_MSB_SET" Fatal Some(1002), "RFC 6455 §5.2",
        "a 64-bit length with its top bit set",
        "Lengths end at 2^63 - 1, so that they fit a signed number in every language. Nothing behind such a header can be framed any more.";
    UnmaskedClient "E_UNMASKED_CLIENT" Fatal Some(1002), "RFC 6455 §5.1",
        "a client sent a frame without a mask",
        "Everything a client sends is masked, so that a script cannot choose the bytes on the wire and feed a naive proxy with what looks like HTTP.";
    MaskedServer "E_MASKED_SERVER" Fatal Some(1002), "RFC 6455 §5.1",
        "a server sent a masked frame",
        "The attack that masking stops comes from scripts in browsers; a server has nothing to mask, and a client must refuse it.";
    ContWithoutStart "E_CONT_WITHOUT_START" Fatal Some(1002), "RFC 6455 §5.4",
        "a continuation, but no message is open",
        "Opcode 0 continues the message before it. There is none: its beginning was lost, or the message had already ended with FIN = 1.";
    NewDataInFragmented "E_NEW_DATA_IN_FRAGMENTED" Fatal Some(1002), "RFC 6455 §5.4",
        "a new text or binary frame while a message is still open",
        "Fragments of two messages must not mix: there is no number that would tell which fragment belongs to which. Only control frames may come in between.";
    Utf8 "E_UTF8" Fatal Some(1007), "RFC 6455 §8.1",
        "a text message that is not UTF-8",
        "Text is UTF-8 over the whole message; a character may be cut between two frames, but no byte may stand where no character can have it.";
    CloseLen1 "E_CLOSE_LEN1" Fatal Some(1002), "RFC 6455 §5.5.1",
        "a Close with a body of one byte",
        "A Close body is empty or begins with a code of two bytes; half a code says nothing.";
    CloseCodeInvalid "E_CLOSE_CODE_INVALID" Fatal Some(1002), "RFC 6455 §7.4",
        "a close code that must not travel",
        "Some codes exist only for a program to report to itself (1005, 1006, 1015), the rest below 3000 is kept for the protocol.";
    CloseReasonUtf8 "E_CLOSE_REASON_UTF8" Fatal Some(1007), "RFC 6455 §5.5.1, §8.1",
        "a close reason that is not UTF-8",
        "The reason behind the code is text, and text is UTF-8.";
    DataAfterClose "E_DATA_AFTER_CLOSE" Fatal None, "RFC 6455 §5.5.1",
        "a data frame after the Close of the same side",
        "A Close is the last thing a side says. Receivers throw away what comes later, so whatever this was, it never arrived.";
    ControlAfterClose "W_CONTROL_AFTER_CLOSE" Warning None, "RFC 6455 §1.4, §5.5.1",
        "a control frame after the Close of the same side",
        "Only data frames are forbidden in so many words, but nobody is listening any more.";
    Inflate "E_INFLATE" Fatal Some(1007), "RFC 7692 §7.2.2",
        "compressed data that cannot be inflated",
        "The payload says that it is DEFLATE and is not, or it refers to data that the other side has not kept.";
    DeflateTail "W_DEFLATE_TAIL" Warning None, "RFC 7692 §7.2.1",
        "compressed data without the last byte of its empty block",
        "A message ends with the header of an empty block, of which only 00 00 ff ff is taken off. With that header cut too, what the receiver puts back does not complete a block: zlib says nothing, and takes the next message for the rest of it where the context is kept.";
    MaskZero "W_MASK_ZERO" Warning None, "RFC 6455 §5.3, §10.3",
        "the masking key is 00000000",
        "XOR with zero changes nothing: the payload stands on the wire as the sender chose it, which is what masking is there to prevent.";
    MaskReused "W_MASK_REUSED" Warning None, "RFC 6455 §5.3",
        "the masking key of the frame before, again",
        "Each frame needs a fresh key from a strong source. Who can guess the next key can choose the bytes on the wire.";
    CloseCodeOutOfRange "W_CLOSE_CODE_OUT_OF_RANGE" Warning None, "RFC 6455 §7.4.2",
        "a close code of 5000 or more",
        "No range in the RFC covers it. Some receivers refuse it, others hand it on.";
    EmptyFragment "W_EMPTY_FRAGMENT" Warning None, "RFC 6455 §5.4",
        "a fragment without payload that is not the last",
        "Legal and useless: it says only that more will come. Endless streams of them keep a receiver busy.";
    InflateLimit "W_INFLATE_LIMIT" Warning None, "RFC 6455 §10.4",
        "a message that inflates to more than is inflated here",
        "A few bytes can inflate to a thousand times as many, so whoever inflates needs an end. What lies beyond it is not shown; the sender has done nothing wrong.";
    ContextLost "W_CONTEXT_LOST" Warning None, "RFC 7692 §7.2.2",
        "a message that cannot be inflated, because an earlier one was not",
        "With context takeover a message may point back into the ones before it. One of those is not known to its end, so nobody can tell what this one says.";
}

impl FaultCode {
    /// `E_UTF8`, ...
    pub fn name(self) -> &'static str {
        self.rule().name
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

/// Bits in one byte, numbered as in the RFC: 0 is the most significant and the first on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bits {
    /// A field, from its first to its last bit: `4-7`, or `0` when it has only one.
    Field(u8, u8),
    /// Single flags, one for each 1 in this byte: `1,2,3`.
    Flags(u8),
}

impl Bits {
    /// Is bit `number` (0 = most significant) among them?
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
                let numbers: Vec<String> =
                    (0..8).filter(|bit| self.contains(*bit)).map(|bit: u8| bit.to_string()).collect();
                f.pad(&numbers.join(","))
            }
        }
    }
}

/// What exactly was found, where the rule alone does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Detail {
    /// Nothing to add.
    None,
    /// The reserved bits that are set, as they stand in the first byte.
    Rsv(u8),
    /// The opcode, 0 to 15.
    Opcode(u8),
    /// This length in this many bits.
    Length(ByteLen, u32),
    /// This byte, where none such can be.
    Byte(u8),
    /// The text ends inside a character: this many of its bytes are there, of how many.
    IncompleteCharacter(u8, u8),
    /// This close code.
    CloseCode(u16),
    /// This masking key.
    MaskingKey([u8; 4]),
    /// This in the DEFLATE data of the message.
    Inflate(InflateFault),
    /// Inflating stops at this many bytes.
    InflateLimit(ByteLen),
}

impl Detail {
    /// The byte of a piece that broke a rule.
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

/// One rule broken at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which rule.
    pub code: FaultCode,
    /// The number of the frame, counted from 0 in its direction.
    pub frame: usize,
    /// The byte to highlight, counted from the first frame byte of the direction.
    pub byte_offset: Offset,
    /// The bits to highlight in that byte; none where it is the whole byte.
    pub bits: Option<Bits>,
    /// Where the bytes end that make it certain, whatever follows: so many of them must be there, counted as `byte_offset` is.
    pub detectable_after: Offset,
    /// What exactly was found.
    pub detail: Detail,
}

impl Fault {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.code.rule().severity
    }

    /// A receiver fails the connection.
    pub fn is_fatal(&self) -> bool {
        self.severity() == Severity::Fatal
    }

    /// What a receiver puts into its Close.
    pub fn close_code(&self) -> Option<u16> {
        self.code.rule().close_code
    }

    /// Where the rule is written.
    pub fn section(&self) -> &'static str {
        self.code.rule().section
    }

    /// What is wrong, in one clause.
    pub fn summary(&self) -> &'static str {
        self.code.rule().summary
    }

    /// Why there is such a rule.
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
