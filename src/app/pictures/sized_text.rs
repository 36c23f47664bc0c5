//! Big titles in the terminal's own letters, by
//! [kitty's text sizing protocol](https://sw.kovidgoyal.net/kitty/text-sizing-protocol/).
//!
//! The slide is laid out and drawn with letters of blocks as for every terminal. Where the whole of
//! a line is in sight with nothing above it, the text itself takes the place of its blocks, last of
//! all. A cell below the first row of such a letter can't be written until the letter is erased, so
//! a frame in which one comes, goes or moves is drawn in full.

use std::num::NonZeroU16;

use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use ratatui::text::Span;

use crate::app::pictures::support::SIZED_TEXT_START as START;
use crate::app::state::App;
use crate::app::steering::Showing;
use crate::deck::ColumnAlign;
use crate::slide::BigLineOnScreen;
use crate::text;

/// The longest text of a sequence, in bytes.
const MAX_TEXT_LEN: usize = 4096;
/// The largest scale.
const MAX_SCALE: u16 = 7;

impl App {
    /// Puts text in the terminal's own letters in the place of big letters, on a frame that is
    /// finished otherwise, if the terminal can do that.
    pub(crate) fn draw_sized_text(&self, buffer: &mut Buffer) {
        let shows_slide = matches!(self.steering.showing, Showing::Slide)
            && self.overlay.is_none()
            && !self.transition.is_under_way();
        if !self.gallery.support.sizes_text || !shows_slide {
            return;
        }
        for line in self.layout().big_lines(self.progress) {
            draw_line(line, buffer);
        }
    }
}

/// Draws a line, unless it can't be: then its blocks stay. Returns whether it was drawn.
fn draw_line(on_screen: BigLineOnScreen, buffer: &mut Buffer) -> bool {
    let BigLineOnScreen { line, area, align } = on_screen;
    let spans = &line.text.spans;
    let widths: Vec<usize> = spans.iter().map(|span| text::width(&span.content)).collect();
    let Some(scale) = scale_within(widths.iter().sum(), area) else { return false };
    let (Some(sequences), Some(first_cells)) = (
        spans.iter().map(|span| sequence(span, scale)).collect::<Option<Vec<String>>>(),
        uncovered_cells(on_screen, buffer),
    ) else {
        return false;
    };
    blank(area, buffer);
    // At this scale all of them together fit into the area.
    let widths: Vec<u16> = widths.into_iter().map(|width| width as u16 * scale).collect();
    let free = area.width - widths.iter().sum::<u16>();
    let mut x = area.x
        + match align {
            ColumnAlign::Left => 0,
            ColumnAlign::Center => free / 2,
            ColumnAlign::Right => free,
        };
    let y = area.y + (area.height - scale) / 2;
    for (((span, width), sequence), mut cell) in
        spans.iter().zip(widths).zip(sequences).zip(first_cells)
    {
        let Some(forced) = NonZeroU16::new(width) else { continue };
        for at in (Rect { x, y, width, height: scale }).positions() {
            buffer[at].set_diff_option(CellDiffOption::Skip);
        }
        cell.modifier |= span.style.add_modifier & Modifier::UNDERLINED;
        cell.set_symbol(&sequence).set_diff_option(CellDiffOption::ForcedWidth(forced));
        buffer[(x, y)] = cell;
        x += width;
    }
    true
}

/// Returns the largest scale at which text that is `width` cells wide at first fits into `area`, if
/// that makes it larger at all.
fn scale_within(width: usize, area: Rect) -> Option<u16> {
    let by_width = usize::from(area.width).checked_div(width)?;
    let scale = by_width.min(area.height.min(MAX_SCALE).into()) as u16;
    (scale > 1).then_some(scale)
}

/// Returns the sequence for a part of a line. `None` for what can't stand in one.
fn sequence(span: &Span, scale: u16) -> Option<String> {
    let text = &*span.content;
    let fits = text.len() <= MAX_TEXT_LEN && !text.chars().any(char::is_control);
    fits.then(|| format!("{START}s={scale};{text}\x1b\\"))
}

