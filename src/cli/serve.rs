//! `wiretalk serve`: the two echo servers in the foreground, with a log.
//!
//! A talk starts the same servers. Here they get ports and a log, and run until Ctrl-C.

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
    ServerEvent, ServerKind, SockJsServerOptions, sloppy,
};
use crate::text::sanitize;

/// The maximum of `--max-message`, in bytes: a message is held in memory as a whole, and so is its
/// echo.
const MAX_MESSAGE: usize = 1 << 30;

/// Events that wait for the log's writer. Further ones are counted as lost: a slow log must not
/// slow down the servers.
const LOG_CAPACITY: usize = 16 * 1024;

/// The arguments of `wiretalk serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Port of the REST echo; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub http: u16,
    /// Port of the WebSocket echo; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub ws: u16,
    /// Kind of the WebSocket server
    #[arg(long, value_name = "SERVER", value_enum, default_value_t = WebSocketServerArg::Plain)]
    pub ws_server: WebSocketServerArg,
    /// The origins whose pages may open a WebSocket.
    #[arg(
        long,
        value_name = "ORIGIN",
        help = "Accept WebSockets from pages of this origin only, for example \
                https://talk.example; may be given several times. Clients that send no Origin \
                are not pages and are always accepted [default: any origin; with the hub, \
                loopback origins]"
    )]
    pub ws_origin: Vec<Origin>,
    /// Answer requests for this host too, on any port, not only for loopback; .talk.example
    /// includes all its subdomains; may be given several times
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<HostName>,
    /// Do not negotiate compression (only with --ws-server strict)
    #[arg(long)]
    pub ws_no_deflate: bool,
    /// Maximum size of an echoed body or message, up to 1073741824
    #[arg(
        long,
        value_name = "BYTES",
        value_parser = parse_max_message,
        default_value_t = Limits::default().max_message
    )]
    pub max_message: usize,
    /// The port of the SockJS server
    #[arg(
        long,
        value_name = "PORT",
        help = "Offer SockJS too, on this port: /echo, /close, /cookie_needed_echo and \
                /disabled_websocket_echo, as the protocol's test wants them; 0 picks a free one"
    )]
    pub sockjs: Option<u16>,
    /// The script for the page in the iframe of SockJS: the version that the page outside has
    #[arg(
        long,
        value_name = "URL",
        requires = "sockjs",
        help = "Load sockjs-client from this URL in the SockJS iframe [default: version 1 at \
                jsDelivr]"
    )]
    pub sockjs_client: Option<String>,
    /// Maximum number of SockJS sessions that one address may have at an endpoint
    #[arg(long, value_name = "COUNT", requires = "sockjs", default_value_t = 2_000)]
    pub sockjs_sessions: usize,
    /// Be the sloppy server's path length-signed, on standard input and output
    #[arg(long, hide = true)]
    pub length_signed: bool,
}

