//! Demos on real sockets.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use futures_util::{StreamExt as _, stream};
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use wiretalk::app::{self, App, AppConfig, AppEvent, DoubleBuffer, LoopExit};
use wiretalk::race::WorkerProgram;
use wiretalk::scope::Scope;
use wiretalk::servers::{BundleOptions, ServerBundle};
use wiretalk::stage::Services;

use crate::{TALK, TOUR, go_to, press, show, slide_titled, text};

/// The time after which a wait counts as hung. No machine is that slow.
const HUNG: Duration = Duration::from_mins(1);

/// Returns the words of a picture with one blank between them, because a sentence in a box may be
/// wrapped anywhere.
pub(crate) fn unwrapped(shown: &str) -> String {
    shown.replace(['║', '│'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs the app until `wanted` is on the screen. Real sockets are involved, so it takes any time.
pub(crate) async fn until(
    app: &mut App,
    terminal: &mut DoubleBuffer<TestBackend>,
    wanted: &str,
) -> String {
    until_any(app, terminal, &[wanted]).await
}

/// Runs the app until one of these texts is on the screen, for states that a busy machine may miss.
pub(crate) async fn until_any(
    app: &mut App,
    terminal: &mut DoubleBuffer<TestBackend>,
    wanted: &[&str],
) -> String {
    let limit = Instant::now() + HUNG;
    for turn in 0.. {
        // A demo that waits for time to pass is given more of it at once, or it would never be
        // called.
        let millis = if turn < 50 { 20 } else { 300 };
        let pause = stream::once(tokio::time::sleep(Duration::from_millis(millis)))
            .filter_map(|()| async { None });
        let end = app::run_event_loop(app, terminal, &mut Box::pin(pause)).await.unwrap();
        assert!(
            matches!(
                end,
                LoopExit::Quit | LoopExit::CaptureMouse(_) | LoopExit::CopyToClipboard(_)
            ),
            "{end:?}"
        );
        let shown = text(terminal.backend().buffer());
        let words = unwrapped(&shown);
        if wanted.iter().any(|wanted| shown.contains(wanted) || words.contains(wanted)) {
            return shown;
        }
        assert!(Instant::now() < limit, "{wanted:?} never came:\n{shown}");
    }
    unreachable!("the turns have no end")
}

fn live(source: &str, scope: &Scope) -> (App, DoubleBuffer<TestBackend>) {
    live_at(source, scope, (100, 30))
}

/// Returns a deck at a size, with the bundled servers.
pub(crate) fn live_at(
    source: &str,
    scope: &Scope,
    (width, height): (u16, u16),
) -> (App, DoubleBuffer<TestBackend>) {
    let program = Some(env!("CARGO_BIN_EXE_wiretalk").into());
    let options = BundleOptions { program, ..BundleOptions::default() };
    let servers = Arc::new(ServerBundle::start_with(scope, options, None));
    let show = AppConfig {
        services: Services::default()
            .with(servers)
            .with(WorkerProgram(env!("CARGO_BIN_EXE_wiretalk").into())),
        ..show(source)
    };
    let app = App::new(show, Size { width, height });
    (app, DoubleBuffer::new(TestBackend::new(width, height)).unwrap())
}

#[tokio::test]
async fn the_inspector_shows_a_typed_text_and_its_echo() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (mut app, mut terminal) = live("# Look\n\n```demo inspect\ntext = \"\"\n```\n", &scope);
    until(&mut app, &mut terminal, "● open").await;
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Enter);
    for letter in "Hello".chars() {
        press(&mut app, KeyCode::Char(letter));
    }
    press(&mut app, KeyCode::Enter);
    until(&mut app, &mut terminal, "Frames(2)").await;
    let shown = until(&mut app, &mut terminal, "0000  81 85 ").await;
    assert!(
        shown.contains("K  K  K  K  P  P  P  P  P") && shown.contains("H  e  l  l  o"),
        "{shown}"
    );
    app.update(AppEvent::Input(Input::Key(KeyEvent::new(
        KeyCode::Char('d'),
        KeyModifiers::CONTROL,
    ))));
    let shown = until(&mut app, &mut terminal, "closed by us, answered by the server").await;
    assert_eq!(shown.matches("1000 \"done\"").count(), 2, "both Close frames: {shown}");
    press(&mut app, KeyCode::Char('1'));
    let shown = until(&mut app, &mut terminal, "HTTP/1.1 101 Switching Protocols").await;
    assert!(shown.contains("equal: the server has read this request"), "{shown}");
}

/// The sentence on the slide and on the tour's slide, and README's keys, followed to the letter. The
/// word has the keys in it that end the talk, close the connection or open the notes elsewhere.
#[tokio::test]
async fn enter_a_word_enter_sends_the_word() {
    let word = "sequence";
    for (source, title, sentence) in [
        (TALK, "Read one as it leaves", "**Press Enter, type a word, press Enter.**"),
        (TOUR, "The inspector", "**Enter**, type, **Enter**: sent."),
    ] {
        assert!(
            source.split("\n---\n").any(|slide| {
                slide.contains(&format!("## {title}\n")) && slide.contains(sentence)
            })
        );
        let number = slide_titled(source, title);
        let scope = Scope::new(|panic| panic!("{panic}"));
        let (mut app, mut terminal) = live(source, &scope);
        go_to(&mut app, number);
        until(&mut app, &mut terminal, "Frames(2)").await;
        press(&mut app, KeyCode::Enter);
        for letter in word.chars() {
            press(&mut app, KeyCode::Char(letter));
        }
        press(&mut app, KeyCode::Enter);
        let shown = until(&mut app, &mut terminal, "Frames(4)").await;
        assert_eq!(app.slide_index(), number);
        let frame = |way: &str| {
            shown.lines().any(|row| row.contains(way) && row.contains(&format!("\"{word}\"")))
        };
        assert!(frame("C→S") && frame("S→C"), "the word and its echo: {shown}");
    }
    let readme = include_str!("../../README.md");
    let keys = format!("`g {} Enter`", slide_titled(TALK, "Read one as it leaves") + 1);
    assert!(readme.contains(&keys), "{keys}");
}

#[tokio::test]
async fn the_race_runs_both_lanes_and_ends_with_its_slide() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (mut app, mut terminal) = live(
        "# Race\n\n```demo race\npairs = 2\nlanes = \"http-reqwest,ws\"\n```\n\n---\n\n# After\n",
        &scope,
    );
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Enter);
    // Whether the run counts depends on the machine.
    let shown = until(&mut app, &mut terminal, "64+8 B").await;
    assert!(
        shown.contains("38 B up + 34 B down per exchange"),
        "6 + 32 bytes up, 2 + 32 down: {shown}"
    );
    press(&mut app, KeyCode::Char('0'));
    until(&mut app, &mut terminal, "place your bet").await;
    press(&mut app, KeyCode::Enter);
    until_any(&mut app, &mut terminal, &["round 1 of 2", "round 2 of 2", "64+8 B"]).await;
    press(&mut app, KeyCode::PageDown);
    let shown = until(&mut app, &mut terminal, "2/2").await;
    assert!(!shown.contains("race ·"), "{shown}");
}

