//! The whole way from source text to slides: front matter, dialect, dividers, directives.

use crate::deck::content::block::Block;
use crate::deck::content::slide::Deck;
use crate::deck::content::text_run::{TextRun, plain_text};
use crate::deck::dialect::{DialectEvidence, Reading};
use crate::deck::division::{SlideBuilder, add_title_slide};
use crate::deck::files::{FileReader, Files, NoFiles};
use crate::deck::front_matter::{FrontMatter, Head, read_head};
use crate::deck::position::LineIndex;
use crate::deck::reader::block_reader::{BlockReader, ReaderSetup};
use crate::deck::warning::Warning;
use crate::text;

/// Parses a deck that stands alone: see [`parse_with`].
pub fn parse(source: &str) -> (Deck, Vec<Warning>) {
    parse_with(&LineIndex::new(source), &mut NoFiles)
}

/// Parses a deck whose source has these lines, with the text of the files that it takes in from
/// `files`. Parsing never fails; problems come back as warnings, in file order.
///
/// Slides are separated by `---` on a line of its own or by `<!-- end_slide -->`, and in the decks
/// of other tools as these have it.
pub fn parse_with(lines: &LineIndex, files: &mut dyn FileReader) -> (Deck, Vec<Warning>) {
    let source = lines.source();
    let files = Files::new(files);
    let read_text = |path: &str| files.read_text(path);
    let mut head = read_head(source, lines);
    let mut warnings = std::mem::take(&mut head.warnings);
    let reading = Reading::new(source, &head);
    head.options.incremental_lists |= reading.lists_wait;
    let setup = ReaderSetup {
        read_text: &read_text,
        options: &head.options,
        palette: head.front_matter.theme.as_ref().map_or(&[], |theme| &theme.colors),
    };
    let mut reader = BlockReader::new(lines, &reading.text, &reading.places, setup);
    let has_title = head.front_matter.title.is_some() || reading.title.title.is_some();
    let builder = SlideBuilder::new(head.options.clone(), reading.dividers.clone(), has_title);
    let slides = builder.read_deck(&mut reader);
    warnings.append(&mut reader.warnings);
    for (at, message) in &reading.warnings {
        let position = lines.position(*at);
        let slide = slides.iter().filter(|slide| slide.position <= position).count();
        warnings.push(Warning::new(slide.saturating_sub(1), position, lines, message.as_str()));
    }
    // Text after the last divider that makes no slide of its own is reported on the last slide.
    let last = slides.len().saturating_sub(1);
    for warning in &mut warnings {
        warning.slide = warning.slide.min(last);
    }
    // Warnings about the front matter and about the slides come from different passes.
    warnings.sort_by_key(|warning| warning.position);
    let Head { mut front_matter, options, .. } = head;
    set_title(&mut front_matter, &reading);
    let dialect_evidence = reading.evidence.map(|at| {
        let position = lines.position(at);
        let text = text::sanitize(lines.line_text(position.line).trim()).into_owned();
        DialectEvidence { position, text }
    });
    let dialect = reading.dialect;
    let files = files.into_named();
    let title = front_matter.title.as_deref().map(title_runs);
    front_matter.title = title.as_deref().map(plain_text);
    front_matter.sub_title =
        front_matter.sub_title.as_deref().map(|text| plain_text(&title_runs(text)));
    let mut deck = Deck { front_matter, options, dialect, dialect_evidence, slides, files };
    add_title_slide(&mut deck, title, &mut warnings);
    (deck, warnings)
}

/// Returns the runs of a title in the front matter, which may have the styles of a heading.
fn title_runs(title: &str) -> Vec<TextRun> {
    let line = title.split_whitespace().collect::<Vec<_>>().join(" ");
    // A heading loses number signs at its end (CommonMark section 4.2).
    let heading = if line.ends_with('#') { String::new() } else { format!("# {line}\n") };
    let blocks = parse(&heading).0.slides.into_iter().flat_map(|slide| slide.blocks);
    let text = blocks.into_iter().find_map(|block| match block {
        Block::Heading { text, .. } => Some(text),
        _ => None,
    });
    text.filter(|runs| !runs.is_empty())
        .unwrap_or_else(|| vec![TextRun { text: line.into(), ..TextRun::default() }])
}

