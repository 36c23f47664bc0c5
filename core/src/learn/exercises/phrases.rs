//! Short texts and byte strings that the frames of exercises carry.

use crate::learn::draws::Draws;

/// Words of ASCII letters.
const PLAIN: [&str; 32] = [
    "hello", "ready", "price", "order", "ticket", "open", "stop", "left", "right", "north",
    "green", "amber", "window", "cursor", "upload", "volume", "score", "round", "player", "lobby",
    "paper", "coffee", "river", "cloud", "train", "delay", "gate", "seat", "radio", "topic",
    "alarm", "lamp",
];

/// Words with letters of two or three bytes.
const ACCENTED: [&str; 24] = [
    "été",
    "Grüße",
    "naïve",
    "señal",
    "côté",
    "smörgås",
    "façade",
    "über",
    "crème",
    "niño",
    "déjà",
    "œuvre",
    "żółw",
    "čaj",
    "größer",
    "mañana",
    "привет",
    "поезд",
    "καφές",
    "日本",
    "東口",
    "음악",
    "5 €",
    "→",
];

/// Returns a short text, with letters beyond ASCII in one of three. It neither begins nor ends with
/// a blank, and never begins like a number in hex.
pub(crate) fn text(draws: &mut Draws) -> String {
    if draws.chance(1, 3) { accented(draws) } else { plain(draws) }
}

/// Returns a short text of ASCII.
pub(crate) fn plain(draws: &mut Draws) -> String {
    let word = word(draws, &PLAIN);
    extended(draws, word)
}

/// Returns a short text with at least one character of several bytes.
pub(crate) fn accented(draws: &mut Draws) -> String {
    let word = word(draws, &ACCENTED);
    extended(draws, word)
}

/// Returns a text of at most `max` bytes, which is at least 10.
pub(crate) fn brief(draws: &mut Draws, max: usize) -> String {
    let mut text = text(draws);
    while text.len() > max {
        text = self::text(draws);
    }
    text
}

/// Returns from 1 to `max` bytes.
pub(crate) fn bytes(draws: &mut Draws, max: usize) -> Vec<u8> {
    let len = draws.below(max).saturating_add(1);
    (0..len).flat_map(|_| draws.bytes::<1>()).collect()
}

fn word(draws: &mut Draws, words: &[&'static str]) -> &'static str {
    draws.pick(words).copied().unwrap_or_default()
}

fn extended(draws: &mut Draws, first: &str) -> String {
    let number = draws.below(1_000);
    match draws.below(4) {
        0 => first.to_owned(),
        1 => format!("{first} {}", word(draws, &PLAIN)),
        2 => format!("{}: {first}", word(draws, &PLAIN)),
        _ => format!("{first} {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_short_and_can_be_typed_as_they_are() {
        let mut accented = 0;
        for seed in 0..3_000 {
            let text = text(&mut Draws::new(seed));
            assert_eq!(text.trim(), text);
            assert!(!text.is_empty() && text.len() <= 28 && !text.starts_with("0x"), "{text}");
            assert!(!text.contains(['"', '\\']) && !text.chars().any(char::is_control), "{text}");
            accented += usize::from(!text.is_ascii());
            assert!(brief(&mut Draws::new(seed), 10).len() <= 10);
        }
        assert!((800..1_200).contains(&accented), "{accented}");
    }
}
