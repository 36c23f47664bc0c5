//! [`Overview`]: all slides as miniatures, to choose one from.
//!
//! Only the miniatures in sight are laid out, and drawing copies them.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Borders, Widget as _};

use crate::app::overlay::outcome::OverlayOutcome;
use crate::deck::{Deck, Depth, Slide};
use crate::slide::{LayoutInput, SlideLayout, SlideProgress, SlideStyle};
use crate::stage::{self, Theme, ViewContext};
use crate::text;

/// The least size of a miniature, with its frame.
const MIN_WIDTH: u16 = 26;
const MIN_HEIGHT: u16 = 7;

/// The overview, with the slide under its cursor.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    cursor: usize,
    /// The miniatures in sight, each with the index of its slide.
    miniatures: Vec<(usize, SlideLayout)>,
}

/// The things that the overview is drawn from.
#[derive(Clone, Copy)]
pub(crate) struct OverviewInput<'a> {
    /// The talk.
    pub(crate) deck: &'a Deck,
    /// The index of the slide that is open below the overview.
    pub(crate) open: usize,
    /// The colours and the highlighted code.
    pub(crate) style: SlideStyle<'a>,
}

/// The places of the miniatures on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grid {
    area: Rect,
    columns: usize,
    rows: usize,
    /// The first row in sight.
    first: usize,
}

impl Grid {
    fn new(area: Rect, slides: usize, cursor: usize) -> Self {
        let columns = usize::from(area.width / MIN_WIDTH).max(1);
        let rows = usize::from(area.height / MIN_HEIGHT).max(1);
        let first = stage::first_row(cursor / columns, slides.div_ceil(columns), rows);
        Self { area, columns, rows, first }
    }

    /// Returns the slides in sight.
    fn in_sight(self, slides: usize) -> std::ops::Range<usize> {
        let from = self.first * self.columns;
        from..(from + self.rows * self.columns).min(slides)
    }

    /// Returns the area of a slide in sight. The rest of a division goes to the outer edge.
    fn card(self, slide: usize) -> Rect {
        let (width, height) =
            (self.area.width / self.columns as u16, self.area.height / self.rows as u16);
        let row = (slide / self.columns).saturating_sub(self.first) as u16;
        let column = (slide % self.columns) as u16;
        let (x, y) = (self.area.x + column * width, self.area.y + row * height);
        Rect { x, y, width, height }.intersection(self.area)
    }

    fn slide_at(self, at: Position, slides: usize) -> Option<usize> {
        self.in_sight(slides).find(|&slide| self.card(slide).contains(at))
    }
}

impl Overview {
    /// Opens the overview with the cursor at a slide.
    pub(crate) fn new(slide: usize) -> Self {
        Self { cursor: slide, miniatures: Vec::new() }
    }

    /// Lays the miniatures out that come into sight in `area`; all of them if `anew`.
    pub(crate) fn lay_out(&mut self, input: &OverviewInput, area: Rect, anew: bool) {
        let slides = input.deck.slides.len();
        self.cursor = self.cursor.min(slides.saturating_sub(1));
        let grid = Grid::new(area, slides, self.cursor);
        let mut before = std::mem::take(&mut self.miniatures);
        before.retain(|_| !anew);
        self.miniatures = grid
            .in_sight(slides)
            .map(|slide| {
                let kept = before.iter().position(|(index, _)| *index == slide);
                kept.map_or_else(
                    || (slide, lay_out_miniature(input, slide, grid.card(slide))),
                    |at| before.swap_remove(at),
                )
            })
            .collect();
    }

    /// Handles a key. `area` is that of the overview.
    pub(crate) fn key(&mut self, key: &KeyEvent, slides: usize, area: Rect) -> OverlayOutcome {
        let grid = Grid::new(area, slides, self.cursor);
        let page = grid.rows as isize;
        match key.code {
            KeyCode::Enter | KeyCode::Char(' ') => return OverlayOutcome::Open(self.cursor, None),
            KeyCode::Esc | KeyCode::Char('q') => return OverlayOutcome::Close,
            KeyCode::Right | KeyCode::Char('l') => self.move_by(1, slides),
            KeyCode::Left | KeyCode::Char('h') => self.move_by(-1, slides),
            KeyCode::Down | KeyCode::Char('j') => self.move_rows(1, grid, slides),
            KeyCode::Up | KeyCode::Char('k') => self.move_rows(-1, grid, slides),
            KeyCode::PageDown => self.move_rows(page, grid, slides),
            KeyCode::PageUp => self.move_rows(-page, grid, slides),
            KeyCode::Home | KeyCode::Char('g') => self.cursor = 0,
            KeyCode::End | KeyCode::Char('G') => self.cursor = slides.saturating_sub(1),
            _ => {}
        }
        OverlayOutcome::Stay
    }

    /// Turns the wheel by this many rows, down if positive.
    pub(crate) fn wheel(&mut self, by: isize, slides: usize, area: Rect) {
        self.move_rows(by, Grid::new(area, slides, self.cursor), slides);
    }

    /// Opens the slide at a position of the screen.
    pub(crate) fn click(&self, at: Position, slides: usize, area: Rect) -> OverlayOutcome {
        match Grid::new(area, slides, self.cursor).slide_at(at, slides) {
            Some(slide) => OverlayOutcome::Open(slide, None),
            None => OverlayOutcome::Stay,
        }
    }

    fn move_by(&mut self, by: isize, slides: usize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(slides.saturating_sub(1));
    }

    /// Moves by whole rows, as far as there are rows.
    fn move_rows(&mut self, by: isize, grid: Grid, slides: usize) {
        let last = slides.saturating_sub(1);
        let (row, column) = (self.cursor / grid.columns, self.cursor % grid.columns);
        let row = row.saturating_add_signed(by).min(last / grid.columns);
        self.cursor = row.saturating_mul(grid.columns).saturating_add(column).min(last);
    }

