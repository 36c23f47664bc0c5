//! The whole way from source text to slides: front matter, dividers, directives.
//!
//! `block_reader` reads the blocks of a slide; this file decides where slides begin and end.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::deck::block_reader::{BlockReader, EventIter};
use crate::deck::directive::{self, Directive, HtmlPiece};
use crate::deck::title_slide::add_title_slide;
use crate::deck::{Block, Deck, LineIndex, Slide, Warning, front_matter};
use crate::text;

/// Parses a deck. Parsing never fails; problems come back as warnings, in file order.
///
/// Slides are separated by `---` on a line of its own or by `<!-- end_slide -->`.
pub fn parse(source: &str) -> (Deck, Vec<Warning>) {
    let lines = LineIndex::new(source);
    let (meta, body, mut warnings) = front_matter::parse_front_matter(source, &lines);
    let options = Options::from_iter([
        Options::ENABLE_TABLES,
        Options::ENABLE_STRIKETHROUGH,
        Options::ENABLE_TASKLISTS,
        Options::ENABLE_GFM,
    ]);
    let events = Parser::new_ext(&source[body..], options).into_offset_iter();
    let mut builder = SlideBuilder {
        source,
        slides: Vec::new(),
        slide: Slide { position: lines.position(body), ..Slide::default() },
        reader: BlockReader::new(&lines, body),
    };
    builder.read_slides(events.peekable());
    let slides = builder.slides;
    warnings.append(&mut builder.reader.warnings);
    // Text after the last divider that makes no slide of its own is reported on the last slide.
    let last = slides.len().saturating_sub(1);
    for warning in &mut warnings {
        warning.slide = warning.slide.min(last);
    }
    // Warnings about the front matter and about the slides come from different passes.
    warnings.sort_by_key(|warning| warning.position);
    let mut deck = Deck { front_matter: meta, slides };
    add_title_slide(&mut deck, &mut warnings);
    (deck, warnings)
}

struct SlideBuilder<'a> {
    source: &'a str,
    slides: Vec<Slide>,
    slide: Slide,
    reader: BlockReader<'a>,
}

impl<'a> SlideBuilder<'a> {
    fn read_slides(&mut self, mut events: EventIter<'a>) {
        while let Some((event, range)) = events.next() {
            match event {
                // Only `---` divides slides; `***` and `___` draw a line.
                Event::Rule if self.reader.slice(&range).trim_start().starts_with('-') => {
                    self.end_slide(range.end);
                }
                Event::Start(Tag::HtmlBlock) => self.read_html(&mut events, &range),
                event => {
                    let block = self.reader.block(event, &range, &mut events);
                    self.slide.blocks.extend(block);
                    self.slide.notes.append(&mut self.reader.notes);
                }
            }
        }
        self.finish();
    }

    /// Handles comments at the top level of a slide. Each can be a directive.
    fn read_html(&mut self, events: &mut EventIter<'a>, range: &Range<usize>) {
        let html = self.reader.slice(range);
        for (_, inner) in events.by_ref() {
            // The end tag of an HTML block has the range of the whole block.
            if inner == *range {
                break;
            }
        }
        for piece in directive::split_html(html) {
            match piece {
                HtmlPiece::Comment(at, comment) => self.apply_directive(range.start + at, comment),
                HtmlPiece::Unclosed(at) => {
                    self.reader
                        .warn(range.start + at, "this comment is never closed; end it with `-->`");
                }
                HtmlPiece::Html(at, _) => {
                    self.reader
                        .warn(range.start + at, "HTML is not rendered; write it in Markdown");
                }
            }
        }
    }

    fn apply_directive(&mut self, at: usize, comment: &str) {
        match directive::parse_directive(comment) {
            Directive::Pause => self.slide.blocks.push(Block::Pause),
            Directive::EndSlide => self.end_slide(at + "<!---->".len() + comment.len()),
            Directive::Section(name) => {
                self.slide.section = Some(text::sanitize(&name).into_owned());
            }
            Directive::SpeakerNote(note) => self.slide.notes.push(note),
            Directive::Invalid(message) => self.reader.warn(at, message),
            Directive::Comment => {}
        }
    }

