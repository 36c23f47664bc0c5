//! Parses times and rates with units: `80ms`, `1.5s`, `10mbit`.

use std::time::Duration;

use crate::measure::to_u64_saturating;

/// Parses a time with its unit: `us`, `ms` or `s`.
///
/// # Errors
///
/// If `text` is not such a time, or too long for a [`Duration`].
pub(super) fn parse_time(text: &str) -> Result<Duration, String> {
    let units = [("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let seconds = parse_quantity(text, &units)
        .ok_or_else(|| format!("`{text}` isn't a time; write for example 80ms or 1.5s"))?;
    // Enough digits parse as infinity, and `from_secs_f64` would panic.
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("`{text}` is too long a time"))
}

/// Parses a rate with its unit, `bit`, `kbit`, `mbit` or `gbit`, in any case. Returns bits per
/// second.
///
/// # Errors
///
/// If `text` is not such a rate, or 2^64 bits per second or more.
pub(super) fn parse_bandwidth(text: &str) -> Result<u64, String> {
    let units = [("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9), ("bit", 1.0)];
    let bits = parse_quantity(&text.to_ascii_lowercase(), &units).ok_or_else(|| {
        format!("`{text}` isn't a bandwidth; write bits per second, for example 10mbit or 64kbit")
    })?;
    // 2^64 is exact as a float; every smaller value fits into a u64.
    if bits.round() >= 18_446_744_073_709_551_616.0 {
        return Err(format!("`{text}` is too large a bandwidth"));
    }
    Ok(to_u64_saturating(bits.round()))
}

/// Parses a number and its unit from `units`, which gives the factor of each unit.
fn parse_quantity(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    // A sign is not part of the number, so there are no negative quantities.
    let start = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(start);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<f64>().ok().map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_need_a_unit() {
        assert_eq!(parse_time("80ms"), Ok(Duration::from_millis(80)));
        assert_eq!(
            (parse_time("1.5s"), parse_time("250us")),
            (Ok(Duration::from_millis(1500)), Ok(Duration::from_micros(250)))
        );
        assert!(parse_time("80").unwrap_err().contains("80ms or 1.5s"));
        assert!(parse_time("-1s").is_err() && parse_time("1h").is_err() && parse_time("").is_err());
        assert_eq!(
            (parse_bandwidth("10mbit"), parse_bandwidth("64kbit")),
            (Ok(10_000_000), Ok(64_000))
        );
        assert_eq!(
            (parse_bandwidth("1000bit"), parse_bandwidth("1.5Gbit")),
            (Ok(1000), Ok(1_500_000_000))
        );
        assert!(parse_bandwidth("10MB").is_err());
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused_and_never_wrap() {
        for number in ["18446744073709551615", "18446744073709551616", "1e400"] {
            for unit in ["us", "µs", "ms", "s"] {
                let given = format!("{number}{unit}");
                // The seconds of a `Duration` are a u64, which holds all but the largest number.
                if let Ok(time) = parse_time(&given) {
                    assert!(time > Duration::from_hours(24), "{given} became {time:?}");
                }
            }
            for unit in ["kbit", "mbit", "gbit"] {
                assert!(parse_bandwidth(&format!("{number}{unit}")).is_err(), "{number}{unit}");
            }
        }
        assert!(parse_time("18446744073709551616s").unwrap_err().contains("too long"));
        assert!(parse_bandwidth("18446744073709551616bit").unwrap_err().contains("too large"));
    }
}
