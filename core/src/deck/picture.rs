//! Pictures: attributes that other tools write into their alternative text.
//!
//! Marp's `![bg left:40% the plan](plan.png)` and presenterm's `![image:width:50%](plan.png)` are
//! sizes, not words for the audience.

use crate::deck::ImageBlock;
use crate::text;

/// Marp's words that count only behind `bg`.
const BACKGROUND_WORDS: [&str; 7] =
    ["left", "right", "fit", "contain", "cover", "auto", "vertical"];

/// Marp's attributes that have a value.
const VALUED: [&str; 6] = ["w", "width", "h", "height", "left", "right"];

/// Marp's filters, which have no effect here.
const FILTERS: [&str; 10] = [
    "blur",
    "brightness",
    "contrast",
    "drop-shadow",
    "grayscale",
    "hue-rotate",
    "invert",
    "opacity",
    "saturate",
    "sepia",
];

/// Reads a picture's alternative text; `prefix` is what stands before presenterm's attributes.
pub(super) fn read_picture(path: &str, alt: &str, prefix: &str) -> ImageBlock {
    let is_background = alt.split_whitespace().any(|word| word == "bg");
    let mut width_percent = None;
    let mut words = Vec::new();
    for word in alt.split_whitespace() {
        match attribute(word, prefix, is_background) {
            Some(Attribute { width }) => width_percent = width.or(width_percent),
            None => words.push(word),
        }
    }
    ImageBlock {
        path: text::sanitize(path).into_owned(),
        alt: text::sanitize(&words.join(" ")).into_owned(),
        width_percent,
    }
}

/// A word that is an attribute, with the width in percent that it gives, if any.
struct Attribute {
    width: Option<u8>,
}

/// Reads a word that can be an attribute.
fn attribute(word: &str, prefix: &str, is_background: bool) -> Option<Attribute> {
    let own = word.strip_prefix(prefix).filter(|_| !prefix.is_empty());
    if let Some((key, value)) = own.unwrap_or(word).split_once(':') {
        let is_width = matches!(key, "w" | "width" | "left" | "right");
        let is_size = value.starts_with(|c: char| c.is_ascii_digit()) || value == "auto";
        let is_attribute =
            own.is_some() || (VALUED.contains(&key) && is_size) || FILTERS.contains(&key);
        return is_attribute.then(|| Attribute { width: percent(value).filter(|_| is_width) });
    }
    let counts = is_background
        && (word == "bg"
            || BACKGROUND_WORDS.contains(&word)
            || FILTERS.contains(&word)
            || percent(word).is_some());
    counts.then(|| Attribute { width: percent(word) })
}

/// Reads a width in percent.
pub(super) fn percent(text: &str) -> Option<u8> {
    let number = text.strip_suffix('%')?.parse().ok()?;
    (1..=100).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_no_words() {
        let read = |alt: &str| {
            let picture = read_picture("p.png", alt, "image:");
            (picture.alt, picture.width_percent)
        };
        for (alt, words, width) in [
            ("the plan", "the plan", None),
            ("image:width:50%", "", Some(50)),
            ("image:w:20% the plan", "the plan", Some(20)),
            ("bg left:40%", "", Some(40)),
            ("bg right contain the plan", "the plan", None),
            ("bg 30% opacity:.5 blur", "", Some(30)),
            ("w:100px h:2em", "", None),
            ("width:75%", "", Some(75)),
            ("w:0% w:101% w:999%", "", None),
            ("left or right: you fit", "left or right: you fit", None),
            ("left:overs", "left:overs", None),
        ] {
            assert_eq!(read(alt), (words.to_owned(), width), "{alt}");
        }
        assert_eq!(read_picture("p", "w:5% size:3", "").alt, "size:3");
        assert_eq!(read_picture("p", "!w:5%", "!").width_percent, Some(5));
    }
}
