//! Keys and clicks as data: what is pressed, and where the talk is then.

use std::time::{Duration, Instant};

use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::{Position, Rect};

use crate::app::config::AppConfig;
use crate::app::state::{App, AppEvent, LoopExit};
use crate::app::steering::keys::KeyPress;
use crate::app::steering::{DeckPlace, MouseReports, Route, read_keys};
use crate::app::testing::{DEMOS, SIZE, screen};
use crate::deck::Depth;
use crate::stage::Registry;

/// Six slides: 1, 2 with three steps, 3 and 4 deep, 5 with a demo, 6.
const DECK: &str = "# One\n\n---\n\n# Two\n\n<!-- section: Middle -->\na\n\n<!-- pause -->\nb\n\n<!-- pause -->\nc\n\n\
                    ---\n\n# Three\n\ndeep\n\n---\n\n# Four\n\nfor study\n\n---\n\n# Five\n\n```demo echo\n```\n\n\
                    ---\n\n# Six\n\n<!-- section: End -->\nan end\n";

fn config(source: &str) -> AppConfig {
    let mut config = AppConfig::bare(source, Registry::new(&DEMOS));
    for (index, depth) in [(2, Depth::Deep), (3, Depth::Study)] {
        if source == DECK {
            config.deck.slides[index].depth = depth;
        }
    }
    config
}

fn app(source: &str) -> App {
    App::new(config(source), SIZE)
}

/// Returns the event of a key by its name in a file of keys.
fn event(name: &str) -> AppEvent {
    let key = if name == "Esc" {
        KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)
    } else {
        let key = KeyPress::parse(name).unwrap();
        KeyEvent::new(key.code, key.modifiers)
    };
    AppEvent::Input(Input::Key(key))
}

/// Presses keys, each alone.
fn press(app: &mut App, keys: &str) {
    for key in keys.split_whitespace() {
        app.update(event(key));
    }
}

/// Types letters with this many milliseconds between them, and waits.
fn type_at(app: &mut App, letters: &str, every: u64) {
    let start = Instant::now();
    let mut now = start;
    for letter in letters.chars() {
        now += Duration::from_millis(every);
        app.pass_time(now);
        let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE);
        app.handle(AppEvent::Input(Input::Key(key)), now);
    }
    app.pass_time(now + Duration::from_secs(1));
    app.update(AppEvent::Input(Input::FocusGained));
}

fn footer(app: &App) -> String {
    screen(app).lines().last().unwrap_or_default().trim().to_owned()
}

fn mouse(app: &mut App, kind: MouseEventKind, (column, row): (u16, u16)) {
    let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    app.update(AppEvent::Input(Input::Mouse(event)));
}

fn click(app: &mut App, at: (u16, u16)) {
    mouse(app, MouseEventKind::Down(MouseButton::Left), at);
}

/// Returns the place of a text on the screen.
fn find(app: &App, text: &str) -> (u16, u16) {
    let shown = screen(app);
    let found =
        shown.lines().enumerate().find_map(|(row, line)| Some((line.find(text)?, row, line)));
    let (at, row, line) = found.unwrap_or_else(|| panic!("{text:?} is not on\n{shown}"));
    (line[..at].chars().count() as u16, row as u16)
}

#[tokio::test]
async fn keys_lead_where_the_help_says() {
    for (keys, slide, step) in [
        ("", 1, 1),
        ("Right", 2, 1),
        ("Space n l", 2, 3),
        ("Right Right Right Right", 5, 1),
        ("Right > Left", 2, 3),
        ("> >", 5, 1),
        (">", 2, 3),
        ("> <", 1, 1),
        ("> > <", 2, 1),
        ("> > h", 2, 3),
        ("Right Down", 3, 1),
        ("Right j j", 4, 1),
        ("Right j j j", 4, 1),
        ("Right j j k", 3, 1),
        ("Right j j k k", 2, 3),
        ("Right j j Right", 5, 1),
        ("Right j j Left", 2, 3),
        ("Down", 1, 1),
        ("G", 6, 1),
        ("End g g", 6 - 5, 1),
        ("4 G", 4, 1),
        ("g 4 Enter", 4, 1),
        ("4 Enter", 4, 1),
        ("9 9 9 9 9 9 9 9 G", 6, 1),
        ("0 G", 1, 1),
        ("4 Backspace 3 G", 3, 1),
        ("4 Right", 2, 1),
        ("4 Esc", 1, 1),
        ("Right n Backspace", 2, 2),
        ("Right n G Backspace", 2, 2),
        ("4 G 6 G Ctrl-O Ctrl-O", 1, 1),
        ("Home End", 6, 1),
        ("o Right Enter", 2, 1),
        ("o Down Enter", 4, 1),
        ("o Down Esc", 1, 1),
        ("S Enter", 2, 1),
        ("S Down Enter", 6, 1),
        ("S End Enter", 6, 1),
        ("/ d e e p Enter", 3, 1),
        ("/ e Down Enter", 2, 1),
        ("/ e n d Esc", 1, 1),
        ("/ z z Enter", 1, 1),
        ("PageDown PageDown PageUp", 2, 1),
    ] {
        let mut app = app(DECK);
        press(&mut app, keys);
        let place = app.place();
        assert_eq!((place.slide + 1, place.step + 1), (slide, step), "{keys}");
        assert_eq!(app.exit, None, "{keys}");
    }
}

