//! Arguments, runtime, terminal and exit status. Everything else is in the library.

use std::alloc::System;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use clap::{CommandFactory as _, Parser as _};
use futures_util::Stream;
use ratatui::Terminal;
use ratatui::backend::Backend as _;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::sync::mpsc;
use wiretalk::app::{
    self, App, AppConfig, AppEvent, BACKGROUND_QUERY, DeckPlace, DeckUpdate, FrameBackend,
    GRAPHICS_QUERY, KeyMap, LoopExit, Route, Screen, Signals, Transition,
};
use wiretalk::cli::check::{self, FileChecks, ReadDeck};
use wiretalk::cli::inspect::InspectArgs;
use wiretalk::cli::learn::{LearnArgs, LearnTarget};
use wiretalk::cli::present::{
    self, DeckSource, OnlyArg, PresentArgs, RememberedPlace, ShownVersion, TalkFiles, TalkMemory,
    TransitionArg, WatchedTalk,
};
use wiretalk::cli::{self, Cli, CliCommand, ThemeArg};
use wiretalk::deck::{Block, Deck, DemoFence, Position, Slide};
use wiretalk::demos::REGISTRY;
use wiretalk::demos::inspect::{Inspect, check_lesson, lesson_entries};
use wiretalk::demos::learn::{Learn, LearnContent, LearnStart, StartPlace};
use wiretalk::net::error_chain;
use wiretalk::progress::ProgressStore;
use wiretalk::scope::Scope;
use wiretalk::servers::{Ports, ServerBundle};
use wiretalk::stage::{ColorDepth, Demo as _, EffectConsents, Services, StandaloneDemo};
use wiretalk::watch::WatchMode;

/// Counts allocations, so that the race can report how many an exchange takes.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The talk that is built in, so that an installed binary works anywhere.
const BUILT_IN_TALK: &str = include_str!("../slides/talk.md");

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some(error) = cli::unknown_command(&args) {
        let _ = writeln!(std::io::stderr(), "wiretalk: {error}");
        return ExitCode::from(2);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors, unless they cannot be printed.
            let printed = error.print();
            return ExitCode::from(if printed.is_ok() { error.exit_code() as u8 } else { 1 });
        }
    };
    let result = match cli.command {
        None => present(cli),
        Some(CliCommand::Check(check)) => check.run(REGISTRY, FILE_CHECKS),
        Some(CliCommand::Inspect(inspect)) => run_inspect(inspect),
        Some(CliCommand::Decode(decode)) => decode.run(),
        Some(CliCommand::Race(race)) => race.run(),
        Some(CliCommand::Conform(conform)) => conform.run(),
        Some(CliCommand::Lab(lab)) => lab.run(),
        Some(CliCommand::Learn(learn)) => run_learn(learn),
        Some(CliCommand::Racer(racer)) => racer.run(),
        Some(CliCommand::Serve(serve)) => serve.run(),
        Some(CliCommand::Demos(demos)) => demos.run(REGISTRY),
        Some(CliCommand::Completions(completions)) => completions.run(Cli::command()),
        Some(CliCommand::Licenses(licenses)) => licenses.run(),
    };
    result.unwrap_or_else(|error| {
        // The `Display` of our own errors already includes their causes.
        let _ = writeln!(std::io::stderr(), "wiretalk: {}", error_chain(&*error));
        ExitCode::FAILURE
    })
}

