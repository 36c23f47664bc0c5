//! Characters and escapes of string literals.

use crate::wire::pasted::error::PasteProblem;

/// Reads a character or an escape, and returns its length.
pub(super) fn read_one(rest: &str, raw: bool, bytes: &mut Vec<u8>) -> Result<usize, PasteProblem> {
    let Some(char) = rest.chars().next() else { return Ok(0) };
    match char {
        '\\' if !raw => read_escape(rest, bytes),
        '\u{fffd}' => Err(PasteProblem::Lost),
        // Latin-1: a string of bytes that was printed as characters, or a text. Not known.
        '\u{80}'..='\u{ff}' => Err(PasteProblem::Character(char)),
        _ => {
            bytes.extend(char.encode_utf8(&mut [0; 4]).as_bytes());
            Ok(char.len_utf8())
        }
    }
}

/// Reads the escape that `rest` begins with, and returns its length.
fn read_escape(rest: &str, bytes: &mut Vec<u8>) -> Result<usize, PasteProblem> {
    let unknown = || {
        let end = rest.char_indices().nth(4).map_or(rest.len(), |(end, _)| end);
        PasteProblem::Escape(rest.get(..end).unwrap_or_default().to_owned())
    };
    let code = rest.chars().nth(1).ok_or_else(unknown)?;
    let digits = |skip: usize, max: usize, radix: u32| -> &str {
        let tail = rest.get(skip..).unwrap_or_default();
        let len = tail.chars().take(max).take_while(|char| char.is_digit(radix)).count();
        tail.get(..len).unwrap_or_default()
    };
    let simple = match code {
        'n' => b'\n',
        't' => b'\t',
        'r' => b'\r',
        'a' => 7,
        'b' => 8,
        'v' => 11,
        'f' => 12,
        'e' => 27,
        '\\' | '\'' | '"' | '?' | '/' => u8::try_from(code).map_err(|_| unknown())?,
        // A line that goes on. Rust leaves out the blanks that the next one begins with.
        '\n' if !rest.get(2..).is_some_and(|next| next.starts_with([' ', '\t'])) => return Ok(2),
        // Perl.
        'x' if rest.get(2..).is_some_and(|next| next.starts_with('{')) => {
            let (hex, _) =
                rest.get(3..).and_then(|next| next.split_once('}')).ok_or_else(unknown)?;
            let digits = hex.bytes().all(|digit| digit.is_ascii_hexdigit());
            let byte = u8::from_str_radix(hex, 16).ok().filter(|_| digits);
            bytes.push(byte.ok_or_else(unknown)?);
            return Ok(hex.len().saturating_add(4));
        }
        'x' => {
            let hex = digits(2, 2, 16);
            bytes.push(u8::from_str_radix(hex, 16).map_err(|_| unknown())?);
            return Ok(hex.len().saturating_add(2));
        }
        '0'..='7' => {
            let octal = digits(1, 3, 8);
            let decimal = digits(1, 3, 10);
            if decimal.len() > octal.len() {
                return Err(PasteProblem::DecimalEscape(format!("\\{decimal}")));
            }
            bytes.push(u8::from_str_radix(octal, 8).map_err(|_| unknown())?);
            return Ok(octal.len().saturating_add(1));
        }
        // A character of Unicode is a byte only in ASCII.
        'u' => {
            let hex = Some(digits(2, 4, 16)).filter(|hex| hex.len() == 4).ok_or_else(unknown)?;
            let byte = u8::from_str_radix(hex, 16).ok().filter(u8::is_ascii);
            let code = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
            bytes.push(byte.ok_or_else(|| code.map_or_else(unknown, PasteProblem::Character))?);
            return Ok(6);
        }
        _ => return Err(unknown()),
    };
    bytes.push(simple);
    Ok(2)
}
