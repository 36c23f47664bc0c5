//! `wiretalk race`: the race without a stage, as a table, JSON, CSV or histogram log.
//!
//! The measuring is `race`'s, and so are the records; here are options and progress.

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

/// Race HTTP, WebSocket and their like on this machine: the same bytes there and back, lane by lane
/// in alternation.
///
/// Each lane has a client and a server of its own, processes on CPUs of their own where there are
/// two. The table goes to standard output, progress to standard error if that is a terminal. The
/// exit status is 1 if the run does not count: errors, others on the CPUs, connections that the
/// kernel lost, or a floor that drifts.
#[derive(Debug, clap::Args)]
#[command(after_help = LACKING.join("\n\n"))]
pub struct RaceArgs {
    /// Who races: tcp, http-bare, http-hyper, http-reqwest, http-new, http2, sse-post, ws,
    /// ws-pipelined, ws-new; each also with +tls appended [default:
    /// tcp,http-bare,http-hyper,http-reqwest,ws]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub lanes: Vec<Lane>,
    /// Bytes of each body and message, 0 to 1048576
    #[arg(long, value_name = "BYTES", default_value_t = 32)]
    pub payload: usize,
    /// Connections of each lane, 1 to 256; each does one exchange at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub connections: usize,
    /// Headers of requests and replies: what the libraries send, or what browsers and their
    /// servers send
    #[arg(long, value_name = "SIZE", value_enum, default_value_t = HeaderSizeArg::Minimal)]
    pub headers: HeaderSizeArg,
    /// Messages of one exchange: awaited one by one on http-* and ws, all in flight on http2 and
    /// ws-pipelined [default: 1; 10 with ws-pipelined]
    #[arg(long, value_name = "N")]
    pub burst: Option<usize>,
    /// Round trip to the servers, up to 500ms; modelled in the servers' sockets
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "0ms")]
    pub rtt: Duration,
    /// How much the round trip varies
    #[arg(long, value_name = "TIME", value_parser = parse_time, default_value = "0ms")]
    pub jitter: Duration,
    /// Bits a second each way, for example 10mbit
    #[arg(long, value_name = "RATE", value_parser = parse_bandwidth)]
    pub bandwidth: Option<u64>,
    /// Not modelled: two network namespaces of our own, joined by TUN devices (Linux, root)
    #[arg(long)]
    pub real_net: bool,
    /// Exchanges a second of each lane, timed from when they are due; without it each follows the
    /// one before
    #[arg(long, value_name = "N")]
    pub rate: Option<u32>,
    /// Where the two ends run: own-cpus, one-cpu, unpinned, unpinned-threads [default: own-cpus
    /// where there are two]
    #[arg(long, value_name = "PLACEMENT")]
    pub placement: Option<Placement>,
    /// Rounds; each is a slice of every lane in shuffled order and gives a pair
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub pairs: usize,
    /// The seed of the order and of the interval's resamples
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Servers that run already: a POST to the first and a binary message to the second come back
    /// as they are
    #[arg(long, value_name = "HTTP_URL,WS_URL", value_parser = ExternalServers::parse)]
    pub against: Option<ExternalServers>,
    /// With --against: the most requests of all lanes together (POSTs, opening handshakes and
    /// messages), shared out evenly; needed for anything but loopback
    #[arg(long, value_name = "N", requires = "max_time")]
    pub max_requests: Option<u64>,
    /// With --against: the longest time from the first slice on
    #[arg(long, value_name = "TIME", value_parser = parse_time, requires = "max_requests")]
    pub max_time: Option<Duration>,
    /// Run the grid of conditions and print the table of the talk's slide, or JSON with --json;
    /// takes some minutes
    #[arg(long, conflicts_with_all = ["csv", "hdr", "against", "lanes", "connections", "rtt", "burst", "payload", "placement"])]
    pub matrix: bool,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
    /// Print a line for each slice as comma-separated values instead of a table
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Write all times of all slices as an HdrHistogram interval log, tagged by lane; a file that
    /// holds something stays
    #[arg(long, value_name = "FILE")]
    pub hdr: Option<PathBuf>,
}

/// `--headers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum HeaderSizeArg {
    /// What the libraries send by themselves
    Minimal,
    /// About 1,000 bytes up and 500 down
    Browser,
}

impl RaceArgs {
    /// Runs the race and prints its outcome.
    ///
    /// # Errors
    ///
    /// If the course cannot be run, or the outcome cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(async {
            let scope = Scope::new(|panic| {
                let _ = writeln!(io::stderr(), "wiretalk: {panic}");
            });
            let mut interrupt = Interrupt::new()?;
            let result = if self.matrix {
                matrix::run_matrix(&scope, self.pairs, self.json, &mut interrupt).await
            } else {
                self.run_once(&scope, &mut interrupt).await
            };
            scope.cancel();
            scope.closed().await;
            result
        });
        runtime.shutdown_background();
        result
    }

    async fn run_once(self, scope: &Scope, interrupt: &mut Interrupt) -> anyhow::Result<ExitCode> {
        let config = self.config()?;
        config.validate()?;
        // before the race: nobody should wait for what cannot be kept
        let log = self.hdr.as_deref().map(open_log).transpose()?;
        let outcome = progress::run_race(scope, config, interrupt).await?;
        let report = match (self.json, self.csv) {
            (true, _) => format!("{:#}\n", formats::json(&outcome)),
            (_, true) => formats::csv(&outcome),
            _ => outcome_table::render(&outcome),
        };
        output::print(&report, interrupt).await?;
        // last: what was measured has been told by now, whatever becomes of the log
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
                "--max-requests and --max-time bound the load on servers of others; they belong \
                 to --against"
            );
        }
        if let Some(placement) = self.placement.filter(|placement| !placement.is_possible()) {
            bail!(
                "--placement {placement}: processes cannot be pinned to CPUs on this system; \
                 unpinned and unpinned-threads are possible"
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
            pairs: self.pairs,
            seed: self.seed,
            external: against,
            ..RaceConfig::default()
        })
    }

    /// The lanes that are named, or those that the servers can have.
    fn lanes(&self, against: Option<&ExternalServers>) -> anyhow::Result<Vec<Lane>> {
        match against {
            _ if !self.lanes.is_empty() => Ok(self.lanes.clone()),
            None => Ok(Lane::DEFAULT.to_vec()),
            Some(against) => {
                let http = against.http()?.tls;
                let websocket = against.websocket()?.tls;
                let lane = |kind, tls| Lane { kind, tls };
                Ok(vec![
                    lane(LaneKind::HttpHyper, http),
                    lane(LaneKind::HttpReqwest, http),
                    lane(LaneKind::Ws, websocket),
                ])
            }
        }
    }
}

/// The file for the histogram log. One that holds something already is not written over.
fn open_log(path: &Path) -> anyhow::Result<File> {
    let file = File::options().append(true).create(true).open(path);
    let file = file.map_err(|error| anyhow!("could not write {}: {error}", path.display()))?;
    if file.metadata()?.len() > 0 {
        bail!("{} holds something already; name a new file", path.display());
    }
    Ok(file)
}
