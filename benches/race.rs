//! Measures whether drawing disturbs the race that is drawn. In the even rounds of a race with all
//! default lanes, the picture of the race is drawn thirty times a second, the maximum of the stage.
//! In the odd rounds it is not. Each lane's on/off ratio of medians should be within 3 % of 1; its
//! interval says how certain that is. On a noisy machine, more rounds make the interval narrower:
//! `cargo bench --bench race -- 480`.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Context as _;
use crossterm::event::KeyCode;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};
use tokio::sync::mpsc;
use wiretalk::deck::{DemoFence, Position, Setting, SettingValue};
use wiretalk::demos::race::{Msg, Race};
use wiretalk::measure::paired_ratio;
use wiretalk::race::{self, RaceConfig, RaceEvent, RaceOutcome, WorkerProgram};
use wiretalk::scope::{Scope, report_channel};
use wiretalk::stage::{Demo as _, DemoEvent, Theme, ViewContext, settings};

/// The number of rounds without an argument.
const ROUNDS: usize = 120;
const AREA: Rect = Rect { x: 0, y: 0, width: 120, height: 36 };

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Cargo adds `--bench`.
    let argument = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let rounds = argument
        .map_or(Ok(ROUNDS), |argument| argument.parse())
        .context("the argument must be a number of rounds")?;
    let outcome = runtime.block_on(run(rounds))?;
    runtime.shutdown_background();
    println!(
        "{:<14}{:>10}  {:<16}on/off, median of paired rounds with its 95 % interval",
        "lane", "p50 µs", ""
    );
    for figures in &outcome.lanes {
        // An even round and the odd one after it are a pair.
        let pairs: Vec<(f64, f64)> =
            figures.round_medians.chunks_exact(2).filter_map(|pair| pair[0].zip(pair[1])).collect();
        let Some(ratio) = paired_ratio(&pairs, 1) else { continue };
        let held = if (ratio.median - 1.0).abs() <= 0.03 { "within 3 %" } else { "NOT within 3 %" };
        println!(
            "{:<14}{:>10.1}  {:.3} [{:.3}–{:.3}]  {held}",
            figures.lane.name(),
            figures.times.p50.as_secs_f64() * 1e6,
            ratio.median,
            ratio.low,
            ratio.high
        );
    }
    for reason in &outcome.invalid_because {
        println!("this run does not count: {reason}");
    }
    Ok(())
}

async fn run(rounds: usize) -> anyhow::Result<RaceOutcome> {
    let scope = Scope::new(|panic| println!("{panic}"));
    let program = WorkerProgram(PathBuf::from(env!("CARGO_BIN_EXE_wiretalk")));
    let config = RaceConfig { rounds, ..RaceConfig::default() };
    let (events, mut inbox) = report_channel();
    let (_control_sender, controls) = mpsc::channel(1);
    let (drawn_events, events_to_draw) = mpsc::channel(8);
    let drawing = Arc::new(AtomicBool::new(false));
    let on = drawing.clone();
    // On a thread of its own, like the stage.
    scope.spawn_thread("drawing", move |_| draw(events_to_draw, on))?;
    let inner = scope.child();
    scope.spawn("race", async move { race::run(&inner, &program, config, events, controls).await });
    loop {
        match inbox.recv().await {
            Some(RaceEvent::Progress(live)) => {
                drawing.store(live.running.is_some() && live.round % 2 == 0, Relaxed);
                // A full queue may drop an event: the next one has newer figures.
                let _ = drawn_events.try_send(RaceEvent::Progress(live));
            }
            Some(RaceEvent::Finished(outcome)) => return Ok(*outcome),
            None => anyhow::bail!("the race ended without an outcome"),
        }
    }
}

/// Returns the fence of a slide with this race.
fn fence() -> DemoFence {
    let value = SettingValue::Number(ROUNDS as i64);
    DemoFence {
        settings: vec![Setting { key: "pairs".into(), value, position: Position::default() }],
        ..DemoFence::default()
    }
}

/// Draws the race with the latest event, every 33 ms while `on`, as escape sequences for /dev/null.
async fn draw(mut events: mpsc::Receiver<RaceEvent>, on: Arc<AtomicBool>) {
    let settings = settings(&fence(), Race::SETTINGS).expect("the settings are legal");
    let (mut demo, _) = Race::open(&settings).expect("the settings are legal");
    // Starts the race in the demo.
    demo.update(DemoEvent::Key(KeyCode::Enter.into()));
    let sink = File::create("/dev/null").expect("/dev/null exists");
    let options = TerminalOptions { viewport: Viewport::Fixed(AREA) };
    let mut terminal =
        Terminal::with_options(CrosstermBackend::new(sink), options).expect("a fixed size");
    let mut clock = tokio::time::interval(Duration::from_millis(33));
    let mut last = None;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => last = Some(event),
                None => return,
            },
            _ = clock.tick() => {
                let (true, Some(event)) = (on.load(Relaxed), &last) else { continue };
                demo.update(DemoEvent::Msg(Msg::Event(event.clone())));
                let look = ViewContext { theme: &Theme::DARK, focused: true };
                let drawn = terminal.draw(|frame| demo.view(AREA, frame.buffer_mut(), &look));
                drawn.expect("/dev/null takes everything");
            }
        }
    }
}
