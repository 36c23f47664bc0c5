//! A slide on the screen: title, body and warnings.
//!
//! A [`SlideLayout`] is computed when the slide, the size or the theme changes. Drawing only copies
//! it.

mod body;
mod table;
mod title_page;
mod wrap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;
use unicode_segmentation::UnicodeSegmentation as _;

pub(crate) use body::SlideStyle;
use body::{BodyRow, SlideBody, lay_out_blocks};
use title_page::TitlePage;
pub(crate) use wrap::wrap;

use crate::deck::{Block, Deck, Warning, plain_text};
use crate::stage::{BigText, PixelSize, Theme};
use crate::text;

/// The maximum width of text in columns. Wider text is hard to read, however wide the screen is.
const MAX_TEXT_WIDTH: u16 = 110;
/// The maximum width in columns of a slide with a demo.
const MAX_DEMO_WIDTH: u16 = 180;
/// The height in rows from which on a slide's title is drawn in big letters.
const BIG_TITLE_MIN_HEIGHT: u16 = 45;

/// The input of a layout.
#[derive(Clone, Copy)]
pub(crate) struct LayoutInput<'a> {
    /// The talk.
    pub(crate) deck: &'a Deck,
    /// The index of the slide, from 0.
    pub(crate) slide_index: usize,
    /// The warnings about the slide.
    pub(crate) warnings: &'a [Warning],
    /// The deck's file name, as shown in warnings.
    pub(crate) file: &'a str,
    /// The minimum number of rows for each demo of the slide. A slide that gets too long for it
    /// scrolls.
    pub(crate) min_demo_rows: u16,
    /// The colours and the highlighted code.
    pub(crate) style: SlideStyle<'a>,
}

/// How far the user has stepped and scrolled on a slide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SlideProgress {
    /// The number of pauses passed.
    pub(crate) step: usize,
    /// The number of rows scrolled down.
    pub(crate) scroll: usize,
    /// The number of columns that preformatted rows are scrolled to the right.
    pub(crate) scroll_x: usize,
}

/// A slide laid out for an area.
#[derive(Clone, Debug)]
pub(crate) struct SlideLayout {
    heading: HeadingLayout,
    body_area: Rect,
    body: SlideBody,
    warnings: Vec<Line<'static>>,
    warning_area: Rect,
    theme: Theme,
}

#[derive(Clone, Debug)]
enum HeadingLayout {
    None,
    Title(TitlePage),
    Plain(Rect, Vec<Line<'static>>),
    Big(Rect, String),
}

impl SlideLayout {
    /// Lays the slide out for `area`, which excludes the footer.
    pub(crate) fn new(input: &LayoutInput, area: Rect) -> Self {
        let theme = input.style.theme;
        let blocks =
            input.deck.slides.get(input.slide_index).map_or(&[][..], |slide| &slide.blocks);
        let column = content_column(blocks, area);
        let (warnings, warning_area) = lay_out_warnings(input, column);
        let above = Rect { height: column.height.saturating_sub(warning_area.height), ..column };
        let (heading, below, blocks) = lay_out_heading(input, blocks, above);
        let body = lay_out_body(input, blocks, below);
        let body_area = match heading {
            HeadingLayout::Title(_) => below,
            _ => place_body(below, &body),
        };
        Self { heading, body_area, body, warnings, warning_area, theme: *theme }
    }

    /// Returns an empty layout, for the time before the first slide is laid out.
    pub(crate) fn empty(theme: Theme) -> Self {
        Self {
            heading: HeadingLayout::None,
            body_area: Rect::ZERO,
            body: SlideBody::default(),
            warnings: Vec::new(),
            warning_area: Rect::ZERO,
            theme,
        }
    }

