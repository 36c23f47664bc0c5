//! Draws a slide that has been laid out: everything except its demos and pictures.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::slide::body::rows::{LineEmphasis, RowPiece, visible_width};
use crate::slide::layout::SlideLayout;
use crate::slide::scrolling::SlideProgress;
use crate::stage::set_line;
use crate::text;

impl SlideLayout {
    /// Draws everything except the demos and pictures. The text of a picture stands in its place.
    pub(crate) fn draw(&self, progress: SlideProgress, buffer: &mut Buffer) {
        self.draw_heading(buffer);
        let shown = self.body.rows.iter().skip(progress.scroll).take(self.body_area.height.into());
        for (y, row) in shown.enumerate() {
            let area = Rect { y: self.body_area.y + y as u16, height: 1, ..self.body_area };
            for piece in row.pieces.iter().filter(|piece| piece.step <= progress.step) {
                self.draw_piece(piece, area, progress, buffer);
            }
        }
        for (image, area) in self.picture_areas(progress) {
            let (middle, shown) = (area.visible.height / 2, area.visible);
            let alt = text::ellipsize(&image.alt, shown.width.into());
            let x = shown.x + (shown.width - text::width(&alt) as u16) / 2;
            buffer.set_string(x, shown.y + middle, alt, self.theme.dim());
        }
    }

    fn draw_heading(&self, buffer: &mut Buffer) {
        let area = self.heading_area.intersection(buffer.area);
        for (y, row) in self.heading.rows.iter().enumerate().take(area.height.into()) {
            let free = (area.width as usize).saturating_sub(row.width()) as u16 / 2;
            let x = if self.heading.is_centered { area.x + free } else { area.x };
            set_line(x, area.y + y as u16, row, area.right() - x, buffer);
        }
    }

    /// Draws a piece of a row into the area of the whole row.
    fn draw_piece(
        &self,
        piece: &RowPiece,
        row: Rect,
        progress: SlideProgress,
        buffer: &mut Buffer,
    ) {
        let part = |x: usize, width: usize| {
            let x = row.x.saturating_add(x.min(u16::MAX.into()) as u16);
            let width = width.min(u16::MAX.into()) as u16;
            Rect { x, width, ..row }.intersection(row)
        };
        let indent = piece.prefix.width();
        let prefix = part(piece.x, indent);
        set_line(prefix.x, prefix.y, &piece.prefix, prefix.width, buffer);
        let Some(sideways) = piece.sideways else {
            let area = part(piece.x + indent, usize::MAX / 2);
            set_line(area.x, area.y, &piece.body, area.width, buffer);
            return;
        };
        let area = part(piece.x + indent, sideways.room);
        if area.is_empty() {
            return;
        }
        let shift = sideways.shift(progress.scroll_x);
        let body = self.emphasized(piece, progress.step);
        if piece.panel {
            let shown = body.width().saturating_sub(shift).min(area.width.into()) as u16;
            buffer.set_style(Rect { width: shown, ..area }, Style::new().bg(self.theme.panel));
        }
        let visible = visible_width(&piece.body);
        let left = u16::from(shift > 0 && visible > 0);
        let right = u16::from(visible > shift + usize::from(area.width));
        // The cells of the marks stay free: a terminal never gets the second cell of a wide
        // character.
        let skipped = shift + usize::from(left);
        let body = if skipped > 0 { Cow::Owned(skip_cells(&body, skipped)) } else { body };
        set_line(area.x + left, area.y, &body, area.width.saturating_sub(left + right), buffer);
        let mark = self.theme.cursor();
        if right > 0 {
            buffer.set_string(area.right() - 1, area.y, "›", mark);
        }
        if left > 0 {
            buffer.set_string(area.x, area.y, "‹", mark);
        }
    }

