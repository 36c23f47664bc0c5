//! A slide on the screen: title, body, what is odd about it.
//!
//! A [`Sheet`] is worked out when the slide, the size or the theme changes; drawing it only copies.

mod page;
mod table;
mod title;
mod wrap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;
use unicode_segmentation::UnicodeSegmentation as _;

pub(crate) use page::Paint;
use page::{Page, Row, lay_out};
use title::TitlePage;
pub(crate) use wrap::wrap;

use crate::deck::{Block, Deck, Warning, plain_text};
use crate::stage::{Big, Size, Theme};
use crate::text;

/// Text wider than this is hard to read, however wide the screen.
const WIDEST_TEXT: u16 = 110;
/// A demo may use more of the screen.
const WIDEST_DEMO: u16 = 180;
/// From this height on a slide's title is drawn in big letters.
const TALL: u16 = 45;

/// What a slide needs to be laid out.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    /// The talk.
    pub(crate) deck: &'a Deck,
    /// The slide, from 0.
    pub(crate) at: usize,
    /// What is odd about it, with the file's name.
    pub(crate) warnings: &'a [Warning],
    /// The deck's file name, as shown in warnings.
    pub(crate) file: &'a str,
    /// The rows below which the slide's demos would be cramped.
    pub(crate) demo_rows: u16,
    /// Colours and code.
    pub(crate) paint: Paint<'a>,
}

/// How far the reader has got on a slide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The pauses passed.
    pub(crate) step: usize,
    /// The rows scrolled down.
    pub(crate) scroll: usize,
    /// The columns that fixed blocks are moved to the left.
    pub(crate) shift: usize,
}

/// A slide laid out for an area.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    heading: Heading,
    body: Rect,
    page: Page,
    odd: Vec<Line<'static>>,
    odd_area: Rect,
    theme: &'static Theme,
}

#[derive(Clone, Debug)]
enum Heading {
    None,
    Title(TitlePage),
    Plain(Rect, Vec<Line<'static>>),
    Big(Rect, String),
}

impl Sheet {
    /// Lays the slide out for `area`, which does not hold the footer.
    pub(crate) fn new(scene: &Scene, area: Rect) -> Self {
        let theme = scene.paint.theme;
        let blocks = scene.deck.slides.get(scene.at).map_or(&[][..], |slide| &slide.blocks);
        let column = column(blocks, area);
        let (odd, odd_area) = odd(scene, column);
        let above = Rect { height: column.height.saturating_sub(odd_area.height), ..column };
        let (heading, below, blocks) = heading(scene, blocks, above);
        let page = body_page(scene, blocks, below);
        let body = match heading {
            Heading::Title(_) => below,
            _ => centered(below, &page),
        };
        Self { heading, body, page, odd, odd_area, theme }
    }

    /// Nothing yet, before the first slide is laid out.
    pub(crate) fn empty(theme: &'static Theme) -> Self {
        Self {
            heading: Heading::None,
            body: Rect::ZERO,
            page: Page::default(),
            odd: Vec::new(),
            odd_area: Rect::ZERO,
            theme,
        }
    }

    /// The scroll at which as much as possible of the `index`-th demo is to be seen.
    pub(crate) fn scroll_to(&self, index: usize, progress: Progress) -> usize {
        let Some(demo) = self.page.demos.get(index) else { return progress.scroll };
        let (top, bottom) = (demo.row, demo.row + self.page.demo_rows);
        let height = usize::from(self.body.height);
        if top >= progress.scroll && bottom <= progress.scroll + height {
            return progress.scroll;
        }
        if bottom - top <= height { bottom - height.min(bottom) } else { top }
    }

    /// The most rows the slide can be scrolled down.
    pub(crate) fn max_scroll(&self) -> usize {
        self.page.rows.len().saturating_sub(self.body.height.into())
    }

    /// The most columns its fixed blocks can be moved to the left.
    pub(crate) fn max_shift(&self) -> usize {
        self.page.widest().saturating_sub(self.body.width.into())
    }

