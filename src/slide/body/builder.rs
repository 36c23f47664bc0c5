//! Lays the blocks of a slide out for a width.
//!
//! This file decides the order of rows, their indents and steps. `text::wrap` breaks lines, and
//! `slide::scrolling` knows what is on the screen.

use std::ops::Range;

use ratatui::layout::Size;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::deck::{Block, ColumnAlign, ImageBlock, TextRun};
use crate::slide::body::rows::{BodyRow, PlacedDemo, PlacedPicture, RowPiece, SlideBody};
use crate::slide::style::SlideStyle;
use crate::slide::text::big::{big_lines, stacked};
use crate::slide::text::runs::styled_runs;
use crate::slide::text::wrap::{StyledText, wrap};
use crate::stage::PixelSize;

/// The maximum width of a demo in columns.
const MAX_DEMO_WIDTH: usize = 180;
/// The largest number of lines of big letters in a paragraph.
const MAX_BIG_LINES: usize = 4;

/// The room for a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyFrame {
    /// The number of columns.
    pub(crate) width: usize,
    /// The number of columns that text takes, in the middle of them.
    pub(crate) text_width: usize,
    /// The columns on each side that only wide code, tables and drawings may take.
    pub(crate) margin: usize,
    /// The number of rows in sight.
    pub(crate) height: usize,
    /// The number of rows that each demo takes.
    pub(crate) demo_rows: usize,
    /// The alignment of all blocks.
    pub(crate) align: ColumnAlign,
    /// The number of blank columns between two columns.
    pub(crate) column_gap: usize,
}

/// Lays `blocks` out in `frame`.
pub(crate) fn lay_out_blocks(blocks: &[Block], frame: BodyFrame, style: SlideStyle) -> SlideBody {
    let mut layout = BodyBuilder {
        body: SlideBody { rows_per_demo: frame.demo_rows, ..SlideBody::default() },
        style,
        step: 0,
        shown_from: 0,
        rows_above: 0,
        height: frame.height,
        within_margins: frame.margin..frame.width - frame.margin.min(frame.width),
        align: frame.align,
        column_gap: frame.column_gap,
        big_letters: None,
        depth: 0,
    };
    let room = Room {
        x: (frame.width - frame.text_width) / 2,
        width: frame.text_width,
        left: 0,
        right: frame.width,
    };
    layout.blocks(blocks, &LinePrefix::default(), room, true);
    layout.body
}

/// The columns that a block may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// The first column of its prefix.
    pub(super) x: usize,
    /// The number of columns of its text, without the prefix.
    pub(super) width: usize,
    /// The first column of what is wider than text and has no prefix.
    pub(super) left: usize,
    /// The column behind the last one of what is wider than text.
    pub(super) right: usize,
}

/// What stands left of a block: `first` on its first row, `rest` on all others.
#[derive(Clone, Default)]
pub(super) struct LinePrefix {
    pub(super) first: Vec<Span<'static>>,
    pub(super) rest: Vec<Span<'static>>,
}

impl LinePrefix {
    pub(super) fn indented(&self, first: Span<'static>, rest: Span<'static>) -> Self {
        let with = |spans: &[Span<'static>], last| spans.iter().cloned().chain([last]).collect();
        Self { first: with(&self.first, first), rest: with(&self.rest, rest) }
    }

    pub(super) fn take_first(&mut self) -> Line<'static> {
        let first = std::mem::replace(&mut self.first, self.rest.clone());
        Line::from(first)
    }

    /// Returns the number of columns.
    pub(super) fn width(&self) -> usize {
        self.rest.iter().map(Span::width).sum()
    }
}

pub(super) struct BodyBuilder<'a> {
    pub(super) body: SlideBody,
    pub(super) style: SlideStyle<'a>,
    /// The number of key presses that what comes next waits for.
    pub(super) step: usize,
    /// The step from which on what comes next is visible: that of the last pause. Code that is
    /// pointed out in steps hides nothing behind it.
    pub(super) shown_from: usize,
    /// The number of rows above those of `body`, while a column is laid out.
    pub(super) rows_above: usize,
    pub(super) height: usize,
    /// The columns of demos, and of columns that take more of the screen than text does.
    pub(super) within_margins: Range<usize>,
    pub(super) align: ColumnAlign,
    pub(super) column_gap: usize,
    pub(super) big_letters: Option<PixelSize>,
    /// The number of lists and quotes around what comes next.
    pub(super) depth: usize,
}

