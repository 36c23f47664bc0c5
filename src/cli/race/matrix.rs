//! `wiretalk race --matrix`: the grid of conditions, measured column by column, as the Markdown table of its slide or as
//! JSON.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use crate::race::grid::{COLUMNS, Cell, Column, Exchange, ROWS, Record};
use crate::race::{Lane, Machine};
use crate::scope::Scope;

/// For each race of a column; there are three.
const TIME: Duration = Duration::from_secs(20);

/// Measures the grid and prints it. The exit status is 1 if one of its races does not count.
pub(super) async fn run(scope: &Scope, pairs: usize, json: bool) -> anyhow::Result<ExitCode> {
    let mut record = Record {
        date: time::OffsetDateTime::now_utc().date().to_string(),
        machine: Machine::here().summary(),
        cells: vec![vec![None; COLUMNS.len()]; ROWS.len()],
    };
    let mut valid = true;
    for (place, column) in COLUMNS.iter().enumerate() {
        for exchange in Exchange::ALL {
            for why in
                measure(scope, exchange, column, pairs, |row, cell| record.cells[row][place] = Some(cell))
                    .await?
            {
                valid = false;
                writeln!(io::stderr(), "{}, {exchange:?}: does not count: {why}", column.title)?;
            }
        }
    }
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(&record)?)?;
    } else {
        writeln!(
            out,
            "{}\n**Recorded** {} · {} · `wiretalk race --matrix`",
            record.table(),
            record.date,
            record.machine
        )?;
    }
    Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs all lanes of an exchange in one race, and gives each its cell. Why it does not count comes back.
async fn measure(
    scope: &Scope,
    exchange: Exchange,
    column: &Column,
    pairs: usize,
    mut set: impl FnMut(usize, Cell),
) -> anyhow::Result<Vec<String>> {
    let rows = || ROWS.iter().enumerate().filter(|(_, row)| row.exchange == exchange);
    let lanes: Vec<Lane> = rows().map(|(_, row)| row.lane).collect();
    let mut course = exchange.course(lanes, column, TIME);
    course.pairs = course.pairs.min(pairs);
    let outcome = super::race(scope, course).await?;
    for (index, row) in rows() {
        if let Some(of) = outcome.ratios.iter().find(|of| of.lane == row.lane) {
            set(index, of.ratio.into());
        }
    }
    Ok(outcome.invalid_because)
}
