//! Formats times for people.

use std::time::Duration;

/// Formats a time in at most ten cells, to the microsecond or millisecond.
pub(crate) fn format_time(at: Duration) -> String {
    match at.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{:.3} ms", seconds * 1e3),
        seconds => format!("{seconds:.3} s"),
    }
}

/// Formats a duration in two or three digits: `10 ms`, `1.5 s`, `250 µs`.
pub(crate) fn format_short(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    let (number, unit) = match micros {
        _ if micros < 1e3 => (micros, "µs"),
        _ if micros < 1e6 => (micros / 1e3, "ms"),
        _ => (micros / 1e6, "s"),
    };
    let text = if number < 10.0 { format!("{number:.1}") } else { format!("{number:.0}") };
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let formatted: Vec<_> = [0, 250, 1_500, 10_000, 46_000, 12_340_000]
            .map(|us| format_short(Duration::from_micros(us)))
            .into();
        assert_eq!(formatted, ["0 µs", "250 µs", "1.5 ms", "10 ms", "46 ms", "12 s"]);
    }
}
