//! The results as a badge: an SVG picture of one line.

use crate::cli::conform::report::xml::escaped;
use crate::conform::{ConformConfig, ConformOutcome, Verdict};

/// The mean width of a character at 11 px. The picture stretches its text to what is computed here,
/// so that it fits in any font.
const CHARACTER_WIDTH: usize = 7;

/// The space beside each text.
const PADDING: usize = 6;

/// Returns the badge: what it is about, and how many cases passed or failed.
pub(in crate::cli::conform::report) fn picture(
    config: &ConformConfig,
    outcome: &ConformOutcome,
) -> String {
    let label = if config.sockjs.is_some() { "SockJS" } else { "RFC 6455" };
    let counts = outcome.counts();
    let number = |wanted: &[Verdict]| -> usize {
        wanted.iter().filter_map(|verdict| counts.get(verdict)).sum()
    };
    let failed = number(&[Verdict::Fail, Verdict::NoAnswer, Verdict::Died]);
    let kept = number(&[Verdict::Pass, Verdict::Tolerated]);
    let (text, color) = if failed > 0 {
        (format!("{failed} of {} fail", kept.saturating_add(failed)), "#b3261e")
    } else {
        (format!("{kept} pass"), "#1f6f3a")
    };
    draw(label, &text, color)
}

fn draw(label: &str, text: &str, color: &str) -> String {
    let (label_len, text_len) = (text_width(label), text_width(text));
    let label_width = label_len.saturating_add(PADDING.saturating_mul(2));
    let value_width = text_len.saturating_add(PADDING.saturating_mul(2));
    let width = label_width.saturating_add(value_width);
    let name = escaped(&format!("{label}: {text}"));
    let (label, text) = (escaped(label), escaped(text));
    let text_at = label_width.saturating_add(PADDING);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"20\" role=\"img\" \
         aria-label=\"{name}\">\n<title>{name}</title>\n\
         <clipPath id=\"r\"><rect width=\"{width}\" height=\"20\" rx=\"3\"/></clipPath>\n\
         <g clip-path=\"url(#r)\"><rect width=\"{label_width}\" height=\"20\" fill=\"#444\"/>\
         <rect x=\"{label_width}\" width=\"{value_width}\" height=\"20\" fill=\"{color}\"/></g>\n\
         <g fill=\"#fff\" font-family=\"Verdana,'DejaVu Sans',sans-serif\" font-size=\"11\">\n\
         <text x=\"{PADDING}\" y=\"14\" textLength=\"{label_len}\">{label}</text>\n\
         <text x=\"{text_at}\" y=\"14\" textLength=\"{text_len}\">{text}</text>\n</g>\n</svg>\n"
    )
}

fn text_width(text: &str) -> usize {
    text.chars().count().saturating_mul(CHARACTER_WIDTH)
}