    /// Returns the scroll position at which as much as possible of the `index`-th demo is visible:
    /// the current one if all of it is.
    pub(crate) fn scroll_to_demo(&self, index: usize, progress: SlideProgress) -> usize {
        let Some(demo) = self.body.demos.get(index) else { return progress.scroll };
        let (top, bottom) = (demo.row, demo.row + self.body.rows_per_demo);
        let height = usize::from(self.body_area.height);
        if top >= progress.scroll && bottom <= progress.scroll + height {
            return progress.scroll;
        }
        // A demo that does not fit shows its top, where its title and tabs are.
        if bottom - top <= height { bottom - height.min(bottom) } else { top }
    }

    /// Returns the maximum number of rows that the slide can be scrolled down.
    pub(crate) fn max_scroll(&self) -> usize {
        self.body.rows.len().saturating_sub(self.body_area.height.into())
    }

    /// Returns the maximum number of columns that its preformatted rows can be scrolled.
    pub(crate) fn max_scroll_x(&self) -> usize {
        self.body.widest_preformatted().saturating_sub(self.body_area.width.into())
    }

    /// Returns the areas of the slide's demos on the screen, in order; `None` for a demo that is
    /// not revealed yet or out of sight.
    pub(crate) fn demo_areas(&self, progress: SlideProgress) -> Vec<Option<DemoArea>> {
        let height = self.body.rows_per_demo;
        let area = |demo: &body::PlacedDemo| {
            let top = demo.row as isize - progress.scroll as isize;
            let hidden = (-top).max(0) as usize;
            let y = top.max(0) as usize;
            let shown = height
                .saturating_sub(hidden)
                .min(usize::from(self.body_area.height).saturating_sub(y));
            (demo.step <= progress.step && shown > 0).then_some(DemoArea {
                visible: Rect {
                    y: self.body_area.y + y as u16,
                    height: shown as u16,
                    ..self.body_area
                },
                hidden_rows: hidden as u16,
                total_rows: height as u16,
            })
        };
        self.body.demos.iter().map(area).collect()
    }

    /// Draws everything except the demos.
    pub(crate) fn draw(&self, progress: SlideProgress, buffer: &mut Buffer) {
        self.draw_heading(buffer);
        let shown = self.body.rows.iter().skip(progress.scroll).take(self.body_area.height.into());
        for (y, row) in shown.enumerate() {
            if row.step <= progress.step {
                let mut area = Rect { y: self.body_area.y + y as u16, height: 1, ..self.body_area };
                // The title page centres each row below the title.
                if matches!(self.heading, HeadingLayout::Title(_)) {
                    let free =
                        area.width.saturating_sub((row.prefix.width() + row.body.width()) as u16)
                            / 2;
                    area = Rect { x: area.x + free, width: area.width - free, ..area };
                }
                self.draw_row(row, area, progress.scroll_x, buffer);
            }
        }
        for (y, line) in self.warnings.iter().enumerate() {
            buffer.set_line(
                self.warning_area.x,
                self.warning_area.y + y as u16,
                line,
                self.warning_area.width,
            );
        }
    }

    fn draw_heading(&self, buffer: &mut Buffer) {
        match &self.heading {
            HeadingLayout::None => {}
            HeadingLayout::Title(title) => title.draw(buffer, &self.theme),
            HeadingLayout::Plain(area, lines) => {
                for (y, line) in lines.iter().enumerate().take(area.height.into()) {
                    buffer.set_line(area.x, area.y + y as u16, line, area.width);
                }
                let last = lines.last().map_or(0, Line::width);
                let under = Rect { y: area.bottom(), height: 1, ..*area }.intersection(buffer.area);
                if !under.is_empty() {
                    buffer.set_stringn(
                        under.x,
                        under.y,
                        "▔".repeat(last),
                        under.width.into(),
                        self.theme.faint(),
                    );
                }
            }
            HeadingLayout::Big(area, title) => {
                BigText::new(title, PixelSize::Quadrant, self.theme.heading())
                    .render(*area, buffer);
            }
        }
    }