    /// Where the slide's demos are on the screen, in order; an area that is scrolled half out of
    /// sight tells how many of its rows are hidden above.
    pub(crate) fn demos(&self, progress: Progress) -> Vec<Option<DemoArea>> {
        let height = self.page.demo_rows;
        let area = |demo: &page::Placed| {
            let top = demo.row as isize - progress.scroll as isize;
            let hidden = (-top).max(0) as usize;
            let y = top.max(0) as usize;
            let shown = height.saturating_sub(hidden).min(usize::from(self.body.height).saturating_sub(y));
            (demo.step <= progress.step && shown > 0).then_some(DemoArea {
                area: Rect { y: self.body.y + y as u16, height: shown as u16, ..self.body },
                hidden: hidden as u16,
                whole: height as u16,
            })
        };
        self.page.demos.iter().map(area).collect()
    }

    /// Draws all of it but the demos.
    pub(crate) fn view(&self, progress: Progress, buffer: &mut Buffer) {
        self.view_heading(buffer);
        let shown = self.page.rows.iter().skip(progress.scroll).take(self.body.height.into());
        for (y, row) in shown.enumerate() {
            if row.step <= progress.step {
                let mut area = Rect { y: self.body.y + y as u16, height: 1, ..self.body };
                if matches!(self.heading, Heading::Title(_)) {
                    let free = area.width.saturating_sub((row.lead.width() + row.body.width()) as u16) / 2;
                    area = Rect { x: area.x + free, width: area.width - free, ..area };
                }
                self.view_row(row, area, progress.shift, buffer);
            }
        }
        for (y, line) in self.odd.iter().enumerate() {
            buffer.set_line(self.odd_area.x, self.odd_area.y + y as u16, line, self.odd_area.width);
        }
    }

