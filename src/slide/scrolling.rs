//! What is in sight of a slide that is larger than the screen, and where to scroll.

use ratatui::layout::{Rect, Size};

use crate::deck::{ColumnAlign, ImageBlock};
use crate::slide::layout::SlideLayout;
use crate::slide::text::big::BigLine;
use crate::text::units;

/// How far the user has stepped and scrolled on a slide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SlideProgress {
    /// The number of pauses passed.
    pub(crate) step: usize,
    /// The number of rows scrolled down.
    pub(crate) scroll: usize,
    /// The number of columns that rows shown as written are scrolled to the right.
    pub(crate) scroll_x: usize,
    /// The number of rows from the top that have been in sight.
    pub(crate) seen: usize,
}

impl SlideProgress {
    /// Whether the slide isn't shown from its first row and column on.
    pub(crate) fn is_scrolled(self) -> bool {
        self.scroll > 0 || self.scroll_x > 0
    }
}

/// The area of a demo or a picture on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AreaOnScreen {
    /// The visible part.
    pub(crate) visible: Rect,
    /// The number of its rows that are scrolled out above.
    pub(crate) hidden_rows: u16,
    /// Its whole height in rows.
    pub(crate) total_rows: u16,
}

/// A line of big letters, all of which is in sight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BigLineOnScreen<'a> {
    /// The line.
    pub(crate) line: &'a BigLine,
    /// The area of its blocks.
    pub(crate) area: Rect,
    /// Where text that needs less room than the blocks stands.
    pub(crate) align: ColumnAlign,
}

impl<'a> BigLineOnScreen<'a> {
    /// Places a line at a cell of `room`. `None` if a part of it would be outside.
    fn whole(
        line: &'a BigLine,
        align: ColumnAlign,
        (x, y): (usize, usize),
        room: Rect,
    ) -> Option<Self> {
        let (width, height) = (line.width(), line.rows.len());
        if x + width > room.width.into() || y + height > room.height.into() {
            return None;
        }
        // None is larger than the room, so they fit.
        let [x, y, width, height] = [x, y, width, height].map(|cells| cells as u16);
        Some(Self { line, area: Rect { x: room.x + x, y: room.y + y, width, height }, align })
    }
}

impl SlideLayout {
    fn height(&self) -> usize {
        self.body_area.height.into()
    }

    /// Returns the maximum number of rows that the slide can be scrolled down at `step`.
    pub(crate) fn max_scroll(&self, step: usize) -> usize {
        self.body.revealed_rows(step).saturating_sub(self.height())
    }

    /// Returns the maximum number of columns that rows shown as written can be scrolled.
    pub(crate) fn max_scroll_x(&self, step: usize) -> usize {
        self.body.hidden_columns(step)
    }

    /// Returns `progress` within the bounds of the slide, with what is in sight counted as seen.
    pub(crate) fn clamped(&self, progress: SlideProgress) -> SlideProgress {
        let scroll = progress.scroll.min(self.max_scroll(progress.step));
        let scroll_x = progress.scroll_x.min(self.max_scroll_x(progress.step));
        let seen = progress.seen.max(scroll + self.height());
        SlideProgress { scroll, scroll_x, seen, ..progress }
    }

    /// Returns the scroll position that shows what the current step reveals or points out: the
    /// nearest one to the current position, or that of its first row if it is too tall.
    pub(crate) fn scroll_to_step(&self, progress: SlideProgress) -> usize {
        let Some((first, last)) = self.body.rows_of_step(progress.step) else {
            return progress.scroll;
        };
        self.scroll_to_rows(first, last + 1, progress)
    }

    /// Returns the scroll position at which as much as possible of the `index`-th demo is visible:
    /// the current one if all of it is. One that does not fit shows its top, where its title and
    /// tabs are.
    pub(crate) fn scroll_to_demo(&self, index: usize, progress: SlideProgress) -> usize {
        let Some(demo) = self.body.demos.get(index) else { return progress.scroll };
        self.scroll_to_rows(demo.row, demo.row + self.body.rows_per_demo, progress)
    }

    /// Returns the step from which on the `index`-th demo is visible.
    pub(crate) fn step_of_demo(&self, index: usize) -> usize {
        self.body.demos.get(index).map_or(0, |demo| demo.step)
    }

    fn scroll_to_rows(&self, top: usize, bottom: usize, progress: SlideProgress) -> usize {
        let (scroll, height) = (progress.scroll, self.height());
        let wanted = if top < scroll || bottom - top > height {
            top
        } else {
            scroll.max(bottom.saturating_sub(height))
        };
        wanted.min(self.max_scroll(progress.step))
    }

