//! Writes frames to the terminal: each as one write, inside a synchronized update.
//!
//! ratatui's own backend writes the 16 colours as `38;5;N`, which a terminal with 16 colours may
//! not know, and has no links.

use std::cell::Cell as StdCell;
use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Cell, CellDiffOption, CellWidth as _};
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

use crate::stage::{FrameLinks, LinkId};

/// The largest size that is drawn, in cells. A terminal can claim up to 65,535 by 65,535 cells,
/// which would not fit into memory. Cells beyond this size stay blank.
const MAX_SCREEN_SIZE: Size = Size { width: 1000, height: 500 };

/// The number of buffers of the whole screen that may exist at once: the two frames, and those that
/// partly visible demos are drawn into.
const FRAME_COPIES: usize = 4;

/// Limits a terminal's size to what is drawn.
pub(crate) fn clamp_size(size: Size) -> Size {
    Size {
        width: size.width.min(MAX_SCREEN_SIZE.width),
        height: size.height.min(MAX_SCREEN_SIZE.height),
    }
}

/// A backend that is told more about a frame than its cells.
pub trait FrameBackend: Backend {
    /// Sets the targets of the links in the frames from now on.
    fn set_links(&mut self, links: &FrameLinks) {
        let _ = links;
    }
}

impl FrameBackend for ratatui::backend::TestBackend {}

/// The backend of a terminal that is written to through `W`, which should buffer.
pub struct TerminalBackend<W: Write> {
    out: W,
    window: fn() -> io::Result<WindowSize>,
    /// The last size that passed the memory check.
    affordable: StdCell<Size>,
    /// Whether the next frame clears the screen first, in the same update.
    clears: bool,
    /// The targets of links; `None` for a terminal that would print them.
    links: Option<FrameLinks>,
}

impl<W: Write> TerminalBackend<W> {
    /// Creates the backend of a terminal whose size `window` asks for.
    pub fn new(out: W, window: fn() -> io::Result<WindowSize>, shows_links: bool) -> Self {
        let links = shows_links.then(FrameLinks::default);
        Self { out, window, affordable: StdCell::new(Size::ZERO), clears: false, links }
    }

    /// Checks that there is memory for a screen of this size. A failed allocation inside ratatui
    /// would abort the process without restoring the terminal.
    fn check_memory(&self, size: Size) -> io::Result<()> {
        if self.affordable.get() == size {
            return Ok(());
        }
        let cells = usize::from(size.width) * usize::from(size.height) * FRAME_COPIES;
        Vec::<Cell>::new().try_reserve_exact(cells).map_err(|_| {
            let reason =
                format!("not enough memory for a screen of {} by {}", size.width, size.height);
            io::Error::new(io::ErrorKind::OutOfMemory, reason)
        })?;
        self.affordable.set(size);
        Ok(())
    }
}

impl<W: Write> FrameBackend for TerminalBackend<W> {
    fn set_links(&mut self, links: &FrameLinks) {
        if let Some(own) = &mut self.links
            && own != links
        {
            own.clone_from(links);
        }
    }
}

