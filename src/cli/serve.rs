//! `wiretalk serve`: the two echo servers in the foreground, with a log.
//!
//! The servers are the same that a talk starts; here they get ports and a log, and last until
//! Ctrl-C.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use tokio::sync::mpsc;

use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;
use crate::scope::Scope;
use crate::servers::{
    Access, BundleOptions, EventLog, HostName, Limits, Origin, Origins, Ports, ServerBundle,
    ServerEvent, ServerKind,
};
use crate::text::sanitize;

/// The most that `--max-message` may be: a message is kept in memory as a whole, and its echo
/// beside it.
const MAX_MESSAGE: usize = 1 << 30;

/// The events that wait for the log's writer; more are counted as lost.
const LOG_CAPACITY: usize = 16 * 1024;

/// Run the REST echo and the WebSocket echo until Ctrl-C, on loopback.
///
/// The first two lines are their addresses; then one line a request follows. At the end requests in
/// hand are finished and `WebSockets` closed with 1001.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// The port of the REST echo; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub http: u16,
    /// The port of the WebSocket echo; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub ws: u16,
    /// What the WebSocket echo is
    #[arg(long, value_name = "SERVER", value_enum, default_value_t = WebSocketServerArg::Plain)]
    pub ws_server: WebSocketServerArg,
    /// Whose pages may open a WebSocket.
    #[arg(
        long,
        value_name = "ORIGIN",
        help = "Let in pages of this origin only, as https://talk.example; may be given several \
                times. Clients that send no Origin are not pages, and let in [default: any \
                origin; with the hub those of loopback]"
    )]
    pub ws_origin: Vec<Origin>,
    /// Answer requests for this host too, whatever the port, beside those for loopback;
    /// .talk.example stands for all names below it as well; may be given several times
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<HostName>,
    /// Agree on no compression (strict only)
    #[arg(long)]
    pub ws_no_deflate: bool,
    /// The largest body or message that is echoed, in bytes, up to 1073741824
    #[arg(long, value_name = "BYTES", value_parser = parse_max_message, default_value_t = Limits::default().max_message)]
    pub max_message: usize,
}

/// The WebSocket servers by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum WebSocketServerArg {
    /// on tokio-tungstenite, as most programs in Rust
    Plain,
    /// answers every broken rule with its close code and a reason
    Strict,
    /// takes anything, and breaks one rule at each path; a browser at its address shows the list
    Sloppy,
    /// broadcasts every message to all clients, including the sender; slow readers are closed with
    /// 1008
    Hub,
}

impl From<WebSocketServerArg> for ServerKind {
    fn from(which: WebSocketServerArg) -> Self {
        match which {
            WebSocketServerArg::Plain => Self::Plain,
            WebSocketServerArg::Strict => Self::Strict,
            WebSocketServerArg::Sloppy => Self::Sloppy,
            WebSocketServerArg::Hub => Self::Hub,
        }
    }
}

