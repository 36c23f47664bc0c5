//! What can be wrong with DEFLATE data, and at which bits.
//! Finding it is the inflater's business.

use std::fmt;

/// The three alphabets of RFC 1951 section 3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// How the code lengths of the other two are written (section 3.2.7).
    CodeLengths,
    /// Literal bytes, match lengths, end of block.
    Literals,
    /// How far a match points back.
    Distances,
}

impl Alphabet {
    /// `code lengths`, `literals and lengths` or `distances`.
    pub fn name(self) -> &'static str {
        match self {
            Self::CodeLengths => "code lengths",
            Self::Literals => "literals and lengths",
            Self::Distances => "distances",
        }
    }
}

/// A rule of RFC 1951 that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InflateFaultKind {
    /// BTYPE 11 (section 3.2.3).
    BlockType,
    /// NLEN is not the complement of LEN (section 3.2.4).
    StoredLength {
        /// LEN as it stands there.
        len: u16,
        /// NLEN as it stands there.
        nlen: u16,
    },
    /// More than 286 codes for literals and lengths, or more than 30 for distances (section 3.2.7).
    TooManyCodes(Alphabet, u16),
    /// More codes of some length than fit.
    Oversubscribed(Alphabet),
    /// Bits that no code begins with, in an alphabet where that is not allowed.
    Incomplete(Alphabet),
    /// A dynamic block that says of every code length code that it does not occur: nothing can follow.
    NoCodes,
    /// "Repeat the length before" where there is none.
    NothingToRepeat,
    /// A repetition that goes on behind the last code length.
    RepeatTooLong,
    /// The block could never end: symbol 256 has no code.
    NoEndOfBlock,
    /// Bits that no code begins with.
    NoSuchCode(Alphabet),
    /// A symbol that stands for nothing: 286, 287, or distance 30, 31.
    NoSuchSymbol(Alphabet),
    /// A match points further back than the agreed window, or than there are bytes.
    DistanceTooFar {
        /// How far it points.
        distance: u16,
        /// How far it could.
        reach: u16,
    },
    /// The message ends in the middle of a block.
    Truncated,
}

impl fmt::Display for InflateFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BlockType => f.write_str("block type 11, which is reserved"),
            Self::StoredLength { len, nlen } => {
                write!(f, "a stored block of LEN {len:04x}, whose complement is not NLEN {nlen:04x}")
            }
            Self::TooManyCodes(alphabet, count) => write!(f, "{count} codes for {}", alphabet.name()),
            Self::Oversubscribed(alphabet) => write!(f, "more codes for {} than fit", alphabet.name()),
            Self::Incomplete(alphabet) => write!(f, "codes for {} with a gap", alphabet.name()),
            Self::NoCodes => f.write_str("a block without any code for code lengths"),
            Self::NothingToRepeat => f.write_str("a repeated code length with none before it"),
            Self::RepeatTooLong => f.write_str("code lengths repeated beyond the last one"),
            Self::NoEndOfBlock => f.write_str("a block that cannot end: 256 has no code"),
            Self::NoSuchCode(alphabet) => write!(f, "bits that are not a code for {}", alphabet.name()),
            Self::NoSuchSymbol(alphabet) => {
                write!(f, "a symbol that stands for nothing among {}", alphabet.name())
            }
            Self::DistanceTooFar { distance, reach } => {
                write!(f, "a match that points {distance} bytes back, of which there are {reach}")
            }
            Self::Truncated => f.write_str("data that ends inside a block"),
        }
    }
}

/// What is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InflateFault {
    /// Which rule.
    pub kind: InflateFaultKind,
    /// The first bit of what is wrong, counted from the first bit of the message's DEFLATE data.
    pub start_bit: u64,
    /// The bit behind it: as soon as these bits are there, it is certain.
    pub end_bit: u64,
}

impl InflateFault {
    /// The number of bytes of the DEFLATE data after which it is certain.
    pub fn detectable_after(&self) -> u64 {
        self.end_bit.div_ceil(8)
    }
}

impl fmt::Display for InflateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, at bit {} of byte {} of the DEFLATE data",
            self.kind,
            self.start_bit % 8,
            self.start_bit / 8
        )
    }
}