fn present(cli: Cli) -> anyhow::Result<ExitCode> {
    if cli.list_themes {
        cli::print_theme_list()?;
        return Ok(ExitCode::SUCCESS);
    }
    let source = DeckSource::of(cli.deck.as_deref());
    let mut read = match &source {
        DeckSource::File(path) => read_for_first_frame(path, &cli.present)?,
        DeckSource::Stdin => {
            // Nothing is taken from a pipe that couldn't be shown.
            if let Some(reason) = app::unsuitable_terminal(env_var) {
                bail!(reason);
            }
            check::parse_deck(&present::read_piped_deck()?, REGISTRY)
        }
        DeckSource::BuiltIn => check::parse_deck(BUILT_IN_TALK, REGISTRY),
    };
    let mut notices: Vec<String> = app::locale_notice(env_var).into_iter().collect();
    let keys = user_keys(&cli.present, &mut notices)?;
    let memory = TalkMemory::of(&source, cli.present.resume, env_var);
    let start = match cli.present.first_slide(read.deck.slides.len())? {
        Some(slide) => Some(DeckPlace { slide, step: 0 }),
        None => memory.as_ref().and_then(|memory| memory.start(&mut notices)).map(remembered),
    };
    if let Some(theme) = &cli.theme {
        read.themes = theme.colors.into();
    }
    let mode = if cli.poll { WatchMode::Poll } else { WatchMode::Events };
    let watched = match &source {
        DeckSource::File(path) => {
            let files = TalkFiles { deck: path.clone(), theme: cli.theme };
            let shown = ShownVersion::new(&files, &read);
            Some(WatchedTalk { files, shown, mode })
        }
        _ => None,
    };
    let ReadDeck { deck, warnings, themes, is_beginning, .. } = read;
    let store = ProgressStore::on(cli::learn::progress_file(cli.present.progress.clone(), env_var));
    let config = AppConfig {
        is_beginning,
        file: source.name(),
        warnings,
        services: Services::default().with(store.clone()),
        themes,
        color_depth: ColorDepth::from_env(env_var),
        consents: if cli.trust { EffectConsents::all() } else { EffectConsents::default() },
        keys,
        route: route(&cli.present),
        transition: cli.present.transition.map(|kind| match kind {
            TransitionArg::Slide => Transition::Slide,
            TransitionArg::Fade => Transition::Fade,
        }),
        start,
        rehearse: cli.rehearse,
        notice: (!notices.is_empty()).then(|| notices.join(" · ")),
        ..AppConfig::new(deck, REGISTRY)
    };
    run_app(config, Surroundings { watched, memory, servers: true, store: Some(store) })
}

/// Reads the deck in a file, or only what the first frame needs, if live reload can bring the rest.
fn read_for_first_frame(path: &Path, args: &PresentArgs) -> anyhow::Result<ReadDeck> {
    let is_first = args.from.is_none() && !args.resume;
    if is_first && present::is_watchable(path) {
        check::read_beginning(path, REGISTRY)
    } else {
        check::read_deck(path, REGISTRY)
    }
}

fn route(args: &PresentArgs) -> Route {
    match args.only {
        Some(OnlyArg::Core) => Route::ONLY_CORE,
        None => Route::through(args.depth()),
    }
}

/// Returns the user's keys. What is wrong with them is told; the default keys stay in its place.
fn user_keys(args: &PresentArgs, notices: &mut Vec<String>) -> anyhow::Result<KeyMap> {
    let default = || present::default_keys_file(env_var);
    let Some(path) = args.keys.clone().or_else(default) else { return Ok(KeyMap::default()) };
    let source = match present::read_keys_file(&path) {
        Ok(source) => source,
        Err(error) if args.keys.is_some() => return Err(error),
        Err(error) => {
            notices.push(format!("{error:#}"));
            return Ok(KeyMap::default());
        }
    };
    let (keys, problems) = app::read_keys(&source);
    if let Some(first) = problems.first() {
        let name = check::printable_path(&path);
        let more = match problems.len() - 1 {
            0 => String::new(),
            more => format!(" ({more} more: wiretalk check --keys {name})"),
        };
        notices.push(format!("{name}:{first}{more}"));
    }
    Ok(keys)
}

/// The checks of files that are no decks, for `wiretalk check`.
const FILE_CHECKS: FileChecks = FileChecks { keys: check_keys, lesson: check_lesson };

/// Finds what is wrong with a file of keys, for `wiretalk check`.
fn check_keys(source: &str) -> Vec<(Position, String)> {
    let problems = app::read_keys(source).1.into_iter();
    problems.map(|problem| (problem.position, problem.message)).collect()
}

/// Returns the place that is remembered, counted from 0.
fn remembered(place: RememberedPlace) -> DeckPlace {
    let index = |number: u32| usize::try_from(number).unwrap_or(usize::MAX) - 1;
    DeckPlace { slide: index(place.slide), step: index(place.step) }
}

/// Remembers where the run ended.
fn remember(memory: &TalkMemory, place: DeckPlace) {
    let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX - 1) + 1;
    let place = RememberedPlace { slide: number(place.slide), step: number(place.step) };
    if let Err(error) = memory.remember(place) {
        let _ = writeln!(std::io::stderr(), "wiretalk: {error:#}");
    }
}

