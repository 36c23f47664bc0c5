//! `wiretalk decode`: explains bytes from the command line, a file or standard input, as text or as
//! one JSON object. `wire` decodes them; this module has the options, the input and the output.

mod decoded_handshake;
mod deflate_listing;
mod fault_record;
mod frame_text;
mod handshake_text;
mod input;
mod json;
mod sockjs_text;
pub(super) mod text_page;

pub(super) use fault_record::{FaultRecord, ProblemRecord};
pub(super) use json::verdict_name;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use crate::cli::decode::decoded_handshake::DecodedHandshake;
use crate::cli::decode::input::{Input, InputOptions};
use crate::cli::output;
use crate::cli::shared_args::{SenderArg, format_parser};
use crate::wire::deflate::inflate::INFLATE_LIMIT;
use crate::wire::handshake::extension;
use crate::wire::handshake::{
    ClientOffer, DEFAULT_MAX_HEAD_LEN, HeadContext, HeadReader, ServerPolicy, ValidatedHead,
};
use crate::wire::pasted::PastedForm;
use crate::wire::{AgreedExtensions, DecodeVerdict, Decoder, Side, Transcript};

/// The arguments of `wiretalk decode`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  wiretalk decode 818537fa213d7f9f4d5158
  wiretalk decode --from server 81 05 48 65 6c 6c 6f
  wiretalk decode --handshake request --raw request.bin
  xxd frame.bin | wiretalk decode -
  wiretalk decode '<Buffer 81 05 48 65 6c 6c 6f>'

Text may be plain hex with blanks, line ends, ':', ',', '-' or 0x; an xxd dump,
hexdump -C, od -t x1, tcpdump -X, Wireshark, gdb, WinDbg or PowerShell; one
direction of curl --trace, openssl -debug or socat -x; an array of C, Java, Go,
Rust, Python or JavaScript; a string with escapes; <Buffer ...>; JSON; base64; or
decimal numbers. Code fences, '>' of quotations and colours are taken out. Packets
of tcpdump are ordered by sequence number. Standard error says what was recognized,
unless it is plain hex. Digits are never joined across a separator, and a text that
may hold anything but the bytes, such as a time before them, is refused.

Exit status: 0 no fatal fault; 1 a rule is broken; 2 wrong usage, or no bytes in a
known form.")]
pub struct DecodeArgs {
    /// Bytes as text, a file that holds them, or - for standard input, which is also read without
    /// any INPUT. A file or standard input may have up to 16 MiB
    #[arg(value_name = "INPUT", allow_negative_numbers = true)]
    inputs: Vec<String>,
    /// Form of the text, where it could be two [default: what the text looks like]
    #[arg(long, value_name = "FORM", value_parser = format_parser(), conflicts_with = "raw")]
    format: Option<PastedForm>,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
    /// Read raw bytes instead of text from files and standard input
    #[arg(long)]
    raw: bool,
    /// Feed N bytes at a time to the decoder, or all at once with 0. The result is always the same
    #[arg(long, value_name = "N", default_value_t = 0)]
    chunk: usize,
    /// Side that sent the frames [default: client if the first frame is masked, else server]
    #[arg(long, value_enum, conflicts_with = "handshake")]
    from: Option<SenderArg>,
    /// Value of Sec-WebSocket-Extensions: for frames, as agreed; for a request, as the server
    /// supports; for a response, as the client offered
    #[arg(long, value_name = "HEADER")]
    extensions: Option<String>,
    /// Read messages as SockJS, too: frames of the server, or arrays of the client; a broken one makes
    /// the exit status 1, and the verdict stays that of the WebSocket frames
    #[arg(long, conflicts_with = "handshake")]
    sockjs: bool,
    /// Stop inflating a message after this many bytes, with a warning
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = INFLATE_LIMIT,
        conflicts_with = "handshake"
    )]
    max_inflate: u64,
    /// Decode an opening handshake instead of frames
    #[arg(long, value_enum)]
    handshake: Option<HeadKind>,
    /// For a response: the Sec-WebSocket-Key of the request
    #[arg(long, requires = "handshake")]
    key: Option<String>,
    /// Subprotocols: for a request, those that the server supports; for a response, those that the
    /// client offered
    #[arg(long, value_name = "A, B", requires = "handshake")]
    protocols: Option<String>,
    /// For a request: the origins that the server accepts [default: any]
    #[arg(long, value_name = "A, B", requires = "handshake")]
    origins: Option<String>,
    /// Maximum length of the head in bytes, from the start line to the blank line
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_HEAD_LEN, requires = "handshake")]
    max_header_bytes: usize,
}

