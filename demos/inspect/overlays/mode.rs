//! The mode of the keyboard, and the input line.

/// The maximum length of typed text in bytes. It is large enough for all three length forms of a
/// frame (RFC 6455 section 5.2).
const MAX_INPUT_BYTES: usize = 70_000;

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
    /// Bytes that the proxy injects.
    Inject,
}

impl InputLine {
    pub(crate) fn new(purpose: InputPurpose) -> Self {
        Self { purpose, text: String::new(), error: None }
    }

    /// Appends to the text, up to the maximum length.
    pub(crate) fn push_str(&mut self, text: &str) {
        self.error = None;
        for letter in text.chars() {
            if self.text.len() + letter.len_utf8() <= MAX_INPUT_BYTES {
                self.text.push(letter);
            }
        }
    }
}
