//! The decks of `tests/decks`, each in the dialect of its tool, as they are read.

use crate::deck::dialect::Dialect;
use crate::deck::parse::read;
use crate::deck::{Block, Depth, Position, Slide, plain_text};

macro_rules! deck {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/decks/", $name, ".md"))
    };
}

/// Each deck with its dialect and the line that shows it; for each slide the title, the number of
/// steps, and the notes.
type Expected =
    (&'static str, Dialect, usize, &'static [(&'static str, usize, &'static [&'static str])]);

const DECKS: &[Expected] = &[
    (
        deck!("marp"),
        Dialect::Marp,
        2,
        &[
            (
                "WebSocket in an hour",
                1,
                &["Greet the back row.\nAsk who has opened the network tab before."],
            ),
            ("One request, then none", 1, &["The key proves nothing about who asks."]),
            ("What appears bit by bit", 6, &[]),
            ("A rule between slides", 1, &[]),
            ("The last one", 1, &[]),
        ],
    ),
    (
        deck!("slidev"),
        Dialect::Slidev,
        26,
        &[
            ("Frames on the wire", 1, &["Begin with the packet capture on the other screen."]),
            ("Masking", 5, &["Mention the paper of 2010."]),
            ("Text", 1, &[]),
            ("Closing", 5, &[]),
            ("Questions", 1, &[]),
        ],
    ),
    (
        deck!("reveal"),
        Dialect::RevealMd,
        4,
        &[
            (
                "Staying connected",
                1,
                &["Do not show the demo yet.\n\n- it fails on hotel networks"],
            ),
            ("Who may ping", 3, &["One pong answers the latest ping."]),
            ("A step down", 2, &[]),
            ("Timeouts", 1, &[]),
            ("The end", 1, &["thank the organisers"]),
        ],
    ),
    (
        deck!("patat"),
        Dialect::Patat,
        4,
        &[
            ("Backpressure", 1, &["Start the slow reader before this slide."]),
            ("A slow reader", 6, &["The third is what most libraries do."]),
            ("In code", 1, &[]),
            ("What to remember", 1, &[]),
        ],
    ),
    (
        deck!("deckhand"),
        Dialect::Deckhand,
        27,
        &[
            ("One socket, many readers", 1, &["Plug in the second laptop."]),
            ("The hub", 1, &[]),
            ("Why once", 1, &["Show the flame graph if somebody asks."]),
            ("And contexts", 1, &[]),
            ("Live", 1, &[]),
            ("Slides", 1, &[]),
        ],
    ),
    (
        deck!("presenterm"),
        Dialect::Presenterm,
        3,
        &[
            ("Reading a capture", 1, &[]),
            ("What a capture has", 2, &["Say what a gap is.\nThen show one."]),
            ("Side by side", 2, &[]),
            ("Step by step", 7, &[]),
            ("The end", 1, &[]),
        ],
    ),
    (
        deck!("lookatme"),
        Dialect::Lookatme,
        5,
        &[
            ("Compression on the wire", 1, &[]),
            ("Negotiation", 3, &[]),
            ("Memory", 1, &[]),
            ("Verdict", 1, &[]),
        ],
    ),
    (
        deck!("mdp"),
        Dialect::Mdp,
        1,
        &[("Opening handshakes", 1, &[]), ("The key", 4, &[]), ("The answer", 1, &[])],
    ),
    (
        deck!("pandoc"),
        Dialect::Pandoc,
        1,
        &[
            ("Tunnels", 1, &[]),
            ("CONNECT", 2, &["Draw the three boxes."]),
            ("Two ways", 1, &[]),
            ("One by one", 3, &[]),
        ],
    ),
    (
        deck!("remark"),
        Dialect::Remark,
        1,
        &[
            ("Close codes", 1, &["Hand out the sheet."]),
            ("The common ones", 3, &["It stands for a connection that broke."]),
            ("Sent", 1, &[]),
        ],
    ),
    (
        deck!("deckset"),
        Dialect::Deckset,
        1,
        &[("Long polling", 1, &["Ask who remembers Comet."]), ("The rounds", 3, &[]), ("", 1, &[])],
    ),
];

/// Returns the text of the blocks, with `|` between those of a slide.
fn text(slide: &Slide) -> String {
    let texts = slide.all_blocks().filter_map(|block| match block {
        Block::Paragraph(runs) | Block::Heading { text: runs, .. } => Some(plain_text(runs)),
        Block::Code(code) => Some(code.text.trim_end().to_owned()),
        _ => None,
    });
    texts.collect::<Vec<String>>().join(" | ")
}

#[test]
fn every_dialect_gives_its_slides_steps_and_notes() {
    for &(source, dialect, line, slides) in DECKS {
        let (deck, warnings) = read(source);
        assert_eq!(deck.dialect, dialect);
        let evidence = deck.dialect_evidence.clone().unwrap();
        assert_eq!(evidence.position, Position { line, column: 1 }, "{dialect}: {evidence:?}");
        let found: Vec<_> = deck
            .slides
            .iter()
            .map(|slide| (slide.title().unwrap_or_default(), slide.steps(), slide.notes.clone()))
            .collect();
        let expected: Vec<_> = slides
            .iter()
            .map(|&(title, steps, notes)| {
                (title.to_owned(), steps, notes.iter().map(|&note| note.to_owned()).collect())
            })
            .collect::<Vec<(String, usize, Vec<String>)>>();
        assert_eq!(found, expected, "{dialect}: {warnings:?}");
    }
}

#[test]
fn nothing_of_the_tool_itself_is_shown_to_the_room() {
    let marks = [
        "???",
        "^",
        "Note:",
        "Notes:",
        "note:",
        ":::",
        "::right::",
        "v-click",
        "layout:",
        "hide:",
        "class:",
        "name:",
        "[.",
        "[fit]",
        "-> ",
        "<-",
        "%title",
        ".red[",
        "||",
        ".element",
        ". . .",
        "speaker_note",
        "transition:",
        "footer:",
    ];
    for &(source, dialect, ..) in DECKS {
        for slide in read(source).0.slides {
            let shown = text(&slide);
            for mark in marks {
                assert!(!shown.contains(mark), "{dialect}: {mark} in {shown}");
            }
        }
    }
}

#[test]
fn titles_above_the_slides_are_read_in_every_form() {
    let head = |source: &str| {
        let front_matter = read(source).0.front_matter;
        (front_matter.title.unwrap_or_default(), front_matter.authors, front_matter.date)
    };
    let (title, authors, date) = head(deck!("mdp"));
    assert_eq!((title.as_str(), date.as_deref()), ("Opening handshakes", Some("2023-11-08")));
    assert_eq!(authors, ["The protocol group"]);
    let (title, authors, date) = head(deck!("pandoc"));
    assert_eq!((title.as_str(), date.as_deref()), ("Tunnels for WebSocket", Some("2022")));
    assert_eq!(authors, ["A. Network", "The protocol group"]);
    let toml = "+++\ntitle = \"A\"\nauthor = \"B\"\n+++\n\n# C\n\n---\n\n# D\n";
    assert_eq!(head(toml), ("A".to_owned(), vec!["B".to_owned()], None));
    assert_eq!(read(toml).0.slides.len(), 2);
}

#[test]
fn what_the_dialects_arrange_is_arranged() {
    let columns = |source: &str, slide: usize| -> Vec<usize> {
        let found = read(source).0.slides.remove(slide);
        let columns = found.blocks.into_iter().find_map(|block| match block {
            Block::Columns(columns) => Some(columns),
            _ => None,
        });
        columns.unwrap_or_default().iter().map(|column| column.blocks.len()).collect()
    };
    assert_eq!(columns(deck!("slidev"), 2), [2, 2]);
    assert_eq!(columns(deck!("deckhand"), 4), [2, 1]);
    assert_eq!(columns(deck!("pandoc"), 2), [1, 1]);
    assert_eq!(columns(deck!("presenterm"), 2), [1, 1]);
    assert_eq!(columns(deck!("deckset"), 2), [1, 1]);
    let depths: Vec<Depth> =
        read(deck!("deckhand")).0.slides.iter().map(|slide| slide.depth).collect();
    let (core, deep) = (Depth::Core, Depth::Deep);
    assert_eq!(depths, [core, core, deep, deep, core, core]);
    let presenterm = read(deck!("presenterm")).0;
    assert!(presenterm.slides[2].blocks.contains(&Block::Rule), "a line, no divider");
    let last = &presenterm.slides[4];
    assert!(last.hides_footer && last.blocks.contains(&Block::Middle));
}

#[test]
fn warnings_stand_where_the_deck_was_written() {
    let deck = "# A\n\n--\n\n## B\n\n???\nc\n\n---\n\n# C\n\n<!-- puase -->\n";
    let (deck, warnings) = read(deck);
    assert_eq!(deck.dialect, Dialect::Deckhand);
    assert!(
        warnings.len() == 1 && warnings[0].starts_with("14: unknown directive"),
        "{warnings:?}"
    );
    let lines: Vec<usize> = deck.slides.iter().map(|slide| slide.position.line).collect();
    assert_eq!(lines, [1, 5, 12]);
}

#[test]
fn notes_of_other_tools_are_hidden_or_told() {
    let (deck, warnings) =
        read("# A\n\nshown\n\n???\n\nSECRET\n\n---\n\n# B\n\n::: notes\nSECRET\n:::\n");
    for slide in &deck.slides {
        assert!(!text(slide).contains("SECRET"));
        assert_eq!(slide.notes, ["SECRET"]);
    }
    assert!(warnings.is_empty(), "{warnings:?}");
    let (_, warnings) =
        read("# A\n\n<!-- jump_to_middle -->\n\nNote: x\n\n---\n\n# B\n\n^ y\n\nz\n");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("5: `Note:`") && warnings[1].starts_with("11: `^`"));
    let prose = "# A\n\n<!-- jump_to_middle -->\n\nNote: x\n\nand more\n";
    assert_eq!(read(prose).1, [] as [&str; 0]);
}

#[test]
fn a_slip_in_the_words_of_a_dialect_is_told_with_what_was_meant() {
    let cases = [
        ("---\nmarp: true\n---\n\n<!-- _clas: lead -->\n\n# A\n", "5: Marp does not know `clas`"),
        ("class: center\n\n# A\n\n---\nclas: middle\n\n# B\n", "6: remark does not know `clas`"),
        ("[.build-lists: true]\n\n[.colunm]\n\na\n", "3: Deckset does not know `colunm`"),
        (
            "---\nmdc: true\n---\n\n# A\n\n---\nlayuot: center\nlayout: x\n---\n\n# B\n",
            "8: Slidev does not know `layuot`",
        ),
    ];
    for (source, expected) in cases {
        let warnings = read(source).1;
        let found = warnings.iter().any(|warning| warning.starts_with(expected));
        assert!(found, "{expected}: {warnings:?}");
    }
}

#[test]
fn plain_markdown_is_divided_by_its_headings() {
    let source = "# Title\n\nfor all\n\n## One\n\na\n\n## Two\n\nb\n\n### Part\n\nc\n\n## Three\n";
    let (deck, warnings) = read(source);
    assert_eq!((deck.dialect, deck.slides.len()), (Dialect::Headings, 4), "{warnings:?}");
    let one = "# Title\n\n## One\n\n## Two\n\ntext\n";
    assert_eq!(read(one).0.slides.len(), 1, "two of a kind are too few to be sure");
}

#[test]
fn the_words_of_a_dialect_are_no_mistakes_in_it() {
    let warnings = read(deck!("marp")).1;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("`paginate`, `footer`;"), "{warnings:?}");
    assert!(warnings[1].starts_with("52: scripts and style sheets"), "{warnings:?}");
    for quiet in [deck!("patat"), deck!("mdp"), deck!("pandoc"), deck!("remark"), deck!("deckset")]
    {
        assert_eq!(read(quiet).1, [] as [&str; 0]);
    }
}

#[test]
fn a_prefix_of_commands_is_known_to_the_dialects() {
    let head = "options:\n  command_prefix: \"cmd:\"\n";
    let deck = format!("---\n{head}---\n\n# A\n\n---\n\na\n\n<!-- cmd:end_slide -->\n\n# B\n");
    assert_eq!(read(&deck).0.slides.len(), 2, "where comments end slides, `---` draws a line");
    let deck = format!("---\nmarp: true\n{head}---\n\n# A\n\n<!-- cmd:pause -->\n\na\n");
    let slide = &read(&deck).0.slides[0];
    assert_eq!((slide.steps(), slide.notes.len()), (2, 0), "a pause is no note of Marp");
}
