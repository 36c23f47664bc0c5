//! The whole app played from scripts on ratatui's `TestBackend`: both decks at several sizes, keys,
//! and demos on real sockets.

mod colors;
mod decks;
mod demos;
mod faults;
mod lessons;
mod playing;
mod records;
mod steering;
mod words;

use crossterm::event::{Event as Input, KeyCode};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use wiretalk::app::{App, AppConfig, AppEvent, Route};
use wiretalk::cli::check::{self, ReadDeck};
use wiretalk::deck::Depth;
use wiretalk::demos::REGISTRY;

const TALK: &str = include_str!("../../slides/talk.md");
const TOUR: &str = include_str!("../../slides/tour.md");
const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (200, 60)];

fn show(source: &str) -> AppConfig {
    let ReadDeck { deck, warnings, .. } = check::parse_deck(source, REGISTRY);
    let file = "deck.md".to_owned();
    AppConfig {
        file,
        warnings,
        // Every slide of a deck is looked at, the deep ones too.
        route: Route::through(Depth::Study),
        ..AppConfig::new(deck, REGISTRY)
    }
}

fn app(source: &str, (width, height): (u16, u16)) -> App {
    App::new(show(source), Size { width, height })
}

/// Returns the index of a deck's last slide.
fn last_slide(source: &str) -> usize {
    check::parse_deck(source, REGISTRY).deck.slides.len() - 1
}

fn press(app: &mut App, code: KeyCode) {
    app.update(AppEvent::Input(Input::Key(code.into())));
}

fn screen(app: &App, (width, height): (u16, u16)) -> String {
    text(&app.frame(Rect::new(0, 0, width, height)))
}

fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width));
    rows.map(|row| {
        row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
            + "\n"
    })
    .collect()
}

/// Returns the rows of a picture without the blanks at their ends.
fn rows(buffer: &Buffer) -> Vec<String> {
    let rows = buffer.content.chunks(usize::from(buffer.area.width));
    rows.map(|cells| {
        let (mut row, mut covered) = (String::new(), 0);
        for cell in cells {
            // A wide character covers the cell behind it.
            if covered == 0 {
                row += cell.symbol();
                covered = wiretalk::text::width(cell.symbol());
            }
            covered = covered.saturating_sub(1);
        }
        row.trim_end().to_owned()
    })
    .collect()
}

/// Returns every screen of a deck, from its first slide to its last.
fn walk(source: &str, size: (u16, u16)) -> Vec<String> {
    walk_slides(source, size).into_iter().flatten().collect()
}

/// Returns the screens of each slide: what pressing → shows until it leaves the slide.
fn walk_slides(source: &str, size: (u16, u16)) -> Vec<Vec<String>> {
    let mut app = app(source, size);
    let screens = |slide| {
        let mut screens = Vec::new();
        go_to(&mut app, slide);
        assert_eq!(app.slide_index(), slide);
        while app.slide_index() == slide && screens.last() != Some(&screen(&app, size)) {
            screens.push(screen(&app, size));
            press(&mut app, KeyCode::Right);
        }
        screens
    };
    (0..=last_slide(source)).map(screens).collect()
}

/// Opens a slide by its index, with the keys of a speaker.
fn go_to(app: &mut App, slide: usize) {
    for letter in format!("g{}", slide + 1).chars() {
        press(app, KeyCode::Char(letter));
    }
    press(app, KeyCode::Enter);
}

/// Returns the index of the slide with this title.
fn slide_titled(source: &str, title: &str) -> usize {
    let slides = check::parse_deck(source, REGISTRY).deck.slides;
    slides.iter().position(|slide| slide.title().as_deref() == Some(title)).expect(title)
}