/// The kinds of WebSocket servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum WebSocketServerArg {
    /// An echo on tokio-tungstenite, like most Rust programs
    Plain,
    /// An echo that answers every broken rule with its close code and a reason. /text-only closes
    /// with 1003, /token-first with 1008, /small with 1009 and /fails with 1011; /half-open falls
    /// silent
    Strict,
    /// An echo that accepts anything at /, and breaks one rule at each other path; open its address
    /// in a browser for the list
    Sloppy,
    /// Broadcasts every message to all clients, including the sender, and closes slow readers with
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
    /// Serves until SIGINT or SIGTERM.
    ///
    /// # Errors
    ///
    /// If a port cannot be bound, or standard output cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if self.length_signed {
            // Standard output of Rust is buffered by lines, and frames are none: the echo flushes.
            sloppy::length_signed::echo(io::stdin().lock(), io::stdout().lock())?;
            return Ok(ExitCode::SUCCESS);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let result = runtime.block_on(self.serve());
        // Does not wait for blocking threads, which may be stuck in a system call.
        runtime.shutdown_background();
        result
    }

    fn bundle_options(&self) -> anyhow::Result<BundleOptions> {
        let websocket = ServerKind::from(self.ws_server);
        if websocket != ServerKind::Strict && self.ws_no_deflate {
            bail!("--ws-no-deflate works only with --ws-server strict: no other server compresses");
        }
        let mut policy = websocket.policy();
        policy.deflate &= !self.ws_no_deflate;
        let ports = Ports { http: self.http, websocket: self.ws };
        let limits = Limits { max_message: self.max_message, ..Limits::default() };
        // `None` leaves the choice to the kind of server: the hub lets in fewer origins.
        let origins =
            (!self.ws_origin.is_empty()).then(|| Origins::Only(self.ws_origin.clone().into()));
        let access = Access { hosts: self.allow_host.clone().into(), origins };
        let sockjs = self.sockjs.map(|port| self.sockjs_options(port)).transpose()?;
        Ok(BundleOptions {
            ports,
            websocket,
            limits,
            access,
            policy,
            sockjs,
            ..BundleOptions::default()
        })
    }

    fn sockjs_options(&self, port: u16) -> anyhow::Result<SockJsServerOptions> {
        let mut options = SockJsServerOptions { port, ..SockJsServerOptions::default() };
        options.service.max_sessions_per_peer = self.sockjs_sessions;
        if let Some(url) = &self.sockjs_client {
            if !["http://", "https://", "/"].iter().any(|start| url.starts_with(start)) {
                bail!("--sockjs-client needs a URL that begins with http://, https:// or /");
            }
            options.service.client_url.clone_from(url);
        }
        Ok(options)
    }

    async fn serve(self) -> anyhow::Result<ExitCode> {
        let scope = Scope::new(|panic| {
            // There is no other place to report it.
            let _ = writeln!(io::stderr(), "wiretalk: {panic}");
        });
        let (log, mut events) = EventLog::new(LOG_CAPACITY);
        let lost = log.lost();
        let bundle = ServerBundle::start_with(&scope, self.bundle_options()?, Some(&log));
        // Each server has its own handle. With this one gone, `events` ends when both have ended.
        drop(log);
        let addresses = match bundle.ready().await {
            Ok(addresses) => addresses,
            Err(error) => bail!("{error}"),
        };
        let sockjs = match &bundle.sockjs {
            Some(server) => Some(server.ready().await?),
            None => None,
        };
        // Before the addresses are printed: a script that reads them may send the signal at once.
        let mut interrupt = Interrupt::new()?;
        let mut out = Output::new()?;
        writeln!(out, "http  {}", addresses.http_url())?;
        writeln!(out, "ws    {}", addresses.websocket_url())?;
        if let Some(sockjs) = sockjs {
            writeln!(out, "sockjs http://{sockjs}/")?;
        }
        let mut interrupted = false;
        loop {
            let pending = out.is_pending();
            tokio::select! {
                () = interrupt.recv() => {
                    bundle.shut_down();
                    interrupted = true;
                }
                sent = out.advance() => sent?,
                // Not while output is pending: the events stay in their bounded queue.
                event = events.recv(), if !pending => match event {
                    Some(event) => write_waiting(&mut out, &event, &mut events)?,
                    None => break,
                },
                // The servers have ended, and nobody reads the log.
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
            "the maximum is {MAX_MESSAGE} bytes (1 GiB), because a message is held in memory as a \
             whole"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes `event` and all events that are already waiting, with a single write.
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
        ServerEvent::SessionOpened { peer, endpoint, transport } => {
            format!("{peer} session opened at {endpoint} on {transport}\n")
        }
        ServerEvent::SessionClosed { peer, endpoint, code, reason, received, sent, took } => {
            let messages = if *received == 1 { "message" } else { "messages" };
            format!(
                "{peer} session at {endpoint} closed with {code} ({}), {received} {messages} in, \
                 {sent} out, {:.0} ms\n",
                sanitize(reason),
                ms(*took)
            )
        }
        ServerEvent::Parsed { peer, host, path } => {
            format!("{peer} seems to request {} from {}\n", sanitize(path), sanitize(host))
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
            format!("{connections} connections are open; new ones wait until one of them ends\n")
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
    fn every_kind_of_server_takes_origins_and_hosts() {
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
    fn invalid_arguments_are_refused_with_a_reason() {
        for (arguments, reason) in [
            (&["--ws-origin", "\x1b[2J"][..], "`␛[2J` isn't an origin; write scheme://host"),
            (&["--ws-origin", "https://a.example/path"], "isn't an origin"),
            (
                &["--allow-host", "talk.example:8080"],
                "isn't a host name; write it as in a URL, without a port",
            ),
            (&["--sockjs", "0", "--sockjs-client", "sockjs.js"], "needs a URL that begins with"),
            (&["--sockjs-client", "/sockjs.js"], "--sockjs <PORT>"),
            (&["--sockjs", "65536"], "65536 is not in 0..=65535"),
            (&["--ws-no-deflate"], "works only with --ws-server strict"),
            (&["--max-message", "18446744073709551615"], "the maximum is 1073741824 bytes (1 GiB)"),
            (&["--max-message", "1073741825"], "the maximum is 1073741824 bytes (1 GiB)"),
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
        let sockjs =
            bundle_options(&["--sockjs", "8081", "--sockjs-sessions", "7"]).unwrap().sockjs;
        let sockjs = sockjs.unwrap();
        assert_eq!((sockjs.port, sockjs.service.max_sessions_per_peer), (8081, 7));
        assert_eq!(bundle_options(&["--max-message", "0"]).unwrap().limits.max_message, 0);
    }

    #[test]
    fn log_lines_have_no_control_characters_of_a_client() {
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