/// Adds what a title block says to the front matter.
fn set_title(front_matter: &mut FrontMatter, reading: &Reading) {
    let clean = |text: &String| text::sanitize(text).into_owned();
    let title = &reading.title;
    let FrontMatter { title: own_title, date, authors, .. } = front_matter;
    if own_title.is_none() {
        *own_title = title.title.as_ref().map(clean);
    }
    if date.is_none() {
        *date = title.date.as_ref().map(clean);
    }
    if authors.is_empty() {
        *authors = title.authors.iter().map(clean).collect();
    }
}

/// Parses a deck that stands alone. Its warnings are lines of `LINE: MESSAGE`.
#[cfg(test)]
pub(in crate::deck) fn read(source: &str) -> (Deck, Vec<String>) {
    let (deck, warnings) = parse(source);
    (deck, warning_lines(&warnings))
}

/// Returns warnings as lines of `LINE: MESSAGE`.
#[cfg(test)]
pub(in crate::deck) fn warning_lines(warnings: &[Warning]) -> Vec<String> {
    let line = |warning: &Warning| format!("{}: {}", warning.position.line, warning.message);
    warnings.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{AlertKind, Block, ColumnAlign, Position, Slide, plain_text};
    use crate::text;

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
        assert!(runs.iter().any(|run| run.style.bold && run.style.italic && *run.text == *"both"));
        assert_eq!(runs.last().unwrap().link.as_deref(), Some("https://x.y"));
        let Block::List { start: None, items, .. } = &blocks[2] else { panic!("{blocks:?}") };
        assert!(matches!(items[0].blocks[1], Block::List { start: Some(1), .. }));
        assert_eq!((items[0].task, items[1].task, items[2].task), (None, Some(true), Some(false)));
        let loose = slides("- [x] a\n\n- [ ] b\n").remove(0).blocks;
        let Block::List { loose: true, items, .. } = &loose[0] else { panic!("{loose:?}") };
        assert_eq!((items[0].task, items[1].task), (Some(true), Some(false)));
        let Block::Table(table) = &blocks[3] else { panic!("{blocks:?}") };
        assert_eq!(table.columns, [ColumnAlign::Left, ColumnAlign::Right]);
        assert_eq!(plain_text(&table.rows[0][1]), "2");
        assert!(matches!(&blocks[4], Block::Quote { alert: Some(AlertKind::Warning), .. }));
        let Block::Code(code) = &blocks[5] else { panic!("{blocks:?}") };
        assert_eq!((code.language.as_str(), &*code.text), ("go", "x :=    1\n"));
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
            warnings_of("# A\n\nsome text\n---\n\nmore\n"),
            ["4:1: this `---` makes the text above it a heading; put a blank line before it to \
              end the slide"]
        );
        assert_eq!(warnings_of("# A\n\n---\n\n---\n\n# B\n").len(), 1, "an empty slide");
        assert!(
            warnings_of("# A\n\n<!-- puase -->\n")[0].starts_with("3:1: unknown directive `puase`")
        );
        assert_eq!(
            warnings_of("# A\n\n<!-- speaker_note: oh\n# B\n"),
            ["3:1: this comment is never closed; end it with `-->`"]
        );
        assert!(warnings_of("# A\n\n<vid>x</vid>\n")[0].starts_with("3:1: `<vid>` has no effect"));
        let places: Vec<_> =
            warnings_of("# A\n\n <!-- puase --> <vid> <!-- pause -->\n<!-- open\n")
                .iter()
                .map(|warning| warning.split(' ').next().unwrap_or_default().to_owned())
                .collect();
        assert_eq!(places, ["3:2:", "3:17:", "4:1:"], "each piece of a block has its own place");
        assert!(warnings_of("# A\n\n<div> <!-- x\n")[0].starts_with("3:7: this comment is never"));
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