#[tokio::test]
async fn a_route_says_what_the_arrows_pass_over() {
    for (route, slides, below) in [
        (Route::default(), &[1, 2, 5, 6][..], true),
        (Route::ONLY_CORE, &[1, 2, 5, 6], false),
        (Route::through(Depth::Deep), &[1, 2, 3, 5, 6], false),
        (Route::through(Depth::Study), &[1, 2, 3, 4, 5, 6], false),
    ] {
        let mut app = App::new(AppConfig { route, ..config(DECK) }, SIZE);
        let mut found = vec![app.place().slide + 1];
        for _ in 0..6 {
            press(&mut app, ">");
            found.push(app.place().slide + 1);
        }
        found.dedup();
        assert_eq!(found, slides, "{route:?}");
        press(&mut app, "2 G");
        assert_eq!(footer(&app).contains("deeper"), below, "{route:?}: {}", footer(&app));
        press(&mut app, "4 G");
        assert_eq!(app.place().slide, 3, "a number reaches every slide");
    }
    let start = Some(DeckPlace { slide: 1, step: 2 });
    let app = App::new(AppConfig { start, ..config(DECK) }, SIZE);
    assert_eq!(app.place(), DeckPlace { slide: 1, step: 2 });
}

#[tokio::test]
async fn the_footer_says_what_is_below_and_the_number_in_the_file() {
    let mut app = app(DECK);
    assert!(footer(&app).starts_with("→ next  ? keys"), "{}", footer(&app));
    press(&mut app, "Right");
    assert!(footer(&app).contains("→ next  ↓ 2 deeper  ? keys"), "{}", footer(&app));
    press(&mut app, "Down");
    assert!(footer(&app).contains("→ next  ↑ back  ↓ 1 deeper  ? keys"), "{}", footer(&app));
    assert!(footer(&app).ends_with("3/6"), "{}", footer(&app));
    press(&mut app, "Down");
    assert!(footer(&app).contains("→ next  ↑ back  ? keys"), "{}", footer(&app));
}

#[tokio::test]
async fn a_slide_scrolls_before_it_gives_way_to_a_deeper_one() {
    let rows = "line\n\n".repeat(40);
    let source = format!("# One\n\n{rows}\n\n---\n\n# Deep\n");
    let mut config = config(&source);
    config.deck.slides[1].depth = Depth::Deep;
    let mut app = App::new(config, SIZE);
    let mut presses = 0;
    while app.place().slide == 0 {
        press(&mut app, "Down");
        presses += 1;
        assert!(presses < 1000, "↓ never arrives");
    }
    assert!(presses > 50, "only {presses}");
}

#[tokio::test]
async fn a_search_stays_on_until_the_talk_goes_on() {
    let mut app = app(DECK);
    press(&mut app, "/ o n e Enter");
    assert!(footer(&app).contains("/one  1/1"), "{}", footer(&app));
    press(&mut app, "Esc / e Enter");
    assert_eq!(app.place().slide, 0);
    let shown = footer(&app);
    assert!(shown.contains("/e  1/6  n next  N previous  Esc ends"), "{shown}");
    let mut found = Vec::new();
    for _ in 0..5 {
        press(&mut app, "n");
        found.push(app.place().slide + 1);
    }
    assert_eq!(found, [2, 3, 4, 5, 6]);
    press(&mut app, "N");
    assert_eq!(app.place().slide + 1, 5);
    press(&mut app, "n n");
    assert_eq!(app.place().slide + 1, 1, "behind the last comes the first");
    press(&mut app, "Right n");
    assert_eq!(app.place(), DeckPlace { slide: 1, step: 1 }, "→ ends the search");
}