    fn draw_row(&self, row: &BodyRow, area: Rect, shift: usize, buffer: &mut Buffer) {
        let prefix_width = row.prefix.width() as u16;
        buffer.set_line(area.x, area.y, &row.prefix, area.width);
        let area = Rect {
            x: area.x + prefix_width.min(area.width),
            width: area.width.saturating_sub(prefix_width),
            ..area
        };
        if !row.preformatted {
            buffer.set_line(area.x, area.y, &row.body, area.width);
            return;
        }
        let wide = row.body.width();
        let body = if shift > 0 { skip_cells(&row.body, shift) } else { row.body.clone() };
        let shown = wide.saturating_sub(shift).min(area.width.into()) as u16;
        if row.panel {
            buffer.set_style(Rect { width: shown, ..area }, Style::new().bg(self.theme.panel));
        }
        buffer.set_line(area.x, area.y, &body, area.width);
        let mark = Style::new()
            .fg(self.theme.background)
            .bg(self.theme.accent)
            .add_modifier(Modifier::BOLD);
        if wide > shift + usize::from(area.width) && area.width > 0 {
            buffer.set_string(area.right() - 1, area.y, "›", mark);
        }
        if shift > 0 && wide > 0 && area.width > 0 {
            buffer.set_string(area.x, area.y, "‹", mark);
        }
    }

