//! What may reach beyond its cells: emoji of several code points (flags, families, skin tones), and
//! text over several rows.
//!
//! Terminals disagree about how many cells such an emoji takes, so what it leaves behind cannot be
//! known; and text over several rows can't be overwritten from its second row on. A frame in which
//! one comes or goes is drawn in full.

use ratatui::buffer::{Cell, CellDiffOption, CellWidth as _};

use crate::app::pictures::is_sized_text;

/// Whether a cell holds such an emoji, or text over several rows.
pub(crate) fn may_reach_beyond(cell: &Cell) -> bool {
    match cell.diff_option {
        CellDiffOption::None => has_disputed_width(cell.symbol(), || cell.cell_width()),
        // What is no text, such as the sequence that draws a picture, says its own width.
        CellDiffOption::ForcedWidth(_) => is_sized_text(cell.symbol()),
        _ => false,
    }
}

/// Whether terminals disagree about the width of a cluster: it has several code points, and more
/// than a letter with its accents.
fn has_disputed_width(symbol: &str, width: impl FnOnce() -> u16) -> bool {
    symbol.chars().nth(1).is_some() && (symbol.contains(['\u{200d}', '\u{fe0f}']) || width() > 1)
}

#[cfg(test)]
mod tests {
    use ratatui::backend::WindowSize;
    use ratatui::buffer::Buffer;
    use ratatui::layout::{Rect, Size};
    use ratatui::style::Style;

    use super::*;
    use crate::app::state::App;
    use crate::app::terminal::backend::TerminalBackend;
    use crate::app::terminal::double_buffer::DoubleBuffer;
    use crate::app::terminal::event_loop::draw_frame;
    use crate::app::{AppConfig, AppEvent};
    use crate::stage::Registry;

    #[test]
    fn flags_families_and_skin_tones_are_told_from_plain_text() {
        let is_odd = |text: &str| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 1));
            buffer.set_string(0, 0, text, Style::new());
            buffer.content.iter().any(may_reach_beyond)
        };
        for text in ["plain ─ é", "日本", "e\u{301}", "🦀", "👍"] {
            assert!(!is_odd(text), "{text}");
        }
        for text in ["🇩🇪", "👨\u{200d}👩\u{200d}👧", "👍🏽", "❤\u{fe0f}", "1\u{fe0f}\u{20e3}"]
        {
            assert!(is_odd(text), "{text}");
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "a terminal may fail to say its size")]
    fn tiny() -> std::io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: Size::new(40, 8), pixels: Size::ZERO })
    }

    #[test]
    fn a_frame_is_drawn_in_full_when_a_cluster_comes_or_goes() {
        let source = "plain one\n\n---\n\nflag 🇩🇪 here\n\n---\n\nplain two\n\n---\n\nplain three\n";
        let mut app = App::new(AppConfig::bare(source, Registry::new(&[])), Size::new(40, 8));
        let mut terminal =
            DoubleBuffer::new(TerminalBackend::new(Vec::new(), tiny, false)).unwrap();
        let mut full = Vec::new();
        for _ in 0..4 {
            draw_frame(&mut app, &mut terminal).unwrap();
            let written = String::from_utf8(terminal.backend_mut().take_output()).unwrap();
            full.push(written.contains("\x1b[2J"));
            let right = crossterm::event::KeyCode::Right.into();
            app.update(AppEvent::Input(crossterm::event::Event::Key(right)));
        }
        assert_eq!(full, [false, true, true, false]);
    }
}