#[tokio::test]
async fn q_asks_once_there_is_something_to_lose() {
    let mut app = app(DECK);
    press(&mut app, "q");
    assert_eq!(app.exit, Some(LoopExit::Quit), "nothing has happened yet");
    for prepare in ["minute", "demo"] {
        let mut app = self::app(DECK);
        if prepare == "minute" {
            app.update(AppEvent::Minute);
        } else {
            press(&mut app, "5 G Enter Esc");
        }
        let here = app.place();
        press(&mut app, "q");
        assert_eq!(app.exit, None, "{prepare}");
        let shown = footer(&app);
        assert!(shown.contains("end the talk?   q ends it, any other key stays"), "{shown}");
        press(&mut app, "Right");
        assert_eq!(
            (app.place(), app.exit.clone()),
            (here, None),
            "any key stays, and does no more"
        );
        press(&mut app, "q q");
        assert_eq!(app.exit, Some(LoopExit::Quit), "{prepare}");
        app.exit = None;
        press(&mut app, "Ctrl-C");
        assert_eq!(app.exit, Some(LoopExit::Quit), "Ctrl-C does not ask");
    }
}

#[tokio::test]
async fn what_is_typed_at_a_demo_without_the_keyboard_steers_nothing() {
    for text in ["question", "npsbfo", "gone", "else", "hello there", "r"] {
        for every in [0, 40, 140] {
            let mut app = app(DECK);
            press(&mut app, "5 G");
            let here = app.place();
            type_at(&mut app, text, every);
            assert_eq!((app.place(), app.exit.clone()), (here, None), "{text}, {every} ms");
            assert!(app.overlay.is_none(), "{text}, {every} ms");
            if text.len() > 1 {
                let shown = screen(&app);
                assert!(shown.contains("press Enter first"), "{text}, {every} ms\n{shown}");
            }
        }
    }
    let mut app = app(DECK);
    press(&mut app, "5 G");
    app.update(AppEvent::Input(Input::Paste("quit".to_owned())));
    assert!(screen(&app).contains("press Enter first"));
    press(&mut app, "x");
    assert!(!screen(&app).contains("press Enter first"), "one letter is no word");
    press(&mut app, "y");
    assert!(screen(&app).contains("press Enter first"), "two are");
}

#[tokio::test]
async fn a_single_letter_acts_at_a_demo_after_a_moment_and_at_once_elsewhere() {
    let mut app = app(DECK);
    press(&mut app, "5 G");
    let now = Instant::now();
    let key = |letter| AppEvent::Input(Input::Key(KeyEvent::from(KeyCode::Char(letter))));
    app.handle(key('n'), now);
    assert_eq!((app.place().slide, app.wake_at().is_some()), (4, true));
    app.pass_time(now + Duration::from_millis(149));
    assert_eq!(app.place().slide, 4);
    app.pass_time(now + Duration::from_millis(150));
    assert_eq!((app.place().slide, app.wake_at()), (5, None));
    app.handle(key('p'), now + Duration::from_millis(151));
    assert_eq!(app.place().slide, 4, "a slide without a demo waits for nothing");
    let later = now + Duration::from_secs(5);
    app.handle(key('n'), later);
    app.handle(event("Left"), later + Duration::from_millis(10));
    assert_eq!(app.place().slide, 4, "→ by n, and ← back");
    type_at(&mut app, "nnn", 30);
    assert_eq!(app.place().slide, 5, "a key that is held down");
}

#[tokio::test]
async fn a_demo_keeps_its_state_and_is_frozen_if_it_was_at_work() {
    let mut app = app(DECK);
    press(&mut app, "5 G");
    let first = screen(&app);
    press(&mut app, "Right Left");
    assert_ne!(screen(&app), first, "nobody used it, so it begins anew");
    press(&mut app, "Enter x y Esc");
    let used = screen(&app);
    assert!(used.contains(": xy"), "{used}");
    press(&mut app, "Right Left");
    assert_eq!(screen(&app), used, "it did nothing, so it goes on");
    press(&mut app, "Enter w Esc Right Left");
    let frozen = screen(&app);
    assert!(frozen.contains(": xyw"), "{frozen}");
    assert!(
        footer(&app).contains("r starts echo again, frozen as you left it"),
        "{}",
        footer(&app)
    );
    press(&mut app, "Enter");
    assert_eq!(app.focus, None);
    assert!(screen(&app).contains("frozen as you left it; r starts it again"));
    press(&mut app, "r Enter z Esc");
    let anew = screen(&app);
    assert!(anew.contains(": z") && !anew.contains("xyw"), "{anew}");
    assert!(!footer(&app).contains("frozen"), "{}", footer(&app));
}

