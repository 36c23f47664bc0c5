//! [`InspectArgs`]: the arguments of `wiretalk inspect`, and the configuration that they make.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::capture::ReadOptions;
use crate::cli::inspect::records_help::RECORDS_HELP;
use crate::cli::inspect::send_args::SendArgs;
use crate::cli::shared_args::{SenderArg, ThemeArg, format_parser, parse_header, parse_theme};
use crate::clients::{RequestOptions, SessionOptions};
use crate::inspect::{InspectConfig, InspectSource, RecordingOptions, STANDARD_INPUT};
use crate::net::{HostPort, ProxyVariables, Target, TargetError, TlsOptions, without_user_info};
use crate::proxy::ProxyOptions;
use crate::wire::AgreedExtensions;
use crate::wire::pasted::PastedForm;
use crate::wire::query::filter::Filter;

/// The value of `--list`: the connections to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ListArg {
    /// WebSockets and attempts to open one
    Websockets,
    /// Every connection
    All,
}

/// The arguments of `wiretalk inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = RECORDS_HELP)]
pub struct InspectArgs {
    /// The URL of a server, or a file.
    #[arg(
        value_name = "URL|FILE",
        help = "URL of a server, for example ws://127.0.0.1:9001/chat, \
                wss://user:password@example.com/ or ws+unix:/run/app.sock:/chat; or a file: pcap, \
                pcapng, HAR, Chrome's network log, a mitmproxy flow file, bytes as text, the \
                output of wscat, websocat's log: or curl --trace, or the output of --json, plain \
                or compressed with gzip or zstd; - is standard input, a capture being shown while \
                it grows. What each may hold is listed under Files below"
    )]
    pub source: String,
    /// What to send, in the order of the command line.
    #[command(flatten)]
    pub sends: SendArgs,
    /// Close SECONDS after the last send [default: 1]; with --proxy, stop after SECONDS [default:
    /// run until Ctrl-C]
    #[arg(long = "for", value_name = "SECONDS", value_parser = parse_seconds)]
    pub seconds: Option<f64>,
    /// Print the records as JSON, one JSON object per line
    #[arg(long)]
    pub json: bool,
    /// List the connections of a file instead of printing their records: WebSockets and attempts to
    /// open one, or with --list=all every connection
    #[arg(
        long,
        value_name = "WHICH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "websockets",
        conflicts_with_all = ["connection", "filter"]
    )]
    pub list: Option<ListArg>,
    /// Print or show only connection N of a file or of --proxy, as --list and the records number
    /// it
    #[arg(long, value_name = "N", value_parser = parse_connection)]
    pub connection: Option<NonZeroUsize>,
    /// Print or show only the frames that match, for example 'op=close && len<9'; notes and the
    /// records of connections and ends stay
    #[arg(long, value_name = "EXPR", value_parser = Filter::parse)]
    pub filter: Option<Filter>,
    /// Add a header to the request, or replace the one of that name; may be given several times
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = parse_header)]
    pub headers: Vec<(String, String)>,
    /// Send this Origin header
    #[arg(long)]
    pub origin: Option<String>,
    /// Offer this subprotocol; may be given several times, in order of preference
    #[arg(long = "protocol", value_name = "NAME")]
    pub protocols: Vec<String>,
    /// Offer permessage-deflate
    #[arg(long)]
    pub deflate: bool,
    /// Do not answer pings
    #[arg(long)]
    pub no_pong: bool,
    /// Give up when a step takes longer than SECONDS: connecting, a proxy's answer, TLS, the next
    /// bytes of the response's head, the answer to a Close [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = parse_timeout)]
    pub timeout: Option<f64>,
    /// Follow up to 10 redirects. Another server gets neither the user name and password of the URL
    /// nor a --header whose name speaks of credentials (auth, cookie, credential, jwt, key, passw,
    /// secret, session, token); a note names what was left out
    #[arg(long)]
    pub follow: bool,
    /// Connect to this host and port instead of those of the URL, which stays in Host and TLS
    #[arg(long, value_name = "HOST:PORT", value_parser = parse_endpoint)]
    pub connect_to: Option<HostPort>,
    /// Also trust the certificates in this PEM file: of authorities, or the server's own
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Client certificate, with its chain, in this PEM file
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Private key of the client certificate in this PEM file [default: in the file of --cert]
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Do not check the server's certificate (no protection against a man in the middle)
    #[arg(long)]
    pub insecure: bool,
    /// Name that the server's certificate must have [default: the host of the URL]
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// Listen on this loopback address and forward every connection to the server, unchanged
    #[arg(
        long,
        value_name = "ADDRESS",
        value_parser = parse_address,
        conflicts_with_all = [
            "send", "send-hex", "headers", "origin", "protocols", "deflate", "no_pong", "follow",
            "connect_to",
        ]
    )]
    pub proxy: Option<SocketAddr>,
    /// Also write the traffic to this pcapng file, unencrypted: all connections, or the one of
    /// --connection; --filter does not apply
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Let --write overwrite an existing file
    #[arg(long, requires = "write")]
    pub replace: bool,
    /// TLS key log of the capture (SSLKEYLOGFILE)
    #[arg(long, value_name = "FILE")]
    pub keylog: Option<PathBuf>,
    /// Sender of the bytes in a text file without > and < marks [default: client if the first
    /// frame is masked, else server]
    #[arg(long, value_name = "SIDE")]
    pub from: Option<SenderArg>,
    /// Extensions of connections whose handshake is not in the file, as a response has them, for
    /// example permessage-deflate
    #[arg(long, value_name = "EXTENSIONS", value_parser = parse_extensions)]
    pub extensions: Option<AgreedExtensions>,
    /// Form of the bytes in a text file, where it could be two [default: what the text looks like]
    #[arg(long, value_name = "FORM", value_parser = format_parser())]
    pub format: Option<PastedForm>,
    /// Colour theme: a name, or a TOML file [default: the one that fits the terminal's background]
    #[arg(long, value_name = "NAME|FILE", value_parser = parse_theme)]
    pub theme: Option<ThemeArg>,
    /// Let --proxy listen on addresses other than loopback
    #[arg(long, requires = "proxy")]
    pub anywhere: bool,
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        // `contains` is false for NaN, which `parse` accepts.
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected a number of seconds from 0 to 86400".to_owned()),
    }
}

