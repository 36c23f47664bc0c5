//! What the inspector is pointed at: a bundled server, a URL, a capture, or a proxy between others.
//!
//! It is read from a slide's settings here; `engine` goes there.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::capture;
use crate::clients::{self, HandshakeRequest, RequestOptions};
use crate::net::{Target, TlsOptions, is_loopback};
use crate::stage::{DeclaredEffect, Diagnostic, Effect, Settings};
use crate::wire::{Side, format};

use super::scenario::{BundledServer, RequestEdits};

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

/// How a connection of its own is opened: the wishes of the slide, and what a scenario's step changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectOptions {
    /// Headers, origin, subprotocols, compression.
    pub(super) request: RequestOptions,
    /// How the request differs from a good one.
    pub(super) request_edits: RequestEdits,
    /// What is sent as soon as it is open.
    pub(super) initial_commands: Vec<clients::SessionCommand>,
    /// A server of the step's own.
    pub(super) server: Option<BundledServer>,
    /// A file that keeps what is seen.
    pub(super) recording: Option<RecordingOptions>,
}

impl ConnectOptions {
    /// The headers that a good request would not have by itself.
    fn own_headers(&self) -> usize {
        let RequestOptions { headers, origin, protocols, .. } = &self.request;
        headers.len() + usize::from(origin.is_some()) + usize::from(!protocols.is_empty())
    }
}

/// A pcapng file that keeps what is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RecordingOptions {
    path: PathBuf,
    /// It may be there already.
    replace: bool,
}

impl RecordingOptions {
    fn from_settings(settings: &Settings) -> Option<Self> {
        let path = Some(settings.text("write")).filter(|path| !path.is_empty())?;
        Some(Self { path: PathBuf::from(path), replace: settings.text("replace") == "yes" })
    }

    /// Creates the file of a run with `create`. Whoever connects anew gets a new one, with the first number that is free:
    /// only the file that was named may be written over.
    pub(super) fn create<T>(
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
                    if error.kind() == io::ErrorKind::AlreadyExists && number < run + MAX_RECORDING_FILES =>
                {
                    number += 1;
                }
                created => return (path, created),
            }
        }
    }

    fn path_with_number(&self, number: u64) -> PathBuf {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let ending =
            self.path.extension().map_or_else(String::new, |ending| format!(".{}", ending.display()));
        self.path.with_file_name(format!("{stem}-{number}{ending}"))
    }
}

impl InspectSource {
    pub(super) fn from_settings(settings: &Settings) -> Result<Self, Diagnostic> {
        let text = |name| settings.text(name);
        for (name, of) in [("replace", "write"), ("anywhere", "proxy")] {
            if text(name) == "yes" && text(of).is_empty() {
                return Err(settings.invalid(name, format!("`{name}` belongs to `{of}`, which is not set")));
            }
        }
        let tls = || TlsOptions {
            ca: Some(text("ca")).filter(|path| !path.is_empty()).map(PathBuf::from),
            insecure: text("insecure") == "yes",
            server_name: Some(text("name").to_owned()).filter(|name| !name.is_empty()),
            ..TlsOptions::default()
        };
        if !text("file").is_empty() {
            let keylog = Some(text("keylog")).filter(|path| !path.is_empty()).map(PathBuf::from);
            let from = match text("from") {
                "client" => Some(Side::Client),
                "server" => Some(Side::Server),
                _ => None,
            };
            let options = capture::ReadOptions { keylog, from };
            return Ok(Self::File(PathBuf::from(text("file")), options));
        }
        let server = text("server");
        let url = server.starts_with("ws://") || server.starts_with("wss://");
        if !text("proxy").is_empty() {
            let listen: SocketAddr = text("proxy").parse().map_err(|_| {
                settings
                    .invalid("proxy", "takes an address to listen on, for example 127.0.0.1:9000".to_owned())
            })?;
            let upstream = Target::parse(server).map_err(|error| settings.invalid("server", error))?;
            let anywhere = text("anywhere") == "yes";
            let options = crate::proxy::ProxyOptions {
                tls: tls(),
                allow_remote: anywhere,
                ..crate::proxy::ProxyOptions::new(listen, upstream)
            };
            return Ok(Self::Proxy(Box::new(options)));
        }
        if url {
            Target::parse(server).map_err(|error| settings.invalid("server", error))?;
            let pong = text("pong") == "yes";
            let options = clients::SessionOptions {
                tls: tls(),
                auto_pong: pong,
                ..clients::SessionOptions::new(server)
            };
            return Ok(Self::Url(Box::new(options)));
        }
        BundledServer::parse(server).map(Self::Bundled).ok_or_else(|| {
            let expected = "is neither a ws:// or wss:// URL nor a bundled server: plain, strict, guarded, sloppy/PATH, naive-proxy";
            settings.invalid("server", format!("`{server}` {expected}"))
        })
    }