    /// Draws the miniatures in sight into `area`.
    pub(crate) fn draw(&self, input: &OverviewInput, area: Rect, buffer: &mut Buffer) {
        let theme = input.style.theme;
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        ratatui::widgets::Clear.render(area, buffer);
        buffer.set_style(area, theme.base());
        let slides = input.deck.slides.len();
        let grid = Grid::new(area, slides, self.cursor);
        for (slide, layout) in &self.miniatures {
            let card = grid.card(*slide);
            draw_frame(input, *slide, *slide == self.cursor, card, buffer);
            if !inside(card).is_empty() {
                draw_miniature(input, *slide, layout, inside(card), buffer);
            }
        }
    }
}

/// Returns the inside of a miniature's frame, with a blank column on each side.
fn inside(card: Rect) -> Rect {
    card.inner(Margin { horizontal: 2, vertical: 1 })
}

/// Draws the frame of a miniature with the slide's number.
fn draw_frame(input: &OverviewInput, slide: usize, chosen: bool, card: Rect, buffer: &mut Buffer) {
    let theme = input.style.theme;
    let depth = match input.deck.slides.get(slide).map(|slide| slide.depth) {
        Some(Depth::Deep) => " deep",
        Some(Depth::Study) => " study",
        _ => "",
    };
    let here = if slide == input.open { "● " } else { "" };
    let (border, style) = if chosen {
        (BorderType::Double, Style::new().fg(theme.accent).add_modifier(Modifier::BOLD))
    } else {
        (BorderType::Rounded, theme.dim())
    };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_type(border)
        .border_style(style)
        .title(Line::styled(format!(" {here}{}{depth} ", slide + 1), style));
    block.render(card, buffer);
}

fn lay_out_miniature(input: &OverviewInput, slide: usize, card: Rect) -> SlideLayout {
    let layout_input =
        LayoutInput { deck: input.deck, slide_index: slide, min_demo_rows: 1, style: input.style };
    SlideLayout::new(&layout_input, inside(card))
}

fn draw_miniature(
    input: &OverviewInput,
    slide: usize,
    layout: &SlideLayout,
    area: Rect,
    buffer: &mut Buffer,
) {
    // Drawn beside and copied, so that no row of a large title runs over the frame.
    let mut beside = Buffer::empty(area);
    beside.set_style(area, input.style.theme.base());
    let progress = SlideProgress { step: usize::MAX, ..SlideProgress::default() };
    layout.draw(progress, &mut beside);
    let demos = input.deck.slides.get(slide).into_iter().flat_map(Slide::demos);
    for (fence, place) in demos.zip(layout.demo_areas(progress)) {
        if let Some(place) = place {
            draw_demo_mark(&fence.name, place.visible, &mut beside, input.style.theme);
        }
    }
    stage::copy_cells(&beside, 0, area, buffer);
}

fn draw_demo_mark(name: &str, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let area = area.intersection(buffer.area);
    let name = text::sanitize(name).into_owned();
    let inner = if area.height >= 3 {
        stage::draw_panel("demo", area, buffer, &ViewContext { theme, focused: false })
    } else {
        area
    };
    let style = Style::new().fg(theme.accent);
    stage::draw_line(&Line::styled(format!("▸ {name}"), style), 0, inner, buffer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_moves_by_slides_rows_and_pages_and_stays_in_sight() {
        let area = Rect::new(0, 0, 80, 23);
        let (columns, rows, slides) = (3, 3, 40);
        let mut overview = Overview::new(4);
        for (code, cursor) in [
            (KeyCode::Down, 4 + columns),
            (KeyCode::Char('j'), 4 + 2 * columns),
            (KeyCode::Right, 5 + 2 * columns),
            (KeyCode::Char('h'), 4 + 2 * columns),
            (KeyCode::Up, 4 + columns),
            (KeyCode::PageDown, 4 + columns + rows * columns),
            (KeyCode::PageUp, 4 + columns),
            (KeyCode::Up, 4),
            (KeyCode::Up, 1),
            (KeyCode::Up, 1),
            (KeyCode::End, 39),
            (KeyCode::Down, 39),
            (KeyCode::Home, 0),
            (KeyCode::Left, 0),
        ] {
            assert_eq!(overview.key(&code.into(), slides, area), OverlayOutcome::Stay);
            assert_eq!(overview.cursor, cursor, "{code:?}");
            let grid = Grid::new(area, slides, cursor);
            assert!(grid.in_sight(slides).contains(&cursor), "{grid:?}");
        }
        assert_eq!(
            overview.key(&KeyCode::Enter.into(), slides, area),
            OverlayOutcome::Open(0, None)
        );
        assert_eq!(overview.key(&KeyCode::Esc.into(), slides, area), OverlayOutcome::Close);
    }

    #[test]
    fn a_click_opens_what_is_drawn_there() {
        for size in [(80, 23), (200, 59), (26, 7), (5, 2)] {
            let area = Rect::new(0, 0, size.0, size.1);
            let overview = Overview::new(17);
            let grid = Grid::new(area, 40, 17);
            for slide in grid.in_sight(40) {
                let card = grid.card(slide);
                let at = Position::new(card.right() - 1, card.bottom() - 1);
                assert_eq!(overview.click(at, 40, area), OverlayOutcome::Open(slide, None));
            }
        }
        let beyond = Position::new(79, 23);
        assert_eq!(
            Overview::new(0).click(beyond, 2, Rect::new(0, 0, 80, 23)),
            OverlayOutcome::Stay
        );
    }
}