    /// Returns the body of a piece as it looks at `step`: dimmed while other lines of its code
    /// stand out, marked while it stands out itself.
    fn emphasized<'a>(&self, piece: &'a RowPiece, step: usize) -> Cow<'a, Line<'static>> {
        let mut body = Cow::Borrowed(&piece.body);
        match piece.emphasis.as_ref().map_or(LineEmphasis::None, |emphasis| emphasis.at(step)) {
            LineEmphasis::None => {}
            LineEmphasis::Dimmed => {
                for span in &mut body.to_mut().spans {
                    span.style = self.theme.dim().remove_modifier(Modifier::BOLD);
                }
            }
            LineEmphasis::StandsOut => {
                // The first two cells of such code are free.
                if let Some(first) = body.to_mut().spans.first_mut() {
                    *first = Span::styled("▌ ", Style::new().fg(self.theme.accent));
                }
            }
        }
        body
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Cell;
    use ratatui::layout::Size;
    use ratatui::style::Color;

    use crate::deck::{
        Block, CodeBlock, Column, ColumnAlign, Deck, Footnote, FrontMatter, ImageBlock,
        LineSelection, Slide, parse,
    };
    use crate::slide::layout::LayoutInput;
    use crate::slide::listing::Highlights;
    use crate::slide::style::{PictureSizes, SlideStyle};
    use crate::slide::testing::{blocks, drawn, laid_out, picture, slide_of};
    use crate::stage::Theme;

    const SIZE: (u16, u16) = (60, 24);

    fn pictured(blocks: Vec<Block>, step: usize) -> Vec<String> {
        picture(&laid_out(blocks, SIZE.0, SIZE.1), step, SIZE)
    }

    #[test]
    fn columns_stand_side_by_side_by_their_weights_and_below_each_other_where_narrow() {
        let columns = || {
            let column = |weight, source| Column { weight, blocks: blocks(source) };
            vec![Block::Columns(vec![
                column(1, "- one\n- two\n- three\n"),
                column(1, "Text that is wider than half of the slide.\n"),
            ])]
        };
        assert_eq!(
            pictured(columns(), 0),
            [
                "  • one                        Text that is wider than",
                "  • two                        half of the slide.",
                "  • three",
            ]
        );
        let narrow = picture(&laid_out(columns(), 40, 24), 0, (40, 24));
        assert_eq!(
            narrow,
            [
                "  • one",
                "  • two",
                "  • three",
                "  Text that is wider than half of the",
                "  slide.",
            ]
        );
    }

    #[test]
    fn the_space_between_columns_is_the_one_that_the_deck_asks_for() {
        let pictured = |margin: &str| {
            let front_matter =
                format!("theme:\n  override:\n    column_layout:\n      margin: {margin}");
            let columns = "<!-- column_layout: [1, 1] -->\n\n<!-- column: 0 -->\n\nleft\n\n\
                           <!-- column: 1 -->\n\nright\n";
            let source = format!("---\n{front_matter}\n---\n\none\n\n---\n\n{columns}");
            let (deck, warnings) = parse(&source);
            assert_eq!(warnings, []);
            picture(&slide_of(&deck, 1, SIZE.0, SIZE.1), 0, SIZE)
        };
        assert_eq!(pictured("\n"), ["  left                         right"]);
        assert_eq!(pictured("{fixed: 0}"), ["  left                        right"]);
        assert_eq!(pictured("{fixed: 8}"), ["  left                            right"]);
        assert_eq!(pictured("{percent: 10}"), ["  left                           right"]);
        let too_wide = ["  left", "  right"];
        assert_eq!(pictured("{percent: 50}"), too_wide, "nothing is lost");
        assert_eq!(pictured("{fixed: 100}"), too_wide);
    }

    #[test]
    fn the_items_of_a_loose_list_stand_apart() {
        let gaps = |source: &str| {
            let layout = laid_out(blocks(source), SIZE.0, SIZE.1);
            let area = Rect::new(0, 0, SIZE.0, SIZE.1);
            let buffer = drawn(&layout, SlideProgress::default(), area);
            let bullets = (0..SIZE.1).filter(|&y| buffer[(2, y)].symbol() == "•");
            let rows: Vec<u16> = bullets.collect();
            rows.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<u16>>()
        };
        assert_eq!(gaps("- a\n- b\n- c\n"), [1, 1]);
        assert_eq!(gaps("- a\n\n- b\n- c\n"), [2, 2]);
    }

    #[test]
    fn each_column_waits_for_its_own_steps() {
        let column = |source| Column { weight: 1, blocks: blocks(source) };
        let columns = || {
            let first = column("left\n\n<!-- pause -->\n\nlower\n");
            vec![Block::Columns(vec![first, column("right\n")])]
        };
        assert_eq!(pictured(columns(), 0), ["  left"]);
        assert_eq!(pictured(columns(), 1), ["  left                         right", "  lower"]);
    }

    #[test]
    fn items_and_rows_that_pause_appear_one_by_one_in_the_order_of_reading() {
        let mut all = blocks("- a\n- b\n\n| n |\n|---|\n| 1 |\n| 2 |\n\nend\n");
        for block in &mut all {
            match block {
                Block::List { items, .. } => items[1].pauses = true,
                Block::Table(table) => table.pauses = true,
                _ => {}
            }
        }
        let slide = Slide { blocks: all.clone(), ..Slide::default() };
        assert_eq!(slide.steps(), 4);
        assert_eq!(pictured(all.clone(), 0), ["  • a"]);
        assert_eq!(pictured(all.clone(), 1), ["  • a", "  • b", "  n", "  ─"]);
        assert_eq!(pictured(all.clone(), 2)[4..], ["  1"]);
        assert_eq!(pictured(all, 3)[4..], ["  1", "  2", "  end"]);
    }

    #[test]
    fn selected_lines_of_code_stand_out_step_by_step_and_hide_nothing() {
        let code = CodeBlock {
            language: "go".to_owned(),
            text: "a()\nbb()\nc()\n".into(),
            first_number: Some(9),
            highlights: vec![LineSelection::All, LineSelection::lines([2..=2])],
            ..CodeBlock::default()
        };
        let all = [vec![Block::Code(code.into())], blocks("below\n")].concat();
        let layout = laid_out(all, SIZE.0, SIZE.1);
        let row = |step| picture(&layout, step, SIZE);
        assert_eq!(row(0), ["     9  a()", "    10  bb()", "    11  c()", "  below"]);
        assert_eq!(row(1), ["     9  a()", "  ▌ 10  bb()", "    11  c()", "  below"]);
        let area = Rect::new(0, 0, SIZE.0, SIZE.1);
        let buffer = drawn(&layout, SlideProgress { step: 1, ..SlideProgress::default() }, area);
        let color_of = |letter: &str| {
            buffer.content.iter().find(|cell| cell.symbol() == letter).map(|cell| cell.fg)
        };
        let dim = Some(Theme::DARK.dim);
        assert_eq!((color_of("a"), color_of("c")), (dim, dim));
        assert_ne!(color_of("b"), dim);
    }

    #[test]
    fn alignment_blank_rows_footnotes_and_the_middle() {
        let styled = |align, source| Block::Styled {
            align: Some(align),
            font_size: 1,
            blocks: blocks(source),
        };
        let mut all = vec![
            styled(ColumnAlign::Center, "```text\n┌─┐\n└─┘ x\n```\n"),
            styled(ColumnAlign::Right, "end\n"),
            Block::Blank(2),
            Block::Middle,
        ];
        all.extend(blocks("middle\n"));
        let note = Footnote { mark: "1".to_owned(), blocks: blocks("a note\n").into() };
        all.push(Block::Footnotes(vec![note]));
        let layout = laid_out(all, SIZE.0, SIZE.1);
        let buffer = drawn(&layout, SlideProgress::default(), Rect::new(0, 0, SIZE.0, SIZE.1));
        let row = |y: u16| {
            (0..SIZE.0).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned()
        };
        assert_eq!(row(0), format!("{}┌─┐", " ".repeat(27)));
        assert_eq!(row(1), format!("{}└─┘ x", " ".repeat(27)));
        assert_eq!(row(3), format!("{}end", " ".repeat(55)));
        let middle = (0..SIZE.1).find(|&y| row(y) == "  middle").unwrap();
        assert!((11..=14).contains(&middle), "{middle}");
        assert_eq!(row(middle + 2), "  ────────────");
        assert_eq!(row(middle + 3), "  1 a note");
    }

    #[test]
    fn titles_wrap_keep_their_emphasis_and_are_big_only_if_nothing_is_lost() {
        let title = "## REST is ~~dead~~ alive\n";
        let buffer = drawn(
            &laid_out(blocks(title), 80, 24),
            SlideProgress::default(),
            Rect::new(0, 0, 80, 24),
        );
        let struck = buffer
            .content
            .iter()
            .filter(|cell| cell.modifier.contains(Modifier::CROSSED_OUT))
            .map(Cell::symbol)
            .collect::<String>();
        assert_eq!(struck, "dead");
        let high = picture(&laid_out(blocks(title), 200, 60), 0, (200, 60));
        assert!(high[0].contains("REST is dead alive"), "{high:#?}");
        let area = Rect::new(0, 0, 200, 60);
        let big = laid_out(blocks("## REST is *alive*\n"), 200, 60);
        let big = drawn(&big, SlideProgress::default(), area);
        assert_eq!(crate::slide::testing::rows_of(&big).len(), 4);
        let color_at = |x: std::ops::Range<u16>| {
            let mut cells = x.flat_map(|x| (0..6).map(move |y| (x, y))).map(|at| &big[at]);
            cells.find(|cell| cell.symbol() != " ").map(|cell| cell.fg)
        };
        // The first four letters, and those behind the eighth, four columns each.
        assert_eq!(color_at(40..56), Some(Theme::DARK.accent));
        assert_eq!(color_at(72..92), Some(Theme::DARK.text));
        let long = format!("## {}\n", "日本語の長い題名".repeat(8));
        let rows = picture(&laid_out(blocks(&long), 60, 24), 0, (60, 24));
        let letters = rows.concat().matches('題').count();
        assert_eq!(letters, 8, "{rows:#?}");
    }

    #[test]
    fn the_title_page_keeps_drawings_whole_and_says_who_speaks() {
        let source = "# Start\n\n```text\n┌───┐\n│ a │─► b\n└───┘\n```\n\nsome text\n";
        let front_matter = FrontMatter {
            title: Some("Start".to_owned()),
            sub_title: Some("below it".to_owned()),
            authors: vec!["Ann".to_owned(), "Bob".to_owned()],
            event: Some("Conf".to_owned()),
            ..FrontMatter::default()
        };
        let deck = Deck { front_matter, ..parse(source).0 };
        let rows = picture(&slide_of(&deck, 0, 60, 30), 0, (60, 30));
        let x = |part: &str| {
            let row = rows.iter().find(|row| row.contains(part));
            row.map(|row| row.chars().take_while(|letter| *letter == ' ').count())
        };
        assert_eq!((x("┌───┐"), x("│ a │"), x("└───┘")), (Some(25), Some(25), Some(25)));
        assert_eq!(x("some text"), Some(25));
        assert_eq!((x("below it"), x("Ann · Bob · Conf")), (Some(26), Some(22)), "{rows:#?}");
    }

    #[test]
    fn titles_stand_in_one_column_and_wide_blocks_use_the_whole_screen() {
        let wide = "x".repeat(170);
        let texts = blocks(&format!("## Title ~~a~~\n\ntext\n\n```go\n{wide}\n```\n"));
        let demo = blocks("## Title ~~a~~\n\ntext\n\n```demo a\n```\n");
        let x = |rows: &[String], part: &str| rows.iter().find_map(|row| row.find(part));
        let texts = picture(&laid_out(texts, 200, 60), 0, (200, 60));
        let demo = laid_out(demo, 200, 60);
        let area = demo.demo_areas(SlideProgress::default())[0].unwrap().visible;
        let demo = picture(&demo, 0, (200, 60));
        assert_eq!((x(&texts, "Title"), x(&demo, "Title")), (Some(40), Some(40)));
        assert_eq!((x(&texts, "text"), x(&demo, "text")), (Some(40), Some(40)));
        assert!(texts.iter().any(|row| row.contains(&wide)), "the code is cut");
        assert_eq!((area.x, area.width), (10, 180));
    }

    #[test]
    fn a_block_that_fits_stays_while_a_wider_one_moves_sideways() {
        let source =
            format!("```text\nnarrow\n```\n\n```text\nstart {} end\n```\n", "-".repeat(80));
        let layout = laid_out(blocks(&source), 60, 24);
        let rows = picture(&layout, 0, SIZE);
        assert!(rows[1].starts_with("start -") && rows[1].ends_with('›'), "{rows:#?}");
        assert!(!rows[0].contains('›'), "nothing of it is hidden");
        let far = SlideProgress { scroll_x: usize::MAX, ..SlideProgress::default() };
        let moved = drawn(&layout, layout.clamped(far), Rect::new(0, 0, 60, 24));
        let moved = crate::slide::testing::rows_of(&moved);
        assert!(moved[0].contains("narrow"), "{moved:#?}");
        assert!(moved[1].starts_with('‹') && moved[1].ends_with("- end"), "{moved:#?}");
    }

    #[test]
    fn marks_reach_the_terminal_beside_wide_characters() {
        let source = format!("```go\n{}\n```\n", "漢字".repeat(40));
        for width in [40, 41, 42, 43] {
            let layout = laid_out(blocks(&source), width, 10);
            let area = Rect::new(0, 0, width, 10);
            for (scroll_x, left, right) in
                [(0, 0, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1), (usize::MAX, 1, 0)]
            {
                let progress = layout.clamped(SlideProgress { scroll_x, ..Default::default() });
                let shown = drawn(&layout, progress, area);
                let before = Buffer::filled(area, Cell::new("x"));
                let sent = before.diff(&shown).into_iter();
                let sent = sent.filter(|(_, y, _)| *y == layout.body_area.y);
                let sent: Vec<&Cell> = sent.map(|(.., cell)| cell).collect();
                let count = |mark| sent.iter().filter(|cell| cell.symbol() == mark).count();
                assert_eq!(
                    (count("‹"), count("›")),
                    (left, right),
                    "{width}, {scroll_x}: {sent:?}"
                );
                assert!(sent.iter().all(|cell| cell.bg != Color::Reset), "a hole in the panel");
            }
        }
    }

    #[test]
    fn a_row_is_copied_only_where_its_code_is_emphasized() {
        let code = CodeBlock {
            text: "a()\nb()\n".into(),
            highlights: vec![LineSelection::All, LineSelection::lines([2..=2])],
            ..CodeBlock::default()
        };
        let layout = laid_out(vec![Block::Code(code.into())], 40, 10);
        let piece = &layout.body.rows[0].pieces[0];
        assert!(matches!(layout.emphasized(piece, 0), Cow::Borrowed(_)));
        assert!(matches!(layout.emphasized(piece, 1), Cow::Owned(_)));
    }

    #[test]
    fn a_picture_of_known_size_has_its_place_and_one_of_unknown_size_its_text() {
        let image = |path: &str| {
            let (path, alt) = (path.to_owned(), format!("text of {path}"));
            Block::Image(ImageBlock { path, alt, ..ImageBlock::default() }.into())
        };
        let blocks = vec![image("a.png"), image("b.png")];
        let slides = vec![Slide { blocks, ..Slide::default() }];
        let deck = Deck { slides, ..Deck::default() };
        let mut pictures = PictureSizes::default();
        pictures.insert("a.png".to_owned(), Ok(Size::new(30, 5)));
        let highlights = Highlights::default();
        let style = SlideStyle {
            theme: &Theme::DARK,
            highlights: &highlights,
            pictures: &pictures,
            shows_reasons: false,
        };
        let input = LayoutInput { deck: &deck, slide_index: 0, min_demo_rows: 0, style };
        let layout = SlideLayout::new(&input, Rect::new(0, 0, 60, 20));
        let areas = layout.picture_areas(SlideProgress::default());
        let [(image, area)] = areas[..] else { panic!("{} pictures", areas.len()) };
        assert_eq!((image.path.as_str(), area.visible.x, area.visible.width), ("a.png", 15, 30));
        assert_eq!((area.visible.height, area.total_rows), (5, 5));
        let rows = picture(&layout, 0, (60, 20));
        assert_eq!(
            rows,
            [format!("{}text of a.png", " ".repeat(23)), "  text of b.png".to_owned()]
        );
    }
}