    /// How a slide wishes a connection to be opened.
    pub(super) fn connect_options(settings: &Settings) -> Result<ConnectOptions, Diagnostic> {
        let text = |name| settings.text(name);
        let lines = |name: &'static str| text(name).lines().filter(|line| !line.trim().is_empty());
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        };
        let headers: Option<Vec<_>> = lines("headers").map(header).collect();
        let headers = headers
            .ok_or_else(|| settings.invalid("headers", "takes lines like `Cookie: a=b`".to_owned()))?;
        let request = RequestOptions {
            headers,
            origin: Some(text("origin").to_owned()).filter(|origin| !origin.is_empty()),
            protocols: text("protocols")
                .split([',', ' '])
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            deflate: text("deflate") == "yes",
        };
        let mut first: Vec<clients::SessionCommand> = Vec::new();
        if !text("text").is_empty() {
            first.push(clients::SessionCommand::Text(text("text").to_owned()));
        }
        for line in lines("sends") {
            first.push(match line.split_once(' ') {
                Some(("text", text)) => clients::SessionCommand::Text(text.to_owned()),
                Some(("quoted", text)) => clients::SessionCommand::Text(
                    serde_json::from_str(text)
                        .map_err(|error| settings.invalid("sends", error.to_string()))?,
                ),
                Some(("hex", hex)) => clients::SessionCommand::Raw(
                    format::parse_hex(hex).map_err(|error| settings.invalid("sends", error))?,
                ),
                _ => {
                    return Err(settings.invalid(
                        "sends",
                        "takes lines like `text Hello`, `quoted \"a\\nb\"` or `hex 81 00`".to_owned(),
                    ));
                }
            });
        }
        Ok(ConnectOptions {
            request,
            initial_commands: first,
            recording: RecordingOptions::from_settings(settings),
            ..ConnectOptions::default()
        })
    }

    /// What these settings do outside of the talk: all that their source and their file are made of.
    pub(super) fn effects(settings: &Settings) -> Result<Vec<DeclaredEffect>, Diagnostic> {
        let (source, connect_options) = (Self::from_settings(settings)?, Self::connect_options(settings)?);
        let declared = |effect, setting| DeclaredEffect { effect, position: settings.position(setting) };
        let connect = |target: &Target, tls: &TlsOptions, connect_options: &ConnectOptions| {
            let (headers, messages) = (connect_options.own_headers(), connect_options.initial_commands.len());
            let target_url = target.to_string();
            let effect = Effect::Connect { target: target_url, headers, messages, verified: !tls.insecure };
            (!is_loopback(&target.host)).then(|| declared(effect, "server"))
        };
        let mut found = Vec::new();
        match &source {
            // a lesson has bundled servers, whatever else is set
            _ if !settings.text("scenario").is_empty() => {}
            Self::Bundled(_) | Self::File(..) => {}
            Self::Url(options) => {
                let target =
                    Target::parse(&options.url).map_err(|reason| settings.invalid("server", reason))?;
                found.extend(connect(&target, &options.tls, &connect_options));
            }
            Self::Proxy(options) => {
                let anywhere = options.allow_remote && !options.listen.ip().is_loopback();
                let effect = Effect::Listen { address: options.listen.to_string(), anywhere };
                found.push(declared(effect, "proxy"));
                // what passes is its clients'
                found.extend(connect(&options.upstream, &options.tls, &ConnectOptions::default()));
            }
        }
        if let Some(RecordingOptions { path, replace }) = connect_options.recording {
            found.push(declared(Effect::Write { path, replace }, "write"));
        }
        Ok(found)
    }

    /// What the title says before anything is known.
    pub(super) fn name(&self) -> String {
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
    pub(super) fn is_own_connection(&self) -> bool {
        matches!(self, Self::Bundled(_) | Self::Url(_))
    }
}

