//! [`ByteLen`] and [`Offset`]: numbers of bytes, and positions in a stream. A peer, a file or an
//! option can claim any number up to 2^64 - 1, so their arithmetic saturates at the largest number
//! and at 0 instead of wrapping or panicking.
//!
//! `Offset + ByteLen` is an `Offset`, and `Offset - Offset` is a `ByteLen`. Two `Offset`s cannot be
//! added.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use serde::Serialize;

/// A number of bytes, which may only be claimed by a peer.
///
/// ```
/// use wiretalk_core::wire::ByteLen;
///
/// let claimed = ByteLen::MAX;
/// assert_eq!(claimed + 14, ByteLen::MAX);
/// assert_eq!(ByteLen::of(b"Hello") - claimed, ByteLen::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ByteLen(u64);

/// A position in a stream or a file: the number of bytes before it.
///
/// ```
/// use wiretalk_core::wire::{ByteLen, Offset};
///
/// let frame = Offset::START + ByteLen::of(b"GET / HTTP/1.1\r\n\r\n");
/// assert_eq!(frame + 4 - frame, 4);
/// assert_eq!(frame - (frame + 4), ByteLen::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Offset(u64);

impl ByteLen {
    /// Zero bytes.
    pub const ZERO: Self = Self(0);
    /// The largest length that 64 bits can claim: 2^64 - 1.
    pub const MAX: Self = Self(u64::MAX);

    /// Creates a length of `bytes` bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Returns the length of a slice.
    pub const fn of(bytes: &[u8]) -> Self {
        Self::from_usize(bytes.len())
    }

    /// Converts a length in memory.
    pub const fn from_usize(bytes: usize) -> Self {
        Self(bytes as u64)
    }

    /// Reads a number in network byte order. Of more than eight bytes, only the last eight count.
    pub fn from_be_slice(bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Converts the length to a `usize`, saturating at `usize::MAX`.
    pub fn to_usize_saturating(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Offset {
    /// The position of the first byte.
    pub const START: Self = Self(0);
    /// The largest position.
    pub const MAX: Self = Self(u64::MAX);

    /// Creates the position that has `bytes` bytes before it.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes before the position.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Converts the position to an index, saturating at `usize::MAX`.
    pub fn to_usize_saturating(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Returns the same position counted from `start`, or 0 if it is before `start`.
    #[must_use]
    pub fn counted_from(self, start: Self) -> Self {
        Self((self - start).0)
    }
}

impl From<Offset> for ByteLen {
    /// The number of bytes before the position.
    fn from(position: Offset) -> Self {
        Self(position.0)
    }
}

impl Sub for Offset {
    type Output = ByteLen;

    /// The number of bytes between the two positions; 0 if `start` is the later one.
    fn sub(self, start: Self) -> ByteLen {
        ByteLen(self.0.saturating_sub(start.0))
    }
}

impl Sum for ByteLen {
    fn sum<I: Iterator<Item = Self>>(lens: I) -> Self {
        lens.fold(Self::ZERO, Add::add)
    }
}

/// Implements what lengths and positions have in common: a length can be added and subtracted.
macro_rules! counted_in_bytes {
    ($($type:ident)*) => {$(
        impl From<u64> for $type {
            fn from(bytes: u64) -> Self {
                Self(bytes)
            }
        }

        impl From<$type> for u64 {
            fn from(counted: $type) -> Self {
                counted.0
            }
        }

        impl PartialEq<u64> for $type {
            fn eq(&self, number: &u64) -> bool {
                self.0 == *number
            }
        }

        impl PartialOrd<u64> for $type {
            fn partial_cmp(&self, number: &u64) -> Option<std::cmp::Ordering> {
                self.0.partial_cmp(number)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Add<usize> for $type {
            type Output = Self;

            fn add(self, bytes: usize) -> Self {
                self + ByteLen::from_usize(bytes)
            }
        }

        impl Sub<usize> for $type {
            type Output = Self;

            fn sub(self, bytes: usize) -> Self {
                Self(self.0.saturating_sub(bytes as u64))
            }
        }

        impl Add<ByteLen> for $type {
            type Output = Self;

            fn add(self, len: ByteLen) -> Self {
                Self(self.0.saturating_add(len.0))
            }
        }

        impl Sub<ByteLen> for $type {
            type Output = Self;

            fn sub(self, len: ByteLen) -> Self {
                Self(self.0.saturating_sub(len.0))
            }
        }

        impl<T> AddAssign<T> for $type
        where
            Self: Add<T, Output = Self>,
        {
            fn add_assign(&mut self, len: T) {
                *self = *self + len;
            }
        }

        impl<T> SubAssign<T> for $type
        where
            Self: Sub<T, Output = Self>,
        {
            fn sub_assign(&mut self, len: T) {
                *self = *self - len;
            }
        }
    )*};
}

counted_in_bytes!(ByteLen Offset);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Numbers at which arithmetic could wrap, and any others.
    fn number() -> impl Strategy<Value = u64> {
        let edges = [0, 1, 125, 126, 65_535, 65_536, 1 << 31, u64::from(u32::MAX), 1 << 32];
        let far = [1 << 62, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX];
        prop_oneof![proptest::sample::select([&edges[..], &far].concat()), any::<u64>()]
    }

    proptest! {
        #[test]
        fn every_sum_and_difference_is_the_nearest_number_there_is(a in number(), b in number(), small in any::<usize>()) {
            let nearest = |exact: i128| u64::try_from(exact.clamp(0, i128::from(u64::MAX))).unwrap();
            let (wide_a, wide_b, wide_small) = (i128::from(a), i128::from(b), small as i128);
            let (len, by, at) = (ByteLen::new(a), ByteLen::new(b), Offset::new(a));
            prop_assert_eq!((len + by).get(), nearest(wide_a + wide_b));
            prop_assert_eq!((len - by).get(), nearest(wide_a - wide_b));
            prop_assert_eq!((at + by).get(), nearest(wide_a + wide_b));
            prop_assert_eq!((at - by).get(), nearest(wide_a - wide_b));
            prop_assert_eq!((at - Offset::new(b)).get(), nearest(wide_a - wide_b));
            prop_assert_eq!((len + small).get(), nearest(wide_a + wide_small));
            prop_assert_eq!((at - small).get(), nearest(wide_a - wide_small));
            prop_assert_eq!([len, by].into_iter().sum::<ByteLen>(), len + by);
            prop_assert_eq!(ByteLen::from_be_slice(&a.to_be_bytes()), a);
            prop_assert_eq!(len.to_usize_saturating() as u128, u128::from(a).min(usize::MAX as u128));
        }

        #[test]
        fn it_prints_as_the_number_it_is(number: u64) {
            prop_assert_eq!(format!("{:>30}", Offset::new(number)), format!("{number:>30}"));
            let json = serde_json::json!({ "len": ByteLen::new(number), "at": Offset::new(number) });
            prop_assert_eq!(json, serde_json::json!({ "len": number, "at": number }));
        }
    }
}
