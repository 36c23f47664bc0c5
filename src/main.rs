//! Arguments, runtime, terminal and exit status. Everything else is in the library.

use std::alloc::System;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use clap::{CommandFactory as _, Parser as _};
use futures_util::Stream;
use ratatui::backend::Backend as _;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::sync::{mpsc, watch};
use wiretalk::app::{
    self, App, AppConfig, AppEvent, DeckPlace, DeckUpdate, DoubleBuffer, FrameBackend, KeyMap,
    LoopExit, Route, Screen, Signals, Transition,
};
use wiretalk::cli::check::{self, FileChecks, ReadDeck};
use wiretalk::cli::inspect::InspectArgs;
use wiretalk::cli::learn::{LearnArgs, LearnTarget};
use wiretalk::cli::present::{
    self, DeckSource, NotesArgs, OnlyArg, PresentArgs, RememberedPlace, TalkMemory, TransitionArg,
    WatchedTalk,
};
use wiretalk::cli::{self, Cli, CliCommand, ThemeArg};
use wiretalk::demos::REGISTRY;
use wiretalk::demos::inspect::{Inspect, check_lesson, lesson_entries};
use wiretalk::demos::learn::{Learn, LearnContent, LearnStart, StartPlace};
use wiretalk::demos::notes::{Notes, NotesDeck, NotesSource};
use wiretalk::net::error_chain;
use wiretalk::progress::ProgressStore;
use wiretalk::published_place::PlaceFile;
use wiretalk::scope::{HEAD_START, Scope};
use wiretalk::servers::{BundleOptions, ServerBundle};
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
        Some(CliCommand::Notes(notes)) => run_notes(notes),
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
        DeckSource::File(path) => {
            let is_first = cli.present.starts_at_first();
            present::read_for_first_frame(path, is_first, REGISTRY)?
        }
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
    let watched = source.file().map(|path| WatchedTalk::new(path, &read, cli.theme, mode));
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
        place: Some(watch::Sender::default()),
        ..AppConfig::new(deck, REGISTRY)
    };
    let place = memory.as_ref().and_then(|memory| memory.place_file(env_var));
    run_app(config, Surroundings { watched, memory, place, servers: true, store: Some(store) })
}

fn route(args: &PresentArgs) -> Route {
    match args.only {
        Some(OnlyArg::Core) => Route::ONLY_CORE,
        None => Route::through(args.depth()),
    }
}

/// Returns the user's keys. What is wrong with them is told; the default keys stay in its place.
fn user_keys(args: &PresentArgs, notices: &mut Vec<String>) -> anyhow::Result<KeyMap> {
    let Some((path, source)) = present::read_user_keys(args, notices, env_var)? else {
        return Ok(KeyMap::default());
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
const FILE_CHECKS: FileChecks = FileChecks { keys: app::check_keys, lesson: check_lesson };

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

/// The speaker's notes of a talk, with the whole screen to themselves.
fn run_notes(notes: NotesArgs) -> anyhow::Result<ExitCode> {
    let place = notes.place_file(env_var)?;
    let (deck, theme) = (notes.deck.clone(), notes.theme.clone());
    let read = move || notes.read(BUILT_IN_TALK, REGISTRY).map(|deck| NotesDeck::of(&deck));
    let shown = read()?;
    let read = move || read().map_err(|error| error_chain(&*error));
    let services = Services::default().with(NotesSource { place, deck, read: Arc::new(read) });
    let demo = StandaloneDemo::new(move || Notes::new(shown.clone()));
    let config = standalone(Notes::NAME, demo, theme);
    run_app(AppConfig { services, ..config }, Surroundings::default())
}

/// A deck of one slide that holds nothing but a demo.
fn standalone(name: &str, demo: StandaloneDemo, theme: Option<ThemeArg>) -> AppConfig {
    AppConfig {
        themes: theme.map(|theme| theme.colors.into()).unwrap_or_default(),
        color_depth: ColorDepth::from_env(env_var),
        notice: app::locale_notice(env_var),
        ..AppConfig::standalone(name, demo, REGISTRY)
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
    /// The file with the place of the talk while it is shown.
    place: Option<PlaceFile>,
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
/// everything that takes time, such as highlighting. Only the signals must be caught earlier.
async fn present_on_terminal(
    mut config: AppConfig,
    Surroundings { watched, servers, store, place, .. }: Surroundings,
) -> anyhow::Result<TalkEnd> {
    let scope = Scope::new(|_| {});
    let signals = Signals::install(&scope)?;
    let mut screen = Screen::enter()?;
    let mut terminal = DoubleBuffer::new(screen.backend(env_var))?;
    // Without colours its background shows through, whatever the theme.
    let background =
        config.color_depth == ColorDepth::Monochrome || config.themes.depends_on_terminal();
    let graphics = servers && app::may_be_asked(env_var);
    screen.send_query(&app::terminal_questions(background, graphics))?;
    // A terminal that doesn't know a question may print a part of it.
    terminal.clear()?;
    let options = BundleOptions { head_start: HEAD_START, ..BundleOptions::default() };
    let servers = servers.then(|| Arc::new(ServerBundle::start_with(&scope, options, None)));
    if let Some(servers) = &servers {
        config.services.insert(servers.clone());
    }
    let places = config.place.clone();
    let mut app = App::new(config, terminal.backend().size()?);
    app::draw_frame(&mut app, &mut terminal)?;
    let (sender, mut events) = app::event_stream(&scope, signals);
    if let Some(store) = &store {
        store.start_thread(&scope)?;
    }
    let published = place.zip(places).map(|(file, places)| file.follow(places.subscribe(), &scope));
    let _published = published.transpose()?;
    app.set_highlighter(app::start_highlighter(&scope, sender.clone())?);
    if servers.is_some() {
        let deck = watched.as_ref().map(|talk| talk.files.deck.clone()).unwrap_or_default();
        let read = move |path: &str| check::read_picture(check::folder_of(&deck), path);
        let loader = app::start_picture_loader(&scope, read, sender.clone())?;
        let window = terminal.backend_mut().window_size()?;
        let window = (window.columns_rows, window.pixels);
        app.set_picture_loader(loader, window);
    }
    if let Some(talk) = watched
        && let Err(error) = watch_talk(talk, &scope, sender.clone())
    {
        app.set_notice(format!("the deck isn't reloaded on save: {}", error_chain(&*error)));
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
    terminal: &mut DoubleBuffer<impl FrameBackend<Error = std::io::Error>>,
    events: &mut (impl Stream<Item = AppEvent> + Unpin),
) -> anyhow::Result<LoopExit> {
    loop {
        match app::run_event_loop(app, terminal, events).await? {
            LoopExit::Suspend => screen.suspend()?,
            LoopExit::Continued => screen.reenter()?,
            LoopExit::CopyToClipboard(text) => screen.copy_to_clipboard(&text)?,
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
        let event = match version {
            Ok(ReadDeck { deck, warnings, themes, .. }) => {
                AppEvent::Reloaded(Box::new(DeckUpdate { deck, warnings, themes }))
            }
            Err(reason) => AppEvent::ReloadFailed(reason),
        };
        let sender = sender.clone();
        async move { sender.send(event).await.is_ok() }
    })
}