fn run_inspect(inspect: InspectArgs) -> anyhow::Result<ExitCode> {
    if let Some(error) = inspect.usage_error() {
        writeln!(std::io::stderr(), "wiretalk: {error}")?;
        return Ok(ExitCode::from(2));
    }
    if inspect.is_headless() { inspect.run() } else { inspect_on_stage(inspect) }
}

/// The inspector with the whole screen to itself.
fn inspect_on_stage(inspect: InspectArgs) -> anyhow::Result<ExitCode> {
    let config = inspect.config()?;
    let demo = StandaloneDemo::new(move || Inspect::with_config(&config));
    let config = standalone(Inspect::NAME, demo, inspect.theme);
    run_app(AppConfig { file: inspect.source, ..config }, Surroundings::default())
}

/// What there is to learn, with the whole screen to itself, or printed.
fn run_learn(learn: LearnArgs) -> anyhow::Result<ExitCode> {
    let lessons = lesson_entries();
    if learn.is_headless() {
        return learn.run(&lessons, env_var);
    }
    let content = LearnContent::new(learn.bank()?, &lessons);
    let place = match learn.target(content.catalog())? {
        LearnTarget::List => StartPlace::List,
        LearnTarget::Section(name) => StartPlace::Section(name),
        LearnTarget::Item(item) => StartPlace::Item(item.name),
    };
    let start = LearnStart { seed: learn.seed, place };
    let store = learn.store(env_var);
    let demo = StandaloneDemo::new(move || Learn::new(content.clone(), start.clone()));
    let config = standalone(Learn::NAME, demo, learn.theme);
    let services = Services::default().with(store.clone());
    let surroundings =
        Surroundings { servers: true, store: Some(store), ..Surroundings::default() };
    run_app(AppConfig { services, ..config }, surroundings)
}

/// A deck of one slide that holds nothing but a demo.
fn standalone(name: &str, demo: StandaloneDemo, theme: Option<ThemeArg>) -> AppConfig {
    let fence = DemoFence { name: name.to_owned(), ..DemoFence::default() };
    let slide = Slide { blocks: vec![Block::Demo(fence)], ..Slide::default() };
    let deck = Deck { slides: vec![slide], ..Deck::default() };
    AppConfig {
        file: name.to_owned(),
        themes: theme.map(|theme| theme.colors.into()).unwrap_or_default(),
        color_depth: ColorDepth::from_env(env_var),
        notice: app::locale_notice(env_var),
        standalone: Some(demo),
        ..AppConfig::new(deck, REGISTRY)
    }
}

fn env_var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The parts that run beside the screen.
#[derive(Default)]
struct Surroundings {
    watched: Option<WatchedTalk>,
    memory: Option<TalkMemory>,
    /// Whether demos use the bundled servers. An inspector of somebody else's server, or of a file,
    /// needs none of them.
    servers: bool,
    store: Option<ProgressStore>,
}

