//! What both decks are made of, and what their slides show.

use wiretalk::cli::check::{self, ReadDeck};
use wiretalk::deck::Depth;
use wiretalk::demos::REGISTRY;

use crate::{SIZES, TALK, TOUR, last_slide, slide_titled, walk, walk_slides};

#[tokio::test]
async fn the_talk_has_its_slides_and_no_warning() {
    let ReadDeck { deck, warnings, .. } = check::parse_deck(TALK, REGISTRY);
    assert_eq!(warnings, []);
    assert_eq!(deck.slides.len(), 82);
    for (number, slide) in deck.slides.iter().enumerate() {
        assert!(!slide.notes.is_empty(), "slide {} has no speaker note", number + 1);
        assert!(slide.section.is_some(), "slide {} belongs to no section", number + 1);
    }
}

/// What a note says of its slide, the slide does: how deep it is, and where it waits.
#[test]
fn slides_of_the_talk_have_the_depth_and_the_steps_of_their_notes() {
    let parts: Vec<&str> = TALK.split("\n---\n").skip(1).collect();
    let mut marked = [0; 3];
    for part in &parts {
        let (body, note) = part.split_once("<!-- speaker_note:\n").unwrap();
        let mark = ["deep", "study"]
            .iter()
            .position(|depth| body.contains(&format!("<!-- depth: {depth} -->")));
        let announced = ["Deep: ", "Study: "].iter().position(|word| note.starts_with(word));
        assert_eq!(mark, announced, "{body}");
        assert!(announced.is_some() || note.starts_with("Core, "), "{note}");
        marked[mark.map_or(0, |mark| mark + 1)] += 1;
    }
    assert_eq!(marked, [46, 26, 10], "core, deep and study");
    let slides = check::parse_deck(TALK, REGISTRY).deck.slides;
    let depths = [Depth::Core, Depth::Deep, Depth::Study]
        .map(|depth| slides.iter().filter(|slide| slide.depth == depth).count());
    assert_eq!(depths, marked);
    let steps = |title| {
        let slides = check::parse_deck(TALK, REGISTRY).deck.slides;
        slides[slide_titled(TALK, title)].steps()
    };
    assert_eq!(steps("Masking: XOR with 4 bytes"), 2, "the question, then the answer");
    assert_eq!(
        steps("Flip one bit, then guess"),
        11,
        "the question, the head of the table, a bet a row, and what follows from the last"
    );
    assert_eq!(steps("When a node dies"), 5, "four rows of a film, and the table");
    assert_eq!(steps("State is a layer you build"), 2, "upper half, lower half");
}

#[tokio::test]
async fn every_slide_of_the_talk_fits_100x30_without_scrolling() {
    for (number, screen) in walk(TALK, (100, 30)).iter().enumerate() {
        let markers = [": ↓", " above: ↑", ": Shift+→"];
        assert!(
            !markers.iter().any(|marker| screen.contains(marker)),
            "screen {number} scrolls:\n{screen}"
        );
    }
}

#[tokio::test]
async fn every_slide_of_both_decks_can_be_shown_at_every_size() {
    for source in [TALK, TOUR] {
        let ReadDeck { deck, warnings, .. } = check::parse_deck(source, REGISTRY);
        assert_eq!(warnings, []);
        for size in SIZES {
            let screens = walk_slides(source, size);
            for (index, slide) in deck.slides.iter().enumerate() {
                assert!(screens[index].len() >= slide.steps(), "each step is shown");
                let screen = &screens[index][0];
                let count = format!("{}/{}", index + 1, deck.slides.len());
                assert!(
                    screen.contains(&count),
                    "{count} is not in the footer at {size:?}:\n{screen}"
                );
                let title = slide.title().expect("every slide of ours has a title");
                let big = index == 0 || size.1 >= 45;
                let word = title.split_whitespace().next().unwrap_or_default();
                assert!(
                    big || screen.contains(word),
                    "{title:?} is not on its slide at {size:?}:\n{screen}"
                );
                assert!(!screen.contains("deck.md:"), "a warning on slide {count}:\n{screen}");
            }
        }
    }
}

/// What the tour describes must be visible on the slide that describes it.
#[tokio::test]
async fn the_tour_shows_what_it_describes() {
    let size = (100, 30);
    let screens = walk(TOUR, size);
    let on = |title: &str| {
        screens
            .iter()
            .find(|screen| screen.contains(title))
            .unwrap_or_else(|| panic!("no slide {title:?}"))
    };
    assert!(on("A slide that is too tall scrolls").contains("more rows: ↓"));
    assert!(on("Drawings are kept to the character").contains("columns to the right: Shift+→"));
    assert!(on("Quotes and alerts").contains("▌ Warning"));
    assert!(on("Lists").contains("☑ a task that is done"));
    assert!(on("Tables").contains("0x8"));
    assert!(on("The inspector").contains("1 Handshake"), "{}", on("The inspector"));
    let number = slide_titled(TOUR, "What the footer says") + 1;
    let shown = format!("··{number}/{}", last_slide(TOUR) + 1);
    assert!(on("What the footer says").contains(&shown), "the drawing says {shown}");
    assert!(on("The race").contains("race · 32 B"));
    assert!(on("The feed").contains("feed · poll pause 1 s"));
    assert!(on("The scales").contains("weigh · 33 bytes of JSON"));
    assert!(on("What an idle connection costs").contains("10,000 idle connections"));
    assert!(on("SockJS, one line over every transport").contains("jsonp-polling"));
    assert!(on("The rules of SockJS").contains("page for iframes"));
}
