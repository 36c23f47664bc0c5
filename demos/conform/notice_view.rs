//! The lines of an open cell that say what a page would notice.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::notice::{Notice, Noticed};
use crate::demos::inspect::wrap_words;
use crate::stage::Theme;
use crate::text;

/// The cells of the labels at the left.
const LABEL: usize = 10;

/// Returns the lines of an entry, for that many cells.
pub(super) fn notice_lines(notice: &Notice, width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let strong = |color| Style::new().fg(color).add_modifier(Modifier::BOLD);
    let (verdict, color) = match notice.noticed {
        Noticed::Yes => ("A page would notice.", theme.bad),
        Noticed::Rarely => ("A page would hardly ever notice.", theme.warn),
        Noticed::No => ("No page would notice.", theme.good),
    };
    let when = match (notice.varies, notice.mux) {
        (true, _) => " It fails now and then only.",
        (_, true) => " It fails only behind http.ServeMux.",
        (false, false) => "",
    };
    let parts = [
        ("sent", notice.sent.clone(), Style::new().fg(theme.client)),
        ("came back", notice.came.clone(), Style::new().fg(theme.server)),
        ("the text", notice.text.clone(), Style::new().fg(theme.text)),
        ("sockjs-client 1.6.1", format!("{verdict} {}{when}", notice.why), strong(color)),
    ];
    let room = usize::from(width).saturating_sub(LABEL).max(8);
    let mut lines = Vec::new();
    for (label, content, style) in parts {
        // A label that does not fit beside its text stands above it.
        let is_above = text::width(label) >= LABEL;
        if is_above {
            lines.push(Line::styled(label, theme.dim()));
        }
        for (row, words) in wrap_words(&content, room).into_iter().enumerate() {
            let label = if row == 0 && !is_above { label } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!("{label:<LABEL$}"), theme.dim()),
                Span::styled(words, style),
            ]));
        }
    }
    lines
}
