//! Keys, warnings and sizes: the app steered from its first key to its last.

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Rect, Size};
use tokio::sync::mpsc;
use wiretalk::app::{self, App, AppConfig, AppEvent};
use wiretalk::scope::Scope;

use crate::{TOUR, app, last_slide, press, screen, show, text};

#[tokio::test]
async fn keys_move_scroll_and_open_overlays() {
    let size = (80, 24);
    let mut app = app(TOUR, size);
    for (code, at) in [
        (KeyCode::Char(' '), 1),
        (KeyCode::Char('p'), 0),
        (KeyCode::PageDown, 1),
        (KeyCode::End, last_slide(TOUR)),
        (KeyCode::Home, 0),
    ] {
        press(&mut app, code);
        assert_eq!(app.slide_index(), at, "{code:?}");
    }
    for code in [KeyCode::Char('g'), KeyCode::Char('4'), KeyCode::Enter] {
        press(&mut app, code);
    }
    assert_eq!(app.slide_index(), 3);
    press(&mut app, KeyCode::Down);
    assert!(screen(&app, size).contains("▲ 1 above"), "{}", screen(&app, size));
    for code in [KeyCode::Char('g'), KeyCode::Char('1'), KeyCode::Char('0'), KeyCode::Enter] {
        press(&mut app, code);
    }
    let before = screen(&app, size);
    app.update(AppEvent::Input(Input::Key(KeyEvent::new(KeyCode::Right, KeyModifiers::SHIFT))));
    assert_ne!(screen(&app, size), before);
    assert!(screen(&app, size).contains('‹') && before.contains('›'));
    let mut pages = String::new();
    for _ in 0..3 {
        press(&mut app, KeyCode::Char('?'));
        pages += &screen(&app, size);
    }
    assert!(pages.contains("speaker notes") && pages.contains("go to slide 12"), "{pages}");
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Char('s'));
    assert!(screen(&app, size).contains("Speaker notes"));
}

#[tokio::test]
async fn warnings_are_shown_on_their_slide_and_the_talk_goes_on() {
    let size = (100, 30);
    let source = "# One\n\n---\n\n## Two\n\n```demo wz\n```\n\n---\n\n## Three\n\n```demo \
                  race\npayload = -1\n```\n\n---\n\n# Four\n";
    let config = AppConfig { rehearse: true, ..show(source) };
    let mut app = App::new(config, Size { width: size.0, height: size.1 });
    assert!(!screen(&app, size).contains("deck.md"));
    press(&mut app, KeyCode::Right);
    let shown = screen(&app, size);
    assert!(shown.contains("deck.md:7:9: unknown demo `wz`; expected one of: feed,"), "{shown}");
    press(&mut app, KeyCode::Right);
    assert!(screen(&app, size).contains("takes a whole number from 0 to 1048576, not -1"));
    press(&mut app, KeyCode::Right);
    assert!(screen(&app, size).contains("4/4"));
}

#[tokio::test]
async fn any_size_can_be_drawn() {
    let mut app = app(TOUR, (100, 30));
    let last = last_slide(TOUR);
    for number in 0..=last {
        for size in [(1, 1), (2, 1), (10, 3), (25, 8), (40, 12), (300, 100)] {
            app.update(AppEvent::Input(Input::Resize(size.0, size.1)));
            screen(&app, size);
        }
        press(&mut app, KeyCode::PageDown);
        assert_eq!(app.slide_index(), (number + 1).min(last).min(app.slide_index().max(1)));
    }
}

#[tokio::test]
async fn highlighting_arrives_later_and_changes_only_colours() {
    let size = (100, 30);
    let mut app = app(TOUR, size);
    for code in [KeyCode::Char('g'), KeyCode::Char('9'), KeyCode::Enter] {
        press(&mut app, code);
    }
    let area = Rect::new(0, 0, size.0, size.1);
    let plain = app.frame(area);
    let (scope, (sender, mut done)) = (Scope::new(|panic| panic!("{panic}")), mpsc::channel(8));
    app.set_highlighter(app::start_highlighter(&scope, sender).unwrap());
    let mut colored = plain.clone();
    // Code of the slides beside this one may come first.
    while plain == colored {
        app.update(done.recv().await.expect("the thread that highlights has ended"));
        colored = app.frame(area);
    }
    assert_eq!(text(&plain), text(&colored));
}