fn parse_timeout(text: &str) -> Result<f64, String> {
    // A timeout of 0 would never let anything happen.
    parse_seconds(text)
        .ok()
        .filter(|seconds| *seconds > 0.0)
        .ok_or_else(|| "expected a number of seconds above 0, up to 86400".to_owned())
}

fn parse_connection(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "expected the number of a connection, from 1".to_owned())
}

fn parse_endpoint(text: &str) -> Result<HostPort, String> {
    HostPort::parse(text).map_err(|error| {
        format!("{error}; expected a host and a port, for example 127.0.0.1:9001 or [::1]:9001")
    })
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, for example 127.0.0.1:9000".to_owned())
}

impl InspectArgs {
    /// Whether to print records instead of opening the inspector.
    pub fn is_headless(&self) -> bool {
        self.json || self.list.is_some() || !io::stdout().is_terminal()
    }

    /// Returns the file to open, or `None` if the source is a URL.
    pub fn file_source(&self) -> Option<&Path> {
        (!Target::has_scheme(&self.source)).then(|| Path::new(&self.source))
    }

    /// Returns the error about an option that does not fit the source, or about an invalid source.
    /// Clap cannot check this: it depends on whether the source is a URL or a file.
    pub fn usage_error(&self) -> Option<String> {
        let source = &self.source;
        if self.file_source().is_none() {
            let target = match Target::parse(source) {
                Ok(target) => target,
                Err(reason) => return Some(reason.to_string()),
            };
            if self.proxy.is_some() && target.user_info.is_some() {
                return Some(
                    "--proxy forwards requests unchanged, so the URL cannot have a user name; let \
                     the client send it"
                        .to_owned(),
                );
            }
            if self.connect_to.is_some() && target.unix_socket.is_some() {
                return Some(format!("--connect-to needs a host, and {target} is a Unix socket"));
            }
            if self.connection.is_some() && self.proxy.is_none() {
                return Some(format!(
                    "--connection works only with a file or --proxy, and {target} is a URL"
                ));
            }
            let given = [
                ("--list", self.list.is_some()),
                ("--keylog", self.keylog.is_some()),
                ("--from", self.from.is_some()),
                ("--extensions", self.extensions.is_some()),
                ("--format", self.format.is_some()),
            ];
            let (option, _) = given.into_iter().find(|(_, given)| *given)?;
            return Some(format!("{option} works only with a file, and {target} is a URL"));
        }
        let given = [
            ("--proxy", self.proxy.is_some()),
            ("--send", self.sends != SendArgs::default()),
            ("--for", self.seconds.is_some()),
            ("--header", !self.headers.is_empty()),
            ("--origin", self.origin.is_some()),
            ("--protocol", !self.protocols.is_empty()),
            ("--deflate", self.deflate),
            ("--no-pong", self.no_pong),
            ("--timeout", self.timeout.is_some()),
            ("--follow", self.follow),
            ("--connect-to", self.connect_to.is_some()),
            ("--ca", self.ca.is_some()),
            ("--cert", self.cert.is_some()),
            ("--insecure", self.insecure),
            ("--server-name", self.server_name.is_some()),
        ];
        // On the screen, the terminal gives keys and cannot give a capture as well.
        if source == STANDARD_INPUT && !self.is_headless() && io::stdin().is_terminal() {
            return Some(
                "standard input is a terminal; pipe a capture into it, for example: tcpdump -U -w \
                 - tcp | wiretalk inspect -"
                    .to_owned(),
            );
        }
        // `127.0.0.1:9001/chat` without its scheme is a common mistake; "no such file" would not
        // help.
        let server = source.split('/').next().and_then(|host| host.rsplit_once(':'));
        if server.is_some_and(|(_, port)| port.parse::<u16>().is_ok())
            && !Path::new(source).exists()
        {
            let shown = without_user_info(source);
            return Some(format!(
                "{shown:?} is neither a file nor a URL; did you mean ws://{shown}?"
            ));
        }
        let (option, _) = given.into_iter().find(|(_, given)| *given)?;
        Some(format!(
            "{option} works only with a server, and {source:?} is a file; give a URL such as \
             ws://127.0.0.1:9001/"
        ))
    }

