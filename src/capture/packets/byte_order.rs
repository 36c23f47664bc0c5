//! [`ByteOrder`]: numbers in either byte order.

/// The byte order of the numbers in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) enum ByteOrder {
    Big,
    Little,
}

impl ByteOrder {
    /// Returns the first `N` 16-bit numbers and the bytes after them; `None` if there are too few
    /// bytes.
    pub(in crate::capture) fn u16s<const N: usize>(
        self,
        bytes: &[u8],
    ) -> Option<([u16; N], &[u8])> {
        let (numbers, rest) = bytes.split_at_checked(size_of::<[u16; N]>())?;
        let numbers = numbers.as_chunks::<2>().0.first_chunk::<N>()?;
        let numbers = match self {
            Self::Big => numbers.map(u16::from_be_bytes),
            Self::Little => numbers.map(u16::from_le_bytes),
        };
        Some((numbers, rest))
    }

    /// Returns the first `N` 32-bit numbers and the bytes after them; `None` if there are too few
    /// bytes.
    pub(in crate::capture) fn u32s<const N: usize>(
        self,
        bytes: &[u8],
    ) -> Option<([u32; N], &[u8])> {
        let (numbers, rest) = bytes.split_at_checked(size_of::<[u32; N]>())?;
        let numbers = numbers.as_chunks::<4>().0.first_chunk::<N>()?;
        let numbers = match self {
            Self::Big => numbers.map(u32::from_be_bytes),
            Self::Little => numbers.map(u32::from_le_bytes),
        };
        Some((numbers, rest))
    }
}