impl ServeArgs {
    /// Serves until the process is asked to end.
    ///
    /// # Errors
    ///
    /// If a port is not to be had, or standard output cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(self.serve());
        runtime.shutdown_background();
        result
    }

    fn bundle_options(&self) -> anyhow::Result<BundleOptions> {
        let websocket = ServerKind::from(self.ws_server);
        if websocket != ServerKind::Strict && self.ws_no_deflate {
            bail!("only --ws-server strict compresses, so --ws-no-deflate belongs to it");
        }
        let mut policy = websocket.policy();
        policy.deflate &= !self.ws_no_deflate;
        let ports = Ports { http: self.http, websocket: self.ws };
        let limits = Limits { max_message: self.max_message, ..Limits::default() };
        let origins =
            (!self.ws_origin.is_empty()).then(|| Origins::Only(self.ws_origin.clone().into()));
        let access = Access { hosts: self.allow_host.clone().into(), origins };
        Ok(BundleOptions { ports, websocket, limits, access, policy })
    }

    async fn serve(self) -> anyhow::Result<ExitCode> {
        let scope = Scope::new(|panic| {
            let _ = writeln!(io::stderr(), "wiretalk: {panic}");
        });
        let (log, mut events) = EventLog::new(LOG_CAPACITY);
        let lost = log.lost();
        let bundle = ServerBundle::start_with(&scope, self.bundle_options()?, Some(&log));
        // the servers hold what they need of it; when both have ended, so has the log
        drop(log);
        let addresses = match bundle.ready().await {
            Ok(addresses) => addresses,
            Err(error) => bail!("{error}"),
        };
        // caught before the addresses are told: who reads them may ask for the end at once
        let mut interrupt = Interrupt::new()?;
        let mut out = Output::new()?;
        writeln!(out, "http  {}", addresses.http_url())?;
        writeln!(out, "ws    {}", addresses.websocket_url())?;
        let mut interrupted = false;
        loop {
            let pending = out.is_pending();
            tokio::select! {
                () = interrupt.recv() => {
                    bundle.shut_down();
                    interrupted = true;
                }
                sent = out.advance() => sent?,
                event = events.recv(), if !pending => match event {
                    Some(event) => write_waiting(&mut out, &event, &mut events)?,
                    None => break,
                },
                // a log that nobody reads holds up no end
                () = bundle.closed(), if interrupted && pending => break,
            }
        }
        bundle.closed().await;
        let lost = lost.load(std::sync::atomic::Ordering::Relaxed);
        if lost > 0 {
            writeln!(out, "{lost} log lines were lost: the output was slower than the requests")?;
        }
        out.finish(&mut interrupt, interrupted).await?;
        Ok(ExitCode::SUCCESS)
    }
}

