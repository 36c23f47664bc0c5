//! Whether drawing disturbs the race that is drawn: one run of all default lanes, in whose even
//! rounds the race's picture is drawn thirty times a second, the most that the stage ever does, and
//! in whose odd rounds it is not. Each lane's ratio of medians on/off should be within 3 % of 1;
//! its interval says how sure that is. On a machine whose slices scatter, more rounds
//! make it narrower: `cargo bench --bench race -- 480`.

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
use wiretalk::deck::{Fence, Position, Setting, SettingValue};
use wiretalk::demos::race::{Msg, Race};
use wiretalk::measure::paired_ratio;
use wiretalk::race::{self, RaceConfig, RaceEvent, RaceOutcome, WorkerProgram};
use wiretalk::scope::{Scope, report_channel};
use wiretalk::stage::{Demo as _, DemoEvent, Theme, ViewContext, settings};

/// Unless told otherwise.
const ROUNDS: usize = 120;
const AREA: Rect = Rect { x: 0, y: 0, width: 120, height: 36 };

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // cargo adds an option of its own
    let argument = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let rounds = argument
        .map_or(Ok(ROUNDS), |argument| argument.parse())
        .context("the argument is a number of rounds")?;
    let outcome = runtime.block_on(run(rounds))?;
    runtime.shutdown_background();
    println!(
        "{:<14}{:>10}  {:<16}on/off, median of paired rounds with its 95 % interval",
        "lane", "p50 µs", ""
    );
    for figures in &outcome.lanes {
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
    for why in &outcome.invalid_because {
        println!("this run does not count: {why}");
    }
    Ok(())
}

async fn run(rounds: usize) -> anyhow::Result<RaceOutcome> {
    let scope = Scope::new(|panic| println!("{panic}"));
    let program = WorkerProgram(PathBuf::from(env!("CARGO_BIN_EXE_wiretalk")));
    let config = RaceConfig { pairs: rounds, ..RaceConfig::default() };
    let (events, mut inbox) = report_channel();
    let (_wishes, controls) = mpsc::channel(1);
    let (pictures, shown) = mpsc::channel(8);
    let drawing = Arc::new(AtomicBool::new(false));
    let on = drawing.clone();
    // on a thread of its own, as the stage is
    scope.spawn_thread("drawing", move |_| draw(shown, on))?;
    let inner = scope.child();
    scope.spawn("race", async move { race::run(&inner, &program, config, events, controls).await });
    loop {
        match inbox.recv().await {
            Some(RaceEvent::Progress(live)) => {
                drawing.store(live.running.is_some() && live.round % 2 == 0, Relaxed);
                let _ = pictures.try_send(RaceEvent::Progress(live));
            }
            Some(RaceEvent::Finished(outcome)) => return Ok(*outcome),
            None => anyhow::bail!("the race ended without an outcome"),
        }
    }
}

/// What a slide would say.
fn fence() -> Fence {
    let value = SettingValue::Number(ROUNDS as i64);
    Fence {
        settings: vec![Setting { key: "pairs".into(), value, position: Position::default() }],
        ..Fence::default()
    }
}

/// Draws the race with what was reported last, every 33 ms while `on`, as escape sequences that
/// nobody reads.
async fn draw(mut shown: mpsc::Receiver<RaceEvent>, on: Arc<AtomicBool>) {
    let settings = settings(&fence(), Race::SETTINGS).expect("the settings are legal");
    let (mut demo, _) = Race::open(&settings).expect("the settings are legal");
    demo.update(DemoEvent::Key(KeyCode::Enter.into()));
    let sink = File::create("/dev/null").expect("there is /dev/null");
    let options = TerminalOptions { viewport: Viewport::Fixed(AREA) };
    let mut terminal =
        Terminal::with_options(CrosstermBackend::new(sink), options).expect("a fixed size");
    let mut clock = tokio::time::interval(Duration::from_millis(33));
    let mut last = None;
    loop {
        tokio::select! {
            report = shown.recv() => match report {
                Some(report) => last = Some(report),
                None => return,
            },
            _ = clock.tick() => {
                let (true, Some(report)) = (on.load(Relaxed), &last) else { continue };
                demo.update(DemoEvent::Msg(Msg::Event(report.clone())));
                let look = ViewContext { theme: &Theme::DARK, focused: true };
                let drawn = terminal.draw(|frame| demo.view(AREA, frame.buffer_mut(), &look));
                drawn.expect("/dev/null takes all");
            }
        }
    }
}
