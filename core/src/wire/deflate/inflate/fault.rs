//! The faults that DEFLATE data can have, with their positions in bits.
//! The inflater finds them.

use std::fmt;

/// The three alphabets of RFC 1951 section 3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// The code lengths of the other two alphabets (section 3.2.7).
    CodeLengths,
    /// Literal bytes, match lengths and the end of a block.
    LiteralOrLength,
    /// Match distances.
    Distances,
}

impl Alphabet {
    /// Returns `code length`, `literal/length` or `distance`, as in "distance code".
    pub fn name(self) -> &'static str {
        match self {
            Self::CodeLengths => "code length",
            Self::LiteralOrLength => "literal/length",
            Self::Distances => "distance",
        }
    }
}

/// A broken rule of RFC 1951.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InflateFaultKind {
    /// The block type is 11, which is reserved (section 3.2.3).
    ReservedBlockType,
    /// NLEN is not the complement of LEN (section 3.2.4).
    StoredLengthMismatch {
        /// The value of LEN in the data.
        len: u16,
        /// The value of NLEN in the data.
        nlen: u16,
    },
    /// There are more than 286 codes for literals and lengths, or more than 30 for distances
    /// (section 3.2.7).
    TooManyCodes(Alphabet, u16),
    /// There are more codes of some length than fit.
    Oversubscribed(Alphabet),
    /// Some bit sequences have no code, in an alphabet where that is not allowed.
    Incomplete(Alphabet),
    /// A dynamic block has no code length code at all, so nothing can follow.
    NoCodes,
    /// The first code length is a repetition of the previous one.
    NothingToRepeat,
    /// A repetition goes past the last code length.
    RepeatTooLong,
    /// The symbol 256 has no code, so the block could never end.
    NoEndOfBlock,
    /// The bits are not the beginning of any code.
    NoSuchCode(Alphabet),
    /// The symbol has no meaning: 286 or 287, or distance symbol 30 or 31.
    NoSuchSymbol(Alphabet),
    /// A match points further back than the agreed window, or than there are bytes.
    DistanceTooFar {
        /// The distance of the match in bytes.
        distance: u16,
        /// The largest possible distance at that point, in bytes.
        reach: u16,
    },
    /// The message has no data at all. The four octets 00 00 ff ff that the receiver appends are no
    /// complete block (RFC 7692 section 7.2.3.6).
    NoData,
    /// The message ends in the middle of a block.
    Truncated,
}

impl fmt::Display for InflateFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ReservedBlockType => f.write_str("block type 11, which is reserved"),
            Self::StoredLengthMismatch { len, nlen } => {
                write!(
                    f,
                    "a stored block whose NLEN {nlen:04x} is not the complement of its LEN \
                     {len:04x}"
                )
            }
            Self::TooManyCodes(alphabet, count) => {
                write!(f, "too many {} codes ({count})", alphabet.name())
            }
            Self::Oversubscribed(alphabet) => {
                write!(f, "over-subscribed {} codes", alphabet.name())
            }
            Self::Incomplete(alphabet) => {
                write!(f, "an incomplete set of {} codes", alphabet.name())
            }
            Self::NoCodes => f.write_str("a block without any code length code"),
            Self::NothingToRepeat => {
                f.write_str("a repetition of the previous code length where there is none")
            }
            Self::RepeatTooLong => f.write_str("a repetition of code lengths past the last one"),
            Self::NoEndOfBlock => {
                f.write_str("a block that cannot end, because symbol 256 has no code")
            }
            Self::NoSuchCode(alphabet) => {
                write!(f, "bits that are not a {} code", alphabet.name())
            }
            Self::NoSuchSymbol(alphabet) => {
                write!(f, "an undefined {} symbol", alphabet.name())
            }
            Self::DistanceTooFar { distance, reach } => {
                write!(f, "a match that points {distance} bytes back, but there are only {reach}")
            }
            Self::NoData => f.write_str("the payload is empty"),
            Self::Truncated => f.write_str("data that ends inside a block"),
        }
    }
}

/// A fault in DEFLATE data, with its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InflateFault {
    /// The rule that is broken.
    pub kind: InflateFaultKind,
    /// The first bit of the fault, counted from the first bit of the message's DEFLATE data.
    pub start_bit: u64,
    /// The bit after the fault. The fault is certain as soon as all bits before this one have
    /// arrived.
    pub end_bit: u64,
}

impl InflateFault {
    /// Returns the number of bytes of DEFLATE data after which the fault is certain.
    pub fn detectable_after(&self) -> u64 {
        self.end_bit.div_ceil(8)
    }
}

impl fmt::Display for InflateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without data there is no position in it.
        if self.kind == InflateFaultKind::NoData {
            return self.kind.fmt(f);
        }
        write!(
            f,
            "{}, at bit {} of byte {} of the DEFLATE data",
            self.kind,
            self.start_bit % 8,
            self.start_bit / 8
        )
    }
}
