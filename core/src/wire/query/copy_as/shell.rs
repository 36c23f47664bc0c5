//! What a POSIX shell reads as one word, and how much it takes. Nothing is run here.

/// Bytes whose hex fits one argument: Linux takes 128 KiB of text in one.
pub(super) const MAX_ARGUMENT_BYTES: usize = 60_000;

/// Bytes whose hex fits a command line: Linux takes 2 MiB of text in all, the environment included; macOS half of that.
pub(super) const MAX_COMMAND_LINE_BYTES: usize = 400_000;

/// The text as one word.
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
