//! What is open over the tabs, and the line that is typed.

/// The longest text that can be typed, in bytes: enough to see all three forms of the length.
const MAX_INPUT_BYTES: usize = 70_000;

/// What the keys mean at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InputMode {
    /// Keys are commands.
    Browse,
    /// A line is typed.
    Input(InputLine),
    /// A frame is edited.
    Edit,
    /// The keys are listed.
    Help,
    /// The rules of the field under the cursor are open; scrolled by so many rows.
    Rules(u16),
    /// The forms of a copy are offered.
    Copy,
    /// A lesson asks for a bet.
    Bet,
}

/// A line that is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputLine {
    pub(crate) purpose: InputPurpose,
    pub(crate) text: String,
    /// What was wrong with it at the last Enter.
    pub(crate) error: Option<String>,
}

/// What a typed line is for.
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

    /// Adds to the text, as far as there is room.
    pub(crate) fn push_str(&mut self, text: &str) {
        self.error = None;
        for letter in text.chars() {
            if self.text.len() + letter.len_utf8() <= MAX_INPUT_BYTES {
                self.text.push(letter);
            }
        }
    }
}
