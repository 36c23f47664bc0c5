//! tshark must read the same frames in each capture: the same opcode, FIN, payload length and
//! payload in the same order. Where it differs, `DIFFERENCES` says what it reads and why.

mod differences;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use wiretalk::wire::format;

use crate::case::Case;
use crate::record;
use differences::{DECODE_AS, DIFFERENCES, VERSION};

/// A frame as both programs show it.
#[derive(Clone, PartialEq)]
struct Frame {
    /// The TCP port of the sender.
    from_port: u16,
    opcode: u8,
    fin: bool,
    payload_len: u64,
    /// The payload, unmasked and inflated, in hex; None if the program does not show it.
    payload_hex: Option<String>,
}

impl Frame {
    /// Returns whether both are the same frame; a payload that one program does not show isn't
    /// compared.
    fn is(&self, other: &Self) -> bool {
        let payload_is_same = match (&self.payload_hex, &other.payload_hex) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        let header = |frame: &Self| (frame.from_port, frame.opcode, frame.fin, frame.payload_len);
        header(self) == header(other) && payload_is_same
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from_port, opcode, payload_len, .. } = self;
        let fin = if self.fin { " FIN" } else { "" };
        write!(f, "{from_port} opcode {opcode}{fin} {payload_len} B")?;
        match self.payload_hex.as_deref().unwrap_or_default() {
            "" => Ok(()),
            hex if hex.len() > 32 => write!(f, " {}…", &hex[..32]),
            hex => write!(f, " {hex}"),
        }
    }
}

fn shown(frames: &[Frame]) -> Vec<String> {
    frames.iter().map(ToString::to_string).collect()
}

/// Returns the frames that `inspect --json` shows.
fn frames_of_wiretalk(file: &Path, arguments: &[String]) -> Vec<Frame> {
    let mut all = vec!["inspect", "--json"];
    all.extend(arguments.iter().map(String::as_str));
    all.push(file.to_str().unwrap());
    let records = record::parse(&record::wiretalk(&all, Stdio::null())).unwrap();
    let ports: BTreeMap<Option<u64>, &Value> = record::of_type(&records, "connection")
        .map(|connection| (connection["connection"].as_u64(), connection))
        .collect();
    let frames = record::of_type(&records, "frame").map(|frame| {
        let connection = ports[&frame["connection"].as_u64()];
        let address = connection[frame["from"].as_str().unwrap()].as_str().unwrap();
        Frame {
            from_port: address.rsplit_once(':').unwrap().1.parse().unwrap(),
            opcode: frame["opcode"].as_u64().unwrap().try_into().unwrap(),
            fin: frame["fin"].as_bool().unwrap(),
            payload_len: frame["payload_len"].as_u64().unwrap(),
            payload_hex: payload_of_wiretalk(frame),
        }
    });
    frames.collect()
}

/// Returns the payload as tshark shows it: that of a compressed message is inflated.
fn payload_of_wiretalk(frame: &Value) -> Option<String> {
    if frame["not_captured"] != 0 || frame["truncated"] == true {
        return None;
    }
    if frame["compressed"] == true {
        let text = frame["message_text"].as_str();
        let hex = |text: &str| format::hex(text.as_bytes());
        return text.map(hex).or_else(|| frame["message_hex"].as_str().map(str::to_owned));
    }
    frame["payload_hex"].as_str().map(str::to_owned)
}