impl<W: Write> Backend for TerminalBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() && !self.clears {
            return Ok(());
        }
        self.out.write_all(b"\x1b[?2026h\x1b[0m")?;
        if std::mem::take(&mut self.clears) {
            self.out.write_all(b"\x1b[2J")?;
        }
        let mut pen = Pen::new(&mut self.out, self.links.as_ref());
        for (x, y, cell) in content {
            pen.draw(x, y, cell)?;
        }
        pen.link_to(None)?;
        self.out.write_all(b"\x1b[0m\x1b[?2026l")
    }

    /// Does nothing: the screen is taken with its cursor hidden.
    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.out.write_all(b"\x1b[?25h")
    }

    /// Returns a made-up position without asking the terminal. The cursor is hidden, so its
    /// position does not matter. ratatui asks whenever it clears, and a terminal that never answers
    /// would make it wait.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    /// Does nothing: each frame says where its cells are.
    fn set_cursor_position<P: Into<Position>>(&mut self, _: P) -> io::Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clears = true;
        Ok(())
    }

    /// Clears the whole screen, with the next frame: in between nothing is seen.
    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        self.clear()
    }

    fn size(&self) -> io::Result<Size> {
        let size = clamp_size((self.window)()?.columns_rows);
        self.check_memory(size)?;
        Ok(size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        (self.window)()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What the terminal is set to while a frame is written.
struct Pen<'a, W> {
    out: &'a mut W,
    links: Option<&'a FrameLinks>,
    fg: Color,
    bg: Color,
    modifier: Modifier,
    link: Option<LinkId>,
    /// Where the next character would appear.
    at: Option<(u16, u16)>,
}

impl<'a, W: Write> Pen<'a, W> {
    fn new(out: &'a mut W, links: Option<&'a FrameLinks>) -> Self {
        Self {
            out,
            links,
            fg: Color::Reset,
            bg: Color::Reset,
            modifier: Modifier::empty(),
            link: None,
            at: None,
        }
    }

    fn draw(&mut self, x: u16, y: u16, cell: &Cell) -> io::Result<()> {
        self.style(cell)?;
        self.move_to(x, y)?;
        if let CellDiffOption::ForcedWidth(_) = cell.diff_option {
            // The sequence that draws a picture leaves the cursor somewhere.
            self.at = None;
            return self.out.write_all(cell.symbol().as_bytes());
        }
        let width = cell.cell_width();
        if width > 1 && cell.symbol().chars().nth(1).is_some() {
            // Terminals disagree about the width of such a cluster: what it may leave is cleared
            // before, and the next cell is placed for itself.
            write!(self.out, "{:1$}", "", usize::from(width))?;
            self.at = None;
            self.move_to(x, y)?;
        }
        self.out.write_all(cell.symbol().as_bytes())?;
        self.at = (width == 1).then(|| (x.saturating_add(1), y));
        Ok(())
    }

    fn move_to(&mut self, x: u16, y: u16) -> io::Result<()> {
        if self.at != Some((x, y)) {
            let mut digits = itoa::Buffer::new();
            self.out.write_all(b"\x1b[")?;
            self.out.write_all(digits.format(u32::from(y) + 1).as_bytes())?;
            self.out.write_all(b";")?;
            self.out.write_all(digits.format(u32::from(x) + 1).as_bytes())?;
            self.out.write_all(b"H")?;
        }
        Ok(())
    }

    fn style(&mut self, cell: &Cell) -> io::Result<()> {
        self.link_to(LinkId::of(cell))?;
        if (self.fg, self.bg, self.modifier) == (cell.fg, cell.bg, cell.modifier) {
            return Ok(());
        }
        let mut codes = Codes::default();
        if self.modifier != cell.modifier {
            codes.push("0");
            (self.fg, self.bg) = (Color::Reset, Color::Reset);
            for (modifier, code) in MODIFIERS {
                if cell.modifier.contains(modifier) {
                    codes.push(code);
                }
            }
            self.modifier = cell.modifier;
        }
        if self.fg != cell.fg {
            codes.push_color(cell.fg, false);
            self.fg = cell.fg;
        }
        if self.bg != cell.bg {
            codes.push_color(cell.bg, true);
            self.bg = cell.bg;
        }
        self.out.write_all(b"\x1b[")?;
        self.out.write_all(codes.0.as_bytes())?;
        self.out.write_all(b"m")
    }

    /// Begins or ends a link (OSC 8).
    fn link_to(&mut self, link: Option<LinkId>) -> io::Result<()> {
        if self.link == link {
            return Ok(());
        }
        self.link = link;
        let Some(links) = self.links else { return Ok(()) };
        match link.and_then(|id| Some((id, links.address(id)?))) {
            // With an id, the rows of a link that wraps are one.
            Some((id, address)) => write!(self.out, "\x1b]8;id={id};{address}\x1b\\"),
            None => self.out.write_all(b"\x1b]8;;\x1b\\"),
        }
    }
}

/// The parameters of a Select Graphic Rendition.
#[derive(Default)]
struct Codes(String);

impl Codes {
    fn push(&mut self, code: &str) {
        if !self.0.is_empty() {
            self.0.push(';');
        }
        self.0.push_str(code);
    }

    fn push_number(&mut self, code: u8) {
        self.push(itoa::Buffer::new().format(code));
    }

    /// Appends the code of a colour: of the 16 as 30 to 37 and 90 to 97, or 10 more for a ground.
    fn push_color(&mut self, color: Color, ground: bool) {
        let base = if ground { 40 } else { 30 };
        let codes: &[u8] = match color {
            Color::Indexed(index) => &[base + 8, 5, index],
            Color::Rgb(r, g, b) => &[base + 8, 2, r, g, b],
            named => &[base + named_color(named)],
        };
        for &code in codes {
            self.push_number(code);
        }
    }
}

/// The modifiers with their codes (ECMA-48 section 8.3.117).
const MODIFIERS: [(Modifier, &str); 9] = [
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::ITALIC, "3"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::SLOW_BLINK, "5"),
    (Modifier::RAPID_BLINK, "6"),
    (Modifier::REVERSED, "7"),
    (Modifier::HIDDEN, "8"),
    (Modifier::CROSSED_OUT, "9"),
];

