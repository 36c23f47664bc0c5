//! Times as other tools write them, without losing a digit of them.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The unit of a time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeUnit {
    Seconds = 1_000_000_000,
    Milliseconds = 1_000_000,
    Microseconds = 1000,
}

/// The number of digits behind the point that are read.
const FRACTION_DIGITS: usize = 9;

/// The smallest number of seconds that no time of a file has: the year 5138. In milliseconds it is
/// 1973.
const NO_SECONDS: u64 = 100_000_000_000;

/// The smallest number of milliseconds that no time of a file has.
const NO_MILLISECONDS: u64 = NO_SECONDS.saturating_mul(1000);

/// Parses a number of `unit`s; `None` if it isn't a number, or out of range.
pub(super) fn parse(text: &str, unit: TimeUnit) -> Option<Duration> {
    let nanos = unit as u64;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_plain =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain(whole) || !is_plain(fraction) {
        // With a sign or an exponent.
        let number: f64 = text.parse().ok()?;
        return Duration::try_from_secs_f64(number / 1e9 * nanos as f64).ok();
    }
    let read = fraction.get(..FRACTION_DIGITS).unwrap_or(fraction);
    let billionths: u64 = format!("{read:0<FRACTION_DIGITS$}").parse().ok()?;
    let part = billionths.checked_mul(nanos)?.checked_div(1_000_000_000)?;
    whole.parse::<u64>().ok()?.checked_mul(nanos)?.checked_add(part).map(Duration::from_nanos)
}

/// Parses a time since 1970 in seconds, milliseconds or microseconds, which its size tells, or a date
/// (RFC 3339).
pub(super) fn parse_since_1970(text: &str) -> Option<Duration> {
    let text = text.trim();
    let whole = text.split('.').next().unwrap_or_default();
    let unit = match whole.parse::<u64>().ok() {
        Some(NO_MILLISECONDS..) => TimeUnit::Microseconds,
        Some(NO_SECONDS..) => TimeUnit::Milliseconds,
        _ => TimeUnit::Seconds,
    };
    parse(text, unit).or_else(|| {
        let date = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        u64::try_from(date.unix_timestamp_nanos()).ok().map(Duration::from_nanos)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_digit_is_lost_and_the_unit_follows_from_the_size() {
        let nanos = |text| parse_since_1970(text).map(|time| time.as_nanos());
        let expected = Some(1_714_564_800_123_456_789);
        for text in ["1714564800.123456789", "1714564800123.456789", "1714564800123456.789"] {
            assert_eq!(nanos(text), expected, "{text}");
        }
        assert_eq!(nanos("2024-05-01T14:00:00.123456789+02:00"), expected);
        assert_eq!(nanos("12.5"), Some(12_500_000_000));
        assert_eq!(nanos("1.5e0"), Some(1_500_000_000));
        assert_eq!(nanos("1714564800.1234567890123"), expected);
        for text in ["", ".", "-1", "yesterday", "99999999999999999999", "1e300", "NaN"] {
            assert_eq!(nanos(text), None, "{text}");
        }
        assert_eq!(parse("1250.5", TimeUnit::Milliseconds), Some(Duration::from_micros(1_250_500)));
    }
}