impl RequestEdits {
    /// A good request, changed as the step wants it.
    pub(super) fn apply_to(&self, request: Vec<u8>) -> HandshakeRequest {
        if *self == Self::default() {
            return HandshakeRequest::Raw(request);
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let mut lines: Vec<String> = text.trim_end_matches("\r\n").split("\r\n").map(str::to_owned).collect();
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
    use super::super::Inspect;
    use super::*;
    use crate::deck::{Fence, Position, Setting, SettingValue};
    use crate::stage::{Demo as _, settings};

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

    fn effects(given: &[(&str, &str)]) -> Result<Vec<Effect>, String> {
        let setting = |(key, value): &(&str, &str)| Setting {
            key: (*key).to_owned(),
            value: SettingValue::Text((*value).to_owned()),
            position: Position { line: 7, column: 1 },
        };
        let fence = Fence {
            name: "inspect".into(),
            settings: given.iter().map(setting).collect(),
            ..Fence::default()
        };
        let settings = settings(&fence, Inspect::SETTINGS).unwrap();
        let declared = InspectSource::effects(&settings).map_err(|complaint| complaint.message)?;
        assert!(declared.iter().all(|declared| declared.position.line == 7), "{declared:?}");
        Ok(declared.into_iter().map(|declared| declared.effect).collect())
    }

    fn connect(target: &str, headers: usize, messages: usize) -> Effect {
        Effect::Connect { target: target.into(), headers, messages, verified: true }
    }

    #[test]
    fn whatever_leaves_the_talk_is_declared() {
        for silent in [
            &[][..],
            &[("server", "strict"), ("headers", "A: b"), ("sends", "hex 81 00")],
            &[("server", "ws://127.0.0.1:9/"), ("sends", "text a")],
            &[("server", "ws://app.localhost:9/")],
            &[("file", "/tmp/x.pcapng"), ("keylog", "/tmp/keys")],
            &[("scenario", "frame"), ("server", "ws://example.com/")],
        ] {
            assert_eq!(effects(silent), Ok(Vec::new()), "{silent:?}");
        }
        let far = ("server", "ws://example.com/x");
        assert_eq!(effects(&[far, ("text", "")]), Ok(vec![connect("ws://example.com/x", 0, 0)]));
        let more = [far, ("headers", "A: b\nC: d"), ("origin", "https://a"), ("sends", "text a\nhex 81 00")];
        assert_eq!(effects(&more), Ok(vec![connect("ws://example.com/x", 3, 3)]));
        let unverified = effects(&[("server", "wss://example.com/"), ("insecure", "yes")]).unwrap();
        assert!(matches!(unverified[..], [Effect::Connect { verified: false, .. }]), "{unverified:?}");
        let write = |replace| Effect::Write { path: "/tmp/x".into(), replace };
        assert_eq!(effects(&[("write", "/tmp/x")]), Ok(vec![write(false)]));
        assert_eq!(effects(&[("write", "/tmp/x"), ("replace", "yes")]), Ok(vec![write(true)]));
        for (setting, value) in [("file", "/tmp/y"), ("scenario", "frame"), far] {
            let found = effects(&[(setting, value), ("write", "/tmp/x"), ("text", "")]).unwrap();
            assert!(found.contains(&write(false)), "{found:?}");
        }
        let listen = |address: &str, anywhere| Effect::Listen { address: address.into(), anywhere };
        let proxy = [("proxy", "127.0.0.1:9000"), ("server", "ws://127.0.0.1:9/")];
        assert_eq!(effects(&proxy), Ok(vec![listen("127.0.0.1:9000", false)]));
        let anywhere = [("proxy", "0.0.0.0:9000"), ("anywhere", "yes"), far];
        let wide = vec![listen("0.0.0.0:9000", true), connect("ws://example.com/x", 0, 0)];
        assert_eq!(effects(&anywhere), Ok(wide));
        assert!(effects(&[("replace", "yes")]).unwrap_err().contains("`replace` belongs to `write`"));
        assert!(effects(&[("anywhere", "yes")]).unwrap_err().contains("`anywhere` belongs to `proxy`"));
    }

    #[test]
    fn a_further_connection_gets_a_file_of_its_own_and_writes_over_none() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("x.pcapng");
        std::fs::write(folder.path().join("x-2.pcapng"), "mine").unwrap();
        let recording = RecordingOptions { path: named.clone(), replace: true };
        let create =
            |path: &Path, options: &capture::WriteOptions| capture::PcapngWriter::create(path, options);
        assert_eq!(recording.create(1, create).0, named);
        let (path, created) = recording.create(2, create);
        assert_eq!((path, created.is_ok()), (folder.path().join("x-3.pcapng"), true));
        assert_eq!(std::fs::read(folder.path().join("x-2.pcapng")).unwrap(), b"mine");
    }
}
