//! Parses and formats the values in comparisons: opcodes, keys, times, lengths, rules.
//! `parse` knows which field takes which of them.

use std::fmt;

use crate::wire::decode::fault::FaultCode;
use crate::wire::frame::{MaskingKey, Opcode, Side};

const DATA_OPCODES: u16 = 0x00ff;
const CONTROL_OPCODES: u16 = 0xff00;
const RESERVED_OPCODES: u16 = 0xf8f8;

/// The names of opcodes and opcode classes.
pub(super) const OPCODE_NAMES: [&str; 10] = [
    "text",
    "binary",
    "continuation",
    "close",
    "ping",
    "pong",
    "control",
    "data",
    "reserved",
    "cont",
];

/// The names of the sides.
pub(super) const SIDE_NAMES: [&str; 4] = ["client", "server", "c2s", "s2c"];

/// Returns a text in quotes, so that [`unquote`] gives it again.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Returns what stands between quotes: a backslash takes the next character as it is.
pub(super) fn unquote(raw: &str) -> String {
    let mut text = String::new();
    let mut chars = raw.chars();
    while let Some(char) = chars.next() {
        text.extend(if char == '\\' { chars.next() } else { Some(char) });
    }
    text
}

/// Returns the opcodes with this name or number, one bit each.
pub(super) fn opcodes(word: &str) -> Option<u16> {
    Some(match word.to_ascii_lowercase().as_str() {
        "data" => DATA_OPCODES,
        "control" => CONTROL_OPCODES,
        "reserved" => RESERVED_OPCODES,
        "cont" => 1,
        name => {
            match (0..16).find(|bits| Opcode::from_bits(*bits).name().eq_ignore_ascii_case(name)) {
                Some(bits) => 1 << bits,
                None => 1 << count(name).filter(|bits| *bits < 16)?,
            }
        }
    })
}

/// Writes a set of opcodes as `op=text|binary`, or as the excluded opcodes if that is shorter.
pub(super) fn write_opcodes(set: u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (sign, set) in [("=", set), ("!=", !set)] {
        let class =
            [(DATA_OPCODES, "data"), (CONTROL_OPCODES, "control"), (RESERVED_OPCODES, "reserved")];
        if let Some((_, name)) = class.iter().find(|(class, _)| *class == set) {
            return write!(f, "op{sign}{name}");
        }
    }
    let (sign, shown) =
        if set.count_ones() > 8 && set != u16::MAX { ("!=", !set) } else { ("=", set) };
    let names: Vec<String> =
        (0..16).filter(|bits| shown & (1 << bits) != 0).map(opcode_name).collect();
    // The empty set has no opcode to name, so everything is excluded.
    if names.is_empty() {
        write!(f, "op!=data|control")
    } else {
        write!(f, "op{sign}{}", names.join("|"))
    }
}

fn opcode_name(bits: u8) -> String {
    match Opcode::from_bits(bits) {
        Opcode::Reserved(bits) => format!("0x{bits:x}"),
        known => known.name().to_owned(),
    }
}

/// Parses a side: `client`, `c2s`, `server` or `s2c`.
pub(super) fn side(word: &str) -> Option<Side> {
    match word.to_ascii_lowercase().as_str() {
        "client" | "c2s" => Some(Side::Client),
        "server" | "s2c" => Some(Side::Server),
        _ => None,
    }
}

/// Parses a boolean: `1`, `yes`, `true` and their opposites.
pub(super) fn boolean(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" => Some(true),
        "0" | "no" | "false" => Some(false),
        _ => None,
    }
}

/// Parses a masking key: eight hex digits.
pub(super) fn key(word: &str) -> Option<MaskingKey> {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let is_hex = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten().map(u32::to_be_bytes)
}

/// Parses a whole number, decimal (`1_000`) or hex (`0x3e8`).
pub(super) fn count(word: &str) -> Option<u64> {
    let (digits, radix) = word.strip_prefix("0x").map_or((word, 10), |digits| (digits, 16));
    let digits = digits.replace('_', "");
    // `from_str_radix` would accept a sign.
    let is_number = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then(|| u64::from_str_radix(&digits, radix).ok()).flatten()
}

