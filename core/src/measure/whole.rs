//! [`to_u64_saturating`]: converts a floating-point number to a whole number.

/// Returns the whole part of `number`: 0 for a negative number or NaN, and `u64::MAX` for anything
/// larger.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates when converting from a float")]
pub fn to_u64_saturating(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_range_ends_at_its_ends() {
        assert_eq!(
            [0.0, 0.99, 1.5, 1e18].map(to_u64_saturating),
            [0, 0, 1, 1_000_000_000_000_000_000]
        );
        assert_eq!([-1.0, f64::NEG_INFINITY, f64::NAN].map(to_u64_saturating), [0; 3]);
        assert_eq!(
            [18_446_744_073_709_551_616.0, 1e300, f64::INFINITY].map(to_u64_saturating),
            [u64::MAX; 3]
        );
    }
}