#[tokio::test]
async fn the_feed_polls_and_pushes_and_ends_with_its_slide() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let deck = "# Feed\n\n```demo feed\nseconds = 2\ngap = 60\npoll = 200\nways = \"poll, \
                ws\"\n```\n\n---\n\n# After\n";
    let (mut app, mut terminal) = live(deck, &scope);
    for code in [KeyCode::Enter, KeyCode::Char('2'), KeyCode::Enter] {
        press(&mut app, code);
    }
    let settled = "You bet on up to 9; it was";
    until_any(&mut app, &mut terminal, &["of 2 s", settled]).await;
    // The measured figures depend on the machine.
    until(&mut app, &mut terminal, settled).await;
    press(&mut app, KeyCode::Enter);
    until_any(&mut app, &mut terminal, &["of 2 s", settled]).await;
    press(&mut app, KeyCode::PageDown);
    let shown = until(&mut app, &mut terminal, "2/2").await;
    assert!(!shown.contains("feed ·"), "{shown}");
}

#[tokio::test]
async fn the_scales_show_the_bytes_of_the_sockets() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (mut app, mut terminal) = live("# Weigh\n\n```demo weigh\n```\n", &scope);
    press(&mut app, KeyCode::Enter);
    press(&mut app, KeyCode::Enter);
    let shown = until(&mut app, &mut terminal, "POST /echo HTTP/1.1␍␊").await;
    assert!(shown.contains("81 a1 ") && shown.contains("81 21 │ 7b 22"), "{shown}");
    assert!(shown.contains("WebSocket      39      35       74    89 %"), "{shown}");
    press(&mut app, KeyCode::Char('b'));
    until(&mut app, &mut terminal, "server: nginx␍␊").await;
}

/// A column of the grid: tested on real sockets, opened, and its exchange in the inspector.
#[tokio::test]
async fn an_exchange_of_the_grid_is_opened_in_the_inspector() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let deck = "# Grid\n\n```demo conform\nlibraries = \"strict\"\n```\n";
    let (mut app, mut terminal) = live(deck, &scope);
    for key in [KeyCode::Enter, KeyCode::Char(' '), KeyCode::Char('0'), KeyCode::Enter] {
        press(&mut app, key);
    }
    until(&mut app, &mut terminal, "clients mask: all 8 cases pass").await;
    press(&mut app, KeyCode::Enter);
    let shown = until(&mut app, &mut terminal, "8 cases pass; tested here").await;
    assert!(shown.contains("came back: it closed with 1002"), "{shown}");
    press(&mut app, KeyCode::Enter);
    until(&mut app, &mut terminal, "2 Frames(").await;
    press(&mut app, KeyCode::Esc);
    until(&mut app, &mut terminal, "came back: it closed with 1002").await;
}

/// Lines over every transport, one of them taken away, and the fallback client.
#[tokio::test]
async fn a_line_goes_over_every_transport_and_the_client_falls_back() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let deck = "# SockJS\n\n```demo sockjs\n```\n\n---\n\n# After\n";
    let (mut app, mut terminal) = live(deck, &scope);
    for key in [KeyCode::Enter, KeyCode::Char('3'), KeyCode::Char(' ')] {
        press(&mut app, key);
    }
    until(&mut app, &mut terminal, "for jsonp-polling.").await;
    until(&mut app, &mut terminal, "fallback client: on websocket").await;
    press(&mut app, KeyCode::Char('x'));
    until(&mut app, &mut terminal, "fallback client: on xhr-streaming").await;
    let shown = until(&mut app, &mut terminal, "✗ taken away").await;
    assert!(unwrapped(&shown).contains("websocket ✗ 404 → xhr-streaming ● open"), "{shown}");
    for key in [KeyCode::Down, KeyCode::Char('2')] {
        press(&mut app, key);
    }
    until(&mut app, &mut terminal, "second receiver: c[2010,").await;
    press(&mut app, KeyCode::Char('c'));
    until(&mut app, &mut terminal, "◐ CLOSED").await;
    press(&mut app, KeyCode::Enter);
    until(&mut app, &mut terminal, "HTTP/1.1␍␊").await;
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::PageDown);
    let shown = until(&mut app, &mut terminal, "2/2").await;
    assert!(!shown.contains("sockjs ·"), "{shown}");
}
