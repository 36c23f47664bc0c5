//! Plays a deck as a speaker does: every slide, every step, and what lies to the right.

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use wiretalk::app::{App, AppConfig, AppEvent};

use crate::{go_to, press, rows};

/// The most presses on one slide. No slide of ours takes that many.
const MAX_PRESSES: usize = 200;

/// One screen of a deck.
pub(crate) struct Screen {
    /// The index of its slide.
    pub(crate) slide: usize,
    /// The cells.
    pub(crate) cells: Buffer,
}

/// Hands every screen of a deck to `look`: what → shows until it leaves the slide, and what
/// Shift+→ shows of each of these. Where a key shows more of the same step, a mark must have said
/// so.
pub(crate) fn play(config: AppConfig, (width, height): (u16, u16), mut look: impl FnMut(&Screen)) {
    let slides = config.deck.slides.len();
    let mut app = App::new(config, Size { width, height });
    let area = Rect::new(0, 0, width, height);
    for slide in 0..slides {
        go_to(&mut app, slide);
        let mut last = None;
        for presses in 0.. {
            assert!(presses < MAX_PRESSES, "slide {} never ends", slide + 1);
            let cells = app.frame(area);
            let place = app.place();
            if place.slide != slide || last.as_ref() == Some(&cells) {
                break;
            }
            look(&Screen { slide, cells: cells.clone() });
            for cells in to_the_right(&mut app, &cells) {
                look(&Screen { slide, cells });
            }
            press(&mut app, KeyCode::Right);
            if app.place() == place && slide + 1 < slides {
                let rows = rows(&cells);
                let marked = hint_row(&rows).contains('▼');
                assert!(marked, "no mark says that more is below:\n{}", rows.join("\n"));
            }
            last = Some(cells);
        }
    }
}

/// Returns the row above the footer, where a slide says what is out of sight.
fn hint_row(rows: &[String]) -> &str {
    &rows[rows.len() - 2]
}

/// Returns what Shift+→ shows, and moves back.
fn to_the_right(app: &mut App, from: &Buffer) -> Vec<Buffer> {
    let mut screens: Vec<Buffer> = Vec::new();
    loop {
        shift(app, KeyCode::Right);
        let cells = app.frame(from.area);
        let before = screens.last().unwrap_or(from);
        if cells == *before {
            break;
        }
        let before = rows(before);
        let hinted = hint_row(&before).contains("› ") && hint_row(&before).contains("Shift+");
        let marked = before.iter().any(|row| row.contains('›') && !row.contains("Shift+"));
        assert!(hinted && marked, "no mark says that more is to the right:\n{}", before.join("\n"));
        screens.push(cells);
        assert!(screens.len() < MAX_PRESSES, "the way to the right never ends");
    }
    for _ in &screens {
        shift(app, KeyCode::Left);
    }
    let cells = app.frame(from.area);
    assert_eq!(rows(&cells), rows(from), "Shift+← goes back to where Shift+→ began");
    screens
}

fn shift(app: &mut App, code: KeyCode) {
    app.update(AppEvent::Input(Input::Key(KeyEvent::new(code, KeyModifiers::SHIFT))));
}