    /// Ends the current slide. The next one begins after the body offset `end`.
    fn end_slide(&mut self, end: usize) {
        // A section lasts until the next one, so the new slide inherits it.
        let section = self.slide.section.clone();
        if self.slide.blocks.is_empty() {
            self.reader.warn(
                end.saturating_sub(1),
                "this slide is empty; remove this divider or add content above it",
            );
        }
        let rest = &self.source[self.reader.file_offset(end)..];
        let blank = rest.len() - rest.trim_start().len();
        let next =
            Slide { position: self.reader.position(end + blank), section, ..Slide::default() };
        self.slides.push(std::mem::replace(&mut self.slide, next));
        self.reader.slide += 1;
    }

    fn finish(&mut self) {
        let last = std::mem::take(&mut self.slide);
        if !last.blocks.is_empty() || self.slides.is_empty() {
            if last.blocks.is_empty() {
                self.reader.warn(0, "the deck is empty; write a heading: `# My talk`");
            }
            self.slides.push(last);
        } else {
            // A note after the last divider belongs to the slide before it.
            let tail = self.slides.last_mut().expect("`slides` is not empty here");
            tail.notes.extend(last.notes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{AlertKind, CodeBlock, ColumnAlign, Position, plain_text};

    fn warnings_of(source: &str) -> Vec<String> {
        parse(source)
            .1
            .iter()
            .map(|w| format!("{}:{}: {}", w.position.line, w.position.column, w.message))
            .collect()
    }

    fn slides(source: &str) -> Vec<Slide> {
        let (deck, warnings) = parse(source);
        assert_eq!(warnings, [], "{source}");
        deck.slides
    }

    #[test]
    fn what_is_odd_behind_the_last_slide_shows_on_it() {
        let (deck, warnings) = parse("# A\n\n---\n\n# B\n\n---\n\n<!-- never closed\n");
        assert_eq!((deck.slides.len(), warnings.len()), (2, 1));
        assert_eq!((warnings[0].slide, warnings[0].position), (1, Position { line: 9, column: 1 }));
    }

    #[test]
    fn dividers_and_sections() {
        let slides = slides(
            "# A\n\n---\n\n<!-- section: One -->\n# B\n\n<!-- end_slide -->\n\n# \
             C\n\n***\n\nbelow the rule\n",
        );
        let found: Vec<_> = slides
            .iter()
            .map(|s| (s.title().unwrap(), s.section.as_deref(), s.position.line))
            .collect();
        assert_eq!(
            found,
            [("A".into(), None, 1), ("B".into(), Some("One"), 5), ("C".into(), Some("One"), 10)]
        );
        assert_eq!(slides[2].blocks[1], Block::Rule);
    }

    #[test]
    fn pauses_and_notes() {
        let slides =
            slides("# A\n\n<!-- pause -->\n\nlater\n\n<!-- speaker_note: say it\ntwice -->\n");
        assert_eq!(slides[0].steps(), 2);
        assert_eq!(slides[0].notes, ["say it\ntwice"]);
    }

    #[test]
    fn a_note_behind_the_last_divider_belongs_to_the_slide_before_it() {
        let slides = slides(
            "# A\n\n<!-- speaker_note: one -->\n\n---\n\n# B\n\n---\n\n\
             <!-- speaker_note: two -->\n",
        );
        let notes: Vec<_> = slides.iter().map(|slide| slide.notes.concat()).collect();
        assert_eq!(notes, ["one", "two"]);
    }

    #[test]
    fn the_first_slide_begins_below_the_front_matter() {
        let slides = slides("---\ntitle: x\n---\n# A\n\n---\n\n# B\n");
        let lines: Vec<_> = slides.iter().map(|slide| slide.position.line).collect();
        assert_eq!(lines, [4, 8]);
    }

    #[test]
    fn everything_a_slide_can_hold() {
        let source = "## H\n\nplain **bold *both*** ~~gone~~ `code` [link](https://x.y)\n\n- a\n  \
                      1. b\n- [x] done\n- [ ] open\n\n| L | R |\n|:--|--:|\n| 1 | 2 |\n\n> \
                      [!WARNING]\n> careful\n\n```go\nx :=\t1\n```\n";
        let blocks = slides(source).remove(0).blocks;
        let Block::Paragraph(runs) = &blocks[1] else { panic!("{blocks:?}") };
        assert_eq!(plain_text(runs), "plain bold both gone code link");
        assert!(runs.iter().any(|run| run.style.bold && run.style.italic && run.text == "both"));
        assert_eq!(runs.last().unwrap().link.as_deref(), Some("https://x.y"));
        let Block::List { start: None, items } = &blocks[2] else { panic!("{blocks:?}") };
        assert!(matches!(items[0].blocks[1], Block::List { start: Some(1), .. }));
        assert_eq!((items[0].task, items[1].task, items[2].task), (None, Some(true), Some(false)));
        let loose = slides("- [x] a\n\n- [ ] b\n").remove(0).blocks;
        let Block::List { items, .. } = &loose[0] else { panic!("{loose:?}") };
        assert_eq!((items[0].task, items[1].task), (Some(true), Some(false)));
        let Block::Table(table) = &blocks[3] else { panic!("{blocks:?}") };
        assert_eq!(table.columns, [ColumnAlign::Left, ColumnAlign::Right]);
        assert_eq!(plain_text(&table.rows[0][1]), "2");
        assert!(matches!(&blocks[4], Block::Quote { alert: Some(AlertKind::Warning), .. }));
        assert_eq!(
            blocks[5],
            Block::Code(CodeBlock {
                language: "go".into(),
                lines: vec!["x :=    1".into()],
                ..CodeBlock::default()
            })
        );
    }

    #[test]
    fn a_demo_fence_keeps_its_places() {
        let slides = slides("# A\n\n```demo inspect\nserver = \"echo\"\ntext = \"Hello\"\n```\n");
        let fence = slides[0].demos().next().unwrap();
        assert_eq!(
            (fence.name.as_str(), fence.position),
            ("inspect", Position { line: 3, column: 9 })
        );
        assert_eq!(fence.settings[1].position, Position { line: 5, column: 1 });
    }

    #[test]
    fn what_is_odd_is_reported_where_it_stands() {
        assert_eq!(
            warnings_of("some text\n---\n\nmore\n"),
            ["2:1: this `---` makes the text above it a heading; put a blank line before it to \
              end the slide"]
        );
        assert_eq!(warnings_of("# A\n\n---\n\n---\n\n# B\n").len(), 1, "an empty slide");
        assert!(
            warnings_of("# A\n\n<!-- puase -->\n")[0].starts_with("3:1: unknown directive `puase`")
        );
        assert_eq!(
            warnings_of("# A\n\n<!-- speaker_note: oh\n\n# B\n"),
            ["3:1: this comment is never closed; end it with `-->`"]
        );
        assert!(warnings_of("# A\n\n<div>x</div>\n")[0].starts_with("3:1: HTML is not rendered"));
        let places: Vec<_> = warnings_of("# A\n\n <!-- puase --> <i> <!-- pause -->\n<!-- open\n")
            .iter()
            .map(|warning| warning.split(' ').next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(places, ["3:2:", "3:17:", "4:1:"], "each piece of a block has its own place");
        assert!(warnings_of("# A\n\n<div> <!-- x\n")[1].starts_with("3:7: this comment is never"));
        assert!(warnings_of("# A\n\n```demo\n```\n")[0].contains("a demo fence needs a name"));
        assert!(
            warnings_of("# A\n\nx \u{1b}[31m\n")[0].starts_with("3:3: control character U+001B")
        );
        assert_eq!(warnings_of(""), ["1:1: the deck is empty; write a heading: `# My talk`"]);
    }

    #[test]
    fn no_control_character_is_left_anywhere() {
        let source = "---\ntitle: \"a\\u001bb\"\n---\n# \u{7}x\n\n<!-- section: \u{1b}]0;x\u{7} \
                      -->\n\n`\u{9b}`\n\n```\n\u{1b}[2J\n```\n\n- \u{202e}x\n";
        let (deck, warnings) = parse(source);
        let all = format!(
            "{deck:?}{}",
            warnings.iter().map(|w| w.report("x.md").to_string()).collect::<String>()
        );
        let left: Vec<char> =
            all.chars().filter(|&c| c != '\n' && text::is_terminal_control(c)).collect();
        assert_eq!(left, [] as [char; 0]);
    }

    /// Returns the maximum nesting depth of `blocks`, and their number.
    fn measured(blocks: &[Block]) -> (usize, usize) {
        let inner = |blocks: &[Block]| {
            let (depth, count) = measured(blocks);
            (depth + 1, count + 1)
        };
        let each = |block: &Block| match block {
            Block::Quote { blocks, .. } => inner(blocks),
            Block::List { items, .. } => items
                .iter()
                .map(|item| inner(&item.blocks))
                .fold((1, 1), |(depth, count), (deeper, more)| (depth.max(deeper), count + more)),
            _ => (0, 1),
        };
        blocks.iter().map(each).fold((0, 0), |(depth, count), (d, c)| (depth.max(d), count + c))
    }

    fn assert_bounded(source: &str) -> Vec<Warning> {
        let (deck, warnings) = parse(source);
        for slide in &deck.slides {
            let (depth, count) = measured(&slide.blocks);
            assert!(depth <= 100, "{depth} levels");
            assert!(count <= source.len(), "{count} blocks from {} bytes", source.len());
        }
        warnings
    }

    #[test]
    fn what_is_nested_too_deep_is_left_out_and_reported_where_it_begins() {
        let warnings_of = |source: &str| {
            let warnings = assert_bounded(source);
            let place =
                warnings.first().map(|warning| (warning.position.line, warning.position.column));
            (warnings.len(), place)
        };
        for count in [0, 1, 99, 100] {
            assert_eq!(
                warnings_of(&format!("# a\n\n{} x", ">".repeat(count))),
                (0, None),
                "{count}"
            );
        }
        for count in [101, 8_000, 100_000] {
            assert_eq!(
                warnings_of(&format!("# a\n\n{} x", ">".repeat(count))),
                (1, Some((3, 101))),
                "{count}"
            );
            assert_eq!(
                warnings_of(&format!("# a\n\n{}x", "- ".repeat(count))),
                (1, Some((3, 201))),
                "{count}"
            );
        }
        let (deck, _) = parse(&format!("{} x\n\nafter\n\n---\n\n# Next\n", ">".repeat(8_000)));
        assert_eq!(deck.slides.len(), 2, "what follows is read on");
        assert_eq!(deck.slides[0].blocks.len(), 2);
    }

    proptest::proptest! {
        /// The opening signs of everything that nests, in any order, on one or several lines,
        /// followed by text.
        #[test]
        fn no_nesting_is_too_deep(
            signs in proptest::collection::vec(proptest::sample::select(vec![
                "> ", ">", "- ", "1. ", "* ", "+ ", "  ", "- [x] ", "*", "**", "_", "~~", "[", "](x)", "![", "`", "|", "\n|-|\n",
                "> [!NOTE]\n", "<!-- pause -->", "\n", "\n\n", "    ", "```\n", "x ",
            ]), 1..40),
            times in 1_usize..400,
        ) {
            let source = signs.concat();
            assert_bounded(&source.repeat(times));
            let each: String = signs.iter().map(|sign| sign.repeat(times)).collect();
            assert_bounded(&each);
        }
    }
}
