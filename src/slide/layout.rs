//! A slide laid out for a size: its title, its body, and where they stand.
//!
//! A [`SlideLayout`] is computed once for a slide, a size and a theme, when it is first asked for.
//! Drawing only copies it.

use std::borrow::Cow;

use ratatui::layout::{Margin, Rect};

use crate::deck::{Block, ColumnAlign, Deck, Slide, TextRun};
use crate::slide::body::rows::{BodyRow, RowPiece, SlideBody};
use crate::slide::body::{BodyFrame, lay_out_blocks};
use crate::slide::heading::{Heading, TITLE_PAGE_GAP};
use crate::slide::style::SlideStyle;
use crate::stage::Theme;

/// The maximum width of text in columns on a screen of ordinary width. Wider text is hard to read.
const MAX_TEXT_WIDTH: u16 = 110;
/// The number of blank columns between two columns, unless the deck says otherwise.
const COLUMN_GAP: u16 = 3;
/// The height in rows from which on a row stays free above the title.
const MIN_HEIGHT_FOR_MARGIN: u16 = 26;
/// The height in rows from which on a short body stands in the middle of the free rows.
const MIN_HEIGHT_FOR_MIDDLE: u16 = 40;

/// The input of a layout.
#[derive(Clone, Copy)]
pub(crate) struct LayoutInput<'a> {
    /// The talk.
    pub(crate) deck: &'a Deck,
    /// The index of the slide, from 0.
    pub(crate) slide_index: usize,
    /// The minimum number of rows for each demo of the slide. A slide that gets too long for it
    /// scrolls.
    pub(crate) min_demo_rows: u16,
    /// The colours, the highlighted code and the pictures.
    pub(crate) style: SlideStyle<'a>,
}

/// A slide laid out for an area.
#[derive(Clone, Debug)]
pub(crate) struct SlideLayout {
    pub(super) heading: Heading,
    pub(super) heading_area: Rect,
    /// The area of the body, with the columns on both sides of the text that code, tables and demos
    /// may use.
    pub(super) body_area: Rect,
    pub(super) body: SlideBody,
    pub(super) theme: Theme,
}

/// The columns of a slide.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    /// All of the screen, for code, tables and drawings that are wide.
    pub(super) all: Rect,
    /// The columns on each side that everything else leaves free.
    margin: u16,
    /// The width of text, which stands in the middle of them.
    pub(super) text_width: u16,
}

impl Columns {
    /// Returns the first column of the text.
    fn text_x(self) -> u16 {
        self.all.x + (self.all.width - self.text_width) / 2
    }
}

impl SlideLayout {
    /// Lays the slide out for `area`, which excludes the footer.
    pub(crate) fn new(input: &LayoutInput, area: Rect) -> Self {
        let theme = input.style.theme;
        let blocks =
            input.deck.slides.get(input.slide_index).map_or(&[][..], |slide| &slide.blocks);
        let columns = columns(blocks, area);
        let is_first = input.slide_index == 0;
        let (level, title, rest) = split_heading(blocks, is_first);
        if is_first && level == Some(1) && !rest.iter().any(holds_demo) {
            return Self::title_page(input, title, &rest, columns);
        }
        let x = columns.text_x();
        let right = columns.all.right() - columns.margin;
        let title_area = Rect { x, width: right - x, ..columns.all };
        let mut heading = match level {
            Some(_) => Heading::title(title, title_area, columns.text_width, theme),
            None => Heading::default(),
        };
        if is_first {
            let front_matter = &input.deck.front_matter;
            let title = input.deck.slides.first().and_then(Slide::title).unwrap_or_default();
            let size = (columns.text_width, columns.all.height);
            heading = heading.with_byline(&title, front_matter, size, theme);
        }
        let height = (heading.rows.len() as u16).min(columns.all.height);
        let heading_area = Rect { height, ..title_area };
        // Where no line sets it apart, a row stays free.
        let is_apart = height == 0 || heading.is_underlined || columns.all.height <= height;
        let all = rows_below(columns.all, height + u16::from(!is_apart));
        let below = Columns { all, ..columns };
        let body = lay_out_body(input, &rest, below, ColumnAlign::Left);
        let (body_area, body) = place_body(below.all, body);
        Self { heading, heading_area, body_area, body, theme: *theme }
    }