    /// Returns the scroll position that shows rows of the current step that have not been in sight
    /// yet; `None` if there are none.
    pub(crate) fn next_scroll(&self, progress: SlideProgress) -> Option<usize> {
        let seen = progress.seen.max(progress.scroll + self.height());
        let unseen = self.body.revealed_rows(progress.step) > seen;
        let wanted = seen.saturating_sub(1).max(progress.scroll + 1);
        unseen.then(|| wanted.min(self.max_scroll(progress.step)))
    }

    /// Returns the scroll position one screen up; `None` at the top of what the current step
    /// reveals or points out.
    pub(crate) fn previous_scroll(&self, progress: SlideProgress) -> Option<usize> {
        let top = match progress.step {
            0 => 0,
            step => {
                let before = SlideProgress { scroll: self.max_scroll(step - 1), ..progress };
                self.scroll_to_step(before)
            }
        };
        let up = progress.scroll.saturating_sub(self.height().saturating_sub(1).max(1));
        (progress.scroll > top).then(|| up.max(top))
    }

    /// Returns the areas of the slide's demos on the screen, in order; `None` for a demo that is
    /// not revealed yet or out of sight.
    pub(crate) fn demo_areas(&self, progress: SlideProgress) -> Vec<Option<AreaOnScreen>> {
        let rows = self.body.rows_per_demo;
        let demos = self.body.demos.iter();
        demos
            .map(|demo| {
                let area = self.area_on_screen((demo.row, rows), (demo.x, demo.width), progress);
                area.filter(|_| demo.step <= progress.step)
            })
            .collect()
    }

    /// Returns the pictures in sight that are revealed, each with its area on the screen.
    pub(crate) fn picture_areas(
        &self,
        progress: SlideProgress,
    ) -> Vec<(&ImageBlock, AreaOnScreen)> {
        let revealed = self.body.pictures.iter().filter(|it| it.step <= progress.step);
        revealed
            .filter_map(|it| {
                let area = self.area_on_screen((it.row, it.height), (it.x, it.width), progress)?;
                Some((&it.image, area))
            })
            .collect()
    }