/// Runs tshark and returns its standard output. A capture that is cut off is read up to its end.
fn tshark(arguments: &[&str]) -> String {
    let output = Command::new("tshark").args(arguments).output();
    let output = output
        .unwrap_or_else(|error| panic!("install tshark (Debian: apt-get install tshark): {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    let is_read = output.status.success() || errors.contains("cut short in the middle of a packet");
    assert!(is_read, "tshark {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the first line of `tshark --version`.
fn version() -> String {
    tshark(&["--version"]).lines().next().unwrap().to_owned()
}

/// Returns the frames that tshark shows, from PDML, which is XML. JSON would not do: with several
/// frames in a packet it repeats the keys of an object.
fn frames_of_tshark(file: &Path, keylog: Option<&str>) -> Vec<Frame> {
    let mut arguments = vec!["-n", "-r", file.to_str().unwrap(), "-Y", "websocket", "-T", "pdml"];
    let keylog = keylog.map(|path| format!("tls.keylog_file:{path}"));
    arguments.extend(keylog.iter().flat_map(|option| ["-o", option]));
    let name = file.file_name().unwrap().to_str().unwrap();
    let decode_as = DECODE_AS.iter().find(|(other, _)| *other == name);
    arguments.extend(decode_as.iter().flat_map(|(_, rule)| ["-d", rule]));
    let (mut frames, mut from_port) = (Vec::<Frame>::new(), 0);
    // Attributes have "&lt;" for "<", so each of these begins an element.
    for element in tshark(&arguments).split('<') {
        let Some(name) = attribute(element, "name") else { continue };
        if name == "tcp.srcport" {
            from_port = attribute(element, "show").unwrap().parse().unwrap();
        } else if element.starts_with("proto") && name == "websocket" {
            let (opcode, fin, payload_len, payload_hex) = (0, false, 0, None);
            frames.push(Frame { from_port, opcode, fin, payload_len, payload_hex });
        } else if let Some(frame) = frames.last_mut() {
            add_field(frame, name, element);
        }
    }
    frames
}

/// Returns the value of an attribute of an XML element. Those that are asked for have no escapes.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = element.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// Adds what a field of tshark says of the last frame.
fn add_field(frame: &mut Frame, name: &str, element: &str) {
    let (show, value) = (attribute(element, "show"), attribute(element, "value"));
    match name {
        "websocket.fin" => frame.fin = show == Some("1"),
        "websocket.opcode" => frame.opcode = show.unwrap().parse().unwrap(),
        // The extended length comes after the seven bits that announce it.
        "websocket.payload_length"
        | "websocket.payload_length_ext_16"
        | "websocket.payload_length_ext_64" => frame.payload_len = show.unwrap().parse().unwrap(),
        // "data.data" is a binary payload, and the reason of a Close follows its code.
        "websocket.payload.text"
        | "websocket.payload.ping"
        | "websocket.payload.pong"
        | "websocket.payload.close.status_code"
        | "websocket.payload.close.reason"
        | "data.data" => *frame.payload_hex.get_or_insert_default() += value.unwrap_or_default(),
        _ => {}
    }
}

/// Compares both programs on these captures. The arguments are those of `inspect`.
fn compare(captures: &[(PathBuf, Vec<String>)]) {
    let version = version();
    println!("{version}; the table of differences is of {VERSION}");
    let (mut failures, mut agreed) = (Vec::new(), 0);
    for (file, arguments) in captures {
        let name = file.file_name().unwrap().to_str().unwrap();
        let option = arguments.iter().position(|argument| argument == "--keylog");
        let keylog = option.map(|at| arguments[at + 1].as_str());
        let ours = frames_of_wiretalk(file, arguments);
        let theirs = frames_of_tshark(file, keylog);
        let same = ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(ours, theirs)| ours.is(theirs));
        agreed += usize::from(same && !ours.is_empty());
        let difference = DIFFERENCES.iter().find(|difference| difference.file == name);
        let problem = match difference {
            None if same => continue,
            None => "differs",
            Some(_) if same => "agrees: remove it from the table of differences",
            Some(difference) if shown(&theirs) == difference.tshark => {
                println!("{name} differs: {}", difference.reason);
                continue;
            }
            Some(_) => "is read by tshark in another way than the table says",
        };
        let (ours, theirs) = (shown(&ours), shown(&theirs));
        failures.push(format!("{name} {problem}\n  wiretalk {ours:#?}\n  tshark {theirs:#?}"));
    }
    println!("{agreed} of {} captures have the same frames", captures.len());
    assert!(failures.is_empty(), "{version}\n{}", failures.join("\n"));
    assert!(agreed * 2 > captures.len(), "only {agreed} of {} agree", captures.len());
}

/// Returns the numbers of the TCP connections by the ports of client and server, as `inspect`
/// numbers them.
fn streams_of_wiretalk(file: &Path) -> Vec<(u64, [u64; 2])> {
    let all = ["inspect", "--list=all", "--json", file.to_str().unwrap()];
    let records = record::parse(&record::wiretalk(&all, Stdio::null())).unwrap();
    let port = |value: &Value| {
        value.as_str().and_then(|address| address.rsplit_once(':')?.1.parse::<u64>().ok()).unwrap()
    };
    let streams = record::of_type(&records, "connection").map(|connection| {
        let mut ports = [port(&connection["client"]), port(&connection["server"])];
        ports.sort_unstable();
        (connection["tcp_stream"].as_u64().unwrap(), ports)
    });
    let mut streams: Vec<_> = streams.collect();
    streams.sort_unstable();
    streams.dedup();
    streams
}

/// Returns the same as tshark numbers them. Connections within tunnels have the ports of the
/// tunnel's beside them, so the last ports of a packet count.
fn streams_of_tshark(file: &Path) -> Vec<(u64, [u64; 2])> {
    let fields = ["tcp.stream", "tcp.srcport", "tcp.dstport"].map(|field| ["-e", field]);
    let path = file.to_str().unwrap();
    let mut arguments = vec!["-n", "-r", path, "-Y", "tcp", "-T", "fields"];
    arguments.extend(fields.as_flattened());
    let mut streams = Vec::new();
    for line in tshark(&arguments).lines() {
        let mut numbers = line
            .split('\t')
            .map(|cell| cell.rsplit(',').next().and_then(|last| last.parse::<u64>().ok()).unwrap());
        let mut next = || numbers.next().unwrap();
        let stream = next();
        let mut ports = [next(), next()];
        ports.sort_unstable();
        streams.push((stream, ports));
    }
    streams.sort_unstable();
    streams.dedup();
    streams
}

#[test]
fn tshark_numbers_the_connections_the_same() {
    let captures = captures_of_cases().into_iter().chain(captures_of_tls_and_http2());
    let (mut compared, mut failures) = (0, Vec::new());
    for (file, _) in captures {
        let (ours, theirs) = (streams_of_wiretalk(&file), streams_of_tshark(&file));
        compared += ours.len();
        // Connections without data are not listed.
        let unknown: Vec<_> = ours.iter().filter(|stream| !theirs.contains(stream)).collect();
        if !unknown.is_empty() {
            failures.push(format!("{}: {unknown:?} not in {theirs:?}", file.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(compared > 50, "only {compared} connections");
}

/// Returns whether a file is a pcap or pcapng capture, which may be compressed.
fn is_capture(file: &Path) -> bool {
    let name = Path::new(file.file_name().unwrap().to_str().unwrap().trim_end_matches(".gz"));
    name.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng")
}

/// Returns the captures of `tests/captures`, each with its key log if it has one.
fn captures_of_tls_and_http2() -> Vec<(PathBuf, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| is_capture(file));
    files.sort();
    let with_keys = files.into_iter().map(|file| {
        let keys = file.with_extension("keys");
        let arguments = if keys.exists() {
            vec!["--keylog".to_owned(), keys.to_str().unwrap().to_owned()]
        } else {
            Vec::new()
        };
        (file, arguments)
    });
    with_keys.collect()
}

fn captures_of_cases() -> Vec<(PathBuf, Vec<String>)> {
    let all = Case::all();
    all.iter().filter_map(Case::inspected).filter(|(file, _)| is_capture(file)).collect()
}

#[test]
fn tshark_reads_the_same_frames_in_the_cases() {
    compare(&captures_of_cases());
}

#[test]
fn tshark_reads_the_same_frames_in_tls_and_http2() {
    compare(&captures_of_tls_and_http2());
}

#[test]
fn each_difference_is_of_a_capture_that_is_compared() {
    let all = [captures_of_cases(), captures_of_tls_and_http2()].concat();
    let names: Vec<&str> =
        all.iter().map(|(file, _)| file.file_name().unwrap().to_str().unwrap()).collect();
    let listed = DIFFERENCES.iter().map(|difference| difference.file);
    for name in listed.chain(DECODE_AS.iter().map(|(file, _)| *file)) {
        assert!(names.contains(&name), "{name}");
    }
}
