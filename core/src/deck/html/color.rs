//! Colours as HTML and presenterm write them.

use crate::deck::content::text_run::TextColor;

/// The colours and classes that the deck's front matter defines, by their dotted names.
pub(in crate::deck) type Palette = [(String, String)];

/// Returns the colour that `text` names: `red`, `#f00`, `#ff0000`, `rgb(255, 0, 0)` or
/// `palette:NAME`.
pub(super) fn parse_color(text: &str, palette: &Palette) -> Option<TextColor> {
    let text = text.trim();
    let named = text.strip_prefix("palette:").or_else(|| text.strip_prefix("p:"));
    match named {
        Some(name) => plain_color(defined(palette, &format!("palette.colors.{name}"))?),
        None => plain_color(text),
    }
}

/// Returns the value that the deck's front matter gives to a dotted name.
pub(super) fn defined<'p>(palette: &'p Palette, name: &str) -> Option<&'p str> {
    palette.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn plain_color(text: &str) -> Option<TextColor> {
    let text = text.trim().to_lowercase();
    if let Some(digits) = text.strip_prefix('#') {
        return hex(digits);
    }
    if let Some(inner) = text.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')')) {
        let numbers: Option<Vec<u8>> =
            inner.split(',').map(|part| part.trim().parse().ok()).collect();
        return match numbers?.as_slice() {
            &[red, green, blue] => Some(TextColor::Rgb(red, green, blue)),
            _ => None,
        };
    }
    let name = text.replace(['_', '-', ' '], "").replace("grey", "gray");
    if let Some(index) = ANSI.iter().position(|known| *known == name) {
        return u8::try_from(index).ok().map(TextColor::Ansi);
    }
    NAMED
        .iter()
        .find(|(known, _)| *known == name)
        .and_then(|(_, digits)| hex(digits))
        // presenterm's themes leave out the `#`.
        .or_else(|| hex(&text))
}

fn hex(digits: &str) -> Option<TextColor> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let full = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        6 => digits.to_owned(),
        _ => return None,
    };
    let number = u32::from_str_radix(&full, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some(TextColor::Rgb(red, green, blue))
}

/// The 16 colours of a terminal, by their names.
const ANSI: [&str; 16] = [
    "black",
    "darkred",
    "darkgreen",
    "darkyellow",
    "darkblue",
    "darkmagenta",
    "darkcyan",
    "gray",
    "darkgray",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
];

/// Other colours of CSS that decks use.
const NAMED: [(&str, &str); 31] = [
    ("aqua", "00ffff"),
    ("beige", "f5f5dc"),
    ("brown", "a52a2a"),
    ("chocolate", "d2691e"),
    ("coral", "ff7f50"),
    ("crimson", "dc143c"),
    ("darkorange", "ff8c00"),
    ("deeppink", "ff1493"),
    ("fuchsia", "ff00ff"),
    ("gold", "ffd700"),
    ("hotpink", "ff69b4"),
    ("indigo", "4b0082"),
    ("ivory", "fffff0"),
    ("khaki", "f0e68c"),
    ("lavender", "e6e6fa"),
    ("lime", "00ff00"),
    ("maroon", "800000"),
    ("navy", "000080"),
    ("olive", "808000"),
    ("orange", "ffa500"),
    ("orchid", "da70d6"),
    ("pink", "ffc0cb"),
    ("purple", "800080"),
    ("salmon", "fa8072"),
    ("silver", "c0c0c0"),
    ("skyblue", "87ceeb"),
    ("teal", "008080"),
    ("tomato", "ff6347"),
    ("turquoise", "40e0d0"),
    ("violet", "ee82ee"),
    ("rebeccapurple", "663399"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_color_has_many_forms() {
        let palette = [("palette.colors.warm".to_owned(), "ff8000".to_owned())];
        let color = |text: &str| parse_color(text, &palette);
        assert_eq!(color("#f00"), Some(TextColor::Rgb(255, 0, 0)));
        assert_eq!(color(" #FF8000 "), Some(TextColor::Rgb(255, 128, 0)));
        assert_eq!(color("rgb(1, 2,3)"), Some(TextColor::Rgb(1, 2, 3)));
        assert_eq!(color("Red"), Some(TextColor::Ansi(9)));
        assert_eq!(color("dark_red"), Some(TextColor::Ansi(1)));
        assert_eq!(color("LightGrey"), None);
        assert_eq!(color("orange"), Some(TextColor::Rgb(255, 165, 0)));
        assert_eq!(color("palette:warm"), Some(TextColor::Rgb(255, 128, 0)));
        assert_eq!(color("p:warm"), color("palette:warm"));
        for wrong in ["p:cold", "#ff", "rgb(1,2)", "rgb(256,0,0)", "#gggggg", "é", "", "+12345"] {
            assert_eq!(color(wrong), None, "{wrong}");
        }
    }
}
