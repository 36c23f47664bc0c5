//! Writes a screen of a deck as SVG. Plays keys on the real app with its servers.
//!
//! `cargo run --example picture -- slides/talk.md 17 100x30 Enter H i Enter > picture.svg`

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use crossterm::event::{Event as Input, KeyCode, KeyEvent};
use futures_util::stream;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use tokio::sync::mpsc;
use wiretalk::app::{self, App, AppConfig, AppEvent, DoubleBuffer, ServerStatus};
use wiretalk::cli::check::{self, ReadDeck};
use wiretalk::demos::REGISTRY;
use wiretalk::export::to_svg;
use wiretalk::race::WorkerProgram;
use wiretalk::scope::Scope;
use wiretalk::servers::{Ports, ServerBundle};
use wiretalk::stage::{Brightness, Services};

/// How long the app runs after each key. The sockets of the demos are real, so they need real time.
const BETWEEN: Duration = Duration::from_millis(700);

/// How long the app waits for highlighted code.
const GRAMMARS: Duration = Duration::from_secs(3);

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(deck), Some(slide), Some(size)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        bail!(
            "usage: picture DECK SLIDE COLUMNSxROWS [KEY...]; a KEY is a letter, Enter, Tab, Up, \
             Down, Left, Right, or a pause such as 13s"
        );
    };
    let slide: usize = slide.parse().context("SLIDE must be a number from 1")?;
    let (width, height) = size.split_once('x').context("the size must be like 100x30")?;
    let size = Size { width: width.parse()?, height: height.parse()? };
    let steps: Vec<Step> = arguments.map(|name| step(&name)).collect::<anyhow::Result<_>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let picture = runtime.block_on(play(&deck, slide, size, &steps))?;
    println!("{picture}");
    Ok(())
}

/// A key to press, or a time to wait.
enum Step {
    Key(KeyCode),
    Wait(Duration),
}

fn step(name: &str) -> anyhow::Result<Step> {
    match name.strip_suffix('s').map(str::parse) {
        Some(Ok(seconds)) => Ok(Step::Wait(Duration::from_secs(seconds))),
        _ => key(name).map(Step::Key),
    }
}

fn key(name: &str) -> anyhow::Result<KeyCode> {
    let mut letters = name.chars();
    Ok(match (name, letters.next(), letters.next()) {
        ("Enter", ..) => KeyCode::Enter,
        ("Tab", ..) => KeyCode::Tab,
        ("Up", ..) => KeyCode::Up,
        ("Down", ..) => KeyCode::Down,
        ("Left", ..) => KeyCode::Left,
        ("Right", ..) => KeyCode::Right,
        (_, Some(letter), None) => KeyCode::Char(letter),
        _ => bail!("unknown key {name:?}"),
    })
}

async fn play(path: &str, slide: usize, size: Size, steps: &[Step]) -> anyhow::Result<String> {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let servers = Arc::new(ServerBundle::start(&scope, Ports::default(), None));
    servers.ready().await.map_err(anyhow::Error::msg)?;
    let ReadDeck { deck, warnings, themes, .. } = check::read_deck(path.as_ref(), REGISTRY)?;
    let theme = *themes.of(Brightness::Dark);
    // Cargo puts examples into a folder beside the program, which the race starts for its workers.
    let beside = std::env::current_exe()?
        .parent()
        .and_then(std::path::Path::parent)
        .map(|at| at.join("wiretalk"));
    let program = beside.map_or_else(WorkerProgram::default, WorkerProgram);
    let services = Services::default().with(servers).with(program);
    let show = AppConfig {
        file: path.to_owned(),
        warnings,
        services,
        themes: theme.into(),
        ..AppConfig::new(deck, REGISTRY)
    };
    let mut app = App::new(show, size);
    // The app gets this from tasks; here it comes at once, so that the picture does not depend on
    // them.
    app.update(AppEvent::Servers(
        ["http", "ws"].map(|name| ServerStatus { name, is_up: Some(true) }).to_vec(),
    ));
    let mut terminal = DoubleBuffer::new(TestBackend::new(size.width, size.height))?;
    // The keys that a speaker would press to jump to the slide.
    let go_to = format!("g{slide}").chars().map(KeyCode::Char).collect::<Vec<_>>();
    for code in go_to.iter().chain([&KeyCode::Enter]) {
        app.update(AppEvent::Input(Input::Key(KeyEvent::from(*code))));
    }
    let (sender, mut highlighted) = mpsc::channel(64);
    app.set_highlighter(app::start_highlighter(&scope, sender)?);
    // Loading the grammars takes longer than any one listing.
    while let Ok(Some(event)) = tokio::time::timeout(GRAMMARS, highlighted.recv()).await {
        app.update(event);
    }
    play_on(&mut app, &mut terminal, BETWEEN).await?;
    for step in steps {
        let time = match step {
            Step::Wait(time) => *time,
            Step::Key(code) => {
                app.update(AppEvent::Input(Input::Key(KeyEvent::from(*code))));
                BETWEEN
            }
        };
        play_on(&mut app, &mut terminal, time).await?;
    }
    Ok(to_svg(terminal.backend().buffer(), theme.text, theme.background))
}

/// Runs the app for `time`.
async fn play_on(
    app: &mut App,
    terminal: &mut DoubleBuffer<TestBackend>,
    time: Duration,
) -> anyhow::Result<()> {
    // A stream of events that has none and ends after `time`, which ends the loop.
    let quiet = pin!(stream::unfold((), |()| async move {
        tokio::time::sleep(time).await;
        None::<(AppEvent, ())>
    }));
    app::run_event_loop(app, terminal, &mut { quiet }).await?;
    Ok(())
}