/// Returns the first cell of each part of a line as it is in the frame, with its final colours.
/// `None` if anything covers the blocks or colours some of them.
fn uncovered_cells(on_screen: BigLineOnScreen, buffer: &Buffer) -> Option<Vec<Cell>> {
    let BigLineOnScreen { line, area, .. } = on_screen;
    if area.intersection(buffer.area) != area {
        return None;
    }
    let mut expected = Buffer::empty(area);
    for (row, y) in line.rows.iter().zip(area.top()..) {
        expected.set_line(area.x, y, row, area.width);
    }
    if !area.positions().all(|at| buffer[at].symbol() == expected[at].symbol()) {
        return None;
    }
    let mut x = area.x;
    let mut cells = Vec::new();
    for span in &line.text.spans {
        let part = Rect { x, width: line.width_of(&span.content), ..area };
        let first = &buffer[(x.min(area.right() - 1), area.y)];
        if part.intersection(area) != part
            || !part.positions().all(|at| buffer[at].style() == first.style())
        {
            return None;
        }
        cells.push(first.clone());
        x = part.right();
    }
    Some(cells)
}

/// Clears the blocks of a line: what text doesn't cover stays blank.
fn blank(area: Rect, buffer: &mut Buffer) {
    for at in area.positions() {
        let cell = &mut buffer[at];
        cell.set_symbol(" ");
        cell.modifier = Modifier::empty();
        cell.underline_color = Color::Reset;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use crossterm::event::{Event as Input, KeyCode};
    use ratatui::backend::WindowSize;
    use ratatui::layout::{Position, Size};

    use super::*;
    use crate::app::pictures::support::{GraphicsAnswer, PictureProtocol};
    use crate::app::state::AppEvent;
    use crate::app::steering::Laser;
    use crate::app::terminal::backend::TerminalBackend;
    use crate::app::terminal::double_buffer::DoubleBuffer;
    use crate::app::terminal::event_loop::draw_frame;
    use crate::app::{AppConfig, Transition};
    use crate::deck::{Block, Deck, parse};
    use crate::stage::Registry;

    const SIZE: Size = Size { width: 80, height: 30 };

    #[expect(clippy::unnecessary_wraps, reason = "a terminal may fail to say its size")]
    fn window() -> std::io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: SIZE, pixels: Size::ZERO })
    }

    /// Drives a talk and keeps the bytes that it writes to a terminal.
    struct Driver {
        app: App,
        terminal: DoubleBuffer<TerminalBackend<Vec<u8>>>,
    }

    impl Driver {
        fn of(config: AppConfig, name: &str) -> Self {
            let mut app = App::new(config, SIZE);
            app.update(AppEvent::Graphics(GraphicsAnswer::of_name(name)));
            let backend = TerminalBackend::new(Vec::new(), window, true);
            Self { app, terminal: DoubleBuffer::new(backend).unwrap() }
        }

        fn new(source: &str) -> Self {
            Self::of(AppConfig::bare(source, Registry::new(&[])), "kitty(0.40.0)")
        }

        fn frame(&mut self) -> String {
            draw_frame(&mut self.app, &mut self.terminal).unwrap();
            String::from_utf8(self.terminal.backend_mut().take_output()).unwrap()
        }

        fn press(&mut self, key: KeyCode) -> String {
            self.app.update(AppEvent::Input(Input::Key(key.into())));
            self.frame()
        }
    }

    /// Returns the sequences of a frame, each with the row and column that it is written at.
    fn sequences(frame: &str) -> Vec<(u16, u16, &str)> {
        let (mut row, mut column) = (1, 1);
        let mut found = Vec::new();
        let mut rest = frame;
        while let Some(letter) = rest.chars().next() {
            let end = if rest.starts_with("\x1b]") {
                let end = rest.find("\x1b\\").unwrap();
                found.extend(rest[..end].strip_prefix(START).map(|text| (row, column, text)));
                end + 2
            } else if letter == '\x1b' {
                let end = 1 + rest.find(|it: char| it.is_ascii_alphabetic()).unwrap();
                if let Some((y, x)) =
                    rest[2..end].strip_suffix('H').and_then(|it| it.split_once(';'))
                {
                    (row, column) = (y.parse().unwrap(), x.parse().unwrap());
                }
                end
            } else {
                column += 1;
                letter.len_utf8()
            };
            rest = &rest[end..];
        }
        found
    }

    fn styled(deck: &mut Deck, font_size: u8, align: Option<ColumnAlign>) {
        for slide in &mut deck.slides {
            let blocks = std::mem::take(&mut slide.blocks);
            slide.blocks = vec![Block::Styled { align, font_size, blocks }];
        }
    }

    fn big(source: &str, font_size: u8, align: Option<ColumnAlign>) -> Driver {
        let mut config = AppConfig::bare(source, Registry::new(&[]));
        styled(&mut config.deck, font_size, align);
        Driver::of(config, "kitty(0.41.1)")
    }

    #[test]
    fn each_line_of_a_title_is_one_sequence_in_the_place_of_its_blocks() {
        let mut talk = Driver::new("# Hello there\n");
        let frame = talk.frame();
        let found = sequences(&frame);
        let [(first_row, first, "s=4;Hello"), (second_row, second, "s=4;there")] = found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(second_row, first_row + 5, "a blank row is between them");
        // Five letters of four cells, in the middle of the screen.
        assert_eq!((first, second), (31, 31));
        assert!(!frame.contains(['█', '▀', '▄', '▌']), "{frame:?}");
        assert_eq!(talk.frame(), "", "what stays is not sent again");
    }

    #[test]
    fn other_terminals_get_blocks() {
        for name in ["kitty(0.39.9)", "XTerm(400)", "ghostty 1.2.0", "foot(1.22.0)"] {
            let config = AppConfig::bare("# Hello\n", Registry::new(&[]));
            let frame = Driver::of(config, name).frame();
            assert!(!frame.contains(START) && frame.contains('█'), "{name}");
        }
        let mut talk = Driver::of(AppConfig::bare("# Hello\n", Registry::new(&[])), "");
        assert!(!talk.frame().contains(START));
        talk.app.update(AppEvent::Graphics(PictureProtocol::Kitty.into()));
        assert!(!talk.frame().contains(START), "pictures are something else");
        let answer = GraphicsAnswer::of_name("kitty(0.40.0)");
        talk.app.update(AppEvent::Graphics(answer));
        assert!(talk.app.dirty, "an answer is shown at once");
        assert_eq!(sequences(&talk.frame()).len(), 1);
    }

    #[test]
    fn the_next_slide_is_drawn_on_a_clear_screen_and_so_is_a_title_that_comes() {
        let mut talk = Driver::new("# Hello\n\n---\n\nplain\n\n---\n\nmore\n");
        talk.frame();
        let clears = |frame: &str| frame.starts_with("\x1b[?2026h\x1b[0m\x1b[2J");
        let next = talk.press(KeyCode::Right);
        assert!(clears(&next) && next.contains("plain") && !next.contains(START), "{next:?}");
        assert!(!clears(&talk.press(KeyCode::Right)));
        talk.press(KeyCode::Left);
        let back = talk.press(KeyCode::Left);
        assert!(clears(&back) && back.contains(START), "{back:?}");
    }

    #[test]
    fn what_stands_above_a_title_is_seen_whole() {
        let mut talk = Driver::new("# Hello\n");
        assert!(talk.frame().contains(START));
        let help = talk.press(KeyCode::Char('?'));
        assert!(help.contains("\x1b[2J") && !help.contains(START), "{help:?}");
        assert!(talk.press(KeyCode::Esc).contains(START));
        let area = talk.app.layout().big_lines(talk.app.progress)[0].area;
        talk.app.steering.laser = Some(Laser { at: Some(Position::new(area.x + 9, area.y + 1)) });
        let pointed_at = talk.frame();
        assert!(pointed_at.contains('█') && !pointed_at.contains(START), "{pointed_at:?}");
        talk.app.steering.laser = Some(Laser { at: Some(Position::new(2, area.bottom() + 1)) });
        assert!(talk.frame().contains(START));
    }

    #[test]
    fn a_transition_shows_blocks() {
        let mut config = AppConfig::bare("# Hello\n\n---\n\nplain\n", Registry::new(&[]));
        config.transition = Some(Transition::Fade);
        let mut talk = Driver::of(config, "kitty(0.42.0)");
        assert!(talk.frame().contains(START));
        let press = |key: KeyCode| AppEvent::Input(Input::Key(key.into()));
        let start = Instant::now();
        talk.app.handle(press(KeyCode::Right), start);
        assert!(talk.app.transition.is_under_way());
        let leaving = talk.frame();
        assert!(leaving.contains('█') && !leaving.contains(START), "{leaving:?}");
        talk.app.transition.complete();
        talk.frame();
        let back = start + Duration::from_secs(10);
        talk.app.handle(press(KeyCode::Left), back);
        assert!(talk.app.transition.advance(back + Duration::from_millis(200)));
        let coming = talk.frame();
        assert!(coming.contains('█') && !coming.contains(START), "{coming:?}");
        talk.app.transition.complete();
        assert!(talk.frame().contains(START));
    }

    #[test]
    fn a_line_that_is_scrolled_in_part_is_drawn_in_blocks() {
        let lines = "word\n\n".repeat(12);
        let mut talk = big(&format!("first\n\n{lines}"), 2, None);
        assert!(sequences(&talk.frame())[0].2.ends_with("first"));
        talk.app.progress.scroll = 1;
        let frame = talk.frame();
        let found = sequences(&frame);
        assert!(!found.is_empty() && found.iter().all(|it| it.2 == "s=4;word"), "{found:?}");
        assert!(frame.contains('█'), "the rest of the first line");
        // One row less and the last line is cut below.
        let bottom = |talk: &Driver| {
            let lines = talk.app.layout().big_lines(talk.app.progress);
            lines.iter().map(|it| it.area.bottom()).max().unwrap()
        };
        for scroll in 0..6 {
            talk.app.progress.scroll = scroll;
            assert!(bottom(&talk) < SIZE.height);
            assert_eq!(
                sequences(&talk.frame()).len(),
                talk.app.layout().big_lines(talk.app.progress).len()
            );
        }
    }

    #[test]
    fn parts_keep_their_colours_links_and_places() {
        let source = "ab **cd** [x.io](https://x.io)\n";
        for (align, free) in
            [(ColumnAlign::Left, 0), (ColumnAlign::Center, 1), (ColumnAlign::Right, 2)]
        {
            let mut talk = big("abc\n", 6, Some(align));
            let frame = talk.frame();
            let area = talk.app.layout().big_lines(talk.app.progress)[0].area;
            // Letters of blocks are eight cells wide, the terminal's own four.
            assert_eq!((area.width, area.height), (24, 4));
            assert_eq!(sequences(&frame), [(area.y + 1, area.x + 1 + free * 6, "s=4;abc")]);
        }
        let mut talk = big(source, 2, None);
        let frame = talk.frame();
        let found = sequences(&frame);
        let texts: Vec<&str> = found.iter().map(|it| it.2).collect();
        assert_eq!(texts[..3], ["s=4;ab ", "s=4;cd", "s=4; "], "{found:?}");
        assert_eq!((found[1].1, found[2].1), (found[0].1 + 12, found[0].1 + 20));
        let linked = frame.split("s=4;x.io").next().unwrap();
        assert!(linked.rsplit("\x1b]8;").next().unwrap().contains("https://x.io"));
        assert!(frame.contains("\x1b[0;1;") || frame.contains("\x1b[1"), "bold: {frame:?}");
    }

    #[test]
    fn the_rows_of_centred_letters_stay_together() {
        let talk = big("L'T\n", 2, Some(ColumnAlign::Center));
        let buffer = talk.app.frame(Rect::new(0, 0, SIZE.width, SIZE.height));
        let on_screen = talk.app.layout().big_lines(talk.app.progress)[0];
        let cells = uncovered_cells(on_screen, &buffer);
        assert!(cells.is_some(), "each row begins in the same column");
    }

    #[test]
    fn nothing_breaks_out_of_a_sequence() {
        let span = |text: &str| sequence(&Span::raw(text.to_owned()), 3);
        assert_eq!(span("a;b:c").as_deref(), Some("\x1b]66;s=3;a;b:c\x1b\\"));
        for control in ["\x1b\\", "\x07", "\n", "\t", "\u{9c}", "\x7f"] {
            assert_eq!(span(&format!("a{control}b")), None);
        }
        assert!(span(&"x".repeat(4096)).is_some() && span(&"x".repeat(4097)).is_none());
        assert!(span(&"é".repeat(2048)).is_some() && span(&"é".repeat(2049)).is_none());
        let (deck, _) = parse("# a\x1b]66;s=7;b\x07\n");
        let mut config = AppConfig::bare("# x\n", Registry::new(&[]));
        config.deck = deck;
        let frame = Driver::of(config, "kitty(0.40.0)").frame();
        assert!(!frame.contains("s=7;b\x07"), "{frame:?}");
    }

    #[test]
    fn a_scale_fills_the_rows_unless_the_text_is_too_wide_for_it() {
        let area = |width, height| Rect::new(0, 0, width, height);
        assert_eq!(scale_within(5, area(20, 4)), Some(4));
        assert_eq!(scale_within(5, area(100, 4)), Some(4));
        assert_eq!(scale_within(5, area(19, 4)), Some(3));
        assert_eq!(scale_within(5, area(100, 20)), Some(MAX_SCALE));
        assert_eq!(scale_within(5, area(9, 4)), None);
        assert_eq!(scale_within(0, area(9, 4)), None);
        assert_eq!(scale_within(usize::MAX, area(9, 4)), None);
    }
}