    fn view_heading(&self, buffer: &mut Buffer) {
        match &self.heading {
            Heading::None => {}
            Heading::Title(title) => title.view(buffer, self.theme),
            Heading::Plain(area, lines) => {
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
            Heading::Big(area, title) => {
                Big::new(title, Size::Quarter, self.theme.heading()).render(*area, buffer);
            }
        }
    }

    fn view_row(&self, row: &Row, area: Rect, shift: usize, buffer: &mut Buffer) {
        let lead = row.lead.width() as u16;
        buffer.set_line(area.x, area.y, &row.lead, area.width);
        let area = Rect { x: area.x + lead.min(area.width), width: area.width.saturating_sub(lead), ..area };
        if !row.fixed {
            buffer.set_line(area.x, area.y, &row.body, area.width);
            return;
        }
        let wide = row.body.width();
        let body = if shift > 0 { cut_left(&row.body, shift) } else { row.body.clone() };
        let shown = wide.saturating_sub(shift).min(area.width.into()) as u16;
        if row.panel {
            buffer.set_style(Rect { width: shown, ..area }, Style::new().bg(self.theme.panel));
        }
        buffer.set_line(area.x, area.y, &body, area.width);
        let mark = Style::new().fg(self.theme.ground).bg(self.theme.accent).add_modifier(Modifier::BOLD);
        if wide > shift + usize::from(area.width) && area.width > 0 {
            buffer.set_string(area.right() - 1, area.y, "›", mark);
        }
        if shift > 0 && wide > 0 && area.width > 0 {
            buffer.set_string(area.x, area.y, "‹", mark);
        }
    }

    /// What the marker row between slide and footer has to say: that there is more, and which keys
    /// show it.
    pub(crate) fn more(&self, progress: Progress) -> Option<String> {
        let below = self.max_scroll().saturating_sub(progress.scroll);
        let mut told = Vec::new();
        match (progress.scroll, below) {
            (0, 0) => {}
            (0, below) => told.push(format!("▼ {}: ↓", count(below, "more row"))),
            (above, 0) => told.push(format!("▲ {} above: ↑", count(above, "row"))),
            (above, below) => told.push(format!("▲ {above} above, ▼ {below} below: ↑ ↓")),
        }
        let right = self.max_shift().saturating_sub(progress.shift);
        match (progress.shift, right) {
            (0, 0) => {}
            (0, right) => told.push(format!("› {} to the right: Shift+→", count(right, "column"))),
            (left, 0) => told.push(format!("‹ {} to the left: Shift+←", count(left, "column"))),
            (left, right) => told.push(format!("‹ {left} left, › {right} right: Shift+← →")),
        }
        (!told.is_empty()).then(|| told.join("   "))
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A demo's place on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DemoArea {
    /// The part of it that is on the screen.
    pub(crate) area: Rect,
    /// Its rows that are scrolled out above.
    pub(crate) hidden: u16,
    /// Its whole height.
    pub(crate) whole: u16,
}

/// The column a slide's text stands in. A slide that is nothing but a demo gives it the whole area.
fn column(blocks: &[Block], area: Rect) -> Rect {
    if let [Block::Demo(_)] = blocks {
        return area;
    }
    let margin = match area.width {
        0..40 => 0,
        40..90 => 2,
        _ => 4,
    };
    let demo = blocks.iter().any(|block| matches!(block, Block::Demo(_)));
    let widest = if demo { WIDEST_DEMO } else { WIDEST_TEXT };
    let width = area.width.saturating_sub(2 * margin).min(widest);
    let top = u16::from(area.height >= 20);
    let x = area.x + (area.width - width) / 2;
    Rect { x, y: area.y + top, width, height: area.height.saturating_sub(top + 1) }
}

/// The warnings of the slide, and the rows at the column's foot where they stand.
fn odd(scene: &Scene, column: Rect) -> (Vec<Line<'static>>, Rect) {
    let theme = scene.paint.theme;
    let most = usize::from(column.height / 3);
    let style = Style::new().fg(theme.bad);
    let mut lines = Vec::new();
    for warning in scene.warnings {
        let told = format!(
            "▲ {}:{}:{}: {}",
            scene.file, warning.position.line, warning.position.column, warning.message
        );
        lines.extend(wrap(&[(told, style)], column.width.into()));
    }
    if lines.len() > most {
        lines.truncate(most.saturating_sub(1));
        lines.push(Line::styled(format!("  more: wiretalk check {}", scene.file), style));
        lines.truncate(most);
    }
    let height = lines.len() as u16;
    (lines, Rect { y: column.bottom() - height, height, ..column })
}

/// The slide's title, what is left of the column below it, and the blocks below the title.
fn heading<'a>(scene: &Scene, blocks: &'a [Block], column: Rect) -> (Heading, Rect, &'a [Block]) {
    let Some((Block::Heading { level: level @ (1 | 2), text }, rest)) = blocks.split_first() else {
        return (Heading::None, column, blocks);
    };
    let title = plain_text(text);
    let demo = rest.iter().any(|block| matches!(block, Block::Demo(_)));
    if scene.at == 0 && *level == 1 && !demo {
        let (page, below) = TitlePage::new(&title, &scene.deck.front_matter, column);
        return (Heading::Title(page), below, rest);
    }
    let below = |height: u16| {
        let taken = (height + 1).min(column.height);
        Rect { y: column.y + taken, height: column.height - taken, ..column }
    };
    if column.height >= TALL && Big::can_draw(&title) && Big::width(&title, Size::Quarter) <= column.width {
        let height = Size::Quarter.cell().1;
        let area = Rect { y: column.y + 1, height, ..column };
        return (Heading::Big(area, title), below(height + 2), rest);
    }
    let pieces = [(title, scene.paint.theme.heading())];
    let lines = wrap(&pieces, column.width.into());
    let height = (lines.len() as u16).min(column.height);
    (Heading::Plain(Rect { height, ..column }, lines), below(height), rest)
}

/// The body: demos share the rows that the rest of the slide leaves.
fn body_page(scene: &Scene, blocks: &[Block], body: Rect) -> Page {
    let width = body.width.max(1).into();
    let count = blocks.iter().filter(|block| matches!(block, Block::Demo(_))).count();
    if count == 0 {
        return lay_out(blocks, width, 0, scene.paint);
    }
    let others = lay_out(blocks, width, 0, scene.paint).rows.len();
    let free = usize::from(body.height).saturating_sub(others) / count;
    lay_out(blocks, width, free.max(scene.demo_rows.into()), scene.paint)
}

/// A short page stands a little below the title, where the eye looks for it.
fn centered(body: Rect, page: &Page) -> Rect {
    let free = usize::from(body.height).saturating_sub(page.rows.len());
    let top = (free / 3).min(5) as u16;
    Rect { y: body.y + top, height: body.height - top, ..body }
}

/// `line` without its first `cells` cells; a wide character that is cut in half leaves a blank.
fn cut_left(line: &Line<'static>, cells: usize) -> Line<'static> {
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