    /// Returns the configuration, which is the same for records and for the inspector.
    ///
    /// # Errors
    ///
    /// If the URL is invalid.
    pub fn config(&self) -> Result<InspectConfig, TargetError> {
        let request = RequestOptions {
            headers: self.headers.clone(),
            origin: self.origin.clone(),
            protocols: self.protocols.clone(),
            deflate: self.deflate,
        };
        let recording = self.write.clone().map(|path| RecordingOptions {
            path,
            replace: self.replace,
            connection: self.connection,
        });
        Ok(InspectConfig {
            source: self.inspect_source()?,
            request,
            initial_commands: self.sends.0.clone(),
            recording,
            connection: self.connection,
            filter: self.filter.clone(),
        })
    }

    fn inspect_source(&self) -> Result<InspectSource, TargetError> {
        if let Some(file) = self.file_source() {
            let options = ReadOptions {
                keylog: self.keylog.clone(),
                from: self.from.map(Into::into),
                extensions: self.extensions,
                form: self.format,
            };
            return Ok(InspectSource::File(file.to_owned(), options));
        }
        let target = Target::parse(&self.source)?;
        Ok(match self.proxy {
            Some(listen) => InspectSource::Proxy(Box::new(self.proxy_options(listen, target))),
            None => InspectSource::Url(Box::new(self.session_options())),
        })
    }

    fn proxy_options(&self, listen: SocketAddr, upstream: Target) -> ProxyOptions {
        let options = ProxyOptions::new(listen, upstream);
        ProxyOptions {
            tls: self.tls_options(),
            allow_remote: self.anywhere,
            connect_timeout: self.timeout.map_or(options.connect_timeout, duration),
            ..options
        }
    }

    fn session_options(&self) -> SessionOptions {
        let options = SessionOptions::new(&self.source);
        SessionOptions {
            tls: self.tls_options(),
            connect_to: self.connect_to.clone(),
            proxies: ProxyVariables::from_env(),
            follow_redirects: self.follow,
            timeout: self.timeout.map_or(options.timeout, duration),
            auto_pong: !self.no_pong,
            ..options
        }
    }

