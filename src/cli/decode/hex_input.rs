//! Reads the bytes to decode: hex on the command line, and hex or raw bytes in files and on
//! standard input.

use std::io;
use std::path::Path;

use anyhow::{Context, bail, ensure};

use crate::cli::bounded_read;

/// The maximum size of a file or of standard input, in bytes. `decode` explains every frame in
/// memory; `wiretalk inspect FILE` opens larger captures.
pub(super) const MAX_INPUT_BYTES: u64 = 16 << 20;

/// Returns the bytes of all inputs, concatenated. An input is hex, `-` for standard input, or a
/// file; with `raw`, streams and files hold bytes instead of hex.
///
/// # Errors
///
/// If an input is neither, cannot be read, or has an odd number of hex digits.
pub(super) fn read_inputs(inputs: &[String], raw: bool) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut digits = String::new();
    for input in inputs {
        // Hex wins over a file of the same name, such as `cafe`; `./cafe` names the file. Digits
        // are collected across arguments, because blanks may split a byte: `8 1`.
        if input != "-"
            && let Ok(more) = collect_hex_digits(input)
        {
            digits.push_str(&more);
            continue;
        }
        bytes.append(&mut decode_digit_pairs(&std::mem::take(&mut digits), "the command line")?);
        bytes.append(&mut read_input(input, raw)?);
    }
    bytes.append(&mut decode_digit_pairs(&digits, "the command line")?);
    Ok(bytes)
}

fn read_input(input: &str, raw: bool) -> anyhow::Result<Vec<u8>> {
    let (name, contents) = if input == "-" {
        let contents = bounded_read::read_stream(std::io::stdin().lock(), MAX_INPUT_BYTES);
        ("standard input".to_owned(), contents.context("could not read standard input")?)
    } else {
        let contents = bounded_read::read_file(Path::new(input), MAX_INPUT_BYTES);
        (format!("{input:?}"), contents.map_err(|error| unreadable_input(input, &error))?)
    };
    if raw {
        return Ok(contents);
    }
    let text = String::from_utf8(contents).ok();
    let text = text.with_context(|| {
        format!("{name} is not text; use --raw if it holds the bytes themselves")
    })?;
    match collect_hex_digits(&text) {
        Ok(digits) => decode_digit_pairs(&digits, &name),
        Err(stray) => bail!(
            "{name}, line {}, column {}: {:?} isn't a hex digit; expected hex such as 81 05 48 65, \
             or --raw for the bytes themselves",
            stray.line,
            stray.column,
            stray.char
        ),
    }
}

/// Returns the error for an input that is neither hex nor a readable file.
fn unreadable_input(input: &str, error: &io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return anyhow::anyhow!("{input:?}: {error}; wiretalk inspect {input:?} opens large files");
    }
    // A mistyped argument can be a long hex string.
    let shown: String = input.chars().take(60).collect();
    let place = collect_hex_digits(input).err().map_or_else(String::new, |stray| {
        format!(": {:?} at column {} isn't a hex digit", stray.char, stray.column)
    });
    anyhow::anyhow!(
        "{shown:?} is neither hex{place}, nor a readable file: {error}; expected hex such as 81 05 \
         48 65"
    )
}

/// Returns the bytes that hex text stands for.
///
/// # Errors
///
/// If the text has another character than [`collect_hex_digits`] takes, or an odd number of digits.
pub(super) fn parse_hex(text: &str) -> anyhow::Result<Vec<u8>> {
    match collect_hex_digits(text) {
        Ok(digits) => decode_digit_pairs(&digits, "the text"),
        Err(stray) => {
            bail!(
                "{:?} at column {} isn't a hex digit; expected hex such as 81 05 48 65",
                stray.char,
                stray.column
            )
        }
    }
}

/// A character that is neither a hex digit nor a separator, with its position counted from 1.
#[derive(Debug, PartialEq, Eq)]
struct InvalidHexDigit {
    char: char,
    line: usize,
    column: usize,
}

/// Returns the hex digits in `text`. Skips blanks, line ends, `:`, `,` and `0x`.
fn collect_hex_digits(text: &str) -> Result<String, InvalidHexDigit> {
    let mut digits = String::new();
    let (mut line, mut column) = (1_usize, 0_usize);
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        column = column.saturating_add(1);
        match char {
            '\n' => (line, column) = (line.saturating_add(1), 0),
            ' ' | '\t' | '\r' | ':' | ',' => {}
            // Before the digits: the 0 of `0x` is not one.
            '0' if chars.next_if(|next| matches!(next, 'x' | 'X')).is_some() => {
                column = column.saturating_add(1);
            }
            _ if char.is_ascii_hexdigit() => digits.push(char),
            _ => return Err(InvalidHexDigit { char, line, column }),
        }
    }
    Ok(digits)
}

/// Decodes hex digits, two for each byte. `place` names their origin in the error.
fn decode_digit_pairs(digits: &str, place: &str) -> anyhow::Result<Vec<u8>> {
    let count = digits.len();
    ensure!(
        count.is_multiple_of(2),
        "{place} has an odd number of hex digits ({count}): every byte needs two"
    );
    let byte =
        |pair: &[u8]| str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes = digits.as_bytes().chunks(2).map(byte);
    Ok(bytes.collect::<Option<_>>().expect("only hex digits were collected"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(inputs: &[&str]) -> Result<Vec<u8>, String> {
        let inputs: Vec<String> = inputs.iter().map(ToString::to_string).collect();
        read_inputs(&inputs, false).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn hex_may_have_separators_and_prefixes() {
        for inputs in [
            &["81 05", "48"][..],
            &["0x81, 0x05, 0X48"],
            &["81:05:48"],
            &["8", "10", "548"],
            &["", "810548"],
        ] {
            assert_eq!(read(inputs).unwrap(), [0x81, 0x05, 0x48], "{inputs:?}");
        }
        assert!(read(&[""]).unwrap().is_empty());
    }

    #[test]
    fn errors_say_what_and_where() {
        assert_eq!(
            read(&["818"]).unwrap_err(),
            "the command line has an odd number of hex digits (3): every byte needs two"
        );
        let error = read(&["81 0g"]).unwrap_err();
        assert!(
            error.starts_with(
                "\"81 0g\" is neither hex: 'g' at column 5 isn't a hex digit, nor a readable file: "
            ),
            "{error}"
        );
    }

    #[test]
    fn a_file_holds_hex_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hex");
        fs::write(&file, "81 00\n0z").unwrap();
        let error = read(&[file.to_str().unwrap()]).unwrap_err();
        fs::write(&file, "81 00\n").unwrap();
        let bytes = read(&[file.to_str().unwrap(), "8a00"]);
        assert!(error.contains(", line 2, column 2: 'z' isn't a hex digit"), "{error}");
        assert_eq!(bytes.unwrap(), [0x81, 0x00, 0x8a, 0x00]);
    }
}
