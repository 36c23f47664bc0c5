//! Where a picture is drawn, together with what each spot of it stands for, so that a click finds what the eye sees.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::state::Tab;
use crate::stage::{self, Theme};
use crate::wire::Side;

/// What a spot of the picture stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A tab's name.
    Tab(Tab),
    /// A row of the frame list, by its number in the trace.
    Row(usize),
    /// A byte of the frame that is shown.
    Byte(usize),
    /// A bit of it (0 = most significant).
    Bit(usize, u8),
    /// A line of a head.
    Line(Side, usize),
    /// A step of the unmasking, by the payload's index.
    Step(usize),
    /// A problem, by its number in the list.
    Problem(usize),
    /// A symbol of compressed data, by its number in the list.
    Symbol(usize),
}

/// A buffer, its colours, and the spots drawn so far.
pub(super) struct Canvas<'a> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) theme: &'static Theme,
    spots: Vec<(Rect, Target)>,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, theme: &'static Theme) -> Self {
        Self { buffer, theme, spots: Vec::new() }
    }

    /// Draws a line into row `row` of `area`, if there is one.
    pub(super) fn line(&mut self, line: &Line, row: u16, area: Rect) {
        stage::line(line, row, area, self.buffer);
    }

    /// A thin line across `area`'s first row with a title.
    pub(super) fn rule(&mut self, title: &str, area: Rect) {
        stage::rule(title, area, self.buffer, self.theme);
    }

    /// Says what a spot stands for; later ones lie above earlier ones.
    pub(super) fn spot(&mut self, area: Rect, target: Target) {
        self.spots.push((area, target));
    }

    /// What the spot at a position stands for.
    pub(super) fn target(&self, at: Position) -> Option<Target> {
        self.spots.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, target)| *target)
    }
}

/// `count` rows of `area` from its top, and the rest.
pub(super) fn split(area: Rect, count: u16) -> (Rect, Rect) {
    let count = count.min(area.height);
    let rest = Rect { y: area.y + count, height: area.height - count, ..area };
    (Rect { height: count, ..area }, rest)
}
