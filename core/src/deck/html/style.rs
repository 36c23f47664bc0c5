//! What a tag within a line does to the text.

use crate::deck::content::text_run::TextStyle;
use crate::deck::html::color::{Palette, defined, parse_color};
use crate::deck::html::scan::Tag;

/// The effect of an opening tag on the text up to its closing tag.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::deck) enum Effect {
    /// The text has this style.
    Style(TextStyle),
    /// A colour in the tag is not known.
    UnknownColor(String),
    /// The tag has no counterpart here.
    Unknown,
}

/// Returns the effect of `tag` on text in the style `around`.
pub(in crate::deck) fn effect(tag: &Tag, around: TextStyle, palette: &Palette) -> Effect {
    let style = match tag.name.as_str() {
        "b" | "strong" => TextStyle { bold: true, ..around },
        "i" | "em" | "cite" | "dfn" | "var" => TextStyle { italic: true, ..around },
        "u" | "ins" => TextStyle { underline: true, ..around },
        "s" | "del" | "strike" => TextStyle { strike: true, ..around },
        "code" | "kbd" | "samp" | "tt" => TextStyle { code: true, ..around },
        "sup" => TextStyle { superscript: true, ..around },
        "a" | "abbr" | "big" | "font" | "label" | "mark" | "q" | "small" | "span" | "sub"
        | "time" | "nobr" => around,
        _ => return Effect::Unknown,
    };
    match colored(tag, style, palette) {
        Ok(style) => Effect::Style(style),
        Err(UnknownColor(color)) => Effect::UnknownColor(color),
    }
}

/// The name of a colour that is not known.
struct UnknownColor(String);

/// Returns `style` with the colours that the attributes of `tag` name, or the colour that is not
/// known.
fn colored(tag: &Tag, mut style: TextStyle, palette: &Palette) -> Result<TextStyle, UnknownColor> {
    let parse = |value: &str| {
        parse_color(value, palette).ok_or_else(|| UnknownColor(value.trim().to_owned()))
    };
    for declaration in tag.attribute("style").unwrap_or("").split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        match property.trim() {
            "color" => style.foreground = Some(parse(value)?),
            "background-color" | "background" => style.background = Some(parse(value)?),
            "font-weight" if value.trim() == "bold" => style.bold = true,
            "font-style" if value.trim() == "italic" => style.italic = true,
            _ => {}
        }
    }
    if let Some(color) = tag.attribute("color") {
        style.foreground = Some(parse(color)?);
    }
    for class in tag.attribute("class").unwrap_or("").split_whitespace() {
        let value = |side| defined(palette, &format!("palette.classes.{class}.{side}"));
        if let Some(color) = value("foreground") {
            style.foreground = Some(parse(color)?);
        }
        if let Some(color) = value("background") {
            style.background = Some(parse(color)?);
        }
    }
    Ok(style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::content::text_run::TextColor;
    use crate::deck::html::scan::{Piece, scan};

    fn effect_of(html: &str) -> Effect {
        let palette = [
            ("palette.classes.warm.foreground", "#ff8000"),
            ("palette.classes.warm.background", "palette:dark"),
            ("palette.colors.dark", "#102030"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let pieces = scan(html);
        let Some(Piece::Tag(_, tag)) = pieces.first() else { panic!("{html}") };
        effect(tag, TextStyle::default(), &palette)
    }

    #[test]
    fn colors_come_from_styles_and_classes() {
        let plain = TextStyle::default();
        let orange = Some(TextColor::Rgb(255, 128, 0));
        let dark = Some(TextColor::Rgb(16, 32, 48));
        assert_eq!(
            effect_of("<span style=\"color: #ff8000; background-color:#102030;margin:0\">"),
            Effect::Style(TextStyle { foreground: orange, background: dark, ..plain })
        );
        assert_eq!(
            effect_of("<span class='big warm'>"),
            Effect::Style(TextStyle { foreground: orange, background: dark, ..plain })
        );
        assert_eq!(
            effect_of("<font color=red>"),
            Effect::Style(TextStyle { foreground: Some(TextColor::Ansi(9)), ..plain })
        );
        assert_eq!(effect_of("<b style='color: nosuch'>"), Effect::UnknownColor("nosuch".into()));
        assert_eq!(effect_of("<b>"), Effect::Style(TextStyle { bold: true, ..plain }));
        assert_eq!(effect_of("<v-click>"), Effect::Unknown);
    }
}
