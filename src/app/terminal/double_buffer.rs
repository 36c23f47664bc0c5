//! Two buffers of the screen: the frame that the terminal shows, and the next one. Only the cells
//! that differ are written.
//!
//! ratatui's own `Terminal` does not write over the half of a wide character that is left where
//! another one covers its other half, and compares a third slower.

use std::mem;

use ratatui::backend::ClearType;
use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth as _};
use ratatui::layout::{Position, Rect, Size};

use crate::app::terminal::backend::FrameBackend;

/// A terminal that frames are drawn on.
pub struct DoubleBuffer<B> {
    backend: B,
    shown: Buffer,
    next: Buffer,
}

impl<B: FrameBackend> DoubleBuffer<B> {
    /// Creates the buffers in the terminal's size.
    ///
    /// # Errors
    ///
    /// Fails if the terminal's size is unknown, or too large for the memory.
    pub fn new(backend: B) -> Result<Self, B::Error> {
        let blank = Buffer::empty(screen_area(backend.size()?));
        Ok(Self { backend, shown: blank.clone(), next: blank })
    }

    /// Returns what writes to the terminal.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// Returns what writes to the terminal.
    pub fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }

    /// Returns the next frame, in the terminal's size and blank, unless it has been drawn into
    /// since the last [`DoubleBuffer::show`].
    ///
    /// # Errors
    ///
    /// Fails if the terminal's size is unknown, or too large for the memory.
    pub fn next_frame(&mut self) -> Result<&mut Buffer, B::Error> {
        let area = screen_area(self.backend.size()?);
        if self.next.area != area {
            (self.shown, self.next) = (Buffer::empty(area), Buffer::empty(area));
            self.clear()?;
        }
        Ok(&mut self.next)
    }

    /// Clears the terminal, so that all of the next frame is written.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be written to.
    pub fn clear(&mut self) -> Result<(), B::Error> {
        self.shown.reset();
        self.backend.clear_region(ClearType::All)
    }

    /// Writes the cells in which the next frame differs from the one that the terminal shows.
    ///
    /// # Errors
    ///
    /// Fails if the terminal cannot be written to.
    pub fn show(&mut self) -> Result<(), B::Error> {
        self.backend.draw(changed_cells(&self.shown, &self.next))?;
        self.backend.flush()?;
        mem::swap(&mut self.shown, &mut self.next);
        self.next.reset();
        Ok(())
    }
}

fn screen_area(size: Size) -> Rect {
    Rect::from((Position::ORIGIN, size))
}

/// Returns the cells of `next`, with their columns and rows, that turn a terminal that shows
/// `shown` into one that shows `next`. Both have the same area.
fn changed_cells<'a>(
    shown: &'a Buffer,
    next: &'a Buffer,
) -> impl Iterator<Item = (u16, u16, &'a Cell)> {
    let width = usize::from(next.area.width.max(1));
    let rows = shown.content.chunks(width).zip(next.content.chunks(width)).zip(0..);
    rows.flat_map(|((shown, next), y)| {
        changed_cells_of_row(shown, next).map(move |(x, cell)| (x, y, cell))
    })
}

/// Whether a cell looks like the one that is shown in its place. Most hold one byte, which is
/// compared faster than a string.
fn is_same(shown: &Cell, next: &Cell) -> bool {
    let same_symbol = match (shown.symbol().as_bytes(), next.symbol().as_bytes()) {
        ([shown], [next]) => shown == next,
        (shown, next) => shown == next,
    };
    same_symbol
        && next.diff_option != CellDiffOption::AlwaysUpdate
        && (shown.fg, shown.bg, shown.underline_color) == (next.fg, next.bg, next.underline_color)
        && (shown.modifier, shown.diff_option) == (next.modifier, next.diff_option)
}

/// Returns the number of columns that a cell takes.
fn width(cell: &Cell) -> u16 {
    if cell.symbol().len() == 1 { 1 } else { cell.cell_width().max(1) }
}

/// Like [`changed_cells`], of one row, with the columns only.
fn changed_cells_of_row<'a>(
    shown: &'a [Cell],
    next: &'a [Cell],
) -> impl Iterator<Item = (u16, &'a Cell)> {
    // Columns before the first are covered by a wide character of the next frame; before the
    // second, the terminal shows what is left of a wide character that is written over.
    let (mut covered, mut stale) = (0, 0);
    (0_u16..).zip(shown.iter().zip(next)).filter_map(move |(x, (shown, next))| {
        let is_covered = x < covered;
        let is_drawn = !is_covered && next.diff_option != CellDiffOption::Skip;
        let changed = is_drawn && (x < stale || !is_same(shown, next));
        if is_drawn {
            covered = x.saturating_add(width(next));
        }
        if changed || is_covered {
            stale = stale.max(x.saturating_add(width(shown)));
        }
        changed.then_some((x, next))
    })
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
        let (at, width) = (usize::from(x), usize::from(width(cell)));
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
        let mut before = &blank();
        for frame in frames {
            changed_cells(before, frame).for_each(|(x, _, cell)| write(&mut row, x, cell));
            before = frame;
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
            changed_cells(from, to).map(|(x, _, _)| x).collect()
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
    fn a_terminal_of_another_size_is_cleared_and_drawn_in_full() {
        let mut terminal = DoubleBuffer::new(TestBackend::new(4, 2)).unwrap();
        for (width, height) in [(4, 2), (3, 1), (5, 2)] {
            terminal.backend_mut().resize(width, height);
            let frame = terminal.next_frame().unwrap();
            assert_eq!(frame.area, Rect::new(0, 0, width, height));
            frame.set_string(0, 0, "abc", Style::new());
            terminal.show().unwrap();
            let row = format!("{:1$}", "abc", usize::from(width));
            let rows = [row, " ".repeat(width.into())];
            terminal.backend().assert_buffer_lines(rows.into_iter().take(height.into()));
        }
    }
}