#[tokio::test]
async fn only_so_many_slides_keep_their_demos() {
    let slides: Vec<String> =
        (0..20).map(|number| format!("# S{number}\n\n```demo echo\n```\n")).collect();
    let mut app = app(&slides.join("\n---\n\n"));
    for _ in 0..20 {
        press(&mut app, "Enter x Esc >");
    }
    press(&mut app, "1 G");
    assert!(!screen(&app).contains(": x"), "the first is forgotten");
    press(&mut app, "1 9 G");
    assert!(screen(&app).contains(": x"), "a late one is not");
}

#[tokio::test]
async fn a_blank_screen_is_blank_until_any_key() {
    for (key, back) in [("b", "b"), (".", "Right"), ("b", "Esc"), ("b", "?")] {
        let mut app = app(DECK);
        let before = screen(&app);
        press(&mut app, key);
        assert_eq!(screen(&app).trim(), "");
        press(&mut app, back);
        assert_eq!(screen(&app), before, "{back} only brings the slide back");
    }
    let mut app = app(DECK);
    press(&mut app, "b Ctrl-C");
    assert_eq!(app.exit, Some(LoopExit::Quit));
}

#[tokio::test]
async fn a_held_picture_stands_while_the_talk_goes_on() {
    let mut app = app(DECK);
    let slide = |app: &App| screen(app).lines().take(23).collect::<Vec<_>>().join("\n");
    let one = slide(&app);
    press(&mut app, "f Right");
    assert_eq!(slide(&app), one);
    assert!(footer(&app).contains("picture held   f shows slide 2 Two"), "{}", footer(&app));
    press(&mut app, "f");
    assert_ne!(slide(&app), one);
    press(&mut app, "f o");
    assert!(screen(&app).contains(" 6 "), "what is opened is seen");
}

#[tokio::test]
async fn the_laser_colours_the_cells_at_the_mouse_and_asks_for_its_moves() {
    let mut app = app(DECK);
    let drawn = |app: &App| app.frame(Rect::new(0, 0, SIZE.width, SIZE.height));
    let plain = drawn(&app);
    assert_eq!(app.terminal_request(), None);
    press(&mut app, "L");
    assert_eq!(app.terminal_request(), Some(LoopExit::CaptureMouse(MouseReports::Moves)));
    assert_eq!(app.terminal_request(), None);
    app.dirty = false;
    mouse(&mut app, MouseEventKind::Moved, (10, 5));
    assert!(app.dirty);
    let shown = drawn(&app);
    let changed: Vec<Position> =
        shown.area.positions().filter(|at| shown[*at] != plain[*at]).collect();
    assert_eq!(changed, [9, 10, 11].map(|x| Position::new(x, 5)));
    assert!(changed.iter().all(|at| shown[*at].symbol() == plain[*at].symbol()), "text is kept");
    app.dirty = false;
    mouse(&mut app, MouseEventKind::Moved, (10, 5));
    assert!(!app.dirty, "nothing is drawn for a mouse that stands");
    mouse(&mut app, MouseEventKind::Moved, (0, 0));
    mouse(&mut app, MouseEventKind::Moved, (u16::MAX, u16::MAX));
    assert_eq!(drawn(&app), plain, "a place beyond the screen");
    press(&mut app, "L");
    assert_eq!(app.terminal_request(), Some(LoopExit::CaptureMouse(MouseReports::Off)));
}

