//! The contrast between two colours, as WCAG 2.2 defines it.

/// Red, green and blue.
pub(crate) type Rgb = (u8, u8, u8);

/// The least contrast at which text counts as readable (WCAG 2.2, success criterion 1.4.3).
pub(crate) const READABLE: f64 = 4.5;

/// Returns the relative luminance, from 0 for black to 1 for white.
fn luminance((r, g, b): Rgb) -> f64 {
    let linear = |channel: u8| {
        let level = f64::from(channel) / 255.0;
        if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// Returns the contrast of two colours, from 1 (the same) to 21 (black on white).
pub(crate) fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Returns how far two colours are apart, for comparisons.
pub(super) fn squared_distance(a: Rgb, b: Rgb) -> u32 {
    let square = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_scale_are_those_of_the_standard() {
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 1e-9);
        assert!((contrast((90, 90, 90), (90, 90, 90)) - 1.0).abs() < 1e-9);
        // The grey that is known as the darkest readable one on white.
        assert!((contrast((0x76, 0x76, 0x76), (255, 255, 255)) - 4.54).abs() < 0.005);
    }
}
