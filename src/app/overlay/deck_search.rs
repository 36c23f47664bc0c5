//! The search through a deck: what each slide says, in its text, its notes and its demos.

use crate::deck::{Block, Deck, DemoFence, SettingValue, Slide, plain_text};

/// The text of a slide, one piece a line.
#[derive(Clone, Debug)]
pub(crate) struct SlideText {
    /// The slide's title; empty if it has none.
    pub(crate) title: String,
    pieces: Vec<Piece>,
}

/// A piece of a slide's text.
#[derive(Clone, Debug)]
struct Piece {
    /// The kind of text, if it is not on the slide itself.
    label: &'static str,
    text: String,
    folded: Vec<char>,
}

/// A slide on which all words of a search are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SearchHit {
    /// The slide's index, from 0.
    pub(crate) slide: usize,
    /// The kind of text that has the first word, if it is not on the slide itself.
    pub(crate) label: &'static str,
    /// The text around the first word: before it, itself, behind it.
    pub(crate) context: [String; 3],
}

/// The slides that a search has found, while it is on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SearchHits {
    /// The words that were searched for.
    pub(crate) query: String,
    /// The indices of the slides, in order.
    pub(crate) slides: Vec<usize>,
}

impl SearchHits {
    /// Returns the next slide behind `from`, or the first one if there is none.
    pub(crate) fn next(&self, from: usize) -> Option<usize> {
        let behind = self.slides.iter().find(|&&slide| slide > from);
        behind.or(self.slides.first()).copied()
    }

    /// Returns the last slide before `from`, or the last one if there is none.
    pub(crate) fn previous(&self, from: usize) -> Option<usize> {
        let before = self.slides.iter().rfind(|&&slide| slide < from);
        before.or(self.slides.last()).copied()
    }
}

/// The characters of context on each side of a word.
const CONTEXT: usize = 40;

/// Returns what each slide of a deck says.
pub(crate) fn deck_text(deck: &Deck) -> Vec<SlideText> {
    deck.slides.iter().map(slide_text).collect()
}

fn slide_text(slide: &Slide) -> SlideText {
    let mut pieces = Vec::new();
    let mut push = |label, text: &str| {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let text = line.trim().to_owned();
            pieces.push(Piece { label, folded: text.chars().map(fold).collect(), text });
        }
    };
    for block in slide.all_blocks() {
        match block {
            Block::Heading { text, .. } | Block::Paragraph(text) => push("", &plain_text(text)),
            Block::Code(code) => push("", &code.text),
            Block::Image(image) => push("image", &image.alt),
            Block::Table(table) => {
                for row in std::iter::once(&table.header).chain(&table.rows) {
                    let cells: Vec<String> = row.iter().map(|cell| plain_text(cell)).collect();
                    push("", &cells.join("  "));
                }
            }
            Block::Demo(fence) => push("demo", &demo_text(fence)),
            _ => {}
        }
    }
    push("section", slide.section.as_deref().unwrap_or_default());
    for note in &slide.notes {
        push("note", note);
    }
    SlideText { title: slide.title().unwrap_or_default(), pieces }
}

fn demo_text(fence: &DemoFence) -> String {
    let value = |value: &SettingValue| match value {
        SettingValue::Text(text) => text.clone(),
        SettingValue::Number(number) => number.to_string(),
        SettingValue::Flag(flag) => flag.to_string(),
        SettingValue::Other(name) => (*name).to_owned(),
    };
    let settings = fence.settings.iter();
    let settings = settings.map(|setting| format!("{} = {}", setting.key, value(&setting.value)));
    std::iter::once(fence.name.clone()).chain(settings).collect::<Vec<_>>().join("  ")
}

