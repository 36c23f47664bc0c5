//! `wiretalk race --matrix`: measures the grid of conditions column by column, and prints it as the
//! Markdown table of its slide or as JSON.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::interrupt::Interrupt;
use crate::cli::output;
use crate::cli::race::progress::run_race;
use crate::race::grid::{COLUMNS, GridCell, GridColumn, GridExchange, GridRecord, ROWS};
use crate::race::{Machine, RaceOutcome};
use crate::scope::Scope;

/// The duration of each of the three races of a column.
const RACE_DURATION: Duration = Duration::from_secs(15);
/// The maximum number of attempts at a race. One that does not count is discarded and run again,
/// whatever its ratios are.
const MAX_ATTEMPTS: usize = 5;

/// Measures the grid and prints it. The exit status is 1 if one of its races does not count.
///
/// # Errors
///
/// If a race cannot be run, a signal arrives, or the table cannot be written.
pub(super) async fn run_matrix(
    scope: &Scope,
    max_rounds: usize,
    json: bool,
    interrupt: &mut Interrupt,
) -> anyhow::Result<ExitCode> {
    let mut record = GridRecord {
        date: time::OffsetDateTime::now_utc().date().to_string(),
        machine: Machine::detect().summary(),
        cells: vec![vec![None; COLUMNS.len()]; ROWS.len()],
    };
    let mut valid = true;
    for (place, column) in COLUMNS.iter().enumerate() {
        for exchange in GridExchange::ALL {
            let outcome = run_until_valid(scope, exchange, column, max_rounds, interrupt).await?;
            // A cell is filled even if its race never counted: the exit status tells.
            valid &= outcome.is_valid();
            for (row, cells) in
                ROWS.iter().zip(&mut record.cells).filter(|(row, _)| row.exchange == exchange)
            {
                let of = outcome.ratios.iter().find(|of| of.lane == row.lane);
                if let Some(cell) = cells.get_mut(place) {
                    *cell = of.map(|of| GridCell::from(of.ratio));
                }
            }
        }
    }
    let report = if json {
        format!("{}\n", serde_json::to_string(&record)?)
    } else {
        let GridRecord { date, machine, .. } = &record;
        format!(
            "{}\n**Recorded** {date} · {machine} · `wiretalk race --matrix`\n",
            record.to_markdown()
        )
    };
    output::print(&report, interrupt).await?;
    Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Races all lanes of an exchange together, until a race counts or [`MAX_ATTEMPTS`] is reached.
/// Reports each race that does not count on standard error.
async fn run_until_valid(
    scope: &Scope,
    exchange: GridExchange,
    column: &GridColumn,
    max_rounds: usize,
    interrupt: &mut Interrupt,
) -> anyhow::Result<RaceOutcome> {
    let rows = ROWS.iter().filter(|row| row.exchange == exchange);
    let mut config = exchange.race_config(rows.map(|row| row.lane), column, RACE_DURATION);
    config.rounds = config.rounds.min(max_rounds);
    let mut outcome = run_race(scope, config.clone(), interrupt).await?;
    for _ in 1..MAX_ATTEMPTS {
        if outcome.is_valid() {
            break;
        }
        let reason = outcome.invalid_because.join("; ");
        writeln!(
            io::stderr(),
            "{}, {exchange:?}: the race does not count, trying again: {reason}",
            column.title
        )?;
        outcome = run_race(scope, config.clone(), interrupt).await?;
    }
    Ok(outcome)
}
