//! Turns the runs of a deck's text into styled text.

use ratatui::style::{Modifier, Style};

use crate::deck::TextRun;
use crate::slide::text::readable_color::with_named_colors;
use crate::slide::text::wrap::StyledText;
use crate::stage::{Theme, link_style};

/// Letters and signs, and their raised forms in Unicode.
const RAISED: (&str, &str) =
    ("0123456789+-=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ");

/// Returns `runs` as styled text on the style `base`. The address of a link follows its text.
pub(crate) fn styled_runs(runs: &[TextRun], base: Style, theme: &Theme) -> Vec<StyledText> {
    let mut pieces = Vec::new();
    let mut rest = runs.iter().peekable();
    while let Some(run) = rest.next() {
        let text = if run.style.superscript { raised(&run.text) } else { run.text.clone() };
        pieces.push((text, run_style(run, base, theme)));
        if let Some(link) = &run.link
            && rest.peek().is_none_or(|next| next.link.as_ref() != Some(link))
            // The address follows the last run of a link, unless the text already shows it.
            && !link.ends_with(&run.text)
        {
            let dim = base.patch(theme.dim());
            pieces.push((" (".to_owned(), dim));
            pieces.push((link.clone(), link_style(dim, link)));
            pieces.push((")".to_owned(), dim));
        }
    }
    pieces
}

/// Returns the text of `runs` on the style `base`, without the addresses of links, for titles.
pub(crate) fn title_runs(runs: &[TextRun], base: Style, theme: &Theme) -> Vec<StyledText> {
    let text = |run: &TextRun| {
        if run.style.superscript { raised(&run.text) } else { run.text.clone() }
    };
    runs.iter().map(|run| (text(run), run_style(run, base, theme))).collect()
}

fn run_style(run: &TextRun, base: Style, theme: &Theme) -> Style {
    let mut style = base;
    for (on, modifier) in [
        (run.style.bold, Modifier::BOLD),
        (run.style.italic, Modifier::ITALIC),
        (run.style.strike, Modifier::CROSSED_OUT),
        (run.link.is_some(), Modifier::UNDERLINED),
    ] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    if run.style.code {
        style = style.fg(theme.server).bg(theme.panel);
    } else if run.link.is_some() {
        style = style.fg(theme.accent);
    }
    let style = with_named_colors(style, &run.style, theme);
    run.link.as_ref().map_or(style, |link| link_style(style, link))
}

/// Returns `text` in raised letters, or behind `^` if Unicode lacks one of them.
fn raised(text: &str) -> String {
    let form = |letter: char| {
        let index = RAISED.0.chars().position(|plain| plain == letter)?;
        RAISED.1.chars().nth(index)
    };
    let all: Option<String> = text.chars().map(form).collect();
    all.unwrap_or_else(|| format!("^{text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_text_is_in_raised_letters_or_marked() {
        assert_eq!(RAISED.0.chars().count(), RAISED.1.chars().count());
        assert_eq!(
            (raised("12"), raised("th"), raised("TM")),
            ("¹²".into(), "ᵗʰ".into(), "^TM".into())
        );
    }
}