    /// Returns the lines of big letters that are revealed and in sight from the first row to the
    /// last.
    pub(crate) fn big_lines(&self, progress: SlideProgress) -> Vec<BigLineOnScreen<'_>> {
        let heading = self.heading.big.iter().filter_map(|(row, line)| {
            let free = usize::from(self.heading_area.width).saturating_sub(line.width()) / 2;
            let (x, align) = if self.heading.is_centered {
                (free, ColumnAlign::Center)
            } else {
                (0, ColumnAlign::Left)
            };
            BigLineOnScreen::whole(line, align, (x, *row), self.heading_area)
        });
        let rows = self.body.rows.iter().enumerate().skip(progress.scroll);
        let pieces = rows.flat_map(|(row, of)| of.pieces.iter().map(move |piece| (row, piece)));
        let revealed = pieces.filter(|(_, piece)| piece.step <= progress.step);
        let body = revealed.filter_map(|(row, piece)| {
            let (line, align) = &**piece.begins_big.as_ref()?;
            let at = (piece.x + piece.prefix.width(), row - progress.scroll);
            BigLineOnScreen::whole(line, *align, at, self.body_area)
        });
        heading.chain(body).collect()
    }

    /// Returns the paths of the slide's pictures with their sizes in cells.
    pub(crate) fn picture_sizes(&self) -> impl Iterator<Item = (&str, Size)> {
        self.body.pictures.iter().map(|it| {
            let size = Size { width: it.width as u16, height: it.height as u16 };
            (it.image.path.as_str(), size)
        })
    }

    /// Returns the area of `size.1` rows from row `size.0` of the body on, in the given columns.
    pub(super) fn area_on_screen(
        &self,
        (row, rows): (usize, usize),
        (x, width): (usize, usize),
        progress: SlideProgress,
    ) -> Option<AreaOnScreen> {
        let hidden = progress.scroll.saturating_sub(row);
        let y = row.saturating_sub(progress.scroll);
        let shown = rows.saturating_sub(hidden).min(self.height().saturating_sub(y));
        let area = self.body_area;
        let visible = Rect {
            x: area.x.saturating_add(x as u16),
            y: area.y + y.min(self.height()) as u16,
            width: width as u16,
            height: shown as u16,
        };
        (shown > 0).then_some(AreaOnScreen {
            visible: visible.intersection(area),
            hidden_rows: hidden as u16,
            total_rows: rows as u16,
        })
    }

    /// Returns the text of the marker row above the footer: how much is out of sight, and the keys
    /// that show it. `None` if all is visible.
    pub(crate) fn overflow_hint(&self, progress: SlideProgress) -> Option<String> {
        let below = self.max_scroll(progress.step).saturating_sub(progress.scroll);
        let mut hints = Vec::new();
        match (progress.scroll, below) {
            (0, 0) => {}
            (0, below) => hints.push(format!("▼ {}: ↓", units::count(below as u64, "more row"))),
            (above, 0) => hints.push(format!("▲ {} above: ↑", units::count(above as u64, "row"))),
            (above, below) => hints.push(format!("▲ {above} above, ▼ {below} more: ↑ ↓")),
        }
        let right = self.max_scroll_x(progress.step).saturating_sub(progress.scroll_x);
        match (progress.scroll_x, right) {
            (0, 0) => {}
            (0, right) => {
                hints.push(format!(
                    "› {} to the right: Shift+→",
                    units::count(right as u64, "column")
                ));
            }
            (left, 0) => hints
                .push(format!("‹ {} to the left: Shift+←", units::count(left as u64, "column"))),
            (left, right) => hints.push(format!("‹ {left} left, › {right} right: Shift+← →")),
        }
        (!hints.is_empty()).then(|| hints.join("   "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{Block, Column, DemoFence};
    use crate::slide::testing::{blocks, laid_out};

    /// Presses Next until it would leave the slide, and returns the progress after each press.
    fn walk(layout: &SlideLayout, steps: usize) -> Vec<(usize, usize)> {
        let mut progress = layout.clamped(SlideProgress::default());
        let mut walked = vec![(progress.step, progress.scroll)];
        loop {
            let scroll = match layout.next_scroll(progress) {
                Some(scroll) => scroll,
                None if progress.step + 1 < steps => {
                    progress.step += 1;
                    layout.scroll_to_step(progress)
                }
                None => return walked,
            };
            progress = layout.clamped(SlideProgress { scroll, ..progress });
            walked.push((progress.step, progress.scroll));
        }
    }

    fn rows(count: usize) -> String {
        (1..=count).map(|number| format!("- item {number}\n")).collect::<Vec<_>>().concat()
    }

    #[test]
    fn next_shows_every_row_before_it_reveals_the_next_step() {
        let source = format!("{}\n<!-- pause -->\n\n{}", rows(25), rows(3));
        let layout = laid_out(blocks(&source), 40, 11);
        // Ten rows are in sight; each press keeps one of them.
        assert_eq!(walk(&layout, 2), [(0, 0), (0, 9), (0, 15), (1, 18)]);
    }

    #[test]
    fn a_step_that_points_at_code_scrolls_to_it_without_paging() {
        let code = (1..=30).map(|number| format!("line {number}\n")).collect::<Vec<_>>().concat();
        let mut all = blocks(&format!("```go\n{code}```\n"));
        if let crate::deck::Block::Code(code) = &mut all[0] {
            code.highlights = [1..=2, 28..=29, 3..=4]
                .map(|lines| crate::deck::LineSelection::lines([lines]))
                .into();
        }
        let layout = laid_out(all, 40, 11);
        assert_eq!(
            walk(&layout, 3),
            [(0, 0), (0, 9), (0, 18), (0, 20), (1, 20), (2, 2)],
            "paged to the end once, then to what each step points at"
        );
    }

    #[test]
    fn previous_goes_up_to_where_the_step_began() {
        let layout = laid_out(blocks(&rows(25)), 40, 11);
        let up =
            |scroll| layout.previous_scroll(SlideProgress { scroll, ..SlideProgress::default() });
        assert_eq!((up(15), up(6), up(0)), (Some(6), Some(0), None));
    }

    #[test]
    fn the_hint_counts_what_is_revealed_and_out_of_sight() {
        let source = format!("{}\n<!-- pause -->\n\n{}", rows(12), rows(9));
        let layout = laid_out(blocks(&source), 40, 11);
        let hint = |step, scroll| {
            layout.overflow_hint(SlideProgress { step, scroll, ..SlideProgress::default() })
        };
        assert_eq!(hint(0, 0).as_deref(), Some("▼ 2 more rows: ↓"));
        assert_eq!(hint(1, 0).as_deref(), Some("▼ 11 more rows: ↓"));
        assert_eq!(hint(1, 11).as_deref(), Some("▲ 11 rows above: ↑"));
    }

    #[test]
    fn each_demo_has_its_own_place_wherever_it_stands() {
        let fence = DemoFence { name: "a".to_owned(), ..DemoFence::default() };
        let demo = || Block::Demo(fence.clone().into());
        let column = || Column { weight: 1, blocks: vec![demo()] };
        let all = vec![
            Block::Quote { alert: None, blocks: vec![demo()] },
            Block::Columns(vec![column(), column()]),
            demo(),
        ];
        let layout = laid_out(all, 100, 30);
        let areas = layout.demo_areas(SlideProgress::default());
        let places: Vec<(u16, u16, u16, u16)> = areas
            .into_iter()
            .map(|area| area.expect("all of them are in sight").visible)
            .map(|area| (area.x, area.y, area.width, area.height))
            .collect();
        // 29 rows less a margin and two blank rows, shared by three.
        assert_eq!(places, [(6, 1, 90, 8), (4, 10, 44, 8), (51, 10, 45, 8), (4, 19, 92, 8)]);
    }
}