/// The value of `--handshake`: the half that the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HeadKind {
    Request,
    Response,
}

impl DecodeArgs {
    /// Decodes the input and prints the result to standard output. The exit status is 0 without a
    /// fatal fault, 1 if a rule is broken, and 2 for wrong usage.
    ///
    /// # Errors
    ///
    /// If standard output, or standard error, cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let answer = self.read().and_then(|input| Ok((self.explain(&input)?, input.notes)));
        let (lines, (text, status)) = match answer {
            Ok((answer, notes)) => (notes, answer),
            Err(error) => (vec![format!("{error:#}")], (String::new(), 2)),
        };
        for line in lines {
            writeln!(io::stderr(), "wiretalk decode: {line}")
                .context("could not write to standard error")?;
        }
        output::print_now(&text)?;
        Ok(ExitCode::from(status))
    }

    fn read(&self) -> anyhow::Result<Input> {
        input::read_inputs(&self.inputs, InputOptions { raw: self.raw, form: self.format })
    }

    /// Returns the text to print and the exit status. An error is wrong usage.
    fn explain(&self, input: &Input) -> anyhow::Result<(String, u8)> {
        let bytes = &input.bytes;
        let format = input.formats.join(", ");
        if let Some(kind) = self.handshake {
            let handshake = self.decode_handshake(kind, bytes);
            let refused = handshake.validated.validation.outcome
                == crate::wire::handshake::HandshakeOutcome::Reject;
            let text = if self.json {
                json::handshake_json(&handshake, &format)
            } else {
                handshake_text::explain(&handshake)
            };
            return Ok((text, u8::from(refused)));
        }
        let transcript = self.decode_frames(bytes)?;
        let sockjs = self.sockjs.then(|| sockjs_text::rows(&transcript));
        let text = if self.json {
            json::frames_json(&transcript, &format, sockjs.as_deref())
        } else {
            frame_text::explain(&transcript, bytes, sockjs.as_deref())
        };
        let has_fault = sockjs.is_some_and(|rows| rows.iter().any(sockjs_text::is_fault));
        let fails = has_fault || transcript.verdict() == DecodeVerdict::Fail;
        Ok((text, u8::from(fails)))
    }

    fn decode_frames(&self, bytes: &[u8]) -> anyhow::Result<Transcript> {
        // Clients mask every frame and servers mask none (RFC 6455 section 5.1), so the MASK bit of
        // the first frame tells the sides apart.
        let masked = bytes.get(1).is_some_and(|second| second & 0x80 != 0);
        let guessed = if masked { Side::Client } else { Side::Server };
        let from = self.from.map_or(guessed, Side::from);
        let header = self.extensions.as_deref().unwrap_or_default();
        let agreed = AgreedExtensions::parse(header).map_err(|error| {
            let part =
                String::from_utf8_lossy(header.as_bytes().get(error.span).unwrap_or_default());
            anyhow::anyhow!(
                "--extensions {header:?}: {part:?} {}; expected for example: permessage-deflate; \
                 server_no_context_takeover",
                error.reason
            )
        })?;
        // Stops where a receiver would fail the connection (RFC 6455 section 7.1.7).
        let mut transcript = Transcript::with_decoder(
            Decoder::new(from, agreed).stop_at_fatal().inflate_limit(self.max_inflate),
        );
        for piece in self.chunks(bytes) {
            transcript.push(piece);
        }
        Ok(transcript)
    }

    fn decode_handshake(&self, kind: HeadKind, bytes: &[u8]) -> DecodedHandshake {
        let context = match kind {
            HeadKind::Request => HeadContext::Request(self.server_policy()),
            HeadKind::Response => HeadContext::Response(Some(self.client_offer())),
        };
        let from = context.sender();
        let mut reader = HeadReader::new(from, self.max_header_bytes);
        let mut leftover = Vec::new();
        // Once the head is complete, `push` takes nothing: the rest is left over.
        for piece in self.chunks(bytes) {
            let taken = reader.push(piece);
            leftover.extend_from_slice(piece.get(taken..).unwrap_or_default());
        }
        let validated = ValidatedHead::with_bytes_after(&reader, &context, &leftover);
        DecodedHandshake { validated, head_bytes: reader.bytes().to_vec(), leftover, from }
    }

    fn server_policy(&self) -> ServerPolicy {
        let supported = self.extensions.as_deref().unwrap_or_default();
        ServerPolicy {
            subprotocols: comma_separated(self.protocols.as_deref()),
            origins: comma_separated(self.origins.as_deref()),
            deflate: extension::parse_extensions(supported.as_bytes(), 0)
                .iter()
                .any(extension::Extension::is_deflate),
            max_head_len: self.max_header_bytes,
        }
    }

    fn client_offer(&self) -> ClientOffer {
        let offered = self.extensions.as_deref().unwrap_or_default();
        ClientOffer {
            key: self.key.clone(),
            subprotocols: comma_separated(self.protocols.as_deref()),
            extensions: extension::parse_extensions(offered.as_bytes(), 0),
        }
    }

    fn chunks<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        bytes.chunks(if self.chunk == 0 { bytes.len().max(1) } else { self.chunk })
    }
}