/// Parses a number of bytes, optionally with the unit `B`, `KiB`, `MiB` or `GiB`.
pub(super) fn size(word: &str) -> Option<u64> {
    let lower = word.to_ascii_lowercase();
    let units = [("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30)];
    match units.iter().find_map(|(unit, times)| Some((lower.strip_suffix(unit)?, times))) {
        Some((number, times)) => count(number)?.checked_mul(*times),
        None => count(&lower).or_else(|| count(lower.strip_suffix('b')?)),
    }
}

/// Parses a time and returns it in nanoseconds: `3` (ms), `3ms`, `1.5s`, `20us`, `7ns`.
pub(super) fn time(word: &str) -> Option<u64> {
    let lower = word.to_ascii_lowercase();
    // The unit `s` comes last, because the others end in it too.
    let units = [("ms", 1_000_000), ("us", 1_000), ("µs", 1_000), ("ns", 1), ("s", 1_000_000_000)];
    let unit = units.iter().find_map(|(unit, nanos)| Some((lower.strip_suffix(unit)?, *nanos)));
    let (number, nanos): (&str, u64) = unit.unwrap_or((&lower, 1_000_000));
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let is_number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) {
        return None;
    }
    let part = part.trim_end_matches('0');
    let step = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    // Times in a trace are whole nanoseconds, so a finer fraction is an error.
    let part = if part.is_empty() { 0 } else { part.parse::<u64>().ok()? };
    let each = nanos.checked_div(step).filter(|each| each.checked_mul(step) == Some(nanos))?;
    let part = part.checked_mul(each)?;
    whole.parse::<u64>().ok()?.checked_mul(nanos)?.checked_add(part)
}

/// Formats a time in milliseconds with the digits that it needs: `1500ms`, `0.25ms`.
pub(super) fn format_time(nanos: u64) -> String {
    let text = format!("{}.{:06}", nanos / 1_000_000, nanos % 1_000_000);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match nanos {
        _ if nanos >= 1_000_000_000 && nanos.is_multiple_of(100_000_000) => {
            let text = format!("{}.{}", nanos / 1_000_000_000, nanos / 100_000_000 % 10);
            format!("{}s", text.trim_end_matches(".0"))
        }
        _ => format!("{text}ms"),
    }
}

/// Returns the rules with this name, or with this prefix if it ends in `*`, one bit each; `None` if
/// there is no such rule.
pub(super) fn fault_set(word: &str) -> Option<u64> {
    let upper = word.to_ascii_uppercase();
    let is = |code: &&FaultCode| match upper.strip_suffix('*') {
        Some(beginning) => code.name().starts_with(beginning),
        None => code.name() == upper,
    };
    let set = FaultCode::ALL.iter().filter(is).fold(0, |set, code| set | fault_bit(*code));
    (set != 0).then_some(set)
}

/// Returns the bit of a rule. There are fewer than 64 rules.
pub(super) fn fault_bit(code: FaultCode) -> u64 {
    1 << code as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_exact() {
        assert_eq!(time("3"), Some(3_000_000));
        assert_eq!(time("1.5s"), Some(1_500_000_000));
        assert_eq!(time("0.000001ms"), Some(1));
        assert_eq!(time("0.0000001ms"), None, "no row has such a time");
        assert_eq!(time("18446744074s"), None, "more than 64 bits of nanoseconds");
        assert_eq!((time(""), time("ms"), time("1.s"), time("-1")), (None, None, None, None));
    }

    #[test]
    fn lengths_have_units() {
        assert_eq!(size("64KiB"), Some(65_536));
        assert_eq!(size("1_000"), Some(1000));
        assert_eq!(size("0x7e"), Some(126));
        assert_eq!((size("+1"), size("KiB"), size("99999999999GiB")), (None, None, None));
    }

    #[test]
    fn the_classes_are_those_of_the_opcodes_themselves() {
        for bits in 0..16 {
            let opcode = Opcode::from_bits(bits);
            let among = |name: &str| opcodes(name).unwrap() & (1 << bits) != 0;
            assert_eq!(among("control"), opcode.is_control());
            assert_eq!(among("data"), !opcode.is_control());
            assert_eq!(among("reserved"), opcode.is_reserved());
            assert_eq!(opcodes(opcode.name()), Some(1 << bits));
            assert_eq!(opcodes(&format!("0x{bits:X}")), Some(1 << bits));
        }
        assert_eq!(opcodes("16"), None);
    }

    proptest! {
        #[test]
        fn any_time_is_read_as_it_was_printed(nanos: u64) {
            prop_assert_eq!(time(&format_time(nanos)), Some(nanos));
            let round = nanos - nanos % 100_000_000;
            prop_assert_eq!(time(&format_time(round)), Some(round));
        }
    }
}
