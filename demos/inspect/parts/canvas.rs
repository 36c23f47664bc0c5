//! A buffer to draw into that also records what each area stands for, so that a click finds what is
//! shown there.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use crate::demos::inspect::action::Tab;
use crate::stage::{self, Theme};
use crate::wire::Side;

/// The target of a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClickTarget {
    /// A tab's name.
    Tab(Tab),
    /// A frame, by its row in the trace.
    Row(usize),
    /// A byte of the shown frame.
    Byte(usize),
    /// A byte of the shown frame and a bit of it (0 is the most significant).
    Bit(usize, u8),
    /// A line of a side's head.
    HeadLine(Side, usize),
    /// A step of the unmasking, by its index in the payload.
    MaskStep(usize),
    /// A problem, by its index in the list.
    Problem(usize),
    /// A connection, by its index in the list.
    Connection(usize),
    /// A row of a session of SockJS, by its index in the list.
    SockJsRow(usize),
    /// An answer to the question of a lesson, by its index.
    Answer(usize),
    /// A symbol of compressed data, by its index in the list.
    Symbol(usize),
}

/// A buffer with its theme and the click targets so far.
pub(crate) struct Canvas<'a> {
    pub(crate) buffer: &'a mut Buffer,
    pub(crate) theme: &'a Theme,
    targets: Vec<(Rect, ClickTarget)>,
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self { buffer, theme, targets: Vec::new() }
    }

    /// Draws a line into row `row` of `area`, if it has that row.
    pub(crate) fn draw_line(&mut self, line: &Line, row: u16, area: Rect) {
        stage::draw_line(line, row, area, self.buffer);
    }

    /// Draws a thin line with a title across the first row of `area`.
    pub(crate) fn draw_divider(&mut self, title: &str, area: Rect) {
        stage::draw_divider(title, area, self.buffer, self.theme);
    }

    /// Makes an area a click target. Later targets lie above earlier ones.
    pub(crate) fn add_target(&mut self, area: Rect, target: ClickTarget) {
        self.targets.push((area, target));
    }

    /// Returns the click target at a position.
    pub(crate) fn target_at(&self, at: Position) -> Option<ClickTarget> {
        self.targets.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, target)| *target)
    }
}

/// Splits `area` into its first `count` rows and the rest.
pub(crate) fn split_rows(area: Rect, count: u16) -> (Rect, Rect) {
    let count = count.min(area.height);
    let rest = Rect { y: area.y + count, height: area.height - count, ..area };
    (Rect { height: count, ..area }, rest)
}
