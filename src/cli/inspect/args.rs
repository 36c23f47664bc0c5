//! The options of `wiretalk inspect`, and what they mean together.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::capture::ReadOptions;
use crate::cli::inspect::send_args::SendArgs;
use crate::cli::shared_args::{SenderArg, ThemeArg};
use crate::clients::{RequestOptions, SessionOptions};
use crate::inspect::{InspectConfig, InspectSource, RecordingOptions};
use crate::net::{Target, TargetError, TlsOptions};
use crate::proxy::ProxyOptions;

/// Connect to a WebSocket server, stand between one and its clients, or look into a capture, and
/// show every byte.
///
/// On a terminal this opens the inspector. With --json, or where standard output is no terminal,
/// each head and each frame is one record, printed as soon as it is complete; the last record says
/// how the connection ended.
#[derive(Debug, clap::Args)]
#[command(after_help = RECORDS_HELP)]
pub struct InspectArgs {
    /// The URL of a server, or a file.
    #[arg(
        value_name = "URL|FILE",
        help = "A server, for example ws://127.0.0.1:9001/chat or wss://example.com/; or a file: \
                pcap, pcapng, hex text, what --json printed"
    )]
    pub source: String,
    /// What to send, in the order of the command line.
    #[command(flatten)]
    pub sends: SendArgs,
    /// Close SECONDS after the last send (default 1). With --proxy: stop after SECONDS (default:
    /// run until Ctrl-C)
    #[arg(long = "for", value_name = "SECONDS", value_parser = parse_seconds)]
    pub seconds: Option<f64>,
    /// Print one JSON object a record
    #[arg(long)]
    pub json: bool,
    /// A header of the request; may be given several times, and takes the place of one that is
    /// always there
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = parse_header)]
    pub headers: Vec<(String, String)>,
    /// Origin header to send
    #[arg(long)]
    pub origin: Option<String>,
    /// A subprotocol to offer; may be given several times, the best first
    #[arg(long = "protocol", value_name = "NAME")]
    pub protocols: Vec<String>,
    /// Offer permessage-deflate
    #[arg(long)]
    pub deflate: bool,
    /// Leave pings unanswered
    #[arg(long)]
    pub no_pong: bool,
    /// Trust the authorities in this PEM file too
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Do not check the server's certificate (no protection against a man in the middle)
    #[arg(long)]
    pub insecure: bool,
    /// The name to ask the server's certificate for, where it is not the URL's
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// Listen on this loopback address and pass everything on to the server, untouched
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address, conflicts_with_all = ["send", "send-hex", "headers", "origin", "protocols", "deflate", "no_pong"])]
    pub proxy: Option<SocketAddr>,
    /// Keep what is seen in this pcapng file too, unencrypted
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Let --write replace a file that is there
    #[arg(long, requires = "write")]
    pub replace: bool,
    /// The TLS key log of a capture (SSLKEYLOGFILE)
    #[arg(long, value_name = "FILE")]
    pub keylog: Option<PathBuf>,
    /// Whose bytes a file of hex text holds, where it has no > and < marks [default: the first
    /// frame's MASK bit tells]
    #[arg(long, value_name = "SIDE")]
    pub from: Option<SenderArg>,
    /// The colours on a terminal: dark or light; without it, what the terminal answers
    #[arg(long, value_enum)]
    pub theme: Option<ThemeArg>,
    /// Allow --proxy on non-loopback addresses
    #[arg(long, requires = "proxy")]
    pub anywhere: bool,
}

/// What `--help` says about the records.
const RECORDS_HELP: &str = "Records (--json), one object a line; every one has type:
  handshake  connection t_ms from verdict head head_hex head_len
             accept_expected accept_received protocol extensions problems
  frame      connection t_ms from frame offset complete needs
             fin rsv1 rsv2 rsv3 opcode opcode_name mask masking_key
             header_len payload_len payload_hex truncated text compressed
             message after_fault close_code close_reason raw_hex violations
  bytes      connection t_ms from len hex text
             (what stands behind an answer that is not 101)
  end        connection t_ms ok why close_received close_code close_reason
             close_sent close_code_sent
             frames_sent frames_received bytes_sent bytes_received
  note       t_ms text
  listening  t_ms address (--proxy)
  connection t_ms connection peer (--proxy)
  connection t_ms connection client server since_1970_s tls (a file)

t_ms counts from the start, in a file from the connection's first packet.
problems and violations are those of wiretalk decode --json. payload_hex is
unmasked; of a payload above 1 MiB it and raw_hex hold the first MiB, and
truncated is true. A frame that the end cut off has complete false and needs
{have, need_more, phase}, or null where its length cannot be. The last record
is an end; its close_code is the one that the server's Close carried, or null.
With --proxy, and in a file of several connections, each has its end, and a
last one without a number (connection null) follows.

Exit status: 0 both sides knew that it would end, or a file with a connection
in it, each of which could be read; 1 anything else; 2 wrong usage.";

fn parse_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("give a number of seconds from 0 to 86400".to_owned()),
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "give an address and a port to listen on: 127.0.0.1:9000".to_owned())
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once(':').ok_or("give a name, a colon and a value: 'Cookie: a=b'")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

impl InspectArgs {
    /// Whether records are printed instead of a stage opened.
    pub fn is_headless(&self) -> bool {
        self.json || !io::stdout().is_terminal()
    }

    /// The file to look into; none where the source is a URL.
    pub fn file_source(&self) -> Option<&Path> {
        (!self.source.contains("://")).then(|| Path::new(&self.source))
    }

