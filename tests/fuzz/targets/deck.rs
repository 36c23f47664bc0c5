//! A deck of any bytes: parsing and checking never fail, and their messages are printable.

use wiretalk::cli::check::{self, ReadDeck};
use wiretalk::demos::REGISTRY;
use wiretalk::text;

pub(crate) fn check(data: &[u8]) {
    let source = String::from_utf8_lossy(data);
    let ReadDeck { deck, warnings, .. } = check::parse_deck(&source, REGISTRY);
    assert!(!deck.slides.is_empty(), "there is always a slide to stand on");
    assert!(
        deck.slides.iter().all(|slide| slide.steps() > 0),
        "and a slide is at least one screen"
    );
    // A carriage return ends a line too (CommonMark 0.31 section 2.1).
    let lines = source.matches(['\n', '\r']).count() + 1;
    for warning in &warnings {
        assert!(warning.slide < deck.slides.len(), "{warning:?} stands on a slide that there is");
        let (line, column) = (warning.position.line, warning.position.column);
        assert!(
            (1..=lines).contains(&line) && column > 0,
            "{warning:?} is beyond the {lines} lines"
        );
        for text in [&warning.message, &warning.source] {
            assert_eq!(text::sanitize(text), **text, "a terminal would obey it");
        }
    }
}
