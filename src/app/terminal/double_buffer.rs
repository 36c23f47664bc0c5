//! Two buffers of the screen: what the terminal shows, and the next frame. Only the cells that
//! differ are written.
//!
//! ratatui's own `Terminal` does not write over the half of a wide character that is left where
//! another one covers its other half, and takes longer: a frame's time goes into reading buffers
//! that no cache holds any more.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::mem;

use ratatui::backend::ClearType;
use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth as _};
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Color, Modifier};

use crate::app::terminal::backend::{FrameBackend, named_color};
use crate::app::terminal::clusters::may_reach_beyond;

/// A terminal that frames are drawn on.
pub struct DoubleBuffer<B> {
    backend: B,
    shown: Vec<ShownCell>,
    next: Buffer,
    /// What the cells of `next` are before they are drawn into.
    blank: Cell,
    changes: Changes,
}

impl<B: FrameBackend> DoubleBuffer<B> {
    /// Creates the buffers in the terminal's size.
    ///
    /// # Errors
    ///
    /// Fails if the terminal's size is unknown, or too large for the memory.
    pub fn new(backend: B) -> Result<Self, B::Error> {
        let next = Buffer::empty(screen_area(backend.size()?));
        let shown = vec![ShownCell::CLEARED; next.content.len()];
        Ok(Self { backend, shown, next, blank: Cell::EMPTY, changes: Changes::default() })
    }

    /// Returns what writes to the terminal.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// Returns what writes to the terminal.
    pub fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }

    /// Returns the next frame in the terminal's size. Its cells are `blank`, unless it has been
    /// drawn into since the last [`DoubleBuffer::show`].
    ///
    /// # Errors
    ///
    /// Fails if the terminal's size is unknown, or too large for the memory.
    pub fn next_frame(&mut self, blank: Cell) -> Result<&mut Buffer, B::Error> {
        let area = screen_area(self.backend.size()?);
        if self.next.area != area {
            self.next = Buffer::filled(area, blank.clone());
            self.shown = vec![ShownCell::CLEARED; self.next.content.len()];
            self.blank = blank;
            self.clear()?;
        } else if self.blank != blank {
            self.next.content.fill(blank.clone());
            self.blank = blank;
        }
        Ok(&mut self.next)
    }

    /// Clears the terminal, so that all of the next frame is written.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be written to.
    pub fn clear(&mut self) -> Result<(), B::Error> {
        self.shown.fill(ShownCell::CLEARED);
        self.backend.clear_region(ClearType::All)
    }

    /// Writes the cells in which the next frame differs from what the terminal shows, or all if
    /// what may reach beyond its cells comes or goes.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be written to.
    pub fn show(&mut self) -> Result<(), B::Error> {
        let before = self.changes.clusters;
        self.changes.find(&mut self.shown, &self.next);
        if self.changes.clusters != before {
            self.clear()?;
            self.changes.find(&mut self.shown, &self.next);
        }
        let cells = self.changes.cells.iter().map(|&(x, y)| (x, y, &self.next[(x, y)]));
        self.backend.draw(cells)?;
        self.backend.flush()?;
        // Now rather than with the next key, which would wait for it.
        self.next.content.fill(self.blank.clone());
        Ok(())
    }
}

fn screen_area(size: Size) -> Rect {
    Rect::from((Position::ORIGIN, size))
}

/// What the terminal shows in a cell: half as large as a [`Cell`], and compared faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ShownCell {
    symbol: u64,
    fg: u32,
    bg: u32,
    underline: u32,
    modifier: Modifier,
    /// The number of columns.
    width: u16,
}

impl ShownCell {
    /// A cell of a terminal that has been cleared.
    const CLEARED: Self = Self {
        symbol: 0x20,
        fg: DEFAULT_COLOR,
        bg: DEFAULT_COLOR,
        underline: DEFAULT_COLOR,
        modifier: Modifier::empty(),
        width: 1,
    };

    fn of(cell: &Cell) -> Self {
        // Nearly all cells hold one byte.
        let (symbol, width) = match (cell.diff_option, cell.symbol().as_bytes()) {
            (CellDiffOption::None, [byte]) => (u64::from(*byte), 1),
            _ => symbol_and_width(cell),
        };
        Self {
            symbol,
            fg: color_bits(cell.fg),
            bg: color_bits(cell.bg),
            underline: color_bits(cell.underline_color),
            modifier: cell.modifier,
            width,
        }
    }

    /// Whether its symbol is a single byte.
    fn is_ascii(&self) -> bool {
        self.symbol < 0x80
    }
}

/// The symbol of a cell of which it is not known what the terminal shows there.
const UNKNOWN_SYMBOL: u64 = u64::MAX;

/// Returns a cell's symbol as a number, and the number of columns that it takes.
#[cold]
fn symbol_and_width(cell: &Cell) -> (u64, u16) {
    let symbol = match cell.diff_option {
        // What is skipped belongs to a picture, and what is always drawn may have been overwritten.
        CellDiffOption::Skip | CellDiffOption::AlwaysUpdate => UNKNOWN_SYMBOL,
        _ => symbol_bits(cell.symbol().as_bytes()),
    };
    let width = if cell.symbol().len() == 1 { 1 } else { cell.cell_width().max(1) };
    (symbol, width)
}

