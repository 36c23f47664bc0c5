//! The whole app played from scripts on ratatui's `TestBackend`: both decks at several sizes, keys,
//! and demos on real sockets.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use futures_util::{StreamExt as _, stream};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Modifier, Style};
use tokio::sync::mpsc;
use wiretalk::app::{self, App, AppConfig, AppEvent, KeyMap, LoopExit, Route};
use wiretalk::cli::check::{self, ReadDeck};
use wiretalk::conform::Verdict;
use wiretalk::deck::Depth;
use wiretalk::demos::REGISTRY;
use wiretalk::lab::LabRecord;
use wiretalk::race::WorkerProgram;
use wiretalk::scope::Scope;
use wiretalk::servers::{BundleOptions, ServerBundle};
use wiretalk::stage::{
    ColorDepth, Demo, DemoEntry, Diagnostic, EffectConsents, KeyHint, Registry, Services,
    SettingSpec, Settings, Stage, StandaloneDemo, Theme, ThemePair, ViewContext,
};

const TALK: &str = include_str!("../slides/talk.md");
const TOUR: &str = include_str!("../slides/tour.md");
const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (200, 60)];

fn show(source: &str) -> AppConfig {
    let ReadDeck { deck, warnings, .. } = check::parse_deck(source, REGISTRY);
    let file = "deck.md".to_owned();
    AppConfig {
        deck,
        file,
        warnings,
        registry: REGISTRY,
        services: Services::default(),
        themes: ThemePair::default(),
        color_depth: ColorDepth::TrueColor,
        consents: EffectConsents::default(),
        keys: KeyMap::default(),
        // Every slide of a deck is looked at, the deep ones too.
        route: Route::through(Depth::Study),
        transition: None,
        start: None,
        rehearse: false,
        notice: None,
        standalone: None,
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
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    app.view(&mut buffer);
    text(&buffer)
}

fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width));
    rows.map(|row| {
        row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
            + "\n"
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

#[tokio::test]
async fn the_talk_has_its_slides_and_no_warning() {
    let ReadDeck { deck, warnings, .. } = check::parse_deck(TALK, REGISTRY);
    assert_eq!(warnings, []);
    assert_eq!(deck.slides.len(), 73);
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
    assert_eq!(marked, [46, 25, 2], "core, deep and study");
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

/// The figures on the slide about sockjs-go are those of the record.
#[test]
fn the_slide_about_sockjs_go_agrees_with_the_record() {
    let source = include_str!("../demos/libraries/sockjs/protocol_test.json");
    let record: serde_json::Value = serde_json::from_str(source).unwrap();
    let server = |id: &str| {
        let servers = record["servers"].as_array().unwrap();
        servers.iter().find(|server| server["id"] == id).unwrap()
    };
    let passed = |id: &str| -> Vec<u64> {
        let runs = server(id)["passed"].as_array().unwrap();
        runs.iter().map(|run| run.as_u64().unwrap()).collect()
    };
    let slide = TALK.split("\n## ").find(|slide| slide.starts_with("42 of 68")).unwrap();
    assert_eq!((passed("sockjs-go").iter().max(), &record["tests"]), (Some(&42), &68.into()));
    assert_eq!(passed("sockjs-go-mux").iter().max(), Some(&40));
    let runs: Vec<String> = passed("sockjs-go").iter().map(u64::to_string).collect();
    assert!(slide.contains(&format!("five runs: {}", runs.join(" "))), "{runs:?}");
    let failed = server("sockjs-go")["failed"].as_object().unwrap();
    let (always, varying): (Vec<_>, Vec<_>) =
        failed.iter().partition(|(_, found)| !found["runs"].as_str().unwrap().contains('p'));
    assert_eq!(always.len(), 26);
    let named = [
        "HandlingClose.test_abort_xhr_polling",
        "HandlingClose.test_abort_xhr_streaming",
        "Protocol.test_closeSession",
        "RawWebsocket.test_close",
        "XhrPolling.test_content_types",
    ];
    assert!(varying.iter().all(|(test, _)| named.contains(&test.as_str())), "{varying:?}");
    let bar = |sign: char| slide.chars().filter(|found| *found == sign).count();
    assert_eq!([bar('█'), bar('▒'), bar('░')], [68 - 26 - named.len(), named.len(), 26]);
    let table = slide
        .lines()
        .filter_map(|row| row.split('|').nth(1)?.trim().trim_matches('*').parse::<usize>().ok());
    assert_eq!(table.sum::<usize>(), 26, "the rows of the table");
    assert!(slide.contains("29 Nov 2026") && record["date"] == "2026-11-29");
}

/// The libraries of a recorded table, in the order of its columns: as the slide names them, and their
/// contestants.
const LIBRARIES: [(&str, &str); 5] = [
    ("gorilla", "gorilla"),
    ("coder", "coder"),
    ("gobwas", "gobwas"),
    ("gws", "gws"),
    ("x/net", "xnet"),
];

/// The rows of the recorded tables: what is sent, its case, and what stands in a cell whose case passes.
const SEQUENCES: [(&str, &str, &str); 19] = [
    ("foreign Origin", "origin/foreign", "403"),
    ("unmasked frame", "masking/unmasked-text", "1002"),
    ("RSV1, none agreed", "opcodes/rsv1-text", "1002"),
    ("opcode 3", "opcodes/reserved-3-with-payload", "1002"),
    ("ping of 126 bytes", "lengths/ping-126", "1002"),
    ("ping with FIN = 0", "fragments/ping-without-fin", "1002"),
    ("text, not UTF-8", "utf8/invalid-ff", "1007"),
    ("orphan fragment", "fragments/orphan-final", "1002"),
    ("\"Hel\" ping \"lo\"", "fragments/ping-between", "one"),
    ("text in fragments", "fragments/interleaved-text-whole", "1002"),
    ("length 1 in 16 bit", "lengths/16-bit-1", "1002"),
    ("65,535 bytes", "lengths/text-65535", "echo"),
    ("Close 1000", "close/code-1000", "1000"),
    ("Close 1005", "close/code-1005", "1002"),
    ("reason, not UTF-8", "close/reason-ff", "1002"),
    ("Origin evil.example", "origin/foreign", "403"),
    ("no Origin", "origin/none", "101"),
    ("version 8", "handshake/version-8", "400 426"),
    ("key of 10 bytes", "handshake/key-10-bytes", "400"),
];

fn lab_record() -> LabRecord {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    LabRecord::read(&root.join("demos/libraries/recorded.json")).unwrap()
}

/// Returns the source of a slide from its title to its notes.
fn slide(title: &str) -> &'static str {
    let (_, after) = TALK.split_once(&format!("## {title}\n")).expect(title);
    after.split_once("<!-- speaker_note:").unwrap().0
}

/// Whether a cell says what the record has: `reason` is what the library did where the case does not
/// pass. A cross stands for a failed case.
fn fits(cell: &str, verdict: Verdict, reason: &str, passed: &str) -> bool {
    let (is_crossed, word) = match cell.split_once(' ') {
        Some((mark, word)) => (mark == "✗", word),
        None => (false, cell),
    };
    let says = match word {
        _ if verdict == Verdict::Pass => passed.split(' ').any(|passed| passed == word),
        "drop" => reason.starts_with("ended the connection"),
        "echo" => reason.starts_with("echoed it") || reason.contains("that is not UTF-8"),
        "pong" => reason.ends_with("answered a ping that came after it"),
        "two" => reason == "echoed 9 bytes instead of 18" || reason == "echoed it",
        "parts" => reason.starts_with("echoed ") && reason.contains(" bytes instead of "),
        // The message is whole; what is wrong with the pong is not what the row is about.
        "one" => return !is_crossed && reason.starts_with("sent a pong with"),
        "101" => reason.starts_with("opened the connection"),
        status if status.starts_with('4') => reason.starts_with(&format!("refused with {status}")),
        code => reason.starts_with(&format!("closed with {code}")),
    };
    says && is_crossed == verdict.is_failure()
}

/// What the slides say of libraries is what the lab has recorded, with its date and versions.
#[test]
fn recorded_tables_are_those_of_the_lab() {
    let record = lab_record();
    let mut compared = 0;
    for title in ["Who checks the door?", "18 sequences: frames", "18 sequences: doors"] {
        let rows = slide(title).lines().filter_map(|line| line.strip_prefix("| "));
        let mut rows = rows.map(|row| {
            let cells = row.trim_end_matches('|').split('|').map(|cell| cell.replace("**", ""));
            cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
        });
        assert_eq!(rows.next().unwrap()[1..], LIBRARIES.map(|(shown, _)| shown), "{title}");
        for row in rows.filter(|row| !row[0].starts_with(':')) {
            let (_, case, passed) = SEQUENCES.iter().find(|(sent, ..)| *sent == row[0]).unwrap();
            for (cell, (library, id)) in row[1..].iter().zip(LIBRARIES) {
                let verdicts = record.contestant(id).unwrap().verdicts.as_ref().unwrap();
                assert!(record.cases.iter().any(|known| known == case), "{case}");
                let reason = verdicts.cases.get(*case).map_or("", |found| &found.reason);
                let verdict = verdicts.verdict_of(case);
                let shown = format!("{}, {library}: {cell}", row[0]);
                assert!(fits(cell, verdict, reason, passed), "{shown}; {verdict}: {reason}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, SEQUENCES.len() * LIBRARIES.len());
    let refusing = LIBRARIES.iter().filter(|(_, id)| {
        let verdicts = record.contestant(id).unwrap().verdicts.as_ref().unwrap();
        let longer = record.cases.iter().filter(|case| case.starts_with("lengths/16-bit-"));
        let mut reasons = longer.map(|case| verdicts.cases.get(case).map_or("", |one| &one.reason));
        !reasons.all(|reason| reason.starts_with("echoed it") || reason.starts_with("went on"))
    });
    assert_eq!(refusing.count(), 0);
    assert!(slide("One length, three spellings").contains("Of five Go libraries: **none**"));
}

#[test]
fn recorded_tables_name_the_date_and_the_versions_of_the_lab() {
    let record = lab_record();
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let [year, month, day] = record.date.split('-').collect::<Vec<_>>()[..] else {
        panic!("{}", record.date)
    };
    let month = months[month.parse::<usize>().unwrap() - 1];
    let date = format!("**Recorded** {} {month} {year} · ", day.trim_start_matches('0'));
    let version = |(shown, id): (&str, &str)| {
        let version = &record.contestant(id).unwrap().version;
        format!("{shown} {}", version.trim_start_matches('v'))
    };
    let versions = LIBRARIES.map(version).join(" · ");
    for title in [
        "Who checks the door?",
        "One length, three spellings",
        "18 sequences: frames",
        "18 sequences: doors",
    ] {
        let source = slide(title);
        assert!(source.contains(&date), "{title}: {date}");
        assert!(source.contains(&format!("\n{versions}\n")), "{title}: {versions}");
        if title.starts_with("18") {
            let go = &record.toolchains["go"];
            let go = go.split(' ').find_map(|word| word.strip_prefix("go1")).unwrap();
            assert!(source.contains(&format!(" · Go 1{go}\\\n")), "{title}: Go 1{go}");
        }
    }
}

/// The bars of the slide are those of the record, at the size that has to do.
#[tokio::test]
async fn the_idle_connections_of_the_talk_are_those_of_the_lab() {
    let screens = walk(TALK, (100, 30));
    let shown = screens.iter().find(|screen| screen.contains("A million idle connections"));
    let shown = shown.expect("there is such a slide");
    let record = lab_record();
    for (library, id) in LIBRARIES {
        let idle = record.contestant(id).unwrap().idle.as_ref().unwrap();
        let bytes = idle.bytes_a_connection().unwrap() as f64;
        let row = shown.lines().find(|row| row.contains(&format!("  {library} "))).unwrap();
        assert!(row.contains(&format!("{:.1} KiB", bytes / 1024.0)), "{row}");
        assert!(row.contains(&format!("{:.1} GB", bytes / 1000.0)), "{row}");
    }
    assert!(shown.contains(&format!("recorded {}", record.date)), "{shown}");
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
    let mut plain = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    app.view(&mut plain);
    let (scope, (sender, mut done)) = (Scope::new(|panic| panic!("{panic}")), mpsc::channel(8));
    app.set_highlighter(app::start_highlighter(&scope, sender).unwrap());
    let mut colored = plain.clone();
    // Code of the slides beside this one may come first.
    while plain == colored {
        app.update(done.recv().await.expect("the thread that highlights has ended"));
        app.view(&mut colored);
    }
    assert_eq!(text(&plain), text(&colored));
}

/// The time after which a wait counts as hung. No machine is that slow.
const HUNG: Duration = Duration::from_mins(1);

/// Returns the words of a picture with one blank between them, because a sentence in a box may be
/// wrapped anywhere.
fn unwrapped(shown: &str) -> String {
    shown.replace('║', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs the app until `wanted` is on the screen. Real sockets are involved, so it takes any time.
async fn until(app: &mut App, terminal: &mut Terminal<TestBackend>, wanted: &str) -> String {
    until_any(app, terminal, &[wanted]).await
}

/// Runs the app until one of these texts is on the screen, for states that a busy machine may miss.
async fn until_any(app: &mut App, terminal: &mut Terminal<TestBackend>, wanted: &[&str]) -> String {
    let limit = Instant::now() + HUNG;
    loop {
        let pause = stream::once(tokio::time::sleep(Duration::from_millis(20)))
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
}

fn live(source: &str, scope: &Scope) -> (App, Terminal<TestBackend>) {
    let program = Some(env!("CARGO_BIN_EXE_wiretalk").into());
    let options = BundleOptions { program, ..BundleOptions::default() };
    let servers = Arc::new(ServerBundle::start_with(scope, options, None));
    let show = AppConfig {
        services: Services::default()
            .with(servers)
            .with(WorkerProgram(env!("CARGO_BIN_EXE_wiretalk").into())),
        ..show(source)
    };
    let app = App::new(show, Size { width: 100, height: 30 });
    (app, Terminal::new(TestBackend::new(100, 30)).unwrap())
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
    let readme = include_str!("../README.md");
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
        shown.contains("38 B up + 34 B down an exchange"),
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

/// Lines over every transport, one of them taken away, and the client that falls back.
#[tokio::test]
async fn a_line_goes_over_every_transport_and_the_client_falls_back() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let deck = "# SockJS\n\n```demo sockjs\n```\n\n---\n\n# After\n";
    let (mut app, mut terminal) = live(deck, &scope);
    for key in [KeyCode::Enter, KeyCode::Char('3'), KeyCode::Char(' ')] {
        press(&mut app, key);
    }
    until(&mut app, &mut terminal, "for jsonp-polling.").await;
    until(&mut app, &mut terminal, "falls back: on websocket").await;
    press(&mut app, KeyCode::Char('x'));
    until(&mut app, &mut terminal, "falls back: on xhr-streaming").await;
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

/// Plays every step of every scenario on real sockets. The outcome must be what the RFC requires.
#[tokio::test]
async fn every_scenario_holds_on_the_bundled_servers() {
    let names =
        ["handshake", "wrong-answers", "origin", "frame", "mask", "break-it", "deflate", "one-bit"];
    for name in names {
        let scope = Scope::new(|panic| panic!("{panic}"));
        let deck = format!("# Lesson\n\n```demo inspect\nscenario = \"{name}\"\n```\n");
        let (mut app, mut terminal) = live(&deck, &scope);
        press(&mut app, KeyCode::Enter);
        let shown = until(&mut app, &mut terminal, "steps, each with a bet").await;
        let before = shown.split(" steps, each").next().unwrap();
        let steps: usize = before.split_whitespace().last().unwrap().parse().unwrap();
        for step in 1..=steps {
            press(&mut app, KeyCode::Char('.'));
            until(&mut app, &mut terminal, &format!("{step}/{steps} ")).await;
            press(&mut app, KeyCode::Char('1'));
            press(&mut app, KeyCode::Char('.'));
            let shown = until(&mut app, &mut terminal, "you bet").await;
            // The outcome is below the title, in one or two rows.
            let title =
                shown.lines().position(|line| line.contains(&format!("{step}/{steps} "))).unwrap();
            let outcome = shown.lines().nth(title + 1).unwrap();
            let words = unwrapped(&shown);
            let is_settled = words.contains(": right") || words.contains(": wrong, it was ");
            assert!(is_settled, "{name}, step {step}:\n{shown}");
            assert!(outcome.contains("║ ✓ "), "{name}, step {step}:\n{shown}");
        }
    }
}

/// A demo with a bug: `x` makes it panic, directly or in its task.
struct Faulty(u32);

static IN_A_TASK: AtomicBool = AtomicBool::new(false);
static FAULTY: [DemoEntry; 1] = [DemoEntry::of::<Faulty>()];

impl Demo for Faulty {
    const NAME: &'static str = "faulty";
    const ABOUT: &'static str = "a demo with a fault";
    const SETTINGS: &'static [SettingSpec] = &[];
    const KEYS: &'static [KeyHint] = &[];
    const MIN_ROWS: u16 = 3;
    type Msg = ();
    type Cmd = ();

    fn open(_: &Settings) -> Result<(Self, Vec<()>), Diagnostic> {
        Ok((Self(0), Vec::new()))
    }

    fn update(&mut self, event: wiretalk::stage::DemoEvent<()>) -> Vec<()> {
        match event {
            wiretalk::stage::DemoEvent::Key(key) if key.code == KeyCode::Char('x') => {
                assert!(IN_A_TASK.load(Ordering::Relaxed), "out of cheese");
                vec![()]
            }
            wiretalk::stage::DemoEvent::Focus => Vec::new(),
            _ => {
                self.0 += 1;
                Vec::new()
            }
        }
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, _: &ViewContext) {
        buffer.set_stringn(
            area.x,
            area.y,
            format!("{} keys", self.0),
            area.width.into(),
            Style::new(),
        );
    }

    fn perform((): (), stage: &Stage<()>) {
        stage.scope("work").spawn("work", async { panic!("out of cheese") });
    }
}

#[tokio::test]
async fn a_stopped_demo_shows_the_reason_and_ctrl_r_restarts_it() {
    for alone in [false, true] {
        for in_a_task in [false, true] {
            IN_A_TASK.store(in_a_task, Ordering::Relaxed);
            let show = AppConfig {
                registry: Registry::new(&FAULTY),
                standalone: alone.then(|| StandaloneDemo::new(|| (Faulty(0), Vec::new()))),
                ..show("```demo faulty\n```\n")
            };
            let mut app = App::new(show, Size { width: 100, height: 30 });
            let mut terminal = Terminal::new(TestBackend::new(100, 30)).unwrap();
            if !alone {
                press(&mut app, KeyCode::Enter);
            }
            press(&mut app, KeyCode::Char('y'));
            until(&mut app, &mut terminal, "1 keys").await;
            assert_eq!(app.demo_fault(), None);
            press(&mut app, KeyCode::Char('x'));
            let shown =
                until(&mut app, &mut terminal, "this demo has stopped: Ctrl-R restarts it").await;
            let why = if in_a_task {
                "task \"work\" panicked at tests/script.rs:"
            } else {
                "out of cheese"
            };
            assert!(shown.contains(why) && shown.contains("1 keys"), "{shown}");
            press(&mut app, KeyCode::Char('y'));
            until(&mut app, &mut terminal, "1 keys").await;
            app.update(AppEvent::Input(Input::Key(KeyEvent::new(
                KeyCode::Char('r'),
                KeyModifiers::CONTROL,
            ))));
            let shown = until(&mut app, &mut terminal, "0 keys").await;
            assert!(!shown.contains("stopped"), "{shown}");
            press(&mut app, KeyCode::Char('y'));
            until(&mut app, &mut terminal, "1 keys").await;
            assert!(
                app.demo_fault().unwrap().contains("out of cheese"),
                "the inspector alone ends with it"
            );
        }
    }
}

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
    let mut buffer = Buffer::empty(size);
    app.view(&mut buffer);
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
