//! A [`Script`] written down in Go, Python and bash.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cli::conform::reproduce::script::{Operation, Script};
use crate::net::Target;
use crate::text::shell_quote;

const GO: &str = include_str!("program.go.txt");
const PYTHON: &str = include_str!("program.py.txt");
const SHELL: &str = include_str!("program.sh.txt");

/// Bytes beyond this number are written as base64, because nobody reads them.
const MAX_READABLE: usize = 2_048;

/// The number of escaped bytes in a line.
const BYTES_PER_LINE: usize = 20;

pub(super) fn python(script: &Script, target: &Target) -> String {
    let line = |operation: &Operation| match operation {
        Operation::Send(bytes) if bytes.len() > MAX_READABLE => {
            format!("send(base64.b64decode(\"\"\"\n{}\"\"\"))\n", base64_lines(bytes))
        }
        Operation::Send(bytes) => {
            let literals =
                joined(literals(bytes, '"').iter().map(|text| format!("    b\"{text}\"\n")));
            format!("send(\n{literals})\n")
        }
        Operation::Pause(time) => format!("time.sleep({})\n", time.as_secs_f64()),
        Operation::EndWrites => "end_writes()\n".to_owned(),
        Operation::ReadHead => "read_head()\n".to_owned(),
        Operation::Read { first, more } => {
            format!("read({}, {})\n", first.as_secs_f64(), more.as_secs_f64())
        }
        Operation::Comment(text) => format!("# {text}\n"),
    };
    let address = match &target.unix_socket {
        Some(path) => quoted(&path.to_string_lossy()),
        None => format!("({}, {})", quoted(&target.host), target.port),
    };
    fill(PYTHON, script, "# ", &line)
        .replace("{{ADDRESS}}", &address)
        .replace("{{HOST}}", &quoted(&target.host))
        .replace("{{TLS}}", if target.tls { "True" } else { "False" })
}

pub(super) fn go(script: &Script, target: &Target) -> String {
    let line = |operation: &Operation| match operation {
        Operation::Send(bytes) if bytes.len() > MAX_READABLE => {
            format!("\tsendBase64(`\n{}`)\n", base64_lines(bytes))
        }
        Operation::Send(bytes) => {
            let literals: Vec<String> =
                literals(bytes, '"').iter().map(|text| format!("\t\t\"{text}\"")).collect();
            format!("\tsend(\"\" +\n{})\n", literals.join(" +\n"))
        }
        Operation::Pause(time) => format!("\ttime.Sleep({})\n", millis(*time)),
        Operation::EndWrites => "\tendWrites()\n".to_owned(),
        Operation::ReadHead => "\treadHead()\n".to_owned(),
        Operation::Read { first, more } => {
            format!("\tread({}, {})\n", millis(*first), millis(*more))
        }
        Operation::Comment(text) => format!("\t// {text}\n"),
    };
    let (network, address) = match &target.unix_socket {
        Some(path) => ("unix", path.to_string_lossy().into_owned()),
        None if target.host.contains(':') => ("tcp", format!("[{}]:{}", target.host, target.port)),
        None => ("tcp", format!("{}:{}", target.host, target.port)),
    };
    fill(GO, script, "// ", &line)
        .replace("{{NETWORK}}", network)
        .replace("{{ADDRESS}}", &quoted(&address))
        .replace("{{HOST}}", &quoted(&target.host))
        .replace("{{TLS}}", if target.tls { "true" } else { "false" })
}

pub(super) fn shell(script: &Script, target: &Target) -> String {
    let last = script.operations.iter().rposition(|step| matches!(step, Operation::Send(_)));
    let last = last.unwrap_or(0);
    let mut text = String::new();
    for (index, operation) in script.operations.iter().enumerate() {
        text += &match operation {
            Operation::Send(bytes) if bytes.len() > MAX_READABLE => {
                format!("base64 -d >&3 <<'END'\n{}END\n", base64_lines(bytes))
            }
            Operation::Send(bytes) => {
                let literals = literals(bytes, '\'');
                let lines: Vec<String> =
                    literals.iter().map(|text| format!("'{}'", text.replace('%', "%%"))).collect();
                format!("send {}\n", lines.join(" \\\n    "))
            }
            Operation::Pause(time) => format!("sleep {}\n", time.as_secs_f64()),
            Operation::ReadHead => "read_head\n".to_owned(),
            // Everything is printed as it comes; only what is sent later has to wait.
            Operation::Read { more, .. } if index < last => {
                format!("sleep {}\n", more.as_secs_f64())
            }
            Operation::Comment(text) => format!("# {text}\n"),
            Operation::Read { .. } | Operation::EndWrites => String::new(),
        };
    }
    let host = target.host.replace(['/', '\''], "");
    let about = joined(script.about.iter().map(|line| format!("# {line}\n")));
    SHELL
        .replace("{{ABOUT}}\n", &about)
        .replace("{{STEPS}}\n", &text)
        .replace("{{ADDRESS}}", &shell_quote(&format!("/dev/tcp/{host}/{}", target.port)))
}

fn fill(
    template: &str,
    script: &Script,
    comment: &str,
    line: &impl Fn(&Operation) -> String,
) -> String {
    let about = joined(script.about.iter().map(|text| format!("{comment}{text}\n")));
    let steps: String = script.operations.iter().map(line).collect();
    template.replace("{{ABOUT}}\n", &about).replace("{{STEPS}}\n", &steps)
}

/// Returns a text as a literal in double quotes, as both Go and Python read it.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text.as_bytes(), '"'))
}

/// Returns the inside of string literals that together are `bytes`: a line of text in each, or a few
/// bytes.
pub(super) fn literals(bytes: &[u8], quote: char) -> Vec<String> {
    let is_text = |line: &[u8]| line.ends_with(b"\n") && line.is_ascii();
    let mut found = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if is_text(line) {
            found.push(escaped(line, quote));
        } else {
            found.extend(line.chunks(BYTES_PER_LINE).map(|part| escaped(part, quote)));
        }
    }
    found
}

/// Returns bytes with escapes that Go, Python and bash's printf share.
fn escaped(bytes: &[u8], quote: char) -> String {
    let escape = |byte: &u8| match byte {
        b'\r' => "\\r".to_owned(),
        b'\n' => "\\n".to_owned(),
        byte if char::from(*byte) != quote
            && *byte != b'\\'
            && (byte.is_ascii_graphic() || *byte == b' ') =>
        {
            char::from(*byte).to_string()
        }
        byte => format!("\\x{byte:02x}"),
    };
    bytes.iter().map(escape).collect()
}

fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let lines = encoded.as_bytes().chunks(76).map(String::from_utf8_lossy);
    joined(lines.map(|line| format!("{line}\n")))
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.fold(String::new(), |all, line| all + &line)
}

fn millis(time: Duration) -> String {
    format!("{}*time.Millisecond", time.as_millis())
}