/// Returns a symbol of up to seven bytes with its length, or a digest of a longer one.
fn symbol_bits(symbol: &[u8]) -> u64 {
    let mut bits = [0; 8];
    if let Some(start) = bits[..7].get_mut(..symbol.len()) {
        start.copy_from_slice(symbol);
        // As one byte of ASCII has it too.
        bits[7] = if symbol.len() == 1 { 0 } else { symbol.len() as u8 };
        return u64::from_le_bytes(bits);
    }
    let mut digest = DefaultHasher::new();
    symbol.hash(&mut digest);
    digest.finish() | 0xff << 56
}

/// The bits of the terminal's own colour.
const DEFAULT_COLOR: u32 = 0;

fn color_bits(color: Color) -> u32 {
    match color {
        Color::Reset => DEFAULT_COLOR,
        Color::Rgb(r, g, b) => u32::from_le_bytes([r, g, b, 1]),
        other => ansi_color_bits(other),
    }
}

#[cold]
fn ansi_color_bits(color: Color) -> u32 {
    match color {
        Color::Indexed(index) => u32::from_le_bytes([index, 0, 0, 2]),
        named => u32::from_le_bytes([named_color(named), 0, 0, 3]),
    }
}

/// The differences between what a terminal shows and the next frame.
#[derive(Debug, Default)]
struct Changes {
    /// The columns and rows of the cells to write.
    cells: Vec<(u16, u16)>,
    /// A digest of the frame's cells that may reach beyond themselves, and of their places.
    clusters: Option<u64>,
}

impl Changes {
    /// Finds the cells that turn a terminal that shows `shown` into one that shows `next`, and
    /// takes these into `shown`.
    fn find(&mut self, shown: &mut [ShownCell], next: &Buffer) {
        self.cells.clear();
        let width = usize::from(next.area.width.max(1));
        let mut clusters = None;
        for ((shown, next), y) in shown.chunks_mut(width).zip(next.content.chunks(width)).zip(0..) {
            self.find_in_row(shown, next, y, &mut clusters);
        }
        self.clusters = clusters.map(|digest| digest.finish());
    }

