//! Quoting for a POSIX shell, and the limits of its command lines. Nothing is run here.

/// The number of bytes whose hex fits into one argument: Linux allows 128 KiB of text per argument.
pub(super) const MAX_ARGUMENT_BYTES: usize = 60_000;

/// The number of bytes whose hex fits into a command line: Linux allows 2 MiB in all, including the
/// environment, and macOS half of that.
pub(super) const MAX_COMMAND_LINE_BYTES: usize = 400_000;

/// Quotes a text as one word.
pub(super) fn quote(text: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_./:@%+=,".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_quotes() {
        assert_eq!(quote("ws://127.0.0.1:9001/"), "ws://127.0.0.1:9001/");
        assert_eq!(quote("a; rm 'b'"), r"'a; rm '\''b'\'''");
        assert_eq!(quote("ws://h/?a&b"), "'ws://h/?a&b'");
    }
}
