//! Plays the cases and shows how far they are on standard error, where that is a terminal: as a grid
//! that fills, or as a line where there is no room for one.
//!
//! In reading order: `verdict_grid` (the picture), `live_area` (how it is drawn in place), `display`
//! (when).

mod display;
mod live_area;
mod verdict_grid;

use std::cell::RefCell;
use std::io::{self, IsTerminal as _, Stderr};

use anyhow::bail;

use crate::cli::interrupt::Interrupt;
use crate::conform::{self, Case, ConformConfig, ConformEvent, ConformOutcome};
use crate::stage::ColorDepth;
pub(super) use display::watch;
use display::{Display, TerminalSize};
use verdict_grid::VerdictGrid;

/// The display of a run on standard error.
pub(super) type StderrDisplay = RefCell<Display<Stderr>>;

/// Plays `cases` to the end.
///
/// # Errors
///
/// If the server cannot be reached, or a signal arrives.
pub(super) async fn run(
    config: &ConformConfig,
    cases: &[Case],
    interrupt: &mut Interrupt,
) -> anyhow::Result<ConformOutcome> {
    let display = on_stderr(cases, config.repeat);
    let on_event = |event| {
        let mut display = display.borrow_mut();
        match event {
            ConformEvent::Played { index, verdict } => display.played(index, verdict),
            ConformEvent::Replayed { index, verdict, .. } => display.grid.replayed(index, verdict),
            ConformEvent::Down => display.grid.set_down(true),
            ConformEvent::Began { .. } | ConformEvent::Up => display.grid.set_down(false),
        }
    };
    // Boxed, because the future of a run is large.
    let running = Box::pin(conform::run(config, cases, on_event));
    let outcome = tokio::select! {
        outcome = watch(&display, running) => outcome,
        () = interrupt.recv() => bail!("interrupted before the last case"),
    };
    Ok(outcome?)
}

/// Creates the display of a run in which each case is played `repeat` times.
pub(super) fn on_stderr(cases: &[Case], repeat: usize) -> StderrDisplay {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let is_live = io::stderr().is_terminal() && !is_dumb;
    let has_colors =
        ColorDepth::from_env(|name| std::env::var(name).ok()) != ColorDepth::Monochrome;
    let grid = VerdictGrid::new(cases.iter().map(|case| case.group.name()), repeat);
    RefCell::new(Display::new(grid, is_live.then(io::stderr), has_colors, terminal_size))
}

/// Returns the size of the terminal that standard error is; `None` if it is not known.
#[cfg(unix)]
fn terminal_size() -> Option<TerminalSize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    let is_known = size.ws_col > 0 && size.ws_row > 0;
    is_known.then_some(TerminalSize { columns: size.ws_col, rows: size.ws_row })
}

/// Returns the size of the terminal; `None` if it is not known.
#[cfg(not(unix))]
fn terminal_size() -> Option<TerminalSize> {
    let (columns, rows) = crossterm::terminal::size().ok()?;
    Some(TerminalSize { columns, rows })
}
