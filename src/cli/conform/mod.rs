//! `wiretalk conform`: tests a WebSocket or SockJS server by the rules of its protocol, and prints a table,
//! JSON, JUnit XML or annotations.
//!
//! `crate::conform` plays the cases; this module has the options and the reports.

mod case_list;
mod clients;
mod expected;
mod progress;
mod report;
mod reproduce;
mod selection;
mod sockjs_steps;
#[cfg(test)]
mod testing;
mod twins;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use time::OffsetDateTime;

use crate::cli::interrupt::Interrupt;
use crate::cli::output;
use crate::cli::shared_args::parse_header;
use crate::conform::{
    Case, ConformConfig, EchoMode, RunLimits, ServiceEndpoint, SockJsPaths, Verdict, all_cases,
    client_cases, fast_cases, fast_limits, http2_cases, sockjs_cases,
};
use crate::net::{Target, TlsOptions, UserInfo, is_loopback};
use expected::ExpectedVerdicts;
pub use report::ReportFiles;
pub use reproduce::ReproduceForm;
use selection::{CasePattern, parse_endpoint};

/// The largest message that is tried when its limit is searched for, in bytes.
const MAX_SIZE: usize = 4 << 20;

/// The arguments of `wiretalk conform`.
#[derive(Debug, clap::Args)]
pub struct ConformArgs {
    /// URL of the server, with a path that echoes if there is one
    #[arg(
        required_unless_present_any = ["list", "explain", "clients"],
        conflicts_with_all = ["list", "explain", "clients"]
    )]
    pub url: Option<String>,
    /// Test clients instead: listen on this loopback port, with one case at each path; 0 picks a free
    /// port. --list and --explain then print the cases for clients
    #[arg(
        long,
        value_name = "PORT",
        conflicts_with_all = ["reproduce", "repeat", "restart", "no_echo", "allow_remote"]
    )]
    pub clients: Option<u16>,
    /// Play the SockJS suite instead
    #[arg(
        long,
        conflicts_with_all = ["clients", "h2", "protocols"],
        help = "Play the SockJS suite instead; URL is the address below which the endpoints are: echo, \
                disabled_websocket_echo, cookie_needed_echo and close"
    )]
    pub sockjs: bool,
    /// Path of a --sockjs endpoint that has another name; may be given several times
    #[arg(long, value_name = "NAME=PATH", requires = "sockjs", value_parser = parse_endpoint)]
    pub endpoint: Vec<(ServiceEndpoint, String)>,
    /// Open the WebSockets over HTTP/2 (RFC 8441): agreed on by ALPN for wss://, with prior knowledge
    /// for ws://
    #[arg(long, conflicts_with_all = ["clients", "reproduce"])]
    pub h2: bool,
    /// Play only these cases: a name, a group, or the beginning of a name and an asterisk
    #[arg(long, value_name = "CASE,...", value_delimiter = ',')]
    pub only: Vec<CasePattern>,
    /// Print the cases instead of playing them; with --json, with their bytes
    #[arg(long, conflicts_with = "explain")]
    pub list: bool,
    /// Print what a case sends and what it expects
    #[arg(long, value_name = "CASE", conflicts_with_all = ["json", "list"])]
    pub explain: Option<String>,
    /// Print a command that sends the bytes of a case to URL again: wiretalk inspect, or with --as a
    /// program
    #[arg(long, value_name = "CASE", conflicts_with_all = ["json", "list", "explain"])]
    pub reproduce: Option<String>,
    /// Form of the output of --reproduce
    #[arg(long = "as", value_name = "FORM", value_enum, requires = "reproduce")]
    pub reproduce_as: Option<ReproduceForm>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
    /// The files to write
    #[command(flatten)]
    pub files: ReportFiles,
    /// Print annotations for GitHub Actions on standard error
    #[arg(long)]
    pub github: bool,
    /// Compare the results with this file; only differences count as failures
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
    /// Write the results to this file in the form that --expect reads, replacing it
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    pub write_expected: Option<PathBuf>,
    /// Verdicts that make the exit status 1
    #[arg(
        long,
        value_name = "VERDICT,...",
        value_delimiter = ',',
        default_value = "fail,no-answer,died"
    )]
    pub fail_on: Vec<Verdict>,
    /// Play each case N times, to find verdicts that vary
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=100)
    )]
    pub repeat: u16,
    /// Wait at most one second for a response, and skip the largest messages
    #[arg(long)]
    pub fast: bool,
    /// Do not expect an echo [default: find out whether the server echoes]
    #[arg(long)]
    pub no_echo: bool,
    /// Shell command that starts the server if it isn't running, and again whenever it has died
    #[arg(long, value_name = "COMMAND")]
    pub restart: Option<String>,
    /// Cases to play at once, 1 to 64
    #[arg(
        long,
        value_name = "N",
        default_value_t = 16,
        value_parser = clap::value_parser!(u8).range(1..=64)
    )]
    pub jobs: u8,
    /// Seed of masking keys and payloads
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Allow a server that isn't on loopback, with at most two cases at once and ten per second
    #[arg(long)]
    pub allow_remote: bool,
    /// Add a header to each request that has none of that name, also with --reproduce; may be given
    /// several times
    #[arg(
        long = "header",
        value_name = "NAME: VALUE",
        value_parser = parse_header,
        conflicts_with_all = ["clients", "list", "explain"]
    )]
    pub headers: Vec<(String, String)>,
    /// Offer this subprotocol unless the case offers others; may be given several times, in order of
    /// preference
    #[arg(
        long = "protocol",
        value_name = "NAME",
        conflicts_with_all = ["clients", "list", "explain"]
    )]
    pub protocols: Vec<String>,
    /// Also trust the certificates in this PEM file
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Do not check the server's certificate (no protection against a man in the middle)
    #[arg(long)]
    pub insecure: bool,
}

