//! The effects that demos have outside the talk. `consents` holds which of them are allowed.
//!
//! A deck is a document: opening one does not connect or listen beyond loopback, and writes
//! nothing. A demo declares the effects of its settings as plain data. The registry opens the demo
//! only once they are allowed.

use std::path::PathBuf;

use crate::deck::Position;

/// An effect that opening a demo has outside the talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A connection beyond loopback.
    Connect {
        /// The target, as a URL.
        target: String,
        /// The number of header fields that the deck adds to the request.
        headers: usize,
        /// The number of messages from the deck that are sent right after connecting.
        messages: usize,
        /// Whether the certificate is verified, if TLS is used.
        verified: bool,
    },
    /// A listening socket that others connect to.
    Listen {
        /// The address with its port.
        address: String,
        /// Whether other machines can connect.
        anywhere: bool,
    },
    /// A file that is written to.
    Write {
        /// The path of the file: as the deck gives it, absolute once the user is asked.
        path: PathBuf,
        /// Whether an existing file is overwritten.
        replace: bool,
    },
}

impl Effect {
    /// Returns the effect with an absolute path, so that the user sees which file is meant.
    pub(super) fn with_absolute_path(self) -> Self {
        match self {
            Self::Write { path, replace } => {
                // This fails only if the current directory is unknown. The path is then shown as
                // given.
                Self::Write { path: std::path::absolute(&path).unwrap_or(path), replace }
            }
            other => other,
        }
    }

    /// Returns the effect in words that follow "wants to".
    pub fn describe(&self) -> String {
        match self {
            Self::Connect { target, headers, messages, verified } => {
                let mut words = format!("connect to {target}");
                if !verified {
                    words += " without checking its certificate";
                }
                if *headers > 0 {
                    words += &format!(
                        " with {}",
                        counted(*headers, "header of its own", "headers of its own")
                    );
                }
                if *messages > 0 {
                    words += &format!(" and send it {}", counted(*messages, "message", "messages"));
                }
                words
            }
            Self::Listen { address, anywhere: false } => format!("listen on {address}"),
            Self::Listen { address, anywhere: true } => {
                format!("listen on {address}, where other machines can connect")
            }
            Self::Write { path, replace: false } => format!("write `{}`", path.display()),
            Self::Write { path, replace: true } => {
                format!("write `{}`, replacing what is there", path.display())
            }
        }
    }
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Describes all effects in one sentence: `This slide wants to connect to ws://example.com/, and to
/// write ...`.
pub fn describe_all(effects: &[Effect]) -> String {
    let mut words: Vec<String> = effects.iter().map(Effect::describe).collect();
    let last = words.pop().unwrap_or_default();
    match words.as_slice() {
        [] => format!("This slide wants to {last}."),
        before => format!("This slide wants to {}, and to {last}.", before.join(", to ")),
    }
}

/// An effect, and the setting that declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredEffect {
    /// The effect.
    pub effect: Effect,
    /// The position of that setting in the deck.
    pub position: Position,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_names_every_effect_and_the_whole_path() {
        let connect = |headers, messages, verified| Effect::Connect {
            target: "ws://example.com/".into(),
            headers,
            messages,
            verified,
        };
        let asked =
            vec![Effect::Write { path: "x.pcapng".into(), replace: true }.with_absolute_path()];
        let here = std::env::current_dir().unwrap().join("x.pcapng");
        let text = describe_all(&[vec![connect(0, 0, true)], asked].concat());
        assert_eq!(
            text,
            format!(
                "This slide wants to connect to ws://example.com/, and to write `{}`, replacing \
                 what is there.",
                here.display()
            )
        );
        let listen = Effect::Listen { address: "0.0.0.0:9000".into(), anywhere: true };
        assert_eq!(
            describe_all(&[listen, connect(1, 2, false)]),
            "This slide wants to listen on 0.0.0.0:9000, where other machines can connect, and \
             to connect to ws://example.com/ without checking its certificate with 1 header of \
             its own and send it 2 messages."
        );
    }
}