    /// Options that do not go with the source, in words.
    pub fn usage_error(&self) -> Option<String> {
        let source = &self.source;
        if self.file_source().is_none() {
            if let Err(reason) = Target::parse(source) {
                return Some(reason.to_string());
            }
            let given = [("--keylog", self.keylog.is_some()), ("--from", self.from.is_some())];
            let (option, _) = given.into_iter().find(|(_, given)| *given)?;
            return Some(format!("{option} belongs to a file, and {source} is a URL"));
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
            ("--ca", self.ca.is_some()),
            ("--insecure", self.insecure),
            ("--server-name", self.server_name.is_some()),
        ];
        let server = source.split('/').next().and_then(|host| host.rsplit_once(':'));
        if server.is_some_and(|(_, port)| port.parse::<u16>().is_ok())
            && !Path::new(source).exists()
        {
            return Some(format!(
                "{source:?} is neither a file nor a URL; ws://{source} would be one"
            ));
        }
        let (option, _) = given.into_iter().find(|(_, given)| *given)?;
        Some(format!(
            "{option} belongs to a server, and {source:?} is a file; a URL such as \
             ws://127.0.0.1:9001/ would be right"
        ))
    }

    /// What the arguments ask for, printed or on a stage.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn config(&self) -> Result<InspectConfig, TargetError> {
        let request = RequestOptions {
            headers: self.headers.clone(),
            origin: self.origin.clone(),
            protocols: self.protocols.clone(),
            deflate: self.deflate,
        };
        let recording =
            self.write.clone().map(|path| RecordingOptions { path, replace: self.replace });
        Ok(InspectConfig {
            source: self.inspect_source()?,
            request,
            initial_commands: self.sends.0.clone(),
            recording,
        })
    }

    fn inspect_source(&self) -> Result<InspectSource, TargetError> {
        if let Some(file) = self.file_source() {
            let options =
                ReadOptions { keylog: self.keylog.clone(), from: self.from.map(Into::into) };
            return Ok(InspectSource::File(file.to_owned(), options));
        }
        let target = Target::parse(&self.source)?;
        let (ca, server_name) = (self.ca.clone(), self.server_name.clone());
        let tls = TlsOptions { ca, insecure: self.insecure, server_name, ..TlsOptions::default() };
        Ok(match self.proxy {
            Some(listen) => InspectSource::Proxy(Box::new(ProxyOptions {
                tls,
                allow_remote: self.anywhere,
                ..ProxyOptions::new(listen, target)
            })),
            None => InspectSource::Url(Box::new(SessionOptions {
                tls,
                auto_pong: !self.no_pong,
                ..SessionOptions::new(&self.source)
            })),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

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
                printer.print_completed(1, *from, Duration::ZERO, piece).unwrap()
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
    fn the_order_of_both_kinds_of_sends_is_kept() {
        let inspect =
            parse(&["--send", "a", "--send-hex", "89 80 0x01020304", "--json", "--send", "b"])
                .unwrap();
        let [a, raw, b] = inspect.sends.0.as_slice() else { panic!("{:?}", inspect.sends) };
        assert_eq!((a, b), (&SessionCommand::Text("a".into()), &SessionCommand::Text("b".into())));
        assert_eq!(raw, &SessionCommand::Raw(vec![0x89, 0x80, 1, 2, 3, 4]));
        assert_eq!(inspect.config().unwrap().initial_commands, inspect.sends.0);
        let error = parse(&["--send-hex", "8x"]).unwrap_err();
        assert!(error.to_string().contains("right would be 81 05"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn the_arguments_make_the_configuration_and_nothing_is_written_out_and_parsed_again() {
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
            Some(RecordingOptions { path: "w.pcapng".into(), replace: true })
        );
        let InspectSource::Url(options) = &config.source else { panic!("{:?}", config.source) };
        assert_eq!((options.url.as_str(), options.auto_pong), ("ws://a/", false));
        assert_eq!((&options.tls.ca, options.tls.insecure), (&Some("ca.pem".into()), true));
        assert_eq!(options.tls.server_name.as_deref(), Some("n"));
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
    fn records_come_in_order_and_the_last_one_has_the_code() {
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
    fn a_fault_has_the_fields_of_decode_and_an_unfinished_frame_is_a_record() {
        let broken = [REQUEST, b"\x81\x02hi\x81\x85\x01\x02\x03\x04\x69"].concat();
        let response = [SWITCHING, b"\x82"].concat();
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
    fn words_hold_nothing_that_a_terminal_obeys() {
        let nasty = b"HTTP/1.1 200 \x1b[2J\r\nServer: \x07\r\n\r\n\x1b[3J";
        let text = printed(false, &[(Side::Client, REQUEST), (Side::Server, nasty)], 1000);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(
            text.contains("close code received: none") && text.contains("4 bytes, no frames"),
            "{text}"
        );
    }

    #[test]
    fn of_a_huge_frame_the_first_mebibyte_is_printed() {
        let huge = [SWITCHING, b"\x82\x7f\0\0\0\0\0\x20\0\0", &vec![7; 0x0020_0000]].concat();
        let records = records(&[(Side::Client, REQUEST), (Side::Server, &huge)], 1 << 16);
        assert_eq!(
            (&records[2]["payload_len"], &records[2]["truncated"]),
            (&0x0020_0000.into(), &true.into())
        );
        assert_eq!(records[2]["payload_hex"].as_str().unwrap().len(), 2 << 20);
    }

    /// Refuses one of the records by a panic, as a fault of ours in reading would.
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
                && note.contains("fault of wiretalk"),
            "{note}"
        );
    }
}
