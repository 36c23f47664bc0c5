//! A file without a stage: its connections as records, in the order of time, and written into another file where asked.
//! What kind of file it is and what its bytes mean is `capture`'s to find out.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::capture::{Begins, Heard, OpenOptions, Said, Stream, Tls, open};
use crate::cli::inspect::Inspect;
use crate::cli::inspect::keep;
use crate::cli::inspect::printer::Printer;
use crate::net::Peers;
use crate::wire::Trace;

pub(super) fn play(inspect: &Inspect, path: &Path) -> anyhow::Result<ExitCode> {
    if inspect.write.as_deref().is_some_and(|write| is_same(write, path)) {
        anyhow::bail!("{} cannot be read and written at once; --write takes another file", path.display());
    }
    let options = OpenOptions { keylog: inspect.keylog.clone(), from: inspect.from.map(Into::into) };
    let capture = open(path, &options)?;
    if let Some(mut writer) = keep::writer(inspect)? {
        capture.write(&mut writer).context("could not write the other file")?;
    }
    let several = capture.streams().len() != 1;
    let out = BufWriter::with_capacity(1 << 16, io::stdout());
    let mut printer = Printer::of_a_file(inspect.json, several, out);
    for warning in capture.warnings() {
        note(&mut printer, None, warning)?;
    }
    for (number, stream) in (1..).zip(capture.streams()) {
        introduce(&mut printer, number, stream)?;
    }
    capture.replay(|heard| print(&mut printer, &heard))?;
    for (number, stream) in (1..).zip(capture.streams()) {
        for warning in &stream.warnings {
            note(&mut printer, Some(number), warning)?;
        }
        printer.end(number, &Ok("the file has no more of it".to_owned()))?;
    }
    if several {
        let count = capture.streams().len();
        printer.last(&format!("{count} connection{} in the file", if count == 1 { "" } else { "s" }))?;
    }
    printer.flush()?;
    Ok(if capture.streams().is_empty() || printer.is_faulty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Both names lead to one file, over whatever links. What is no regular file is not opened: a fifo would wait for a reader.
fn is_same(one: &Path, other: &Path) -> bool {
    one.is_file() && same_file::is_same_file(one, other).unwrap_or(false)
}

/// Who talks, and how the first bytes are to be read.
fn introduce<W: Write>(printer: &mut Printer<W>, number: usize, stream: &Stream<Trace>) -> io::Result<()> {
    if stream.begins == Begins::Frames {
        printer.midway(number);
    }
    let since = stream.began.as_secs_f64();
    let tls = match &stream.tls {
        Tls::No => Value::Null,
        Tls::Read { version, suite } => json!(format!("{version} with {suite}, decrypted")),
        Tls::Unread(_) => json!("not decrypted"),
    };
    if let Some(Peers { client, server }) = stream.peers {
        let fields = json!({
            "connection": number, "client": client.to_string(), "server": server.to_string(),
            "since_1970_s": since, "tls": tls,
        });
        printer.tell_at("connection", Duration::ZERO, fields)?;
    }
    if let Tls::Unread(why) = &stream.tls {
        note(printer, Some(number), &format!("this connection is encrypted: {why}"))?;
    }
    Ok(())
}

fn note<W: Write>(printer: &mut Printer<W>, number: Option<usize>, text: &str) -> io::Result<()> {
    printer.tell_at("note", Duration::ZERO, json!({ "connection": number, "text": text }))
}

fn print<W: Write>(printer: &mut Printer<W>, heard: &Heard<'_>) -> anyhow::Result<()> {
    let number = heard.stream + 1;
    match heard.said {
        Said::Bytes(bytes) => printer.bytes(number, heard.from, heard.at, bytes)?,
        Said::Missing { bytes, within_frame } => {
            let text = format!(
                "{bytes} bytes of the {} are missing here; {within_frame} of them belong to the frame that is under way \
                 and are taken for zeros",
                heard.from
            );
            printer.tell_at("note", heard.at, json!({ "connection": number, "text": text }))?;
            let zeros = vec![0; usize::try_from(within_frame)?];
            printer.bytes(number, heard.from, heard.at, &zeros)?;
        }
    }
    Ok(())
}