    fn tls_options(&self) -> TlsOptions {
        TlsOptions {
            ca: self.ca.clone(),
            certificate: self.cert.clone(),
            key: self.key.clone(),
            insecure: self.insecure,
            server_name: self.server_name.clone(),
            ..TlsOptions::default()
        }
    }
}

/// Converts a number of seconds that [`parse_seconds`] has accepted.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// Parses the value of `--extensions`.
fn parse_extensions(header: &str) -> Result<AgreedExtensions, String> {
    AgreedExtensions::parse(header).map_err(|error| {
        let part = header.get(error.span).unwrap_or(header);
        format!(
            "{part:?} {}; expected for example: permessage-deflate; server_no_context_takeover",
            error.reason
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use clap::Parser;
    use serde_json::Value;

    use super::*;
    use crate::cli::inspect::printer::Printer;
    use crate::clients::{HandshakeRequest, SessionCommand};
    use crate::wire::Side;

    #[derive(Parser)]
    struct TestCommand {
        #[command(flatten)]
        inspect: InspectArgs,
    }

    fn parse(args: &[&str]) -> Result<InspectArgs, clap::Error> {
        TestCommand::try_parse_from([&["inspect", "ws://a/"], args].concat())
            .map(|line| line.inspect)
    }

    fn printed(json: bool, transcript: &[(Side, &[u8])], chunk: usize) -> String {
        let (mut out, began) = (Vec::new(), Instant::now());
        let mut printer = Printer::new(json, false, &mut out, began);
        for (from, bytes) in transcript {
            bytes.chunks(chunk).for_each(|piece| {
                printer.print_completed(1, *from, Duration::ZERO, piece).unwrap();
            });
        }
        printer.print_end(1, Ok("closed".into())).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn records(transcript: &[(Side, &[u8])], chunk: usize) -> Vec<Value> {
        printed(true, transcript, chunk)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    const REQUEST: &[u8] =
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    const SWITCHING: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    #[test]
    fn sends_of_both_kinds_keep_the_order_of_the_command_line() {
        let inspect =
            parse(&["--send", "a", "--send-hex", "89 80 01020304", "--json", "--send", "b"])
                .unwrap();
        let [a, raw, b] = inspect.sends.0.as_slice() else { panic!("{:?}", inspect.sends) };
        assert_eq!((a, b), (&SessionCommand::Text("a".into()), &SessionCommand::Text("b".into())));
        assert_eq!(raw, &SessionCommand::Raw(vec![0x89, 0x80, 1, 2, 3, 4]));
        assert_eq!(inspect.config().unwrap().initial_commands, inspect.sends.0);
        let error = parse(&["--send-hex", "8x"]).unwrap_err();
        assert!(error.to_string().contains("expected hex such as 81 05"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn every_argument_reaches_the_configuration_unchanged() {
        let config = parse(&[
            "--header",
            "Cookie: a=b",
            "--origin",
            "https://x",
            "--protocol",
            "a b",
            "--protocol",
            "c",
            "--deflate",
            "--no-pong",
            "--ca",
            "ca.pem",
            "--insecure",
            "--server-name",
            "n",
            "--cert",
            "c.pem",
            "--key",
            "k.pem",
            "--timeout",
            "2.5",
            "--follow",
            "--connect-to",
            "[::1]:9",
            "--write",
            "w.pcapng",
            "--replace",
            "--send",
            "two\nlines",
        ]);
        let config = config.unwrap().config().unwrap();
        let request = RequestOptions {
            headers: vec![("Cookie".into(), "a=b".into())],
            origin: Some("https://x".into()),
            protocols: vec!["a b".into(), "c".into()],
            deflate: true,
        };
        assert_eq!(config.request, request);
        assert_eq!(config.initial_commands, [SessionCommand::Text("two\nlines".into())]);
        assert_eq!(
            config.recording,
            Some(RecordingOptions { path: "w.pcapng".into(), replace: true, connection: None })
        );
        let InspectSource::Url(options) = &config.source else { panic!("{:?}", config.source) };
        assert_eq!((options.url.as_str(), options.auto_pong), ("ws://a/", false));
        assert_eq!((&options.tls.ca, options.tls.insecure), (&Some("ca.pem".into()), true));
        assert_eq!(options.tls.server_name.as_deref(), Some("n"));
        assert_eq!(options.tls.certificate, Some("c.pem".into()));
        assert_eq!(options.tls.key, Some("k.pem".into()));
        assert_eq!(
            (options.timeout, options.follow_redirects),
            (Duration::from_millis(2500), true)
        );
        assert_eq!(options.connect_to.as_ref().unwrap().to_string(), "[::1]:9");
        assert_eq!(config.session_options(options).request, HandshakeRequest::Standard(request));

        let proxy = parse(&["--proxy", "0.0.0.0:9", "--anywhere"]).unwrap().config().unwrap();
        let InspectSource::Proxy(options) = &proxy.source else { panic!("{:?}", proxy.source) };
        assert_eq!(
            (options.listen.to_string().as_str(), options.allow_remote),
            ("0.0.0.0:9", true)
        );

        let line = ["inspect", "dir/x.pcap", "--keylog", "keys", "--from", "server"];
        let file = TestCommand::try_parse_from(line).unwrap().inspect.config().unwrap();
        let InspectSource::File(path, options) = &file.source else { panic!("{:?}", file.source) };
        assert_eq!(path, Path::new("dir/x.pcap"));
        assert_eq!((options.from, &options.keylog), (Some(Side::Server), &Some("keys".into())));
    }

    #[test]
    fn options_that_choose_records_are_refused_where_they_mean_nothing() {
        let refused = |args: &[&str]| parse(args).unwrap_err().to_string();
        assert!(refused(&["--filter", "op=foo"]).contains("filter, byte 3: \"foo\" isn't"));
        assert!(refused(&["--connection", "0"]).contains("expected the number of a connection"));
        assert!(refused(&["--list", "--filter", "text"]).contains("cannot be used with"));
        assert!(refused(&["--list=some"]).contains("[possible values: websockets, all]"));
        let usage = |source: &str, args: &[&str]| {
            let line = [&["inspect", source], args].concat();
            TestCommand::try_parse_from(line).unwrap().inspect.usage_error()
        };
        let of_url = usage("ws://a/", &["--connection", "1"]).unwrap();
        assert!(of_url.contains("--connection works only with a file or --proxy"), "{of_url}");
        assert!(usage("ws://a/", &["--list"]).unwrap().contains("--list works only with a file"));
        assert_eq!(usage("ws://a/", &["--filter", "text"]), None);
        assert_eq!(usage("ws://a/", &["--proxy", "127.0.0.1:0", "--connection", "2"]), None);
        // A list needs no stage, so it is printed on a terminal too.
        let listed = ["inspect", "a.pcap", "--list"];
        assert!(TestCommand::try_parse_from(listed).unwrap().inspect.is_headless());
    }

    #[test]
    fn records_are_in_order_and_the_last_one_has_the_close_code() {
        let response = [SWITCHING, b"\x81\x05Hello\x88\x05\x03\xe8bye"].concat();
        for chunk in [1, 7, 1000] {
            let records = records(&[(Side::Client, REQUEST), (Side::Server, &response)], chunk);
            let types: Vec<_> =
                records.iter().map(|record| record["type"].as_str().unwrap()).collect();
            assert_eq!(types, ["handshake", "handshake", "frame", "frame", "end"]);
            assert_eq!(records[1]["accept_received"], records[1]["accept_expected"]);
            assert_eq!(
                (&records[2]["text"], &records[2]["raw_hex"]),
                (&"Hello".into(), &"810548656c6c6f".into())
            );
            let end = &records[4];
            assert_eq!((&end["close_code"], &end["close_reason"]), (&1000.into(), &"bye".into()));
            assert_eq!((&end["frames_received"], &end["frames_sent"]), (&2.into(), &0.into()));
        }
    }

    #[test]
    fn a_fault_has_the_fields_of_decode_and_an_incomplete_frame_is_a_record() {
        let broken = [REQUEST, b"\x81\x02hi\x81\x85\x01\x02\x03\x04\x69"].concat();
        let response = [SWITCHING, b"\x82"].concat();
        let text = printed(false, &[(Side::Client, &broken), (Side::Server, &response)], 3);
        assert!(text.contains("server  frame header, cut off after 1 byte\n"), "{text}");
        let records = records(&[(Side::Client, &broken), (Side::Server, &response)], 3);
        let fault = &records[2]["violations"][0];
        assert_eq!(
            (&fault["code"], &fault["byte_offset"]),
            (&"E_UNMASKED_CLIENT".into(), &1.into())
        );
        assert_eq!(
            (&fault["detectable_after_bytes"], &fault["close_code"]),
            (&2.into(), &1002.into())
        );
        assert_eq!((&fault["bits"], &fault["section"]), (&"0".into(), &"RFC 6455 §5.1".into()));
        let half = &records[3];
        assert_eq!((&half["complete"], &half["needs"]["need_more"]), (&false.into(), &4.into()));
        assert_eq!(
            (&half["payload_hex"], &half["raw_hex"]),
            (&"68".into(), &"81850102030469".into())
        );
        assert_eq!((&half["after_fault"], &half["opcode_name"]), (&true.into(), &"text".into()));
        let start = &records[4];
        assert_eq!(
            (&start["from"], &start["opcode"], &start["raw_hex"]),
            (&"server".into(), &Value::Null, &"82".into())
        );
        assert_eq!(
            (&records[5]["close_received"], &records[5]["close_code"]),
            (&false.into(), &Value::Null)
        );
    }

    #[test]
    fn text_records_have_no_control_characters_of_a_peer() {
        let nasty = b"HTTP/1.1 200 \x1b[2J\r\nServer: \x07\r\n\r\n\x1b[3J";
        let text = printed(false, &[(Side::Client, REQUEST), (Side::Server, nasty)], 1000);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(
            text.contains("close code received: none") && text.contains("4 bytes, not frames"),
            "{text}"
        );
    }

    #[test]
    fn the_first_mebibyte_of_a_huge_frame_is_printed() {
        let huge = [SWITCHING, b"\x82\x7f\0\0\0\0\0\x20\0\0", &vec![7; 0x0020_0000]].concat();
        let records = records(&[(Side::Client, REQUEST), (Side::Server, &huge)], 1 << 16);
        assert_eq!(
            (&records[2]["payload_len"], &records[2]["truncated"]),
            (&0x0020_0000.into(), &true.into())
        );
        assert_eq!(records[2]["payload_hex"].as_str().unwrap().len(), 2 << 20);
    }

    /// Panics on one of the records, like a bug in the decoder would.
    struct Poisoned(Vec<u8>);

    impl io::Write for Poisoned {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            assert!(!bytes.windows(6).any(|window| window == b"poison"), "injected");
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_over_one_connections_bytes_is_reported_and_the_others_go_on() {
        let mut printer = Printer::new(true, true, Poisoned(Vec::new()), Instant::now());
        let poison = [SWITCHING, b"\x81\x06poison\x81\x05after"].concat();
        for (number, bytes) in
            [(1, &poison[..]), (2, SWITCHING), (1, b"\x81\x04more"), (2, b"\x81\x02ok")]
        {
            printer.print_completed(number, Side::Server, Duration::ZERO, bytes).unwrap();
        }
        assert!(printer.has_panicked());
        printer.print_end(1, Ok("closed".into())).unwrap();
        printer.print_end(2, Ok("closed".into())).unwrap();
        let text = String::from_utf8(printer.into_out().0).unwrap();
        let records: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let message: Vec<_> = records
            .iter()
            .map(|record| {
                (record["type"].as_str().unwrap(), record["connection"].as_u64().unwrap())
            })
            .collect();
        let expected =
            [("handshake", 1), ("note", 1), ("handshake", 2), ("frame", 2), ("end", 1), ("end", 2)];
        assert_eq!(message, expected, "{text}");
        let note = records[1]["text"].as_str().unwrap();
        assert!(
            note.contains("panicked at")
                && note.contains("injected")
                && note.contains("bug in wiretalk"),
            "{note}"
        );
    }
}
