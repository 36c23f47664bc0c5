//! `wiretalk race`: the race without a stage, as a table or as JSON.
//!
//! The measuring is `race`'s; here are options, progress and the printing.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use serde_json::json;
use tokio::sync::mpsc;

use crate::cli::Interrupt;
use crate::measure::Verdict;
use crate::race::{self, Counters, Course, Figures, Lane, Outcome, Report};
use crate::scope::Scope;
use crate::servers::{Bundle, Ports};
use crate::text::visible;

/// Race REST against WebSocket on this machine: the same bytes there and back, in alternation.
///
/// Without --against the bundled servers are started for it. The table goes to standard output, progress to standard
/// error if that is a terminal. The exit status is 1 if the run does not count.
#[derive(Debug, clap::Args)]
pub struct Race {
    /// Bytes of each body and message
    #[arg(long, value_name = "BYTES", default_value_t = 32)]
    pub payload: usize,
    /// Rounds; each is a slice of 150 ms of either lane
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub rounds: usize,
    /// Servers that run already on loopback: a POST to the first and a message to the second must come back as they are
    #[arg(long, value_name = "HTTP_URL,WS_URL")]
    pub against: Option<String>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
}

impl Race {
    /// Runs the race and prints its outcome.
    ///
    /// # Errors
    ///
    /// If the course cannot be run, or standard output cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(self.race());
        runtime.shutdown_background();
        result
    }

    async fn race(self) -> anyhow::Result<ExitCode> {
        let scope = Scope::new(|panic| {
            let _ = writeln!(io::stderr(), "wiretalk: {panic}");
        });
        let (course, counters) = self.course(&scope).await?;
        course.check()?;
        let (reports, mut inbox) = mpsc::channel(8);
        let mut interrupt = Interrupt::new()?;
        // as a task of its own: what `block_on` runs itself looks at the sockets once more on every wake
        scope.spawn("race", race::run(course, counters, reports));
        let reading = async {
            loop {
                match inbox.recv().await {
                    Some(Report::Live(live)) => progress(live.round, self.rounds),
                    Some(Report::End(outcome)) => return Some(outcome),
                    None => return None,
                }
            }
        };
        let outcome = tokio::select! {
            outcome = reading => outcome,
            () = interrupt.recv() => bail!("stopped before the end"),
        };
        let outcome = outcome.ok_or_else(|| anyhow!("the race ended without an outcome"))?;
        if io::stderr().is_terminal() {
            write!(io::stderr(), "\r\x1b[K")?;
        }
        let told = if self.json { format!("{:#}\n", as_json(&outcome)) } else { as_table(&outcome) };
        io::stdout().write_all(told.as_bytes())?;
        Ok(if outcome.valid() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn course(&self, scope: &Scope) -> anyhow::Result<(Course, Option<Counters>)> {
        let course = Course { payload: self.payload, rounds: self.rounds, ..Course::default() };
        if let Some(against) = &self.against {
            let (http, websocket) = against.split_once(',').ok_or_else(|| {
                anyhow!(
                    "--against takes two URLs with a comma between them, \
                     for example http://127.0.0.1:8080/echo,ws://127.0.0.1:8081/"
                )
            })?;
            return Ok((
                Course { http: http.trim().to_owned(), websocket: websocket.trim().to_owned(), ..course },
                None,
            ));
        }
        let servers = Bundle::start(scope, Ports::default(), None);
        let addresses = servers.up().await.map_err(anyhow::Error::msg)?;
        let counters = Counters { http: servers.http.traffic(), websocket: servers.websocket.traffic() };
        let (http, websocket) = (addresses.http_url(), addresses.websocket_url());
        Ok((Course { http, websocket, ..course }, Some(counters)))
    }
}

fn progress(round: usize, rounds: usize) {
    let mut err = io::stderr();
    if err.is_terminal() {
        // a progress line that cannot be written is not missed
        let _ = write!(err, "\rround {round} of {rounds}");
    }
}

fn micros(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1e7).round() / 10.0
}

