//! Tests of slides as a whole: what the directives and options make of a deck.

use std::collections::BTreeMap;

use crate::deck::parse::{read, warning_lines};
use crate::deck::{
    Block, Deck, Depth, FileReader, LineIndex, Slide, UnreadableFile, parse, parse_with, plain_text,
};

/// Files in memory, by their paths.
struct MemoryFiles(BTreeMap<&'static str, String>);

impl FileReader for MemoryFiles {
    fn read_text(&mut self, path: &str) -> Result<String, UnreadableFile> {
        self.0.get(path).cloned().ok_or_else(|| UnreadableFile::new("no such file"))
    }
}

fn include(source: &str, files: &[(&'static str, &str)]) -> (Deck, Vec<String>) {
    let files = files.iter().map(|&(path, text)| (path, text.to_owned())).collect();
    let (deck, warnings) = parse_with(&LineIndex::new(source), &mut MemoryFiles(files));
    (deck, warning_lines(&warnings))
}

/// Returns the texts of a slide's headings and paragraphs.
fn texts(slide: &Slide) -> Vec<String> {
    let text = |block: &Block| match block {
        Block::Heading { text, .. } | Block::Paragraph(text) => Some(plain_text(text)),
        _ => None,
    };
    slide.all_blocks().filter_map(text).collect()
}

#[test]
fn a_slide_that_is_skipped_is_left_out_with_its_warnings_on_the_next() {
    let source = "# A\n\n---\n\n<!-- skip_slide -->\n\n# Draft\n\n<!-- puase -->\n\n---\n\n# B\n";
    let (deck, warnings) = parse(source);
    let titles: Vec<_> = deck.slides.iter().filter_map(Slide::title).collect();
    assert_eq!(titles, ["A", "B"]);
    assert_eq!((warnings.len(), warnings[0].slide), (1, 1));
    let (deck, warnings) = read("# A\n\n<!-- skip_slide -->\n");
    assert_eq!(deck.slides, [Slide::default()]);
    assert!(warnings[0].contains("every slide is skipped"), "{warnings:?}");
}

#[test]
fn a_divider_at_the_top_makes_no_slide_and_one_too_many_is_told() {
    let (deck, warnings) = read("---\n\n# One\n\n---\n\n# Two\n");
    assert_eq!((deck.slides.len(), warnings), (2, vec![]));
    let (deck, warnings) = read("# One\n\n---\n\n---\n\n# Two\n");
    assert_eq!(deck.slides.len(), 3);
    assert!(warnings.len() == 1 && warnings[0].starts_with("5: this slide is empty"));
    let (deck, warnings) = read("# One\n\n---\n\n<!-- speaker_note: a -->\n\n---\n\n# Two\n");
    assert_eq!((deck.slides.len(), warnings), (3, vec![]), "a note alone is no mistake");
}

#[test]
fn titles_end_slides_if_the_deck_says_so() {
    let head = "---\noptions:\n  implicit_slide_ends: true\n";
    let body = "A\n===\n\na\n\n---\n\n# no title\n\nB\n---\n\nb\n";
    let (deck, _) = read(&format!("{head}---\n{body}"));
    assert_eq!(texts(&deck.slides[0]), ["A", "a", "no title"]);
    assert_eq!(texts(&deck.slides[1]), ["B", "b"]);
    let (deck, _) = read(&format!("{head}  h1_slide_titles: true\n---\n{body}"));
    assert_eq!(deck.slides.len(), 3);
    let (deck, _) = read(&format!("{head}  end_slide_shorthand: true\n---\n{body}"));
    assert_eq!(texts(&deck.slides[1]), ["no title"]);
}

#[test]
fn lists_and_tables_wait_if_the_deck_says_so() {
    let head = "---\noptions:\n  incremental_lists: true\n  incremental_tables: true\n---\n";
    let (deck, _) = read(&format!("{head}- a\n  - b\n- c\n\n| d |\n|---|\n| e |\n\nend\n"));
    assert_eq!(deck.slides[0].steps(), 1 + 3 + 1 + 1 + 1, "items, header, row, end");
    let (deck, _) = read(&format!("{head}<!-- incremental_lists: false -->\n- a\n- c\n"));
    assert_eq!(deck.slides[0].steps(), 1);
}

#[test]
fn a_prefix_of_commands_is_taken_off() {
    let head = "---\noptions:\n  command_prefix: \"cmd:\"\n---\n";
    let (deck, warnings) =
        read(&format!("{head}a\n\n<!-- cmd:pause -->\n\nb\n\n<!--cmd: end_slide-->\n\nc\n"));
    assert_eq!((deck.slides.len(), deck.slides[0].steps(), warnings), (2, 2, vec![]));
}

#[test]
fn columns_need_a_layout_and_what_stands_beside_them_is_told() {
    let (deck, warnings) = read(
        "<!-- column: 0 -->\n\na\n\n<!-- column_layout: [1, 1] -->\n\nb\n\n<!-- column: 2 -->\n\n\
         <!-- column: 1 -->\n\nc\n",
    );
    assert!(warnings[0].starts_with("1: there are no columns here"), "{warnings:?}");
    assert!(warnings[1].starts_with("7: this isn't in a column"), "{warnings:?}");
    assert!(warnings[2].starts_with("9: the layout has 2 columns; they are numbered from 0 to 1"));
    assert_eq!(texts(&deck.slides[0]), ["a", "b", "c"], "nothing is lost");
}

#[test]
fn the_depth_of_a_slide_is_its_own() {
    let (deck, _) = read("# A\n\n---\n\n<!-- depth: deep -->\n# B\n\n---\n\n# C\n");
    let depths: Vec<Depth> = deck.slides.iter().map(|slide| slide.depth).collect();
    assert_eq!(depths, [Depth::Core, Depth::Deep, Depth::Core]);
}

#[test]
fn an_included_file_is_read_in_place_with_its_slides() {
    let (deck, warnings) = include(
        "# A\n\n<!-- include: parts/one.md -->\n\nend\n",
        &[("parts/one.md", "one\n\n---\n\n<!-- include: two.md -->\n"), ("parts/two.md", "two\n")],
    );
    assert_eq!(warnings, [] as [&str; 0]);
    assert_eq!(texts(&deck.slides[0]), ["A", "one"]);
    assert_eq!(texts(&deck.slides[1]), ["two", "end"]);
    assert_eq!(deck.slides[1].position.line, 3, "where the deck includes it");
    assert_eq!(deck.files, ["parts/one.md", "parts/two.md"]);
}

#[test]
fn what_an_included_file_names_lies_beside_it() {
    let (deck, warnings) = include(
        "<!-- include: parts/one.md -->\n\n![a](a.png)\n",
        &[
            (
                "parts/one.md",
                "![b](b.png)\n\n> ![c](https://x.y/c.png)\n\n<!-- include: sub/two.md -->\n",
            ),
            ("parts/sub/two.md", "![d](d.png)\n\n```file\npath: e.rs\nlanguage: rust\n```\n"),
            ("parts/sub/e.rs", "fn e() {}\n"),
        ],
    );
    assert_eq!(warnings, [] as [&str; 0]);
    let images: Vec<_> = deck.slides[0]
        .all_blocks()
        .filter_map(|block| match block {
            Block::Image(image) => Some(image.path.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(images, ["parts/b.png", "https://x.y/c.png", "parts/sub/d.png", "a.png"]);
    assert_eq!(deck.files, ["parts/one.md", "parts/sub/two.md", "parts/sub/e.rs"]);
}

#[test]
fn what_is_wrong_with_an_included_file_is_told_where_it_is_included() {
    let (_, warnings) = include(
        "# A\n\n<!-- include: a.md -->\n\n<!-- include: nothing.md -->\n",
        &[("a.md", "---\ntitle: b\n---\n\n<!-- puase -->\n\n<!-- include: a.md -->\n")],
    );
    assert_eq!(warnings.len(), 4, "{warnings:?}");
    assert!(warnings[0].starts_with("3: in `a.md`, 1:1: front matter has no effect"));
    assert!(warnings[1].starts_with("3: in `a.md`, 5:1: unknown directive"), "{warnings:?}");
    assert!(warnings[2].starts_with("3: in `a.md`, 7:1: `a.md` includes itself"));
    assert_eq!(warnings[3], "5: could not include `nothing.md`: no such file");
}

#[test]
fn files_that_include_each_other_many_times_come_to_an_end() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let files: Vec<_> = names
        .windows(2)
        .map(|pair| (pair[0], format!("x\n\n<!-- include: {} -->\n\n", pair[1]).repeat(9)))
        .collect();
    let files: Vec<(&'static str, &str)> =
        files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let (deck, warnings) = include("# A\n\n<!-- include: a -->\n", &files);
    assert_eq!(deck.slides.len(), 1);
    assert!(warnings.iter().any(|warning| warning.contains("at most 8 deep")));
    assert!(warnings.iter().any(|warning| warning.contains("at most 500 files")));
}

#[test]
fn a_slide_of_settings_alone_is_carried_out() {
    let source = "---\nsrc: ./a.md\n---\n---\nsrc: ./b.md\n---\n---\nhide: true\n---\n";
    let files = [("./a.md", "# A\n"), ("./b.md", "# B\n")];
    let (deck, warnings) = include(source, &files);
    assert_eq!(deck.slides.iter().map(texts).collect::<Vec<_>>(), [["A"], ["B"]], "{warnings:?}");
}

#[test]
fn notes_stay_on_the_slide_before_a_file_that_goes_on_with_another() {
    let notes = |slide: &Slide| -> Vec<String> {
        let each = |block: &Block| match block {
            Block::Footnotes(notes) => {
                notes.iter().map(|note| note.mark.clone() + &format!("{:?}", note.blocks)).collect()
            }
            _ => Vec::new(),
        };
        slide.blocks.iter().flat_map(each).collect()
    };
    let source =
        "# A\n\na[^a]\n\n<!-- include: x/b.md -->\n\nc[^c]\n\n[^a]: first\n\n[^c]: third\n";
    let file = "b[^b]\n\n---\n\n# B\n\n[^b]: ![second](b.png)\n";
    let (deck, warnings) = include(source, &[("x/b.md", file)]);
    let found: Vec<Vec<String>> = deck.slides.iter().map(notes).collect();
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1], "{warnings:?}");
    assert!(found[0][0].starts_with('1') && found[0][0].contains("first"), "{found:?}");
    assert!(found[0][1].starts_with('1') && found[0][1].contains("x/b.png"), "{found:?}");
    assert!(found[1][0].starts_with('1') && found[1][0].contains("third"), "{found:?}");
    let (deck, _) = include(source, &[("x/b.md", "# B\n")]);
    assert_eq!(notes(&deck.slides[0]).len(), 2, "where the slide goes on, the numbers do");
}