/// Returns how far the code of one of the 16 colours is above that of black; 9 is for the default.
pub(crate) fn named_color(color: Color) -> u8 {
    match color {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 60,
        Color::LightRed => 61,
        Color::LightGreen => 62,
        Color::LightYellow => 63,
        Color::LightBlue => 64,
        Color::LightMagenta => 65,
        Color::LightCyan => 66,
        Color::White => 67,
        Color::Reset | Color::Indexed(_) | Color::Rgb(..) => 9,
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::style::Style;

    use super::*;
    use crate::app::terminal::double_buffer::DoubleBuffer;
    use crate::stage::link_style;

    impl TerminalBackend<Vec<u8>> {
        /// Returns what was written since the last call.
        pub(crate) fn take_output(&mut self) -> Vec<u8> {
            std::mem::take(&mut self.out)
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "a terminal may fail to say its size")]
    fn small() -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: Size::new(10, 2), pixels: Size::ZERO })
    }

    /// Returns what is written for each of the frames.
    fn written(frames: &[&dyn Fn(&mut Buffer)]) -> Vec<String> {
        let mut terminal =
            DoubleBuffer::new(TerminalBackend::new(Vec::new(), small, true)).unwrap();
        let frames = frames.iter().map(|draw| {
            draw(terminal.next_frame(Cell::EMPTY).unwrap());
            terminal.show().unwrap();
            String::from_utf8(terminal.backend_mut().take_output()).unwrap()
        });
        frames.collect()
    }

    #[test]
    fn the_16_colours_have_their_own_codes() {
        let pairs = [(Color::Black, Color::White), (Color::Gray, Color::DarkGray)];
        let draw = |buffer: &mut Buffer| {
            for (at, (fg, bg)) in pairs.into_iter().enumerate() {
                buffer.set_string(at as u16, 0, "x", Style::new().fg(fg).bg(bg));
            }
            let bold = Style::new().fg(Color::LightRed).add_modifier(Modifier::BOLD);
            buffer.set_string(2, 0, "xy", bold);
            buffer.set_string(0, 1, "z", Style::new().fg(Color::Rgb(1, 2, 3)));
        };
        assert_eq!(
            written(&[&draw]),
            ["\x1b[?2026h\x1b[0m\x1b[30;107m\x1b[1;1Hx\x1b[37;100mx\x1b[0;1;91mxy\
              \x1b[0;38;2;1;2;3m\x1b[2;1Hz\x1b[0m\x1b[?2026l"]
        );
    }

    #[test]
    fn an_unchanged_frame_writes_nothing() {
        let draw = |buffer: &mut Buffer| {
            buffer.set_string(0, 0, "same", Style::new());
        };
        assert_eq!(written(&[&draw, &draw])[1], "");
    }

    #[test]
    fn an_emoji_of_several_code_points_is_not_cut_by_what_it_covers() {
        let heart = |buffer: &mut Buffer| {
            buffer.set_string(1, 0, "❤\u{fe0f}b", Style::new());
        };
        let [frame] = &written(&[&heart])[..] else { panic!("one frame") };
        let expected = "\x1b[2J\x1b[1;2H  \x1b[1;2H❤\u{fe0f}\x1b[1;4Hb";
        assert!(frame.contains(expected), "{frame:?}");
    }

    #[test]
    fn a_clear_is_part_of_the_next_frame() {
        let mut terminal =
            DoubleBuffer::new(TerminalBackend::new(Vec::new(), small, true)).unwrap();
        terminal.clear().unwrap();
        terminal.next_frame(Cell::EMPTY).unwrap().set_string(0, 0, "x", Style::new());
        terminal.show().unwrap();
        let bytes = terminal.backend_mut().take_output();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "\x1b[?2026h\x1b[0m\x1b[2J\x1b[1;1Hx\x1b[0m\x1b[?2026l"
        );
    }

    #[test]
    fn a_link_is_written_where_its_cells_are_and_ends_with_them() {
        let (deck, _) = crate::deck::parse("[bc](<https://example.org/a b>)");
        let links = FrameLinks::of_slide(&deck.slides[0]);
        let linked = link_style(Style::new(), "https://example.org/a b");
        for (shows_links, expected) in [
            (true, "a\x1b]8;id=ID;https://example.org/a%20b\x1b\\bc\x1b]8;;\x1b\\d"),
            (false, "abcd"),
        ] {
            let backend = TerminalBackend::new(Vec::new(), small, shows_links);
            let mut terminal = DoubleBuffer::new(backend).unwrap();
            terminal.backend_mut().set_links(&links);
            let buffer = terminal.next_frame(Cell::EMPTY).unwrap();
            buffer.set_string(0, 0, "abcd", Style::new());
            buffer.set_string(1, 0, "bc", linked);
            terminal.show().unwrap();
            let bytes = terminal.backend_mut().take_output();
            let id = LinkId::of(Cell::default().set_style(linked)).unwrap();
            let expected = expected.replace("ID", &id.to_string());
            assert_eq!(
                String::from_utf8(bytes).unwrap(),
                format!("\x1b[?2026h\x1b[0m\x1b[1;1H{expected}\x1b[0m\x1b[?2026l")
            );
        }
    }
}