fn parse_max_message(text: &str) -> Result<usize, String> {
    match text.parse::<u64>().map(usize::try_from) {
        Ok(Ok(bytes)) if bytes <= MAX_MESSAGE => Ok(bytes),
        Ok(_) => Err(format!(
            "a message is kept in memory as a whole; the most is {MAX_MESSAGE} bytes (1 GiB)"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes an event and all others that wait already, with one write.
fn write_waiting(
    out: &mut impl Write,
    event: &ServerEvent,
    events: &mut mpsc::Receiver<ServerEvent>,
) -> io::Result<()> {
    let mut lines = log_line(event);
    while let Ok(event) = events.try_recv() {
        lines += &log_line(&event);
    }
    out.write_all(lines.as_bytes())
}

fn log_line(event: &ServerEvent) -> String {
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    match event {
        ServerEvent::Request { peer, method, path, status, bytes, took } => {
            format!(
                "{peer} {} {} {status} {bytes} B {:.3} ms\n",
                sanitize(method),
                sanitize(path),
                ms(*took)
            )
        }
        ServerEvent::Opened { peer, path } => {
            format!("{peer} GET {} 101 WebSocket opened\n", sanitize(path))
        }
        ServerEvent::Closed { peer, code, reason, received, sent, took } => {
            let code =
                code.map_or_else(|| "without a code".to_owned(), |code| format!("with {code}"));
            let reason =
                reason.as_ref().map_or_else(String::new, |why| format!(" ({})", sanitize(why)));
            let messages = if *received == 1 { "message" } else { "messages" };
            format!(
                "{peer} WebSocket closed {code}{reason}, {received} {messages} in, {sent} out, \
                 {:.0} ms\n",
                ms(*took)
            )
        }
        ServerEvent::Parsed { peer, host, path } => {
            format!("{peer} seems to ask for {} of {}\n", sanitize(path), sanitize(host))
        }
        ServerEvent::Cached { peer, host, path, bytes } => {
            format!("{peer} cached as {} of {}, {bytes} B\n", sanitize(path), sanitize(host))
        }
        ServerEvent::Served { peer, host, path, bytes } => {
            format!(
                "{peer} got {} of {} from the cache, {bytes} B\n",
                sanitize(path),
                sanitize(host)
            )
        }
        ServerEvent::Full { connections } => {
            format!(
                "{connections} connections are open; further ones wait until one of them ends\n"
            )
        }
        ServerEvent::Refused { peer, reason: why } => {
            format!("{peer} refused: {}\n", sanitize(why))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Command {
        #[command(flatten)]
        serve: ServeArgs,
    }

    fn bundle_options(arguments: &[&str]) -> Result<BundleOptions, String> {
        let parsed = Command::try_parse_from([&["serve"], arguments].concat());
        let command = parsed.map_err(|error| error.to_string())?;
        command.serve.bundle_options().map_err(|error| error.to_string())
    }

    #[test]
    fn any_kind_takes_origins_and_hosts() {
        for kind in ["plain", "strict", "sloppy", "hub"] {
            let origins = ["--ws-origin", "https://a.example", "--ws-origin", "null"];
            let plan = bundle_options(
                &[&["--ws-server", kind, "--allow-host", "talk.example"], &origins[..]].concat(),
            );
            let access = plan.unwrap().access;
            let Some(Origins::Only(origins)) = access.origins else { panic!("{kind}") };
            assert_eq!(
                origins.iter().map(ToString::to_string).collect::<Vec<_>>(),
                ["https://a.example", "null"]
            );
            assert_eq!(access.hosts.len(), 1);
        }
        assert_eq!(
            bundle_options(&[]).unwrap().access,
            Access::default(),
            "the kind of server decides"
        );
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_reason() {
        for (arguments, reason) in [
            (&["--ws-origin", "\x1b[2J"][..], "`␛[2J` isn't an origin; write scheme://host"),
            (&["--ws-origin", "https://a.example/path"], "isn't an origin"),
            (
                &["--allow-host", "talk.example:8080"],
                "isn't a host name; write it as it stands in a URL, without a port",
            ),
            (&["--ws-no-deflate"], "only --ws-server strict compresses"),
            (&["--max-message", "18446744073709551615"], "the most is 1073741824 bytes (1 GiB)"),
            (&["--max-message", "1073741825"], "the most is 1073741824 bytes (1 GiB)"),
            (&["--max-message", "18446744073709551616"], "number too large"),
            (&["--max-message=-1"], "invalid digit"),
        ] {
            let text = bundle_options(arguments).unwrap_err();
            assert!(text.contains(reason), "{arguments:?}: {text}");
            assert!(!text.contains("\x1b[2J"), "{arguments:?}: {text:?}");
        }
        assert_eq!(
            bundle_options(&["--max-message", "1073741824"]).unwrap().limits.max_message,
            1 << 30
        );
        assert_eq!(bundle_options(&["--max-message", "0"]).unwrap().limits.max_message, 0);
    }

    #[test]
    fn no_line_holds_what_a_terminal_would_obey() {
        let peer = "127.0.0.1:5".parse().unwrap();
        let took = Duration::from_micros(120);
        let path = "/\x1b[2J\n".to_owned();
        let event =
            ServerEvent::Request { peer, method: "POST".into(), path, status: 404, bytes: 9, took };
        assert_eq!(log_line(&event), "127.0.0.1:5 POST /␛[2J␊ 404 9 B 0.120 ms\n");
        let closed = ServerEvent::Closed {
            peer,
            code: Some(1001),
            reason: None,
            received: 2,
            sent: 3,
            took,
        };
        assert_eq!(
            log_line(&closed),
            "127.0.0.1:5 WebSocket closed with 1001, 2 messages in, 3 out, 0 ms\n"
        );
        let closed =
            ServerEvent::Closed { peer, code: None, reason: None, received: 1, sent: 1, took };
        let line = "127.0.0.1:5 WebSocket closed without a code, 1 message in, 1 out, 0 ms\n";
        assert_eq!(log_line(&closed), line);
    }
}