impl ConformArgs {
    /// Plays the cases and prints the results. The exit status is 1 if a verdict is one of
    /// `--fail-on`, or differs from what `--expect` names.
    ///
    /// # Errors
    ///
    /// If the options do not fit, the server cannot be reached, a signal arrives, or a file or
    /// standard output cannot be read or written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(async {
            let mut interrupt = Interrupt::new()?;
            if self.list || self.explain.is_some() || self.reproduce.is_some() {
                let text = self.describe_cases()?;
                output::print(&text, &mut interrupt).await?;
                return Ok(ExitCode::SUCCESS);
            }
            self.test(&mut interrupt).await
        });
        // Does not wait for a blocking thread, such as one that resolves a name.
        runtime.shutdown_background();
        result
    }

    /// Returns the cases for servers, or those for clients.
    fn all_cases(&self) -> Vec<Case> {
        if self.sockjs {
            sockjs_cases()
        } else if self.clients.is_some() {
            client_cases(self.seed)
        } else if self.h2 {
            http2_cases(self.seed)
        } else {
            all_cases(self.seed)
        }
    }

    fn describe_cases(&self) -> anyhow::Result<String> {
        let all = self.all_cases();
        if let Some(id) = &self.explain {
            return Ok(case_list::explain(selection::find(&all, id)?));
        }
        if let Some(id) = &self.reproduce {
            let target = self.target()?;
            if self.sockjs {
                let config = self.config()?;
                let case = selection::find(&all, id)?;
                return reproduce::reproduce_sockjs(case, &config, self.reproduce_as);
            }
            let form = self.reproduce_as.unwrap_or(ReproduceForm::Inspect);
            let case = selection::find(&all, id)?;
            let case = case.and_fields(&self.fields(&target));
            return reproduce::reproduce(&case, &target, self.seed, form);
        }
        let cases = self.selected(all)?;
        Ok(if self.json { case_list::json(&cases) } else { case_list::table(&cases) })
    }

    async fn test(&self, interrupt: &mut Interrupt) -> anyhow::Result<ExitCode> {
        let cases = self.selected(self.all_cases())?;
        let expected = self.expect.as_deref().map(ExpectedVerdicts::read).transpose()?;
        let began = OffsetDateTime::now_utc();
        let (config, outcome) = if let Some(port) = self.clients {
            clients::run(port, &cases, self.limits(), interrupt).await?
        } else {
            let config = self.config()?;
            let outcome = progress::run(&config, &cases, interrupt).await?;
            (config, outcome)
        };
        let differences = expected.map(|expected| expected.compare(&cases, &outcome));
        self.files.write(&config, &cases, &outcome, began)?;
        if let Some(path) = &self.write_expected {
            let list = expected::list(&config.url(), &cases, &outcome);
            report::write_file(path, &list)?;
        }
        let text = if self.json {
            report::json(&config, &cases, &outcome)
        } else {
            report::table(&config, &cases, &outcome, differences.as_deref())
        };
        output::print(&text, interrupt).await?;
        let is_bad = match &differences {
            Some(differences) => !differences.is_empty(),
            None => outcome.cases.iter().any(|case| self.fail_on.contains(&case.verdict())),
        };
        if self.json {
            for difference in differences.iter().flatten() {
                writeln!(io::stderr(), "wiretalk: {difference}")?;
            }
        }
        if self.github {
            io::stderr().write_all(report::annotations(&cases, &outcome).as_bytes())?;
        }
        Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn config(&self) -> anyhow::Result<ConformConfig> {
        let target = self.target()?;
        let is_remote = target.unix_socket.is_none() && !is_loopback(&target.host);
        if is_remote && !self.allow_remote {
            bail!(
                "{} is not on loopback: the cases break every rule, so test only a server of your \
                 own; --allow-remote does it at a bounded rate",
                target.host
            );
        }
        let tls =
            TlsOptions { ca: self.ca.clone(), insecure: self.insecure, ..TlsOptions::default() };
        let fields = self.fields(&target);
        let config = ConformConfig {
            tls,
            fields,
            sockjs: self.sockjs.then(|| self.sockjs_paths(&target)),
            http2: self.h2,
            seed: self.seed,
            echo: if self.no_echo { EchoMode::Absent } else { EchoMode::Detected },
            limits: self.limits(),
            max_at_once: usize::from(self.jobs),
            max_size: MAX_SIZE,
            repeat: usize::from(self.repeat),
            restart: self.restart.clone(),
            ..ConformConfig::new(target)
        };
        let config = if self.fast { config.fast() } else { config };
        Ok(if is_remote { config.for_remote() } else { config })
    }

    /// Parses the URL. That of a SockJS server may be one of HTTP.
    fn target(&self) -> anyhow::Result<Target> {
        let url = self.url.as_deref().unwrap_or_default();
        let as_websocket = if self.sockjs { selection::as_websocket_url(url) } else { None };
        Ok(Target::parse(as_websocket.as_deref().unwrap_or(url))?)
    }

    /// Returns the paths of the endpoints.
    fn sockjs_paths(&self, target: &Target) -> SockJsPaths {
        let paths = SockJsPaths::below(&target.path);
        let add = |paths: SockJsPaths, (endpoint, path): &(ServiceEndpoint, String)| {
            paths.with(*endpoint, path)
        };
        self.endpoint.iter().fold(paths, add)
    }

    /// Returns the header fields of all requests: those of the options, and the user name and password
    /// of the URL.
    fn fields(&self, target: &Target) -> Vec<(String, String)> {
        let mut fields = self.headers.clone();
        if !self.protocols.is_empty() {
            fields.push(("Sec-WebSocket-Protocol".to_owned(), self.protocols.join(", ")));
        }
        let basic = target.user_info.as_ref().map(UserInfo::basic);
        fields.extend(basic.map(|basic| ("Authorization".to_owned(), basic)));
        fields
    }

    fn limits(&self) -> RunLimits {
        if self.fast { fast_limits() } else { RunLimits::default() }
    }

    /// Returns the cases that the options select.
    fn selected(&self, all: Vec<Case>) -> anyhow::Result<Vec<Case>> {
        let cases = selection::select(all, &self.only)?;
        Ok(if self.fast { fast_cases(cases) } else { cases })
    }
}