    /// Returns the text of the marker row above the footer: how much is out of sight, and the keys
    /// that show it. `None` if all is visible.
    pub(crate) fn overflow_hint(&self, progress: SlideProgress) -> Option<String> {
        let below = self.max_scroll().saturating_sub(progress.scroll);
        let mut hints = Vec::new();
        match (progress.scroll, below) {
            (0, 0) => {}
            (0, below) => hints.push(format!("▼ {}: ↓", counted(below, "more row"))),
            (above, 0) => hints.push(format!("▲ {} above: ↑", counted(above, "row"))),
            (above, below) => hints.push(format!("▲ {above} above, ▼ {below} below: ↑ ↓")),
        }
        let right = self.max_scroll_x().saturating_sub(progress.scroll_x);
        match (progress.scroll_x, right) {
            (0, 0) => {}
            (0, right) => {
                hints.push(format!("› {} to the right: Shift+→", counted(right, "column")));
            }
            (left, 0) => hints.push(format!("‹ {} to the left: Shift+←", counted(left, "column"))),
            (left, right) => hints.push(format!("‹ {left} left, › {right} right: Shift+← →")),
        }
        (!hints.is_empty()).then(|| hints.join("   "))
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The area of a demo on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DemoArea {
    /// The visible part.
    pub(crate) visible: Rect,
    /// The number of its rows that are scrolled out above.
    pub(crate) hidden_rows: u16,
    /// Its whole height in rows.
    pub(crate) total_rows: u16,
}

/// Returns the area for a slide's text. A slide with nothing but a demo gives it the whole area.
fn content_column(blocks: &[Block], area: Rect) -> Rect {
    if let [Block::Demo(_)] = blocks {
        return area;
    }
    let margin = match area.width {
        0..40 => 0,
        40..90 => 2,
        _ => 4,
    };
    let demo = blocks.iter().any(|block| matches!(block, Block::Demo(_)));
    let widest = if demo { MAX_DEMO_WIDTH } else { MAX_TEXT_WIDTH };
    let width = area.width.saturating_sub(2 * margin).min(widest);
    let top = u16::from(area.height >= 20);
    let x = area.x + (area.width - width) / 2;
    Rect { x, y: area.y + top, width, height: area.height.saturating_sub(top + 1) }
}

/// Returns the warnings of the slide as lines, and their area at the bottom of the column: at most
/// a third of it.
fn lay_out_warnings(input: &LayoutInput, column: Rect) -> (Vec<Line<'static>>, Rect) {
    let theme = input.style.theme;
    let max_lines = usize::from(column.height / 3);
    let style = Style::new().fg(theme.bad);
    let mut lines = Vec::new();
    for warning in input.warnings {
        let text = format!(
            "▲ {}:{}:{}: {}",
            input.file, warning.position.line, warning.position.column, warning.message
        );
        lines.extend(wrap(&[(text, style)], column.width.into()));
    }
    if lines.len() > max_lines {
        lines.truncate(max_lines.saturating_sub(1));
        lines.push(Line::styled(format!("  more: wiretalk check {}", input.file), style));
        lines.truncate(max_lines);
    }
    let height = lines.len() as u16;
    (lines, Rect { y: column.bottom() - height, height, ..column })
}

/// Returns the slide's title, the rest of the column below it, and the blocks behind the title.
fn lay_out_heading<'a>(
    input: &LayoutInput,
    blocks: &'a [Block],
    column: Rect,
) -> (HeadingLayout, Rect, &'a [Block]) {
    let Some((Block::Heading { level: level @ (1 | 2), text }, rest)) = blocks.split_first() else {
        return (HeadingLayout::None, column, blocks);
    };
    let title = plain_text(text);
    let demo = rest.iter().any(|block| matches!(block, Block::Demo(_)));
    if input.slide_index == 0 && *level == 1 && !demo {
        let (title_page, below) = TitlePage::new(&title, &input.deck.front_matter, column);
        return (HeadingLayout::Title(title_page), below, rest);
    }
    let below = |height: u16| {
        let taken = (height + 1).min(column.height);
        Rect { y: column.y + taken, height: column.height - taken, ..column }
    };
    if column.height >= BIG_TITLE_MIN_HEIGHT
        && BigText::can_draw(&title)
        && BigText::width_in_cells(&title, PixelSize::Quadrant) <= column.width
    {
        let height = PixelSize::Quadrant.glyph_cells().1;
        let area = Rect { y: column.y + 1, height, ..column };
        return (HeadingLayout::Big(area, title), below(height + 2), rest);
    }
    let pieces = [(title, input.style.theme.heading())];
    let lines = wrap(&pieces, column.width.into());
    let height = (lines.len() as u16).min(column.height);
    (HeadingLayout::Plain(Rect { height, ..column }, lines), below(height), rest)
}

/// Lays the body out. Demos share the rows that the rest of the slide leaves.
fn lay_out_body(input: &LayoutInput, blocks: &[Block], body: Rect) -> SlideBody {
    let width = body.width.max(1).into();
    let count = blocks.iter().filter(|block| matches!(block, Block::Demo(_))).count();
    if count == 0 {
        return lay_out_blocks(blocks, width, 0, input.style);
    }
    // A first pass without demos counts the other rows.
    let others = lay_out_blocks(blocks, width, 0, input.style).rows.len();
    let free = usize::from(body.height).saturating_sub(others) / count;
    lay_out_blocks(blocks, width, free.max(input.min_demo_rows.into()), input.style)
}

/// Returns the area of the body. A short body stands a little below the title, where the eye looks
/// for it.
fn place_body(area: Rect, body: &SlideBody) -> Rect {
    let free = usize::from(area.height).saturating_sub(body.rows.len());
    let top = (free / 3).min(5) as u16;
    Rect { y: area.y + top, height: area.height - top, ..area }
}

/// Returns `line` without its first `cells` cells. A wide character that is cut in half leaves a
/// blank.
fn skip_cells(line: &Line<'static>, cells: usize) -> Line<'static> {
    let mut skip = cells;
    let mut kept = Vec::new();
    for span in &line.spans {
        let mut text = String::new();
        for grapheme in span.content.graphemes(true) {
            let width = text::grapheme_width(grapheme);
            if skip == 0 {
                text.push_str(grapheme);
            } else if width > skip {
                text.push(' ');
                skip = 0;
            } else {
                skip -= width;
            }
        }
        kept.push(Span::styled(text, span.style));
    }
    Line::from(kept)
}
