//! What may reach beyond its cells: emoji of several code points (flags, families, skin tones), and
//! text over several rows.
//!
//! Terminals disagree about how many cells such an emoji takes, so what it leaves behind cannot be
//! known; and text over several rows can't be overwritten from its second row on. A frame in which
//! one comes or goes is drawn in full.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth as _};

use crate::app::pictures::is_sized_text;

/// A digest of the clusters of a frame and of its text over several rows, and of their places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clusters(Option<u64>);

/// Returns the clusters of a frame about whose width terminals disagree. From each on, its row is
/// drawn in every frame, because it may reach into the cells behind it.
pub(crate) fn mark_clusters(buffer: &mut Buffer) -> Clusters {
    let width = usize::from(buffer.area.width.max(1));
    let mut digest = None;
    for (y, row) in buffer.content.chunks_mut(width).enumerate() {
        let mut has_cluster = false;
        for (x, cell) in row.iter_mut().enumerate() {
            if !has_cluster && is_short(cell) {
                continue;
            }
            let is_odd = match cell.diff_option {
                CellDiffOption::None => has_disputed_width(cell.symbol(), || cell.cell_width()),
                // What is no text, such as the sequence that draws a picture, says its own width.
                CellDiffOption::ForcedWidth(_) => is_sized_text(cell.symbol()),
                _ => false,
            };
            if is_odd {
                let digest = digest.get_or_insert_with(DefaultHasher::new);
                (x, y, cell.symbol()).hash(digest);
            }
            if cell.diff_option == CellDiffOption::None {
                has_cluster |= is_odd;
                if has_cluster {
                    cell.diff_option = CellDiffOption::AlwaysUpdate;
                }
            }
        }
    }
    Clusters(digest.map(|digest| digest.finish()))
}

/// Whether a cell is text of so few bytes that it can be no cluster, as nearly all are.
fn is_short(cell: &Cell) -> bool {
    cell.diff_option == CellDiffOption::None && cell.symbol().len() <= 2
}

/// Whether terminals disagree about the width of a cluster: it has several code points, and more
/// than a letter with its accents.
fn has_disputed_width(symbol: &str, width: impl FnOnce() -> u16) -> bool {
    symbol.chars().nth(1).is_some() && (symbol.contains(['\u{200d}', '\u{fe0f}']) || width() > 1)
}

#[cfg(test)]
mod tests {
    use ratatui::backend::WindowSize;
    use ratatui::layout::{Rect, Size};
    use ratatui::style::Style;

    use super::*;
    use crate::app::state::App;
    use crate::app::terminal::backend::TerminalBackend;
    use crate::app::terminal::double_buffer::DoubleBuffer;
    use crate::app::terminal::event_loop::draw_frame;
    use crate::app::{AppConfig, AppEvent};
    use crate::stage::Registry;

    fn clusters(text: &str) -> Clusters {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 1));
        buffer.set_string(0, 0, text, Style::new());
        mark_clusters(&mut buffer)
    }

    #[test]
    fn flags_families_and_skin_tones_are_told_from_plain_text() {
        for text in ["plain ─ é", "日本", "e\u{301}", "🦀", "👍"] {
            assert_eq!(clusters(text), Clusters::default(), "{text}");
        }
        let odd = ["🇩🇪", "👨\u{200d}👩\u{200d}👧", "👍🏽", "❤\u{fe0f}", "1\u{fe0f}\u{20e3}"];
        for text in odd {
            assert_ne!(clusters(text), Clusters::default(), "{text}");
        }
        assert_ne!(clusters("🇩🇪"), clusters(" 🇩🇪"), "the place counts");
        assert_eq!(clusters("🇩🇪 a"), clusters("🇩🇪 b"));
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

    #[test]
    fn what_stands_behind_a_cluster_is_drawn_with_every_change() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 2));
        buffer.set_string(0, 0, "a🇩🇪b", Style::new());
        mark_clusters(&mut buffer);
        let always = |x: u16, y: u16| buffer[(x, y)].diff_option == CellDiffOption::AlwaysUpdate;
        assert!(!always(0, 0) && always(1, 0) && always(3, 0) && always(9, 0) && !always(0, 1));
    }
}
