//! `wiretalk race`: runs a race headless and prints a table, JSON or CSV, or writes a histogram
//! log.
//!
//! `crate::race` measures and formats; this module has the options, the table and the progress.

mod matrix;
mod outcome_table;
mod progress;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{anyhow, bail};

use crate::cli::interrupt::Interrupt;
use crate::cli::output;
use crate::cli::units::{parse_bandwidth, parse_time};
use crate::net::LinkConditions;
use crate::race::{
    ExternalServers, HeaderProfile, LACKING, Lane, LaneKind, LoadLimit, Placement, RaceConfig,
    formats,
};
use crate::scope::Scope;

/// The arguments of `wiretalk race`.
#[derive(Debug, clap::Args)]
#[command(after_help = LACKING.join("\n\n"))]
pub struct RaceArgs {
    /// Lanes to race: tcp, http-bare, http-hyper, http-reqwest, http-new, http2, sse-post, ws,
    /// ws-pipelined, ws-new; each also with +tls appended [default:
    /// tcp,http-bare,http-hyper,http-reqwest,ws]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub lanes: Vec<Lane>,
    /// Size of each body and message, 0 to 1048576
    #[arg(long, value_name = "BYTES", default_value_t = 32)]
    pub payload: usize,
    /// Connections per lane, 1 to 256; each runs one exchange at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub connections: usize,
    /// Size of the headers of requests and replies
    #[arg(long, value_name = "SIZE", value_enum, default_value_t = HeaderSizeArg::Minimal)]
    pub headers: HeaderSizeArg,
    /// Messages per exchange: awaited one by one on http-* and ws, all in flight on http2 and
    /// ws-pipelined [default: 1; 10 with ws-pipelined]
    #[arg(long, value_name = "N")]
    pub burst: Option<usize>,
    /// Round-trip time to the servers, up to 500ms; modelled in the servers' sockets
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "0ms")]
    pub rtt: Duration,
    /// Variation of the round-trip time, at most --rtt
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "0ms")]
    pub jitter: Duration,
    /// Bits per second in each direction, for example 10mbit
    #[arg(long, value_name = "RATE", value_parser = parse_bandwidth)]
    pub bandwidth: Option<u64>,
    /// Use two network namespaces joined by TUN devices instead of a modelled network (Linux,
    /// needs root)
    #[arg(long)]
    pub real_net: bool,
    /// Start N exchanges per second on each lane, and time each from when it is due [default: each
    /// exchange follows the one before]
    #[arg(long, value_name = "N")]
    pub rate: Option<u32>,
    /// CPUs for the two ends: own-cpus, one-cpu, unpinned, unpinned-threads [default: own-cpus if
    /// there are two]
    #[arg(long, value_name = "PLACEMENT")]
    pub placement: Option<Placement>,
    /// Rounds to run; a round is one slice of every lane, in shuffled order
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub pairs: usize,
    /// Seed for the order of the slices and for the bootstrap of the intervals
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Race against running servers; they must echo a POST to the first URL and a binary message
    /// to the second. With the second one alone, which must then be on loopback, the lanes without
    /// WebSocket keep their own servers
    #[arg(long, value_name = "[HTTP_URL,]WS_URL", value_parser = ExternalServers::parse)]
    pub against: Option<ExternalServers>,
    /// With --against: maximum number of POSTs, opening handshakes and messages of all lanes,
    /// shared evenly; required unless the servers are on loopback
    #[arg(long, value_name = "N", requires = "max_time")]
    pub max_requests: Option<u64>,
    /// With --against: maximum time from the first slice
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "max_requests")]
    pub max_time: Option<Duration>,
    /// Run the grid of conditions and print the table of the talk's slide, or JSON with --json;
    /// takes several minutes
    #[arg(
        long,
        conflicts_with_all = [
            "csv", "hdr", "against", "lanes", "connections", "rtt", "burst", "payload", "placement",
        ]
    )]
    pub matrix: bool,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
    /// Print each slice as a line of comma-separated values instead of a table
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Write all times of all slices as an HdrHistogram interval log, tagged by lane; never
    /// overwrites a file
    #[arg(long, value_name = "FILE")]
    pub hdr: Option<PathBuf>,
}

/// The value of `--headers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum HeaderSizeArg {
    /// The headers that the libraries add by themselves
    Minimal,
    /// About 1,000 bytes up and 500 bytes down, like a browser and its server
    Browser,
}