impl BodyBuilder<'_> {
    pub(super) fn blocks(
        &mut self,
        blocks: &[Block],
        prefix: &LinePrefix,
        room: Room,
        spaced: bool,
    ) {
        let mut prefix = prefix.clone();
        let mut first = true;
        for block in blocks {
            match block {
                Block::Pause => self.pause(),
                Block::Middle => self.body.middle = Some(self.row_number()),
                Block::Blank(rows) => {
                    for _ in 0..*rows {
                        self.blank_row(&prefix, room);
                    }
                }
                block => {
                    // In a tight list a nested list follows its item without a blank row
                    // (CommonMark section 5.3).
                    let list = matches!(block, Block::List { .. });
                    if !first && (spaced || !list) {
                        self.blank_row(&prefix, room);
                    }
                    first = false;
                    let from = self.body.rows.len();
                    self.block(block, &mut prefix, room);
                    self.align_rows(from, block, room);
                }
            }
        }
    }

    fn block(&mut self, block: &Block, prefix: &mut LinePrefix, room: Room) {
        match block {
            Block::Heading { level, text } => self.heading(*level, text, prefix, room),
            Block::Paragraph(runs) => {
                let pieces = styled_runs(runs, Style::new(), self.style.theme);
                self.text(&pieces, prefix, room);
            }
            Block::List { start, loose, items } => {
                self.list(*start, *loose, items, prefix, room);
            }
            Block::Table(table) => self.table(table, prefix, room),
            Block::Quote { alert, blocks } => self.quote(*alert, blocks, prefix, room),
            Block::Code(code) => self.code(code, prefix, room),
            Block::Image(image) => self.picture(image, prefix, room),
            Block::Columns(columns) => self.columns(columns, prefix, room),
            Block::Styled { align, font_size, blocks } => {
                let outer = (self.align, self.big_letters);
                self.align = align.unwrap_or(self.align);
                self.big_letters = match font_size {
                    0 | 1 => None,
                    2..=4 => Some(PixelSize::Quadrant),
                    _ => Some(PixelSize::HalfHeight),
                };
                self.blocks(blocks, prefix, room, true);
                (self.align, self.big_letters) = outer;
            }
            Block::Footnotes(notes) => self.footnotes(notes, prefix, room),
            Block::Demo(_) => self.demo(prefix, room),
            Block::Rule => {
                let line = Line::styled("─".repeat(room.width), self.style.theme.faint());
                self.lines(vec![line], prefix, room);
            }
            Block::Pause | Block::Middle | Block::Blank(_) => {}
        }
    }

    /// Waits for a key press before anything else appears.
    pub(super) fn pause(&mut self) {
        self.step += 1;
        self.shown_from = self.step;
    }

    /// Returns the number of the next row on the slide.
    pub(super) fn row_number(&self) -> usize {
        self.rows_above + self.body.rows.len()
    }

    pub(super) fn push(&mut self, piece: RowPiece) {
        self.body.rows.push(BodyRow { pieces: vec![piece] });
    }

    pub(super) fn blank_row(&mut self, prefix: &LinePrefix, room: Room) {
        let (x, step) = (room.x, self.shown_from);
        let prefix = Line::from(prefix.rest.clone());
        self.push(RowPiece { x, prefix, step, ..RowPiece::default() });
    }

    pub(super) fn lines(&mut self, lines: Vec<Line<'static>>, prefix: &mut LinePrefix, room: Room) {
        for body in lines {
            let (x, step, prefix) = (room.x, self.shown_from, prefix.take_first());
            self.push(RowPiece { x, prefix, body, step, ..RowPiece::default() });
        }
    }

    /// Appends text that wraps, in big letters where the deck asks for them and the font has them.
    fn text(&mut self, pieces: &[StyledText], prefix: &mut LinePrefix, room: Room) {
        let big = self.big_letters.and_then(|size| {
            let smaller = [size, PixelSize::Quadrant];
            smaller.into_iter().find_map(|size| big_lines(pieces, size, room.width, MAX_BIG_LINES))
        });
        let Some(big) = big else {
            return self.lines(wrap(pieces, room.width), prefix, room);
        };
        let align = if self.depth > 0 { ColumnAlign::Left } else { self.align };
        for (body, begins) in stacked(big) {
            let begins_big = begins.map(|line| Box::new((line, align)));
            let (x, step, prefix) = (room.x, self.shown_from, prefix.take_first());
            let piece =
                RowPiece { x, prefix, body, step, is_big: true, begins_big, ..RowPiece::default() };
            self.push(piece);
        }
    }

    fn heading(&mut self, level: u8, runs: &[TextRun], prefix: &mut LinePrefix, room: Room) {
        let theme = self.style.theme;
        let style = match level {
            1 | 2 => theme.heading(),
            3 => Style::new().fg(theme.text).add_modifier(Modifier::BOLD),
            4 => Style::new().fg(theme.text).add_modifier(Modifier::BOLD | Modifier::ITALIC),
            _ => theme.dim().add_modifier(Modifier::BOLD),
        };
        self.text(&styled_runs(runs, style, theme), prefix, room);
    }

    fn demo(&mut self, prefix: &mut LinePrefix, room: Room) {
        let (left, right) = match prefix.width() {
            0 => (room.left, room.right),
            indent => (room.x + indent, room.right),
        };
        let (left, right) =
            (left.max(self.within_margins.start), right.min(self.within_margins.end));
        let width = right.saturating_sub(left).min(MAX_DEMO_WIDTH);
        let x = left + (right.saturating_sub(left) - width) / 2;
        let (row, step) = (self.row_number(), self.shown_from);
        self.body.demos.push(PlacedDemo { row, x, width, step });
        self.lines(vec![Line::default(); self.body.rows_per_demo], prefix, room);
    }

    /// Keeps a place for the picture if its size is known. Until then its text stands for it.
    fn picture(&mut self, image: &ImageBlock, prefix: &mut LinePrefix, room: Room) {
        let max = Size { width: room.width as u16, height: self.height.max(3) as u16 };
        let Some(size) = self.style.pictures.fitted(image, max) else {
            let pieces = [(
                self.style.pictures.text_of(image, self.style.shows_reasons),
                self.style.theme.dim(),
            )];
            return self.lines(wrap(&pieces, room.width), prefix, room);
        };
        let (width, height) = (usize::from(size.width), usize::from(size.height));
        let x = room.x + prefix.width() + (room.width - width.min(room.width)) / 2;
        let (row, step) = (self.row_number(), self.shown_from);
        let image = image.clone();
        self.body.pictures.push(PlacedPicture { row, x, width, height, step, image });
        self.lines(vec![Line::default(); height], prefix, room);
    }
}
