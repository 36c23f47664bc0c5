//! What the inspector is pointed at: a bundled server, a URL, a capture, or a proxy between others.
//!
//! `settings` reads it from a slide; `engine` opens it.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::capture;
use crate::clients::{self, HandshakeRequest, RequestOptions};
use crate::servers::ServerKind;

/// The most numbers that are tried for the file of a further connection.
const MAX_RECORDING_FILES: u64 = 1000;

/// Where the bytes come from.
#[derive(Clone, Debug)]
pub enum InspectSource {
    /// A connection of its own to a bundled server.
    Bundled(BundledServer),
    /// A connection of its own to any server.
    Url(Box<clients::SessionOptions>),
    /// A file: a capture, hex text, a recording.
    File(PathBuf, capture::ReadOptions),
    /// Clients that connect here are passed on.
    Proxy(Box<crate::proxy::ProxyOptions>),
}

/// How a connection of its own is opened: what the settings say, and what a step of a lesson
/// changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectOptions {
    /// Headers, origin, subprotocols, compression.
    pub(crate) request: RequestOptions,
    /// How the request differs from a good one.
    pub(crate) request_edits: RequestEdits,
    /// What is sent as soon as it is open.
    pub(crate) initial_commands: Vec<clients::SessionCommand>,
    /// A server of the step's own.
    pub(crate) server: Option<BundledServer>,
    /// A file that keeps what is seen.
    pub(crate) recording: Option<RecordingOptions>,
}

/// A pcapng file that keeps what is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordingOptions {
    pub(crate) path: PathBuf,
    /// A file that is there already is written over.
    pub(crate) replace: bool,
}

impl RecordingOptions {
    /// Creates the file of a run with `create`. Whoever connects anew gets a new one, with the
    /// first number that is free: only the file that was named may be written over.
    pub(crate) fn create<T>(
        &self,
        run: u64,
        mut create: impl FnMut(&Path, &capture::WriteOptions) -> io::Result<T>,
    ) -> (PathBuf, io::Result<T>) {
        let options = |replace| capture::WriteOptions { replace, secrets: None };
        if run <= 1 {
            return (self.path.clone(), create(&self.path, &options(self.replace)));
        }
        let mut number = run;
        loop {
            let path = self.path_with_number(number);
            match create(&path, &options(false)) {
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists
                        && number < run + MAX_RECORDING_FILES =>
                {
                    number += 1;
                }
                created => return (path, created),
            }
        }
    }

    fn path_with_number(&self, number: u64) -> PathBuf {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let ending = self
            .path
            .extension()
            .map_or_else(String::new, |ending| format!(".{}", ending.display()));
        self.path.with_file_name(format!("{stem}-{number}{ending}"))
    }
}

/// A bundled server and a path on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundledServer {
    /// `None` is the naive proxy, with the plain server behind it.
    pub(crate) kind: Option<ServerKind>,
    /// With its slash.
    pub(crate) path: String,
}

impl BundledServer {
    /// `strict`, `sloppy/guid-missing`, `naive-proxy`, ...
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, path) = text.split_once('/').unwrap_or((text, ""));
        let kind = match name {
            "naive-proxy" => None,
            "echo" => Some(ServerKind::Plain),
            name => Some(ServerKind::from_name(name)?),
        };
        Some(Self { kind, path: format!("/{path}") })
    }
}

/// How a request differs from a good one.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestEdits {
    #[serde(default)]
    pub(crate) method: Option<String>,
    /// Headers with another value, or added.
    #[serde(default)]
    pub(crate) set: std::collections::BTreeMap<String, String>,
    /// Headers that are left out.
    #[serde(default)]
    pub(crate) drop: Vec<String>,
}

impl InspectSource {
    /// What the title says before anything is known.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Bundled(BundledServer { kind: None, .. }) => "bundled naive proxy".to_owned(),
            Self::Bundled(BundledServer { kind: Some(kind), path }) => {
                format!("bundled {} server{}", kind.name(), path.trim_end_matches('/'))
            }
            Self::Url(options) => options.url.clone(),
            Self::File(path, _) => path.display().to_string(),
            Self::Proxy(options) => format!("proxy on {}", options.listen),
        }
    }

    /// Whether there is somebody to send to.
    pub(crate) fn is_own_connection(&self) -> bool {
        matches!(self, Self::Bundled(_) | Self::Url(_))
    }
}

impl RequestEdits {
    /// A good request, changed as the step wants it.
    pub(crate) fn apply_to(&self, request: Vec<u8>) -> HandshakeRequest {
        if *self == Self::default() {
            return HandshakeRequest::Raw(request);
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let mut lines: Vec<String> =
            text.trim_end_matches("\r\n").split("\r\n").map(str::to_owned).collect();
        if let (Some(method), Some(first)) = (&self.method, lines.first_mut()) {
            *first = first.replacen("GET", method, 1);
        }
        let named = |line: &String, name: &str| {
            line.split_once(':').is_some_and(|(have, _)| have.trim().eq_ignore_ascii_case(name))
        };
        lines.retain(|line| !self.drop.iter().any(|name| named(line, name)));
        for (name, value) in &self.set {
            let line = format!("{name}: {value}");
            match lines.iter_mut().find(|line| named(line, name)) {
                Some(old) => *old = line,
                None => lines.push(line),
            }
        }
        HandshakeRequest::Raw((lines.join("\r\n") + "\r\n\r\n").into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_changes_the_request_as_it_says() {
        let good = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n".to_vec();
        let edits = RequestEdits {
            method: Some("POST".into()),
            set: [("host".to_owned(), "b".to_owned()), ("X".to_owned(), "y".to_owned())].into(),
            drop: vec!["upgrade".into()],
        };
        let changed = b"POST / HTTP/1.1\r\nhost: b\r\nX: y\r\n\r\n".to_vec();
        assert_eq!(edits.apply_to(good.clone()), HandshakeRequest::Raw(changed));
        assert_eq!(RequestEdits::default().apply_to(good.clone()), HandshakeRequest::Raw(good));
    }

    #[test]
    fn a_further_connection_gets_a_file_of_its_own_and_writes_over_none() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("x.pcapng");
        std::fs::write(folder.path().join("x-2.pcapng"), "mine").unwrap();
        let recording = RecordingOptions { path: named.clone(), replace: true };
        let create = |path: &Path, options: &capture::WriteOptions| {
            capture::PcapngWriter::create(path, options)
        };
        assert_eq!(recording.create(1, create).0, named);
        let (path, created) = recording.create(2, create);
        assert_eq!((path, created.is_ok()), (folder.path().join("x-3.pcapng"), true));
        assert_eq!(std::fs::read(folder.path().join("x-2.pcapng")).unwrap(), b"mine");
    }
}
