//! A line of websocat's `log:` overlay: `READ 5 "Hello"`, with hexadecimal digits instead of the
//! string if that was asked for, and with a time before it.

use std::time::Duration;

use crate::wire::format::hex_digit;

/// The content of a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LoggedBytes {
    /// The time since websocat began; 0 if it is not printed.
    pub(super) at: Duration,
    /// Whether the overlay read the bytes, rather than wrote them.
    pub(super) is_read: bool,
    pub(super) content: Vec<u8>,
    /// Whether the next line of the same direction continues the message.
    pub(super) continues: bool,
}

/// Whether a line is of the overlay.
pub(super) fn is_log_line(line: &str) -> bool {
    direction(line).is_some_and(|(_, _, rest)| {
        let first = rest.split(' ').next().unwrap_or_default();
        first.starts_with(|char: char| char.is_ascii_digit() || char == '+')
            || [
                "bufcap=",
                "slices=",
                "from_prefix",
                "pending",
                "flush",
                "shutdown",
                "drop",
                "error",
            ]
            .iter()
            .any(|word| first.starts_with(word))
    })
}

/// Reads a line; `None` if it has no content.
pub(super) fn read(line: &str) -> Option<LoggedBytes> {
    let (at, is_read, mut rest) = direction(line)?;
    while let Some((word, behind)) = rest.split_once(' ') {
        if !["bufcap=", "slices=", "from_prefix"].iter().any(|known| word.starts_with(known)) {
            break;
        }
        rest = behind;
    }
    let (length, content) = rest.split_once(' ')?;
    let digits = length.trim_start_matches('+').split(['+', '=']).next()?;
    let len: usize = digits.parse().ok()?;
    let content = content.strip_prefix("...").unwrap_or(content);
    let content = match content.strip_prefix('"') {
        Some(quoted) => unescape(quoted)?,
        None => hex(content.split(['.', ' ']).next()?)?,
    };
    let is_whole = content.len() == len;
    is_whole.then_some(LoggedBytes { at, is_read, content, continues: length.ends_with('+') })
}

/// Splits off the time and the direction.
fn direction(line: &str) -> Option<(Duration, bool, &str)> {
    let (at, line) = match line.split_once(' ') {
        Some((time, rest)) if time.starts_with(|char: char| char.is_ascii_digit()) => {
            let seconds: f64 = time.parse().ok()?;
            (Duration::try_from_secs_f64(seconds).ok()?, rest)
        }
        _ => (Duration::ZERO, line),
    };
    let read = line.strip_prefix("READ ").map(|rest| (at, true, rest));
    read.or_else(|| line.strip_prefix("WRITE ").map(|rest| (at, false, rest)))
}

/// Reads a string with the escapes of `std::ascii::escape_default`, up to its closing quote.
fn unescape(quoted: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = quoted.bytes();
    loop {
        let byte = match rest.next()? {
            b'"' => return Some(bytes),
            b'\\' => match rest.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'0' => 0,
                b'x' => hex_byte(rest.next()?, rest.next()?)?,
                other => other,
            },
            plain => plain,
        };
        bytes.push(byte);
    }
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().as_chunks::<2>();
    let whole = pairs.1.is_empty();
    let bytes = pairs.0.iter().map(|[high, low]| hex_byte(*high, *low)).collect::<Option<_>>();
    bytes.filter(|_| whole)
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    let (high, low) = (hex_digit(high.into())?, hex_digit(low.into())?);
    Some(high << 4 | low)
}