/// Returns the slides that say all words of `query`, in any case of letters.
pub(crate) fn search(slides: &[SlideText], query: &str) -> Vec<SearchHit> {
    let words: Vec<Vec<char>> =
        query.split_whitespace().map(|word| word.chars().map(fold).collect()).collect();
    let Some((first, others)) = words.split_first() else { return Vec::new() };
    let hit = |(slide, text): (usize, &SlideText)| {
        let has = |word: &Vec<char>| text.pieces.iter().any(|piece| piece.find(word).is_some());
        let found = |piece: &Piece| Some((piece.label, piece.context(piece.find(first)?, first)));
        let (label, context) = text.pieces.iter().find_map(found)?;
        others.iter().all(has).then_some(SearchHit { slide, label, context })
    };
    slides.iter().enumerate().filter_map(hit).collect()
}

impl Piece {
    /// Returns the index of the first character of `word`.
    fn find(&self, word: &[char]) -> Option<usize> {
        self.folded.windows(word.len()).position(|found| found == word)
    }

    fn context(&self, at: usize, word: &[char]) -> [String; 3] {
        let part = |from: usize, to: usize| -> String {
            self.text.chars().skip(from).take(to.saturating_sub(from)).collect()
        };
        let (from, end) = (at.saturating_sub(CONTEXT), at + word.len());
        let before = part(from, at);
        let behind = part(end, end + CONTEXT);
        [if from > 0 { format!("…{before}") } else { before }, part(at, end), behind]
    }
}

/// Returns a letter without its case. One letter stays one letter, so that places stay places.
fn fold(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck;

    const DECK: &str = "# Frames\n\nA *masking* key.\n\n<!-- speaker_note: ask about Sec-WebSocket-Key -->\n\n\
                        ---\n\n## Tables\n\n| Opcode | Means |\n|---|---|\n| 0x9 | ping |\n\n\
                        - one\n  > within\n\n---\n\n```demo inspect\ntext = \"Grüße\"\nsize = 32\n```\n\n\
                        ```rust\nlet frame = 1;\n```\n";

    fn found(query: &str) -> Vec<usize> {
        let (deck, _) = deck::parse(DECK);
        search(&deck_text(&deck), query).into_iter().map(|hit| hit.slide).collect()
    }

    #[test]
    fn everything_that_a_slide_says_is_found() {
        for (query, slides) in [
            ("MASKING", &[0][..]),
            ("frame", &[0, 2]),
            ("websocket-key", &[0]),
            ("ping", &[1]),
            ("opcode means", &[1]),
            ("means opcode", &[1]),
            ("within", &[1]),
            ("inspect", &[2]),
            ("GRÜSSE", &[]),
            ("grüße", &[2]),
            ("size = 32", &[2]),
            ("frame ping", &[]),
            ("  ", &[]),
        ] {
            assert_eq!(found(query), slides, "{query}");
        }
    }

    #[test]
    fn a_hit_shows_the_word_in_its_line_and_where_it_is() {
        let (deck, _) = deck::parse(DECK);
        let hits = search(&deck_text(&deck), "sec-websocket");
        let context = ["ask about ", "Sec-WebSocket", "-Key"].map(str::to_owned);
        assert_eq!(hits, [SearchHit { slide: 0, label: "note", context }]);
        let long = format!("{}needle{}", "ä".repeat(100), "ö".repeat(100));
        let (deck, _) = deck::parse(&long);
        let [before, word, behind] = &search(&deck_text(&deck), "Needle")[0].context;
        assert_eq!(*before, format!("…{}", "ä".repeat(CONTEXT)));
        assert_eq!((word.as_str(), behind.chars().count()), ("needle", CONTEXT));
    }

    #[test]
    fn the_hits_are_a_circle() {
        let hits = SearchHits { query: String::new(), slides: vec![2, 5, 9] };
        assert_eq!([0, 2, 5, 9].map(|from| hits.next(from)), [2, 5, 9, 2].map(Some));
        assert_eq!([0, 2, 5, 9].map(|from| hits.previous(from)), [9, 9, 2, 5].map(Some));
        assert_eq!(
            (SearchHits::default().next(0), SearchHits::default().previous(0)),
            (None, None)
        );
    }
}
