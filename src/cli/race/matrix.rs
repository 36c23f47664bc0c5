//! `wiretalk race --matrix`: the grid of conditions, measured column by column, as the Markdown table of its slide or as
//! JSON.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use crate::cli::race::progress::run_race;
use crate::cli::{Interrupt, output};
use crate::race::grid::{COLUMNS, GridCell, GridColumn, GridExchange, GridRecord, ROWS};
use crate::race::{Machine, RaceOutcome};
use crate::scope::Scope;

/// For each race of a column; there are three.
const RACE_DURATION: Duration = Duration::from_secs(15);
/// A race that does not count is thrown away, whatever it says, and run again; this often in all.
const MAX_ATTEMPTS: usize = 5;

/// Measures the grid and prints it. The exit status is 1 if one of its races does not count.
pub(super) async fn run_matrix(
    scope: &Scope,
    pairs: usize,
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
            let outcome = run_until_valid(scope, exchange, column, pairs, interrupt).await?;
            valid &= outcome.is_valid();
            for (row, cells) in ROWS.iter().zip(&mut record.cells).filter(|(row, _)| row.exchange == exchange)
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
        format!("{}\n**Recorded** {date} · {machine} · `wiretalk race --matrix`\n", record.to_markdown())
    };
    output::print(&report, interrupt).await?;
    Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All lanes of an exchange in one race, until one counts. What does not count is told on standard error.
async fn run_until_valid(
    scope: &Scope,
    exchange: GridExchange,
    column: &GridColumn,
    pairs: usize,
    interrupt: &mut Interrupt,
) -> anyhow::Result<RaceOutcome> {
    let rows = ROWS.iter().filter(|row| row.exchange == exchange);
    let mut config = exchange.race_config(rows.map(|row| row.lane), column, RACE_DURATION);
    config.pairs = config.pairs.min(pairs);
    let mut outcome = run_race(scope, config.clone(), interrupt).await?;
    for _ in 1..MAX_ATTEMPTS {
        if outcome.is_valid() {
            break;
        }
        let reason = outcome.invalid_because.join("; ");
        writeln!(io::stderr(), "{}, {exchange:?}: does not count, once more: {reason}", column.title)?;
        outcome = run_race(scope, config.clone(), interrupt).await?;
    }
    Ok(outcome)
}