impl RaceArgs {
    /// Runs the race and prints its outcome.
    ///
    /// # Errors
    ///
    /// If the options do not fit each other, the race cannot be run, a signal arrives, or the
    /// outcome cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(async {
            let scope = Scope::new(|panic| {
                // There is no other place to report it.
                let _ = writeln!(io::stderr(), "wiretalk: {panic}");
            });
            let mut interrupt = Interrupt::new()?;
            let result = if self.matrix {
                matrix::run_matrix(&scope, self.pairs, self.json, &mut interrupt).await
            } else {
                self.run_once(&scope, &mut interrupt).await
            };
            // Also after an error: waits for the tasks to end their child processes.
            scope.cancel();
            scope.closed().await;
            result
        });
        // Does not wait for blocking threads, which may be stuck in a system call.
        runtime.shutdown_background();
        result
    }

    async fn run_once(self, scope: &Scope, interrupt: &mut Interrupt) -> anyhow::Result<ExitCode> {
        let config = self.config()?;
        config.validate()?;
        // Before the race: an unusable file must not cost minutes of measuring.
        let log = self.hdr.as_deref().map(open_log).transpose()?;
        let outcome = progress::run_race(scope, config, interrupt).await?;
        let report = match (self.json, self.csv) {
            (true, _) => format!("{:#}\n", formats::json(&outcome)),
            (_, true) => formats::csv(&outcome),
            _ => outcome_table::render(&outcome),
        };
        output::print(&report, interrupt).await?;
        // Last, so that the outcome is printed even if the log cannot be written.
        if let Some(mut log) = log {
            log.write_all(&formats::interval_log(&outcome)?)?;
        }
        Ok(if outcome.is_valid() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn config(&self) -> anyhow::Result<RaceConfig> {
        let limit = self
            .max_requests
            .zip(self.max_time)
            .map(|(requests, time)| LoadLimit { requests, time });
        if limit.is_some() && self.against.is_none() {
            bail!(
                "--max-requests and --max-time work only with --against: they limit the load on \
                 external servers"
            );
        }
        if let Some(placement) = self.placement.filter(|placement| !placement.is_possible()) {
            bail!(
                "--placement {placement}: processes cannot be pinned to CPUs on this system; use \
                 unpinned or unpinned-threads"
            );
        }
        let against =
            self.against.clone().map(|against| ExternalServers { load_limit: limit, ..against });
        Ok(RaceConfig {
            lanes: self.lanes(against.as_ref())?,
            payload: self.payload,
            connections: self.connections,
            headers: match self.headers {
                HeaderSizeArg::Minimal => HeaderProfile::Minimal,
                HeaderSizeArg::Browser => HeaderProfile::Browser,
            },
            burst: self.burst,
            link: LinkConditions { rtt: self.rtt, jitter: self.jitter, bandwidth: self.bandwidth },
            real_net: self.real_net,
            rate: self.rate,
            placement: self.placement.unwrap_or_else(Placement::best),
            rounds: self.pairs,
            seed: self.seed,
            external: against,
            ..RaceConfig::default()
        })
    }

    /// Returns the lanes of `--lanes`, or the default lanes. For external servers, those are the
    /// lanes that the schemes of their URLs allow.
    fn lanes(&self, against: Option<&ExternalServers>) -> anyhow::Result<Vec<Lane>> {
        match against {
            _ if !self.lanes.is_empty() => Ok(self.lanes.clone()),
            None => Ok(Lane::DEFAULT.to_vec()),
            Some(against) => {
                let lane = |kind, tls| Lane { kind, tls };
                let tls = against.websocket()?.tls;
                let mut lanes = match against.http()? {
                    Some(http) => vec![
                        lane(LaneKind::HttpHyper, http.tls),
                        lane(LaneKind::HttpReqwest, http.tls),
                    ],
                    None => vec![lane(LaneKind::Tcp, tls)],
                };
                lanes.push(lane(LaneKind::Ws, tls));
                Ok(lanes)
            }
        }
    }
}

/// Opens the file of the histogram log, which must be new or empty.
fn open_log(path: &Path) -> anyhow::Result<File> {
    // Not `create_new`: an empty file and a device such as /dev/stderr are fine. Appending never
    // truncates.
    let file = File::options().append(true).create(true).open(path);
    let file = file.map_err(|error| anyhow!("could not write {}: {error}", path.display()))?;
    if file.metadata()?.len() > 0 {
        bail!("{} is not empty; give a new file", path.display());
    }
    Ok(file)
}
