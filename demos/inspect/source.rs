//! What the inspector is pointed at: a bundled server, a URL, a capture, or a proxy between others.
//!
//! It is read from a slide's settings here; `engine` goes there.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::capture;
use crate::clients::{self, Request, Wishes};
use crate::net::{Target, Tls};
use crate::stage::{Complaint, Settings};
use crate::wire::{Side, words};

use super::scenario::{Edits, Server};

/// Where the bytes come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A connection of its own to a bundled server.
    Bundled(Server),
    /// A connection of its own to any server.
    Url(Box<clients::Options>),
    /// A file: a capture, hex text, a recording.
    File(PathBuf, capture::OpenOptions),
    /// Clients that connect here are passed on.
    Proxy(Box<crate::proxy::Options>),
}

/// How a connection of its own is opened: the wishes of the slide, and what a scenario's step changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opening {
    /// Headers, origin, subprotocols, compression.
    pub(super) wishes: Wishes,
    /// How the request differs from a good one.
    pub(super) edits: Edits,
    /// What is sent as soon as it is open.
    pub(super) first: Vec<clients::Command>,
    /// A server of the step's own.
    pub(super) server: Option<Server>,
    /// A file that keeps what is seen.
    pub(super) keep: Option<Keep>,
}

/// A pcapng file that keeps what is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keep {
    path: PathBuf,
    /// It may be there already.
    replace: bool,
}

impl Keep {
    fn of(settings: &Settings) -> Option<Self> {
        let path = Some(settings.text("write")).filter(|path| !path.is_empty())?;
        Some(Self { path: PathBuf::from(path), replace: settings.text("replace") == "yes" })
    }

    /// The file of a run: whoever connects anew gets a new one.
    pub(super) fn file(&self, run: u64) -> PathBuf {
        if run <= 1 {
            return self.path.clone();
        }
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let ending =
            self.path.extension().map_or_else(String::new, |ending| format!(".{}", ending.display()));
        self.path.with_file_name(format!("{stem}-{run}{ending}"))
    }

    /// How it is written.
    pub(super) fn options(&self) -> capture::WriteOptions {
        capture::WriteOptions { replace: self.replace, secrets: None }
    }
}

impl Source {
    pub(super) fn of(settings: &Settings) -> Result<Self, Complaint> {
        let text = |name| settings.text(name);
        let tls = || Tls {
            ca: Some(text("ca")).filter(|path| !path.is_empty()).map(PathBuf::from),
            insecure: text("insecure") == "yes",
            name: Some(text("name").to_owned()).filter(|name| !name.is_empty()),
            ..Tls::default()
        };
        if !text("file").is_empty() {
            let keylog = Some(text("keylog")).filter(|path| !path.is_empty()).map(PathBuf::from);
            let from = match text("from") {
                "client" => Some(Side::Client),
                "server" => Some(Side::Server),
                _ => None,
            };
            let options = capture::OpenOptions { keylog, from };
            return Ok(Self::File(PathBuf::from(text("file")), options));
        }
        let server = text("server");
        let url = server.starts_with("ws://") || server.starts_with("wss://");
        if !text("proxy").is_empty() {
            let listen: SocketAddr = text("proxy").parse().map_err(|_| {
                settings
                    .complain("proxy", "takes an address to listen on, for example 127.0.0.1:9000".to_owned())
            })?;
            let upstream = Target::parse(server).map_err(|why| settings.complain("server", why))?;
            let anywhere = text("anywhere") == "yes";
            let options = crate::proxy::Options {
                tls: tls(),
                anywhere,
                ..crate::proxy::Options::new(listen, upstream)
            };
            return Ok(Self::Proxy(Box::new(options)));
        }
        if url {
            Target::parse(server).map_err(|why| settings.complain("server", why))?;
            let pong = text("pong") == "yes";
            let options = clients::Options { tls: tls(), auto_pong: pong, ..clients::Options::new(server) };
            return Ok(Self::Url(Box::new(options)));
        }
        Server::parse(server).map(Self::Bundled).ok_or_else(|| {
            let told = "is neither a ws:// or wss:// URL nor a bundled server: plain, strict, guarded, sloppy/PATH, naive-proxy";
            settings.complain("server", format!("`{server}` {told}"))
        })
    }

    /// How a slide wishes a connection to be opened.
    pub(super) fn opening(settings: &Settings) -> Result<Opening, Complaint> {
        let text = |name| settings.text(name);
        let lines = |name: &'static str| text(name).lines().filter(|line| !line.trim().is_empty());
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        };
        let headers: Option<Vec<_>> = lines("headers").map(header).collect();
        let headers = headers
            .ok_or_else(|| settings.complain("headers", "takes lines like `Cookie: a=b`".to_owned()))?;
        let wishes = Wishes {
            headers,
            origin: Some(text("origin").to_owned()).filter(|origin| !origin.is_empty()),
            protocols: text("protocols")
                .split([',', ' '])
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            deflate: text("deflate") == "yes",
        };
        let mut first: Vec<clients::Command> = Vec::new();
        if !text("text").is_empty() {
            first.push(clients::Command::Text(text("text").to_owned()));
        }
        for line in lines("sends") {
            first.push(match line.split_once(' ') {
                Some(("text", text)) => clients::Command::Text(text.to_owned()),
                Some(("quoted", text)) => clients::Command::Text(
                    serde_json::from_str(text).map_err(|why| settings.complain("sends", why.to_string()))?,
                ),
                Some(("hex", hex)) => clients::Command::Raw(
                    words::from_hex(hex).map_err(|why| settings.complain("sends", why))?,
                ),
                _ => {
                    return Err(settings.complain(
                        "sends",
                        "takes lines like `text Hello`, `quoted \"a\\nb\"` or `hex 81 00`".to_owned(),
                    ));
                }
            });
        }
        Ok(Opening { wishes, first, keep: Keep::of(settings), ..Opening::default() })
    }

    /// What the title says before anything is known.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Bundled(Server { kind: None, .. }) => "bundled naive proxy".to_owned(),
            Self::Bundled(Server { kind: Some(kind), path }) => {
                format!("bundled {} server{}", kind.name(), path.trim_end_matches('/'))
            }
            Self::Url(options) => options.url.clone(),
            Self::File(path, _) => path.display().to_string(),
            Self::Proxy(options) => format!("proxy on {}", options.listen),
        }
    }

    /// Whether there is somebody to send to.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self, Self::Bundled(_) | Self::Url(_))
    }
}

impl Edits {
    /// A good request, changed as the step wants it.
    pub(super) fn apply(&self, request: Vec<u8>) -> Request {
        if *self == Self::default() {
            return Request::Raw(request);
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
        Request::Raw((lines.join("\r\n") + "\r\n\r\n").into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_changes_the_request_as_it_says() {
        let good = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n".to_vec();
        let edits = Edits {
            method: Some("POST".into()),
            set: [("host".to_owned(), "b".to_owned()), ("X".to_owned(), "y".to_owned())].into(),
            drop: vec!["upgrade".into()],
        };
        let changed = b"POST / HTTP/1.1\r\nhost: b\r\nX: y\r\n\r\n".to_vec();
        assert_eq!(edits.apply(good.clone()), Request::Raw(changed));
        assert_eq!(Edits::default().apply(good.clone()), Request::Raw(good));
    }
}
