//! Turns the runs of a deck's text into styled text.

use std::borrow::Cow;

use ratatui::style::{Modifier, Style};

use crate::deck::TextRun;
use crate::slide::text::readable_color::with_named_colors;
use crate::slide::text::wrap::StyledText;
use crate::stage::{Theme, link_style};
use crate::text;

/// Letters and signs, and their raised forms in Unicode.
const RAISED: (&str, &str) =
    ("0123456789+-=()abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ");

/// What stands around the address of a link.
const BEFORE_ADDRESS: &str = " (";
const BEHIND_ADDRESS: &str = ")";

/// Returns `runs` as styled text on the style `base`. The address of a link follows its text.
pub(crate) fn styled_runs(runs: &[TextRun], base: Style, theme: &Theme) -> Vec<StyledText> {
    let mut pieces = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        pieces.push((shown_text(run).into_owned(), run_style(run, base, theme)));
        if let Some(link) = address_behind(runs, index) {
            let dim = base.patch(theme.dim());
            pieces.push((BEFORE_ADDRESS.to_owned(), dim));
            pieces.push((link.to_owned(), link_style(dim, link)));
            pieces.push((BEHIND_ADDRESS.to_owned(), dim));
        }
    }
    pieces
}

/// Returns the width of what [`styled_runs`] returns, in cells, before it is wrapped.
pub(crate) fn shown_width(runs: &[TextRun]) -> usize {
    let around = BEFORE_ADDRESS.len() + BEHIND_ADDRESS.len();
    let widths = runs.iter().enumerate().map(|(index, run)| {
        let address = address_behind(runs, index).map_or(0, |link| text::width(link) + around);
        text::width(&shown_text(run)) + address
    });
    widths.sum()
}

/// Returns the address that stands behind a run: behind the last one of a link, unless that already
/// shows it.
fn address_behind(runs: &[TextRun], index: usize) -> Option<&str> {
    let (run, link) = (&runs[index], runs[index].link.as_ref()?);
    let goes_on = runs.get(index + 1).is_some_and(|next| next.link.as_ref() == Some(link));
    (!goes_on && !link.ends_with(&*run.text)).then_some(link)
}

/// Returns the text of a run as it is shown.
fn shown_text(run: &TextRun) -> Cow<'_, str> {
    if run.style.superscript { raised(&run.text).into() } else { (*run.text).into() }
}

/// Returns the text of `runs` on the style `base`, without the addresses of links, for titles.
pub(crate) fn title_runs(runs: &[TextRun], base: Style, theme: &Theme) -> Vec<StyledText> {
    runs.iter().map(|run| (shown_text(run).into_owned(), run_style(run, base, theme))).collect()
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