    /// Lays out the first slide of a talk: its title in the middle, the rest of it below. The title
    /// stands at the top if a part of the rest goes to the middle.
    fn title_page(
        input: &LayoutInput,
        title: &[TextRun],
        blocks: &[Block],
        columns: Columns,
    ) -> Self {
        let theme = input.style.theme;
        let body = lay_out_body(input, blocks, columns, ColumnAlign::Center);
        let all = columns.all;
        let meta = &input.deck.front_matter;
        let inner = all.inner(Margin::new(columns.margin, 0));
        let heading = Heading::title_page(title, meta, inner, body.rows.len(), theme);
        let height = (heading.rows.len() as u16).min(all.height);
        let kept = body.rows.len().min((all.height / 2).into()) as u16;
        let gap = all.height.saturating_sub(height + kept).min(TITLE_PAGE_GAP);
        let gap = if body.rows.is_empty() { 0 } else { gap };
        if body.middle.is_some() {
            let (body_area, body) = place_body(rows_below(all, height + gap), body);
            let heading_area = Rect { height, ..all };
            return Self { heading, heading_area, body_area, body, theme: *theme };
        }
        let whole = usize::from(height + gap) + body.rows.len();
        let top = (usize::from(all.height).saturating_sub(whole) * 2 / 5) as u16;
        let heading_area = Rect { y: all.y + top, height: height.min(all.height - top), ..all };
        let body_area = rows_below(all, top + height + gap);
        Self { heading, heading_area, body_area, body, theme: *theme }
    }
}

fn holds_demo(block: &Block) -> bool {
    matches!(block, Block::Demo(_)) || block.children().any(holds_demo)
}

fn rows_below(area: Rect, taken: u16) -> Rect {
    let taken = taken.min(area.height);
    Rect { y: area.y + taken, height: area.height - taken, ..area }
}

/// Returns the level and the text of the heading that a slide begins with, and the blocks below it.
/// What only puts the title of a talk into the middle is left out, because it stands there anyway.
fn split_heading(blocks: &[Block], is_first: bool) -> (Option<u8>, &[TextRun], Cow<'_, [Block]>) {
    if let Some((Block::Heading { level: level @ (1 | 2), text }, rest)) = blocks.split_first() {
        return (Some(*level), text, rest.into());
    }
    let arranges = |block: &&Block| matches!(block, Block::Middle | Block::Blank(_));
    let before = blocks.iter().take_while(arranges).count();
    match &blocks[before..] {
        [Block::Heading { level: 1, text }, rest @ ..] if is_first => (Some(1), text, rest.into()),
        [Block::Styled { align, font_size, blocks: styled }, rest @ ..]
            if is_first && matches!(align, None | Some(ColumnAlign::Center)) =>
        {
            let [Block::Heading { level: 1, text }, below @ ..] = &styled[..] else {
                return (None, &[], blocks.into());
            };
            let (align, font_size, blocks) = (*align, *font_size, below.to_vec());
            let below = (!blocks.is_empty()).then_some(Block::Styled { align, font_size, blocks });
            (Some(1), text, below.into_iter().chain(rest.iter().cloned()).collect())
        }
        _ => (None, &[], blocks.into()),
    }
}

/// Returns the columns of a slide. One with nothing but a demo gives it the whole area.
pub(super) fn columns(blocks: &[Block], area: Rect) -> Columns {
    if let [Block::Demo(_)] = blocks {
        return Columns { all: area, margin: 0, text_width: area.width };
    }
    let margin = match area.width {
        0..40 => 0,
        40..90 => 2,
        _ => 4,
    };
    let width = area.width.saturating_sub(2 * margin);
    // On a wide screen text takes three fifths of it, so that it stands in the middle and a line is
    // still read at one glance.
    let text_width = width.min(MAX_TEXT_WIDTH.max(area.width / 5 * 3));
    let top = u16::from(area.height >= MIN_HEIGHT_FOR_MARGIN);
    // The last row is for the marks of what is out of sight.
    let all = Rect { y: area.y + top, height: area.height.saturating_sub(top + 1), ..area };
    Columns { all, margin, text_width }
}