/// Splits a comma-separated list into its names, without blanks.
fn comma_separated(list: Option<&str>) -> Vec<String> {
    let names = list.unwrap_or_default().split(',').map(str::trim);
    names.filter(|name| !name.is_empty()).map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use unicode_width::UnicodeWidthStr;

    #[derive(Parser)]
    struct TestCommand {
        #[command(flatten)]
        decode: DecodeArgs,
    }

    fn answer(args: &[&str]) -> anyhow::Result<(String, u8)> {
        let decode = TestCommand::try_parse_from([&["decode"], args].concat())?.decode;
        decode.explain(&decode.read()?)
    }

    fn picture(text: &str) -> String {
        format!("\n{text}")
    }

    #[test]
    fn the_example_of_the_rfc_is_explained() {
        let (text, status) = answer(&["818537fa213d7f9f4d5158"]).unwrap();
        assert_eq!(status, 0);
        assert_eq!(picture(&text), include_str!("hello.txt"));
    }

    #[test]
    fn a_broken_frame_is_explained() {
        let (text, status) = answer(&["--from", "server", "c9 81 37 fa 21 3d 1b"]).unwrap();
        assert_eq!(status, 1);
        assert_eq!(picture(&text), include_str!("broken.txt"));
    }

    #[test]
    fn messages_are_read_as_sockjs_if_that_is_asked_for() {
        let frame = |text: &str| {
            let text = text.as_bytes();
            crate::wire::frame::encode::single_frame(crate::wire::Opcode::Text, text, None)
        };
        let bytes = [frame("o"), frame(r#"a["x","y"]"#), frame("a[1]")].concat();
        let hex = crate::wire::format::hex(&bytes);
        let (text, status) = answer(&["--sockjs", &hex]).unwrap();
        assert_eq!(status, 1, "a frame of SockJS is broken");
        for line in [
            "SockJS  frame 0: open",
            "SockJS  frame 1: message 1, bytes 6 to 9 of its payload: \"y\"",
            "SockJS  frame 2: ✗ byte 2: a string is expected here: \"a[1]\"",
        ] {
            assert!(text.contains(line), "{text}");
        }
        let (json, _) = answer(&["--sockjs", "--json", &hex]).unwrap();
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["verdict"], &json["sockjs"][2]["text"]), (&"ok".into(), &"y".into()));
        let (json, status) = answer(&["--json", &hex]).unwrap();
        assert!(status == 0 && !json.contains("sockjs"), "{json}");
    }

    #[test]
    fn inflating_stops_at_the_given_limit() {
        // "Hello" compressed (RFC 7692 section 7.2.3.1).
        let args = ["--json", "--extensions", "permessage-deflate", "c1 07 f2 48 cd c9 c9 07 00"];
        let (whole, status) = answer(&args).unwrap();
        assert!(whole.contains("\"Hello\"") && !whole.contains("W_INFLATE_LIMIT"), "{whole}");
        assert_eq!(status, 0);
        let (cut, status) = answer(&[&args[..], &["--max-inflate", "4"]].concat()).unwrap();
        assert!(cut.contains("W_INFLATE_LIMIT"), "{cut}");
        assert_eq!(status, 0, "a warning is not fatal");
    }

    #[test]
    fn a_length_of_2_64_minus_1_in_a_compressed_message_is_reported() {
        for (hex, at, chunk) in [
            ("c17fffffffffffffffff", 2, "0"),
            ("c17fffffffffffffffff", 2, "1"),
            ("4105f248cdc9c9807fffffffffffffffff", 9, "0"),
            ("4105f248cdc9c9807fffffffffffffffff", 9, "3"),
        ] {
            let args =
                ["--from", "server", "--extensions", "permessage-deflate", "--chunk", chunk, hex];
            let (json, status) = answer(&[&args[..], &["--json"]].concat()).unwrap();
            let json: serde_json::Value = serde_json::from_str(&json).unwrap();
            let text = json["violations"].as_array().unwrap();
            let claim = text.iter().find(|fault| fault["code"] == "E_LEN_MSB_SET").unwrap();
            assert_eq!(
                (&claim["byte_offset"], &claim["detectable_after_bytes"]),
                (&at.into(), &(at + 1).into())
            );
            assert_eq!((status, &json["verdict"]), (1, &"fail".into()));
            let (words, status) = answer(&args).unwrap();
            assert!(
                status == 1 && words.contains("claims 18,446,744,073,709,551,615 bytes"),
                "{words}"
            );
        }
    }

    #[test]
    fn a_response_with_a_wrong_accept_value_is_explained() {
        let response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: \
                        Upgrade\r\nSec-WebSocket-Accept: \
                        hHLtf2V1k8aDQZfNjw3Ia1hCwt0=\r\n\r\n\u{1}\u{5}";
        let hex = crate::wire::format::hex(response.as_bytes());
        let (text, status) =
            answer(&["--handshake", "response", "--key", "dGhlIHNhbXBsZSBub25jZQ==", &hex])
                .unwrap();
        assert_eq!(status, 1);
        assert_eq!(picture(&text), include_str!("response.txt"));
    }

    #[test]
    fn the_mask_bit_of_the_first_frame_tells_the_sender() {
        assert_eq!(answer(&["810548656c6c6f"]).unwrap().1, 0);
        assert_eq!(answer(&["--from", "client", "810548656c6c6f"]).unwrap().1, 1);
    }

    #[test]
    fn invalid_arguments_are_refused_with_an_example() {
        let error = |args: &[&str]| format!("{:#}", answer(args).unwrap_err());
        assert_eq!(
            error(&["--extensions", "permessage-deflate; turbo", "8100"]),
            "--extensions \"permessage-deflate; turbo\": \"turbo\" isn't a parameter that \
             permessage-deflate has in a response; expected for example: permessage-deflate; \
             server_no_context_takeover"
        );
        assert!(error(&["--key", "x", "8100"]).contains("--handshake"));
    }

    /// Explains every case of the vectors. The text fits 80 columns and has no control characters.
    #[test]
    fn every_vector_fits_eighty_columns() {
        let frames: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/vectors/frames.json")).unwrap();
        let handshakes: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/vectors/handshakes.json")).unwrap();
        let cases = |file: &serde_json::Value| file["cases"].as_array().unwrap().clone();
        let mut seen = 0;
        for case in cases(&frames).into_iter().chain(cases(&handshakes)) {
            let hex = case["hex"].as_str().unwrap();
            let half = match case["role_under_test"].as_str() {
                None => vec!["--from", case["direction"].as_str().unwrap()],
                Some("server") => vec!["--handshake", "request"],
                Some(_) => vec!["--handshake", "response", "--key", "dGhlIHNhbXBsZSBub25jZQ=="],
            };
            let (text, _) = answer(&[&half[..], &[hex]].concat()).unwrap();
            for line in text.lines() {
                assert!(line.width() <= 80, "{}: {line}", case["name"]);
                assert!(
                    !line.chars().any(char::is_control) && line.trim_end() == line,
                    "{}: {line:?}",
                    case["name"]
                );
            }
            seen += 1;
        }
        assert!(seen > 200);
    }
}