fn as_table(outcome: &Outcome) -> String {
    let mut table = format!(
        "{:<14}{:>10}{:>9}{:>9}{:>9}{:>9}{:>8}{:>8}\n",
        "lane", "exchanges", "p50 µs", "p90 µs", "p99 µs", "max µs", "up B", "down B"
    );
    for Figures { lane, times, bytes, .. } in &outcome.lanes {
        let (up, down) = bytes
            .map_or(("–".into(), "–".into()), |(up, down)| (format!("{up:.0}"), format!("{down:.0}")));
        table += &format!(
            "{:<14}{:>10}{:>9.1}{:>9.1}{:>9.1}{:>9.0}{up:>8}{down:>8}\n",
            lane.name(),
            times.count,
            micros(times.p50),
            micros(times.p90),
            micros(times.p99),
            micros(times.max),
        );
    }
    if outcome.lanes.iter().all(|lane| lane.bytes.is_none()) {
        table += "bytes are counted at the server's sockets, and these servers are not ours\n";
    }
    table + "\n" + &visible(&outcome.sentence()) + "\n"
}

fn as_json(outcome: &Outcome) -> serde_json::Value {
    let lanes: Vec<_> = outcome
        .lanes
        .iter()
        .map(|Figures { lane, times, bytes, .. }| {
            json!({
                "name": lane.name(),
                "exchanges": times.count,
                "p50_us": micros(times.p50),
                "p90_us": micros(times.p90),
                "p99_us": micros(times.p99),
                "max_us": micros(times.max),
                "bytes_up": bytes.map(|(up, _)| up),
                "bytes_down": bytes.map(|(_, down)| down),
            })
        })
        .collect();
    let ratios: Vec<_> = outcome
        .ratio
        .iter()
        .map(|ratio| {
            let verdict = match ratio.verdict() {
                Verdict::Slower => "slower",
                Verdict::Faster => "faster",
                Verdict::NoDifference => "no difference",
            };
            json!({
                "lane": Lane::HttpReqwest.name(),
                "base": Lane::WebSocket.name(),
                "ratio": ratio.median,
                "low": ratio.low,
                "high": ratio.high,
                "pairs": ratio.pairs,
                "verdict": verdict,
            })
        })
        .collect();
    json!({
        "valid": outcome.valid(),
        "invalid_because": outcome.invalid_because,
        "placement": "unpinned",
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "http": outcome.course.http,
        "websocket": outcome.course.websocket,
        "payload": outcome.course.payload,
        "rounds": outcome.course.rounds,
        "slice_ms": outcome.course.slice.as_millis() as u64,
        "seed": outcome.course.seed,
        "lanes": lanes,
        "ratios": ratios,
        "sentence": outcome.sentence(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::measure::{Ratio, Summary};

    fn outcome() -> Outcome {
        let us = Duration::from_micros;
        let times = Summary { count: 7270, p50: us(133), p90: us(150), p99: us(189), max: us(4129) };
        let lane = |lane, bytes| Figures { lane, times, busy: us(1), bytes };
        let ratio = Some(Ratio { median: 1.47, low: 1.46, high: 1.49, pairs: 15 });
        let lanes = vec![lane(Lane::HttpReqwest, Some((126.0, 133.0))), lane(Lane::WebSocket, None)];
        Outcome { course: Course::default(), lanes, ratio, invalid_because: Vec::new() }
    }

    #[test]
    fn the_table_fits_eighty_columns_and_says_what_it_found() {
        let table = as_table(&outcome());
        let head: Vec<&str> = table.lines().take(3).collect();
        assert_eq!(
            head,
            [
                "lane           exchanges   p50 µs   p90 µs   p99 µs   max µs    up B  down B",
                "http-reqwest        7270    133.0    150.0    189.0     4129     126     133",
                "ws                  7270    133.0    150.0    189.0     4129       –       –",
            ]
        );
        assert!(table.contains("REST takes 1.47 times as long as WebSocket"));
    }

    #[test]
    fn the_json_has_stable_names() {
        let json = as_json(&outcome());
        assert_eq!((json["valid"].as_bool(), json["placement"].as_str()), (Some(true), Some("unpinned")));
        assert_eq!(json["lanes"][0]["p50_us"], 133.0);
        assert_eq!(json["lanes"][1]["bytes_up"], serde_json::Value::Null);
        assert_eq!(
            (json["ratios"][0]["base"].as_str(), json["ratios"][0]["verdict"].as_str()),
            (Some("ws"), Some("slower"))
        );
    }
}