/// Lays the body out. Demos share the rows that the rest of the slide leaves.
fn lay_out_body(
    input: &LayoutInput,
    blocks: &[Block],
    columns: Columns,
    align: ColumnAlign,
) -> SlideBody {
    let margin = input.deck.front_matter.theme.as_ref().and_then(|theme| theme.column_margin);
    let column_gap = margin.map_or(COLUMN_GAP, |margin| margin.cells(columns.all.width));
    let frame = BodyFrame {
        width: columns.all.width.max(1).into(),
        text_width: columns.text_width.max(1).into(),
        margin: columns.margin.into(),
        height: columns.all.height.into(),
        demo_rows: 0,
        align,
        column_gap: column_gap.into(),
    };
    let with_rows =
        |demo_rows: usize| lay_out_blocks(blocks, BodyFrame { demo_rows, ..frame }, input.style);
    let body = with_rows(0);
    if body.demos.is_empty() {
        return body;
    }
    // Demos side by side share rows, so what one more row for each costs shows how many share.
    let others = body.rows.len();
    let sharing = (with_rows(1).rows.len() - others).max(1);
    let free = frame.height.saturating_sub(others) / sharing;
    with_rows(free.max(input.min_demo_rows.into()))
}

/// Returns the area of the body, and the body with the blank rows that put a part of it in the
/// middle. A short body stands a little below the title, where the eye looks for it.
fn place_body(area: Rect, mut body: SlideBody) -> (Rect, SlideBody) {
    let free = usize::from(area.height).saturating_sub(body.rows.len());
    if let Some(middle) = body.middle.take() {
        body.insert_blank_rows(middle, free / 2);
        return (area, body);
    }
    let top = if area.height < MIN_HEIGHT_FOR_MIDDLE {
        (free / 3).min(5)
    } else {
        (free * 2 / 5).min(10)
    };
    (rows_below(area, top as u16), body)
}

