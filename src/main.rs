//! Arguments, runtime, terminal, exit code; everything else is the library's.

use std::alloc::System;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use clap::Parser as _;
use ratatui::Terminal;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use wiretalk::app::{self, ASK_BACKGROUND, App, End, Screen, Show, Signals};
use wiretalk::cli::inspect::Inspect;
use wiretalk::cli::{Cli, Command, check};
use wiretalk::deck::{Block, Deck, Fence, Position, Setting, SettingValue, Slide};
use wiretalk::demos::REGISTRY;
use wiretalk::scope::Scope;
use wiretalk::servers::{ServerBundle, Ports};
use wiretalk::stage::{Consents, Depth, House};

/// Counts allocations, which the race tells an exchange's number of.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The talk that is built in, so that an installed binary works anywhere.
const TALK: &str = include_str!("../slides/talk.md");

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // help and version are asked for, and where they cannot be printed that is an error
            let printed = error.print();
            return ExitCode::from(if printed.is_ok() { error.exit_code() as u8 } else { 1 });
        }
    };
    let result = match cli.command {
        None => present(cli.deck, cli.theme.map(Into::into), cli.trust),
        Some(Command::Check(check)) => check.run(REGISTRY),
        Some(Command::Inspect(inspect)) => inspected(inspect),
        Some(Command::Decode(decode)) => decode.run(),
        Some(Command::Race(race)) => race.run(),
        Some(Command::Racer(racer)) => racer.run(),
        Some(Command::Serve(serve)) => serve.run(),
        Some(Command::Demos(demos)) => demos.run(REGISTRY),
        Some(Command::Completions(completions)) => completions.run(),
        Some(Command::Licenses(licenses)) => licenses.run(),
    };
    result.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "wiretalk: {error:#}");
        ExitCode::FAILURE
    })
}

fn present(
    path: Option<PathBuf>,
    theme: Option<wiretalk::deck::ThemeChoice>,
    trust: bool,
) -> anyhow::Result<ExitCode> {
    let (file, (deck, warnings)) = match path {
        Some(path) => (check::name(&path), check::read(&path, REGISTRY)?),
        None => ("talk.md".to_owned(), check::parse(TALK, REGISTRY)),
    };
    let theme = theme.or(deck.front_matter.theme);
    let (registry, house, depth) = (REGISTRY, House::default(), depth());
    let consents = if trust { Consents::all() } else { Consents::default() };
    play(Show {
        deck,
        file,
        warnings,
        registry,
        house,
        theme,
        depth,
        consents,
        notice: app::locale_notice(variable),
        alone: false,
    })
}

fn inspected(inspect: Inspect) -> anyhow::Result<ExitCode> {
    if let Some(why) = inspect.misuse() {
        writeln!(std::io::stderr(), "wiretalk: {why}")?;
        return Ok(ExitCode::from(2));
    }
    if inspect.is_headless() { inspect.run() } else { look_into(inspect) }
}

/// The inspector with the whole screen to itself: a deck of one slide that holds nothing else.
fn look_into(inspect: Inspect) -> anyhow::Result<ExitCode> {
    let setting = |(key, value): (&str, String)| Setting {
        key: key.to_owned(),
        value: SettingValue::Text(value),
        position: Position::default(),
    };
    let settings = inspect.settings().into_iter().map(setting).collect();
    let fence = Fence { name: "inspect".to_owned(), settings, ..Fence::default() };
    let slide = Slide { blocks: vec![Block::Demo(fence)], ..Slide::default() };
    let deck = Deck { slides: vec![slide], ..Deck::default() };
    let show = Show {
        warnings: REGISTRY.check(&deck, ""),
        deck,
        file: inspect.source,
        registry: REGISTRY,
        house: House::default(),
        theme: inspect.theme.map(Into::into),
        depth: depth(),
        // whoever types it wants it
        consents: Consents::all(),
        notice: app::locale_notice(variable),
        alone: true,
    };
    play(show)
}

fn depth() -> Depth {
    Depth::detect(variable)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Plays a talk on the terminal.
fn play(show: Show) -> anyhow::Result<ExitCode> {
    if let Some(why) = app::unsuitable(variable) {
        bail!(why);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let alone = show.alone;
    let end = catch_unwind(AssertUnwindSafe(|| runtime.block_on(stage(show))));
    runtime.shutdown_background();
    let fault = || anyhow!("{}; this is a fault of wiretalk", Screen::last_words().unwrap_or_default());
    match end {
        // a talk goes on without one of its demos; the inspector alone is nothing else
        Ok(Ok((End::Quit, Some(why)))) if alone => Err(anyhow!("{why}; this is a fault of wiretalk")),
        Ok(Ok((End::Signal(number), _))) => Ok(ExitCode::from(128 + number as u8)),
        Ok(Ok(_)) => Ok(ExitCode::SUCCESS),
        Ok(Err(error)) => Err(error.context("could not use the terminal")),
        Err(_) => Err(fault()),
    }
}

/// Everything between taking the terminal and giving it back. The first frame comes before all
/// that takes time: questions to the terminal, highlighting. Only the signals must be caught before. With the end comes why
/// a demo has stopped, if one has.
async fn stage(mut show: Show) -> anyhow::Result<(End, Option<String>)> {
    let scope = Scope::new(|_| {});
    let signals = Signals::catch(&scope)?;
    let mut screen = Screen::raise()?;
    let mut terminal = Terminal::new(screen.backend())?;
    // whoever points the inspector at something needs no servers of ours
    let servers = (!show.alone).then(|| Arc::new(ServerBundle::start(&scope, Ports::default(), None)));
    show.house.servers.clone_from(&servers);
    let deck = show.deck.clone();
    let ask = show.theme.is_none();
    let mut app = App::new(show, terminal.size()?);
    app::paint(&mut app, &mut terminal)?;
    if ask {
        screen.ask(ASK_BACKGROUND)?;
    }
    let (post, mut events) = app::events(&deck, &scope, signals)?;
    if let Some(servers) = servers {
        app::watch(&servers, &scope, post);
    }
    loop {
        match app::run(&mut app, &mut terminal, &mut events).await? {
            End::Suspend => screen.suspend()?,
            End::Continued => screen.retake()?,
            End::Copy(text) => screen.copy(&text)?,
            End::Mouse(on) => screen.mouse(on)?,
            end => return Ok((end, app.fault())),
        }
    }
}