/// Runs the app on the terminal to its end.
fn run_app(config: AppConfig, mut surroundings: Surroundings) -> anyhow::Result<ExitCode> {
    if let Some(reason) = app::unsuitable_terminal(env_var) {
        bail!(reason);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let alone = config.standalone.is_some();
    let memory = surroundings.memory.take();
    let work = || runtime.block_on(present_on_terminal(config, surroundings));
    let end = catch_unwind(AssertUnwindSafe(work));
    runtime.shutdown_background();
    let fault = || {
        anyhow!("{}; this is a bug in wiretalk", Screen::take_panic_message().unwrap_or_default())
    };
    let end = match end.map_err(|_| fault())? {
        // Nobody is left to read the reason.
        Err(error) if is_gone(&error) => {
            return Ok(ExitCode::from(128 + app::HANGUP));
        }
        end => end.map_err(|error| error.context("could not use the terminal"))?,
    };
    if let Some(memory) = memory {
        remember(&memory, end.place);
    }
    match (end.exit, end.fault) {
        // A talk goes on without one of its demos, but the standalone inspector is nothing else.
        (LoopExit::Quit, Some(why)) if alone => Err(anyhow!("{why}; this is a bug in wiretalk")),
        (LoopExit::Signal(number), _) => Ok(ExitCode::from(128 + number as u8)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The end of a talk.
struct TalkEnd {
    exit: LoopExit,
    /// Why a demo stopped, if one did.
    fault: Option<String>,
    place: DeckPlace,
}

/// Runs a talk between taking the terminal and restoring it. The first frame is drawn before
/// everything that takes time, such as queries to the terminal and highlighting. Only the signals
/// must be caught earlier.
async fn present_on_terminal(
    mut config: AppConfig,
    Surroundings { watched, servers, store, .. }: Surroundings,
) -> anyhow::Result<TalkEnd> {
    let scope = Scope::new(|_| {});
    let signals = Signals::install(&scope)?;
    let mut screen = Screen::enter()?;
    let mut terminal = Terminal::new(screen.backend(env_var))?;
    let servers = servers.then(|| Arc::new(ServerBundle::start(&scope, Ports::default(), None)));
    if let Some(servers) = &servers {
        config.services.insert(servers.clone());
    }
    // Without colours its background shows through, whatever the theme.
    let is_plain = config.color_depth == ColorDepth::Monochrome;
    let ask = is_plain || config.themes.depends_on_terminal();
    let mut app = App::new(config, terminal.size()?);
    app::draw_frame(&mut app, &mut terminal)?;
    if ask {
        screen.send_query(BACKGROUND_QUERY)?;
    }
    let (sender, mut events) = app::event_stream(&scope, signals);
    if let Some(store) = &store {
        store.start_thread(&scope)?;
    }
    app.set_highlighter(app::start_highlighter(&scope, sender.clone())?);
    if servers.is_some() {
        let deck = watched.as_ref().map(|talk| talk.files.deck.clone()).unwrap_or_default();
        let read = move |path: &str| check::read_picture(check::folder_of(&deck), path);
        let loader = app::start_picture_loader(&scope, read, sender.clone())?;
        let window = terminal.backend_mut().window_size()?;
        let window = (window.columns_rows, window.pixels);
        app.set_picture_loader(loader, app::may_be_asked(env_var), window);
    }
    if let Some(talk) = watched
        && let Err(error) = watch_talk(talk.clone(), &scope, sender.clone())
    {
        app.set_notice(format!("the deck isn't reloaded on save: {}", error_chain(&*error)));
        app.update(reloaded(talk.files.reread(&talk.shown, REGISTRY)));
    }
    if let Some(servers) = servers {
        app::watch_servers(&servers, &scope, sender);
    }
    let exit = match show_talk(&mut app, &mut screen, &mut terminal, &mut events).await {
        // The place where it happened counts.
        Err(error) if is_gone(&error) => LoopExit::Signal(app::HANGUP.into()),
        exit => exit?,
    };
    if let Some(store) = store {
        store.finish();
    }
    Ok(TalkEnd { exit, fault: app.demo_fault(), place: app.place() })
}

/// Whether the terminal is gone.
fn is_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(app::is_hangup)
}

/// Runs the event loop, and does what it asks of the terminal, until the talk ends.
async fn show_talk(
    app: &mut App,
    screen: &mut Screen,
    terminal: &mut Terminal<impl FrameBackend<Error = std::io::Error>>,
    events: &mut (impl Stream<Item = AppEvent> + Unpin),
) -> anyhow::Result<LoopExit> {
    loop {
        match app::run_event_loop(app, terminal, events).await? {
            LoopExit::Suspend => screen.suspend()?,
            LoopExit::Continued => screen.reenter()?,
            LoopExit::CopyToClipboard(text) => screen.copy_to_clipboard(&text)?,
            LoopExit::AskGraphics => screen.send_query(GRAPHICS_QUERY)?,
            LoopExit::CaptureMouse(reports) => screen.capture_mouse(reports)?,
            exit => return Ok(exit),
        }
    }
}

/// Sends each version of the talk that is saved from now on to the app.
fn watch_talk(
    talk: WatchedTalk,
    scope: &Scope,
    sender: mpsc::Sender<AppEvent>,
) -> anyhow::Result<()> {
    present::reread_on_save(talk, REGISTRY, scope, move |version| {
        let (event, sender) = (reloaded(version), sender.clone());
        async move { sender.send(event).await.is_ok() }
    })
}

/// Returns the event of a version of the talk that was read.
fn reloaded(version: Result<ReadDeck, String>) -> AppEvent {
    match version {
        Ok(ReadDeck { deck, warnings, themes, .. }) => {
            AppEvent::Reloaded(Box::new(DeckUpdate { deck, warnings, themes }))
        }
        Err(reason) => AppEvent::ReloadFailed(reason),
    }
}