impl SlideBody {
    /// Moves everything from row `at` on down by `count` rows.
    fn insert_blank_rows(&mut self, at: usize, count: usize) {
        let at = at.min(self.rows.len());
        let step = self
            .rows
            .get(at)
            .map_or(0, |row| row.pieces.iter().map(|piece| piece.step).min().unwrap_or(0));
        let blank = BodyRow { pieces: vec![RowPiece { step, ..RowPiece::default() }] };
        self.rows.splice(at..at, std::iter::repeat_n(blank, count));
        for row in self.demos.iter_mut().map(|demo| &mut demo.row).filter(|row| **row >= at) {
            *row += count;
        }
        for picture in self.pictures.iter_mut().filter(|picture| picture.row >= at) {
            picture.row += count;
        }
        for rows in self.pointed_out.iter_mut().filter(|rows| rows.first >= at) {
            rows.first += count;
            rows.last += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{Deck, FrontMatter, parse};
    use crate::slide::scrolling::SlideProgress;
    use crate::slide::testing::{blocks, laid_out, picture, rows_of, slide_of};

    fn talk(source: &str, authors: usize) -> Deck {
        let authors = (1..=authors).map(|number| format!("Author Number {number}")).collect();
        let front_matter = FrontMatter { authors, ..FrontMatter::default() };
        Deck { front_matter, ..parse(source).0 }
    }

    #[test]
    fn a_row_stays_free_below_a_title_only_where_no_line_sets_it_apart() {
        let rows = "- row\n".repeat(60);
        let wrapped = format!("## {}\n\n{rows}", "long title ".repeat(8));
        let small = laid_out(blocks(&wrapped), 60, 24);
        assert_eq!(small.heading.rows.len(), 3, "two lines of title and a line below them");
        assert_eq!(small.body_area.y, small.heading_area.bottom());
        let big = laid_out(blocks(&format!("## Title\n\n{rows}")), 200, 60);
        assert!(big.heading.rows.len() > 2);
        assert_eq!(big.body_area.y, big.heading_area.bottom() + 1);
        let fence = "```demo a\n```\n";
        let byline = slide_of(&talk(&format!("# Title\n\n{fence}"), 1), 0, 60, 24);
        assert_eq!(byline.heading.rows.len(), 3);
        assert!(byline.body_area.y > byline.heading_area.bottom());
    }

    #[test]
    fn the_first_slide_says_who_speaks_and_when_whatever_it_begins_with() {
        let front = "---\nauthor: Ann Author\ndate: 2 May\n---\n\n";
        for (body, is_title_page) in [
            ("# A title\n\nsome text\n", true),
            ("## A title\n\nsome text\n", false),
            ("some text\n", false),
            ("- some text\n", false),
            ("```demo weigh\n```\n\nsome text\n", false),
            ("# A title\n\n```demo weigh\n```\n\nsome text\n", false),
            (
                "<!-- alignment: center -->\n<!-- jump_to_middle -->\n\n# A title\n\nsome text\n",
                true,
            ),
            ("<div align=\"center\"><h1>A title</h1><p>some text</p></div>\n", true),
            ("<!-- alignment: right -->\n\n# A title\n\nsome text\n", false),
            (
                "%title: X\n%author: Ann Author\n%date: 2 May\n\n-> # A title <-\n\nsome text\n",
                true,
            ),
        ] {
            let front = if body.starts_with('%') { "" } else { front };
            let deck = parse(&format!("{front}{body}")).0;
            let rows = picture(&slide_of(&deck, 0, 80, 40), 0, (80, 40)).concat();
            for words in ["Ann Author · 2 May", "some text"] {
                assert_eq!(rows.matches(words).count(), 1, "{words} of {body}: {rows}");
            }
            assert_eq!(rows.contains('▀'), is_title_page, "{body}");
        }
    }

    #[test]
    fn no_title_and_no_list_of_authors_pushes_the_body_out() {
        let title = "A Title That Needs Three Lines On A Screen Of Forty Columns Only";
        for (rest, rows) in [("- a\n- b\n- c\n", 3), ("```demo a\n```\n", 3)] {
            let deck = talk(&format!("# {title}\n\n{rest}"), 10);
            let layout = slide_of(&deck, 0, 40, 11);
            let shown = picture(&layout, 0, (40, 11));
            assert!(layout.body_area.height >= rows, "{shown:#?}");
            assert!(layout.heading.is_cut, "{shown:#?}");
            assert!(shown[0].contains("A Title") && shown.concat().contains('…'), "{shown:#?}");
            assert!(shown.concat().contains("Author Number 1"), "{shown:#?}");
        }
        for height in 0..12 {
            let layout = slide_of(&talk(&format!("# {title}\n\ntext\n"), 10), 0, 40, height);
            let shown = picture(&layout, 0, (40, height));
            // The last row is for marks, and the title has at least one.
            assert_eq!(shown.iter().any(|row| row.trim() == "text"), height > 2, "{shown:#?}");
        }
        let roomy = slide_of(&talk(&format!("# {title}\n\ntext\n"), 10), 0, 100, 30);
        assert!(!roomy.heading.is_cut);
    }

    #[test]
    fn titles_of_all_european_languages_are_drawn_big() {
        for title in [
            "Zażółć gęślą jaźń",
            "Příliš žluťoučký kůň",
            "Árvíztűrő fúrógép",
            "İyi günler, ağaç ışık",
            "Ţara și ținutul",
            "Съешь ещё булок",
            "Їжак і ґава",
            "Љубљење и џем",
            "Ύμνος εις την",
            "Ἀθῆναι ᾧ ἐν",
            "Preis: 5 € „netto“",
            "C\u{327}a va e\u{301}te\u{301}",
        ] {
            let layout = slide_of(&talk(&format!("# {title}\n"), 0), 0, 100, 30);
            let shown = picture(&layout, 0, (100, 30));
            let is_drawn = |letter: char| " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█".contains(letter);
            assert!(shown.len() >= 4, "{title}: {shown:#?}");
            assert!(shown.iter().all(|row| row.chars().all(is_drawn)), "{title}: {shown:#?}");
        }
    }

    #[test]
    fn a_part_of_the_first_slide_can_go_to_the_middle_too() {
        let mut deck = talk("# Title\n\ntext\n", 1);
        deck.slides[0].blocks.insert(1, Block::Middle);
        let layout = slide_of(&deck, 0, 60, 24);
        let area = Rect::new(0, 0, 60, 24);
        let shown = crate::slide::testing::drawn(&layout, SlideProgress::default(), area);
        let line = |y: u16| (0..60).map(|x| shown[(x, y)].symbol()).collect::<String>();
        let y = (0..24).find(|&y| line(y).trim() == "text").expect("the text is in sight");
        assert!(layout.heading_area.y <= 1, "the title stands at the top");
        assert!((13..=17).contains(&y), "{y}: {:#?}", rows_of(&shown));
    }
}
