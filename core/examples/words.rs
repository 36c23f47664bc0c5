//! Prints the words of a deck, its notes and its title, a block a line: `words DECK`.
//!
//! `tests/decks/words.mjs` compares them with those that another reader of Markdown finds.

use std::io::Write as _;
use std::process::ExitCode;
use std::{env, fs, io};

use wiretalk_core::deck::{self, Block, Deck, TextRun, plain_text};

fn main() -> ExitCode {
    let Some(path) = env::args().nth(1) else {
        let _ = writeln!(io::stderr(), "usage: words DECK");
        return ExitCode::from(2);
    };
    let source = match fs::read_to_string(&path) {
        Ok(source) => source,
        Err(error) => {
            let _ = writeln!(io::stderr(), "words: could not read {path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    for line in lines(&deck::parse(&source).0) {
        println!("{line}");
    }
    ExitCode::SUCCESS
}

/// Returns the texts of a deck, in order.
fn lines(deck: &Deck) -> Vec<String> {
    let front_matter = &deck.front_matter;
    // A title that has a slide of its own is among the slides.
    let title = front_matter.title.clone().filter(|title| !has_title_slide(deck, title));
    let mut lines: Vec<String> =
        [&title, &front_matter.sub_title, &front_matter.event, &front_matter.location]
            .into_iter()
            .flatten()
            .chain(&front_matter.authors)
            .cloned()
            .collect();
    for slide in &deck.slides {
        lines.extend(slide.all_blocks().filter_map(text));
        lines.extend(slide.notes.iter().cloned());
    }
    lines
}

/// Whether the first slide is the one that the front matter's title gets.
fn has_title_slide(deck: &Deck, title: &str) -> bool {
    let blocks = deck.slides.first().map_or(&[][..], |slide| &slide.blocks);
    matches!(blocks, [Block::Heading { text, .. }] if plain_text(text) == title)
}

/// Returns the text of a block itself, without the blocks that it holds.
fn text(block: &Block) -> Option<String> {
    let joined = |cells: &[Vec<TextRun>]| {
        cells.iter().map(|cell| plain_text(cell)).collect::<Vec<String>>().join(" ")
    };
    match block {
        Block::Heading { text, .. } => Some(plain_text(text)),
        Block::Paragraph(runs) => Some(plain_text(runs)),
        Block::Table(table) => {
            let rows = std::iter::once(&table.header).chain(&table.rows);
            Some(rows.map(|row| joined(row)).collect::<Vec<String>>().join("\n"))
        }
        Block::Code(code) => Some(code.text.to_string()),
        Block::Image(image) => Some(image.alt.clone()),
        _ => None,
    }
}
