//! Where a picture is drawn, together with what each spot of it stands for, so that a click finds
//! what the eye sees.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use crate::demos::inspect::action::Tab;
use crate::stage::{self, Theme};
use crate::wire::Side;

/// What a spot of the picture stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClickTarget {
    /// A tab's name.
    Tab(Tab),
    /// A row of the frame list, by its number in the trace.
    Row(usize),
    /// A byte of the frame that is shown.
    Byte(usize),
    /// A bit of it (0 = most significant).
    Bit(usize, u8),
    /// A line of a head.
    HeadLine(Side, usize),
    /// A step of the unmasking, by the payload's index.
    MaskStep(usize),
    /// A problem, by its number in the list.
    Problem(usize),
    /// A symbol of compressed data, by its number in the list.
    Symbol(usize),
}

/// A buffer, its colours, and the spots drawn so far.
pub(crate) struct Canvas<'a> {
    pub(crate) buffer: &'a mut Buffer,
    pub(crate) theme: &'static Theme,
    targets: Vec<(Rect, ClickTarget)>,
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(buffer: &'a mut Buffer, theme: &'static Theme) -> Self {
        Self { buffer, theme, targets: Vec::new() }
    }

    /// Draws a line into row `row` of `area`, if there is one.
    pub(crate) fn draw_line(&mut self, line: &Line, row: u16, area: Rect) {
        stage::draw_line(line, row, area, self.buffer);
    }

    /// A thin line across `area`'s first row with a title.
    pub(crate) fn draw_rule(&mut self, title: &str, area: Rect) {
        stage::draw_rule(title, area, self.buffer, self.theme);
    }

    /// Says what a spot stands for; later ones lie above earlier ones.
    pub(crate) fn add_target(&mut self, area: Rect, target: ClickTarget) {
        self.targets.push((area, target));
    }

    /// What the spot at a position stands for.
    pub(crate) fn target_at(&self, at: Position) -> Option<ClickTarget> {
        self.targets.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, target)| *target)
    }
}

/// `count` rows of `area` from its top, and the rest.
pub(crate) fn split_rows(area: Rect, count: u16) -> (Rect, Rect) {
    let count = count.min(area.height);
    let rest = Rect { y: area.y + count, height: area.height - count, ..area };
    (Rect { height: count, ..area }, rest)
}