#[tokio::test]
async fn the_mouse_is_taken_only_where_something_can_be_clicked() {
    let mut app = app(DECK);
    assert_eq!(app.terminal_request(), None);
    press(&mut app, "o");
    assert_eq!(app.terminal_request(), Some(LoopExit::CaptureMouse(MouseReports::Clicks)));
    let five = find(&app, " 5 ");
    click(&mut app, five);
    assert_eq!((app.place().slide, app.terminal_request()), (4, None), "a demo can be clicked too");
    let at = find(&app, "echo");
    click(&mut app, (at.0 + 3, at.1 + 1));
    assert!(screen(&app).contains(": (3,1)"), "{}", screen(&app));
    assert_eq!(app.focus, Some(0));
    press(&mut app, "x");
    assert!(screen(&app).contains(": (3,1)x"));
    press(&mut app, "Esc Left");
    assert_eq!(app.terminal_request(), Some(LoopExit::CaptureMouse(MouseReports::Off)));
    press(&mut app, "S");
    let end = find(&app, "End");
    click(&mut app, end);
    assert_eq!(app.place().slide, 5);
}

#[tokio::test]
async fn the_wheel_scrolls_a_slide_and_an_overview() {
    let mut app = app(&format!("# One\n\n{}", "line\n\n".repeat(60)));
    mouse(&mut app, MouseEventKind::ScrollDown, (5, 5));
    mouse(&mut app, MouseEventKind::ScrollDown, (5, 5));
    mouse(&mut app, MouseEventKind::ScrollUp, (5, 5));
    assert_eq!(app.progress.scroll, 1);
    let mut app = self::app(DECK);
    press(&mut app, "o");
    mouse(&mut app, MouseEventKind::ScrollDown, (5, 5));
    press(&mut app, "Enter");
    assert_eq!(app.place().slide, 3, "a row of three further");
}

#[tokio::test]
async fn ctrl_l_draws_everything_again_also_over_a_demo() {
    let mut app = app(DECK);
    app.repaint = false;
    press(&mut app, "Ctrl-L");
    assert!(app.repaint);
    press(&mut app, "5 G Enter");
    app.repaint = false;
    press(&mut app, "Ctrl-L");
    assert!(app.repaint);
}

#[tokio::test]
async fn the_keys_in_force_are_those_of_the_help_and_the_footer() {
    let (keys, problems) = read_keys("next = [\"F5\"]\nhelp = [\"F1\"]\ncontrol = [\"F2\"]\n");
    assert_eq!(problems, []);
    let mut app = App::new(AppConfig { keys, ..config(DECK) }, SIZE);
    assert!(footer(&app).starts_with("F5 next  F1 keys"), "{}", footer(&app));
    press(&mut app, "F5 n");
    assert_eq!(app.place(), DeckPlace { slide: 1, step: 0 });
    press(&mut app, "5 G F2");
    assert_eq!(app.focus, Some(0));
    press(&mut app, "Esc F1");
    assert!(screen(&app).contains("F5  next step or slide"), "{}", screen(&app));
}

#[tokio::test]
async fn the_help_has_every_key_on_pages_that_fit_80x24() {
    let mut app = app(DECK);
    press(&mut app, "5 G");
    let mut shown = String::new();
    for page in 1..=10 {
        press(&mut app, "?");
        if app.overlay.is_none() {
            break;
        }
        let now = screen(&app);
        assert!(now.contains(&format!("Keys {page}/")), "{now}");
        shown += &now;
    }
    assert!(app.overlay.is_none(), "the last page closes");
    for (binding, keys) in app.steering.keys.rows() {
        assert!(shown.contains(binding.about), "{}", binding.about);
        assert!(shown.contains(&keys[0].to_string()), "{}", keys[0]);
    }
    assert!(shown.contains("w  work"), "the demo's too: {shown}");
    press(&mut app, "? Left");
    assert!(app.overlay.is_none(), "any other key closes it and acts");
    assert_eq!(app.place().slide, 1);
}

#[tokio::test]
async fn notes_scroll_and_stay_while_the_talk_goes_on() {
    let note = (0..60).map(|line| format!("note {line}\n")).collect::<Vec<_>>().concat();
    let source = format!("# One\n\n<!-- speaker_note: |\n{note}-->\n\n---\n\n# Two\n\ntext\n");
    let mut app = app(&source);
    press(&mut app, "s");
    let shown = screen(&app);
    assert!(shown.contains("more: ↓"), "{shown}");
    for _ in 0..100 {
        press(&mut app, "Down");
    }
    let shown = screen(&app);
    assert!(shown.contains("note 59") && !shown.contains("more: ↓"), "{shown}");
    press(&mut app, "Right");
    assert!(screen(&app).contains("this slide has no speaker note"), "{}", screen(&app));
    press(&mut app, "s");
    assert!(app.overlay.is_none());
}
