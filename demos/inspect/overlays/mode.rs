//! The mode of the keyboard, and the input line.

use crate::wire::format;

/// The maximum length of typed text in bytes. It is large enough for all three length forms of a
/// frame (RFC 6455 section 5.2).
const MAX_TEXT_BYTES: usize = 70_000;

/// The maximum length of text that stands for bytes. A dump with offsets and characters takes about
/// five characters for each of 65,536 bytes.
const MAX_PASTED_BYTES: usize = 512 << 10;

/// The mode that decides what the keys do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InputMode {
    /// Keys are commands.
    Browse,
    /// A line is being typed.
    Input(InputLine),
    /// A frame is being edited.
    Edit,
    /// The list of keys is open.
    Help,
    /// The rules of the field under the cursor are open, scrolled down by this number of rows.
    Rules(u16),
    /// The notes about the connection are open, scrolled down by this number of rows.
    Notes(u16),
    /// The next key chooses a format to copy.
    Copy,
    /// A lesson is waiting for a bet.
    Bet,
}

/// The line being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputLine {
    pub(crate) purpose: InputPurpose,
    pub(crate) text: String,
    /// The error of the last Enter, until the text changes.
    pub(crate) error: Option<String>,
}

/// The purpose of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InputPurpose {
    Send,
    Hex,
    Filter,
    Search,
    /// A text or a number of the list of connections.
    Connections,
    /// Bytes that the proxy injects.
    Inject,
}

impl InputLine {
    pub(crate) fn new(purpose: InputPurpose) -> Self {
        Self { purpose, text: String::new(), error: None }
    }

    /// Appends to the text. What does not fit is refused as a whole, with an error: a part of it
    /// would be something else than what was meant.
    pub(crate) fn push_str(&mut self, text: &str) {
        let most = match self.purpose {
            InputPurpose::Hex | InputPurpose::Inject => MAX_PASTED_BYTES,
            InputPurpose::Send
            | InputPurpose::Filter
            | InputPurpose::Search
            | InputPurpose::Connections => MAX_TEXT_BYTES,
        };
        let len = self.text.len() + text.len();
        if len > most {
            let [len, most] = [len, most].map(|count| format::byte_count(count as u64));
            self.error = Some(format!("not taken: {len} of text; this line holds at most {most}"));
            return;
        }
        self.error = None;
        self.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_does_not_fit_is_refused_and_never_cut() {
        let mut line = InputLine::new(InputPurpose::Send);
        line.push_str("kept");
        line.push_str(&"x".repeat(MAX_TEXT_BYTES));
        assert_eq!(line.text, "kept");
        assert_eq!(
            line.error.as_deref(),
            Some("not taken: 70,004 bytes of text; this line holds at most 70,000 bytes")
        );
        let mut line = InputLine::new(InputPurpose::Hex);
        line.push_str(&"81 ".repeat(70_000));
        assert_eq!((line.text.len(), line.error), (210_000, None));
    }
}
