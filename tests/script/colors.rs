//! The colours that are drawn.

use std::collections::BTreeSet;

use crossterm::event::KeyCode;
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Modifier};
use wiretalk::app::{App, AppConfig};
use wiretalk::cli::check;
use wiretalk::demos::REGISTRY;
use wiretalk::stage::Theme;

use crate::{TALK, TOUR, press, show};

/// A theme in which each colour is another one, so that what is drawn tells the name.
fn telling_theme() -> Theme {
    let mut theme = Theme::DARK;
    for (number, name) in (1..).zip(Theme::COLOR_NAMES) {
        *theme.color_mut(name).unwrap() = Color::Rgb(number, 0, 0);
    }
    theme
}

/// The name of a colour of the telling theme.
fn told_name(color: Color) -> Option<&'static str> {
    match color {
        Color::Rgb(number, 0, 0) => {
            Theme::COLOR_NAMES.get(usize::from(number.checked_sub(1)?)).copied()
        }
        _ => None,
    }
}

/// Adds the pairs of colours of all text on the screen.
fn collect_pairs(app: &App, pairs: &mut BTreeSet<(String, String)>) {
    let size = Rect::new(0, 0, 100, 30);
    let buffer = app.frame(size);
    for cell in buffer.content.iter().filter(|cell| cell.symbol().trim() != "") {
        let name = |color| told_name(color).map_or_else(|| format!("{color:?}"), str::to_owned);
        let (mut text, mut ground) = (name(cell.fg), name(cell.bg));
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut text, &mut ground);
        }
        assert!(!cell.modifier.contains(Modifier::DIM), "nobody knows how dim that is");
        pairs.insert((text, ground));
    }
}

/// The themes' own tests hold every colour on each of the three grounds to its contrast, and the
/// background on every colour.
#[tokio::test]
async fn every_pair_of_colours_that_is_drawn_is_one_whose_contrast_is_tested() {
    let mut pairs = BTreeSet::new();
    for source in [TALK, TOUR] {
        let config = AppConfig { themes: telling_theme().into(), ..show(source) };
        let mut app = App::new(config, Size { width: 100, height: 30 });
        let slides = check::parse_deck(source, REGISTRY).deck.slides;
        for slide in &slides {
            for _ in 0..slide.steps() {
                collect_pairs(&app, &mut pairs);
                for key in ['?', 's'] {
                    press(&mut app, KeyCode::Char(key));
                    collect_pairs(&app, &mut pairs);
                    press(&mut app, KeyCode::Char(key));
                }
                press(&mut app, KeyCode::Right);
            }
        }
        for (number, slide) in (1..).zip(&slides) {
            if slide.demos().next().is_none() {
                continue;
            }
            for key in format!("g{number}\r").chars() {
                press(&mut app, if key == '\r' { KeyCode::Enter } else { KeyCode::Char(key) });
            }
            press(&mut app, KeyCode::Enter);
            for key in "12345678?b ".chars().map(KeyCode::Char).chain([
                KeyCode::Down,
                KeyCode::Enter,
                KeyCode::Down,
                KeyCode::Esc,
            ]) {
                press(&mut app, key);
                collect_pairs(&app, &mut pairs);
            }
        }
    }
    let grounds = ["background", "panel", "selected"];
    let untested: Vec<_> = pairs
        .iter()
        .filter(|(text, ground)| {
            let (text, ground) = (text.as_str(), ground.as_str());
            let known = |name| Theme::COLOR_NAMES.contains(&name);
            let on_ground = known(text) && !grounds.contains(&text) && grounds.contains(&ground);
            let on_color = text == "background" && known(ground) && !grounds.contains(&ground);
            // A QR code is black on white in any theme.
            let is_qr_code = text == "Rgb(0, 0, 1)" && ground == "Rgb(255, 255, 254)";
            !on_ground && !on_color && !is_qr_code
        })
        .collect();
    assert_eq!(untested, Vec::<&(String, String)>::new());
    for drawn in [("faint", "background"), ("accent", "selected"), ("background", "accent")] {
        let drawn = (drawn.0.to_owned(), drawn.1.to_owned());
        assert!(pairs.contains(&drawn), "{drawn:?} is drawn somewhere: {pairs:?}");
    }
}