    fn find_in_row(
        &mut self,
        shown: &mut [ShownCell],
        next: &[Cell],
        y: u16,
        clusters: &mut Option<DefaultHasher>,
    ) {
        // Columns before the first are covered by a wide character of the next frame; before the
        // second, the terminal shows what is left of a wide character that is written over.
        let (mut covered, mut stale) = (0, 0);
        // Whether a cell further left may reach into this one, which is therefore always written.
        let mut is_behind_cluster = false;
        for ((shown, cell), x) in shown.iter_mut().zip(next).zip(0_u16..) {
            let mut now = ShownCell::of(cell);
            if !now.is_ascii() && may_reach_beyond(cell) {
                (x, y, cell.symbol()).hash(clusters.get_or_insert_default());
                is_behind_cluster |= cell.diff_option == CellDiffOption::None;
            }
            if is_behind_cluster && cell.diff_option == CellDiffOption::None {
                now.symbol = UNKNOWN_SYMBOL;
            }
            let is_same = *shown == now && now.symbol != UNKNOWN_SYMBOL;
            let is_covered = x < covered;
            if is_same && !is_covered && x >= stale && now.width == 1 {
                continue;
            }
            let before = mem::replace(shown, now);
            let is_drawn = !is_covered && cell.diff_option != CellDiffOption::Skip;
            let has_changed = is_drawn && (x < stale || !is_same);
            if is_drawn {
                covered = x.saturating_add(now.width);
            }
            if has_changed || is_covered {
                stale = stale.max(x.saturating_add(before.width));
            }
            if has_changed {
                self.cells.push((x, y));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::backend::TestBackend;
    use ratatui::style::{Color, Style};

    use super::*;

    const WIDTH: u16 = 8;

    /// A cell of a terminal: its symbol and background; the right half of a wide character has no
    /// symbol.
    type Shown = (Option<String>, Color);

    /// Writes cells into a row of a terminal. What is left of a wide character that loses a half is
    /// blank and keeps its background.
    fn write(row: &mut [Shown], x: u16, cell: &Cell) {
        let (at, width) = (usize::from(x), usize::from(ShownCell::of(cell).width));
        for half in at..(at + width).min(row.len()) {
            let is_right = row[half].0.is_none();
            let others = if is_right { half - 1 } else { half + 1 };
            let cut = is_right || row.get(others).is_some_and(|(symbol, _)| symbol.is_none());
            if cut {
                row[others].0 = Some(" ".to_owned());
            }
            row[half].0 = Some(" ".to_owned());
        }
        row[at] = (Some(cell.symbol().to_owned()), cell.bg);
        for right in row.iter_mut().take(at + width).skip(at + 1) {
            *right = (None, cell.bg);
        }
    }

    fn blank() -> Buffer {
        Buffer::empty(Rect::new(0, 0, WIDTH, 1))
    }

    /// Returns what a terminal shows after these frames.
    fn shown_after(frames: &[&Buffer]) -> Vec<Shown> {
        let mut row = vec![(Some(" ".to_owned()), Color::Reset); WIDTH.into()];
        let mut shown = [ShownCell::CLEARED; WIDTH as usize];
        let mut changes = Changes::default();
        for frame in frames {
            changes.find(&mut shown, frame);
            for &(x, y) in &changes.cells {
                write(&mut row, x, &frame[(x, y)]);
            }
        }
        row
    }

    /// A frame that is written in pieces, which may cover parts of each other.
    fn frame() -> impl Strategy<Value = Buffer> {
        let text =
            prop::sample::select(vec!["a", "bc", "漢", "字漢", "x漢y", "e\u{301}", " ", "  "]);
        let ground = prop::sample::select(vec![Color::Reset, Color::Blue, Color::Red]);
        prop::collection::vec((0..WIDTH, text, ground), 0..6).prop_map(|pieces| {
            let mut buffer = blank();
            for (x, text, ground) in pieces {
                buffer.set_string(x, 0, text, Style::new().bg(ground));
            }
            buffer
        })
    }

    proptest! {
        #[test]
        fn a_frame_over_another_one_looks_as_on_a_blank_terminal(
            first in frame(), second in frame(), third in frame(),
        ) {
            prop_assert_eq!(shown_after(&[&first, &second, &third]), shown_after(&[&third]));
        }
    }

    #[test]
    fn only_what_differs_is_written() {
        let mut frames = [blank(), blank()];
        frames[0].set_string(0, 0, "a漢bcd", Style::new());
        frames[1].set_string(0, 0, "a漢xcd", Style::new());
        let columns = |from: &Buffer, to: &Buffer| -> Vec<u16> {
            let mut shown: Vec<ShownCell> = from.content.iter().map(ShownCell::of).collect();
            let mut changes = Changes::default();
            changes.find(&mut shown, to);
            changes.cells.into_iter().map(|(x, _)| x).collect()
        };
        assert!(columns(&frames[0], &frames[0]).is_empty());
        assert_eq!(columns(&frames[0], &frames[1]), [3]);
        assert_eq!(columns(&blank(), &frames[0]), [0, 1, 3, 4, 5]);
        let mut again = frames[0].clone();
        again[(4, 0)].set_diff_option(CellDiffOption::AlwaysUpdate);
        again[(5, 0)].set_diff_option(CellDiffOption::Skip).set_symbol("漢");
        again[(6, 0)].set_symbol("z");
        assert_eq!(columns(&frames[0], &again), [4, 6]);
    }

    #[test]
    fn what_stands_behind_a_cluster_is_written_with_every_frame() {
        let mut frame = Buffer::empty(Rect::new(0, 0, 10, 2));
        frame.set_string(0, 0, "a🇩🇪b", Style::new());
        let mut shown = [ShownCell::CLEARED; 20];
        let mut changes = Changes::default();
        for _ in 0..2 {
            changes.find(&mut shown, &frame);
        }
        assert_eq!(changes.cells, [1, 3, 4, 5, 6, 7, 8, 9].map(|x| (x, 0)));
    }

    #[test]
    fn clusters_are_told_apart_by_their_places_and_not_by_what_is_beside_them() {
        let clusters = |text: &str| {
            let mut frame = Buffer::empty(Rect::new(0, 0, 10, 1));
            frame.set_string(0, 0, text, Style::new());
            let mut changes = Changes::default();
            changes.find(&mut [ShownCell::CLEARED; 10], &frame);
            changes.clusters
        };
        assert_eq!(clusters("a ─"), None);
        assert_ne!(clusters("🇩🇪"), None);
        assert_ne!(clusters("🇩🇪"), clusters(" 🇩🇪"));
        assert_ne!(clusters("🇩🇪"), clusters("🇫🇷"));
        assert_eq!(clusters("🇩🇪 a"), clusters("🇩🇪 b"));
    }

    #[test]
    fn a_terminal_of_another_size_is_cleared_and_drawn_in_full() {
        let mut terminal = DoubleBuffer::new(TestBackend::new(4, 2)).unwrap();
        for (width, height) in [(4, 2), (3, 1), (5, 2)] {
            terminal.backend_mut().resize(width, height);
            let frame = terminal.next_frame(Cell::EMPTY).unwrap();
            assert_eq!(frame.area, Rect::new(0, 0, width, height));
            frame.set_string(0, 0, "abc", Style::new());
            terminal.show().unwrap();
            let row = format!("{:1$}", "abc", usize::from(width));
            let rows = [row, " ".repeat(width.into())];
            terminal.backend().assert_buffer_lines(rows.into_iter().take(height.into()));
        }
    }
}
