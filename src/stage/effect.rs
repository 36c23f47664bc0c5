//! What a demo's settings ask of the world outside the talk, and who has allowed it.
//!
//! A deck is a document: opening one connects nowhere beyond loopback, listens nowhere else and
//! writes nothing. A demo declares the effects of its settings as plain data; the registry opens it
//! only once they are allowed.

use std::path::PathBuf;

use crate::deck::Position;

/// Something that opening a demo does outside of the talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A connection beyond loopback.
    Connect {
        /// Where to, as a URL.
        target: String,
        /// How many headers of the deck's own the request has.
        headers: usize,
        /// How many messages of the deck's own are sent at once.
        messages: usize,
        /// Whether a certificate is checked, where there is one.
        verified: bool,
    },
    /// A port of its own that others connect to.
    Listen {
        /// The address with its port.
        address: String,
        /// Others than this machine can connect.
        anywhere: bool,
    },
    /// A file that is written.
    Write {
        /// Which, as the deck names it; once asked for, the whole path.
        path: PathBuf,
        /// What is there already is written over.
        replace: bool,
    },
}

impl Effect {
    /// The same with a path that does not depend on where the program was started.
    fn with_absolute_path(self) -> Self {
        match self {
            Self::Write { path, replace } => {
                Self::Write { path: std::path::absolute(&path).unwrap_or(path), replace }
            }
            other => other,
        }
    }

    /// In words that follow "wants to".
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
                format!("listen on {address}, where others in reach can connect")
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

/// What all these effects are, as one sentence: `This slide wants to connect to ws://example.com/,
/// and to write ...`.
pub fn describe_all(effects: &[Effect]) -> String {
    let mut words: Vec<String> = effects.iter().map(Effect::describe).collect();
    let last = words.pop().unwrap_or_default();
    match words.as_slice() {
        [] => format!("This slide wants to {last}."),
        before => format!("This slide wants to {}, and to {last}.", before.join(", to ")),
    }
}

/// An effect, and where in the deck it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredEffect {
    /// What.
    pub effect: Effect,
    /// The setting that asks for it.
    pub position: Position,
}

/// A demo of a deck: its slide from 0, and its number on the slide from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DemoPosition {
    /// The slide.
    pub slide: usize,
    /// The demo.
    pub demo: usize,
}

/// What has been allowed since the program began; nothing of it outlives the program.
#[derive(Clone, Debug, Default)]
pub struct EffectConsents {
    all: bool,
    /// Exactly these effects of exactly these demos.
    allowed: Vec<(DemoPosition, Vec<Effect>)>,
}

impl EffectConsents {
    /// Everything is allowed: by `--trust`, or because the reader has asked for it on the command
    /// line.
    pub fn all() -> Self {
        Self { all: true, allowed: Vec::new() }
    }

    /// Allows these effects of that demo.
    pub fn allow(&mut self, spot: DemoPosition, effects: Vec<Effect>) {
        self.allowed.retain(|(other, _)| *other != spot);
        self.allowed.push((spot, effects));
    }

    /// What of `declared` is still to be asked for: all of it, or nothing.
    pub(super) fn missing(&self, spot: DemoPosition, declared: Vec<DeclaredEffect>) -> Vec<Effect> {
        let effects: Vec<Effect> =
            declared.into_iter().map(|declared| declared.effect.with_absolute_path()).collect();
        let allowed =
            self.all || self.allowed.iter().any(|given| *given == (spot, effects.clone()));
        if allowed { Vec::new() } else { effects }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &str, replace: bool) -> DeclaredEffect {
        DeclaredEffect {
            effect: Effect::Write { path: path.into(), replace },
            position: Position::default(),
        }
    }

    #[test]
    fn a_consent_is_for_one_demo_and_for_what_it_asked() {
        let (here, there) =
            (DemoPosition { slide: 1, demo: 0 }, DemoPosition { slide: 1, demo: 1 });
        let mut consents = EffectConsents::default();
        let asked = consents.missing(here, vec![write("/tmp/a", false)]);
        assert_eq!(asked.len(), 1);
        consents.allow(here, asked);
        assert_eq!(consents.missing(here, vec![write("/tmp/a", false)]), []);
        assert_eq!(consents.missing(there, vec![write("/tmp/a", false)]).len(), 1, "another demo");
        assert_eq!(consents.missing(here, vec![write("/tmp/a", true)]).len(), 1, "something else");
        assert_eq!(
            consents.missing(here, vec![write("/tmp/a", false), write("/tmp/b", false)]).len(),
            2
        );
        assert_eq!(EffectConsents::all().missing(there, vec![write("/tmp/a", true)]), []);
        assert_eq!(EffectConsents::default().missing(here, Vec::new()), [], "nothing is asked for");
    }

    #[test]
    fn the_sentence_names_every_effect_and_the_whole_path() {
        let connect = |headers, messages, verified| Effect::Connect {
            target: "ws://example.com/".into(),
            headers,
            messages,
            verified,
        };
        let asked = EffectConsents::default()
            .missing(DemoPosition::default(), vec![write("x.pcapng", true)]);
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
            "This slide wants to listen on 0.0.0.0:9000, where others in reach can connect, and \
             to connect to ws://example.com/ without checking its certificate with 1 header of \
             its own and send it 2 messages."
        );
    }
}
