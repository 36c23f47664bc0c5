//! Durations, bytes and counts as people read them. Each function is one precision, and prints its
//! unit unless its doc says where the unit stands.
//!
//! Numbers have a comma between thousands.

use std::time::Duration;

/// A duration in three digits or fewer and the unit that fits: `89.7 µs`, `133 µs`, `4.1 ms`, `2.5
/// s`.
pub fn duration(duration: Duration) -> String {
    seconds(duration.as_secs_f64())
}

/// The same for seconds that may be negative, such as a difference.
pub fn seconds(seconds: f64) -> String {
    let micros = seconds * 1e6;
    match micros.abs() {
        ..100.0 => format!("{micros:.1} µs"),
        ..1_000.0 => format!("{micros:.0} µs"),
        ..100_000.0 => format!("{:.1} ms", micros / 1e3),
        ..1_000_000.0 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    }
}

/// An age to three digits, in milliseconds up to ten seconds: `0.25 ms`, `27.9 ms`, `1,060 ms`,
/// `12.0 s`.
///
/// Ages beside each other are compared, so they share a unit as long as they can.
pub fn age(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1e3;
    match ms {
        0.0 => "0 ms".to_owned(),
        ..0.995 => format!("{ms:.2} ms"),
        ..99.95 if ms.fract() < 0.001 => format!("{ms:.0} ms"),
        ..99.95 => format!("{ms:.1} ms"),
        ..9_999.5 => format!("{} ms", group_thousands(whole(ms))),
        _ => format!("{:.1} s", ms / 1e3),
    }
}

/// A duration that somebody has chosen, without digits it does not have: `250 ms`, `2 s`, `1.5 s`.
pub fn setting(duration: Duration) -> String {
    match duration.as_millis() {
        ms @ ..1_000 => format!("{ms} ms"),
        ms if ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

/// Microseconds without their unit, for a column that has it in its head: `86.6`, `40,312`.
pub fn micros_cell(duration: Duration) -> String {
    match duration.as_secs_f64() * 1e6 {
        micros @ ..10_000.0 => format!("{micros:.1}"),
        micros => group_thousands(whole(micros)),
    }
}

/// Milliseconds to the microsecond, as a number for JSON and for options.
pub fn millis_f64(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// Bytes in the largest binary unit that divides them: `32 B`, `1,500 B`, `64 KiB`, `1 MiB`.
pub fn binary_bytes(count: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = KIB * KIB;
    match count {
        0 => "0 B".to_owned(),
        _ if count.is_multiple_of(MIB) => format!("{} MiB", count / MIB),
        _ if count.is_multiple_of(KIB) => format!("{} KiB", count / KIB),
        _ => format!("{} B", group_thousands(count)),
    }
}

/// A count and what is counted: `1 event`, `1,060 events`.
pub fn count(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", group_thousands(count), if count == 1 { "" } else { "s" })
}

/// A ratio in three digits, or as many as it has before the point: `1.48`, `12.5`, `1,024`.
pub fn ratio(ratio: f64) -> String {
    match ratio {
        99.95.. => group_thousands(whole(ratio)),
        9.995.. => format!("{ratio:.1}"),
        _ => format!("{ratio:.2}"),
    }
}

/// A number with a comma between thousands.
pub fn group_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (left, digit) in (1..=digits.len()).rev().zip(digits.chars()) {
        if !text.is_empty() && left.is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The nearest whole number: 0 below the range, `u64::MAX` above it.
fn whole(number: f64) -> u64 {
    // a float's cast saturates
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_the_unit_that_fits() {
        let us = Duration::from_micros;
        assert_eq!(
            [90, 133, 4_130, 412_000, 2_500_000].map(us).map(duration),
            ["90.0 µs", "133 µs", "4.1 ms", "412 ms", "2.5 s"]
        );
        assert_eq!(seconds(-0.000_003_1), "-3.1 µs");
    }

    #[test]
    fn an_age_stays_in_milliseconds_up_to_ten_seconds() {
        let us = Duration::from_micros;
        assert_eq!(
            [0, 250, 27_000, 27_900, 1_059_600, 12_000_000].map(us).map(age),
            ["0 ms", "0.25 ms", "27 ms", "27.9 ms", "1,060 ms", "12.0 s"]
        );
    }

    #[test]
    fn a_setting_and_a_column_have_no_needless_digits() {
        let ms = Duration::from_millis;
        assert_eq!([250, 2_000, 1_500].map(ms).map(setting), ["250 ms", "2 s", "1.5 s"]);
        assert_eq!(micros_cell(Duration::from_nanos(86_640)), "86.6");
        assert_eq!(micros_cell(ms(40)), "40,000");
        assert!((millis_f64(Duration::from_nanos(1_500_400)) - 1.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_ratio_has_three_digits_and_never_more_behind_the_point() {
        assert_eq!(
            [0.0, 1.478, 9.994, 9.996, 12.54, 99.94, 99.96, 1_023.7].map(ratio),
            ["0.00", "1.48", "9.99", "10.0", "12.5", "99.9", "100", "1,024"]
        );
    }

    #[test]
    fn bytes_and_counts() {
        assert_eq!(
            [0, 32, 1_000, 1_500, 65_536, 1 << 20].map(binary_bytes),
            ["0 B", "32 B", "1,000 B", "1,500 B", "64 KiB", "1 MiB"]
        );
        assert_eq!([count(1, "event"), count(1_060, "event")], ["1 event", "1,060 events"]);
        assert_eq!(group_thousands(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!([0, 999, 1_000].map(group_thousands), ["0", "999", "1,000"]);
    }
}
