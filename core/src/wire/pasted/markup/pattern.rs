//! Patterns of what loggers and titles consist of, and bytes in hex.

/// Whether a word is a byte in hex.
pub(super) fn is_byte(word: &str) -> bool {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Skips what `pattern` stands for at the start of `text`: `0` is a digit, `#` digits, `@` letters,
/// `A` a capital letter, a blank is blanks and `_` perhaps blanks, `$` a word, and `%` a word that
/// ends with a colon and can't be an offset. Other characters are themselves.
pub(super) fn skip<'a>(text: &'a str, pattern: &str) -> Option<&'a str> {
    let mut rest = text.trim_start();
    for kind in pattern.chars() {
        let many = |text: &'a str, is: fn(char) -> bool, least: usize| {
            let behind = text.trim_start_matches(is);
            (text.len().saturating_sub(behind.len()) >= least).then_some(behind)
        };
        rest = match kind {
            '0' => rest.strip_prefix(|char: char| char.is_ascii_digit())?,
            'A' => rest.strip_prefix(|char: char| char.is_ascii_uppercase())?,
            '#' => many(rest, |char| char.is_ascii_digit(), 1)?,
            '@' => many(rest, |char| char.is_ascii_alphanumeric() || "_-.".contains(char), 1)?,
            '$' => many(rest, |char| !char.is_whitespace(), 1)?,
            ' ' => many(rest, |char| matches!(char, ' ' | '\t'), 1)?,
            '_' => many(rest, |char| char == ' ', 0)?,
            '%' => {
                let behind = many(rest, |char| !char.is_whitespace(), 1)?;
                let word = rest.strip_suffix(behind)?;
                word.strip_suffix(':').filter(|name| is_name(name))?;
                behind
            }
            _ => rest.strip_prefix(kind)?,
        };
    }
    Some(rest)
}

/// Whether a word has a letter that is no digit of hex.
fn is_name(word: &str) -> bool {
    word.chars().any(|char| char.is_ascii_alphabetic() && !char.is_ascii_hexdigit())
}
