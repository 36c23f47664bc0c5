//! What an observer sees of a message while it is inflated: each piece with its bits.
//! `listing` observes; whoever wants only the data passes `()`.

/// The encoding of a block's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockType {
    /// Uncompressed (BTYPE 00).
    Stored,
    /// Huffman codes of section 3.2.6 (BTYPE 01).
    Fixed,
    /// Huffman codes that the block describes itself (BTYPE 10).
    Dynamic,
}

/// A piece of a message that was read.
#[derive(Debug)]
pub(crate) enum InflateEvent<'a> {
    /// A block's first three bits: BFINAL and BTYPE.
    Block { last: bool, block_type: BlockType },
    /// The bits before a stored block's LEN, up to a byte boundary.
    Padding,
    /// LEN and NLEN of a stored block; the value is LEN.
    StoredLength(u16),
    /// This number of bytes of a stored block.
    Stored(usize),
    /// The description of a dynamic block's codes. `lengths` are the code lengths in bits: the
    /// first `literals` of them of literals and lengths, the others of distances.
    Codes { lengths: &'a [u8], literals: usize },
    /// One literal byte.
    Literal,
    /// A copy of `length` bytes from `distance` bytes back.
    Match { length: u16, distance: u16 },
    /// The end of a compressed block (symbol 256).
    End,
}

/// Observes inflating: the bits `from..to` of the message are `event`.
pub(crate) trait InflateObserver {
    fn observe(&mut self, from: u64, to: u64, event: InflateEvent<'_>);
}

/// The observer that ignores everything.
impl InflateObserver for () {
    #[inline]
    fn observe(&mut self, _: u64, _: u64, _: InflateEvent<'_>) {}
}
