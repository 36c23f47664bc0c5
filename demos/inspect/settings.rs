//! The settings of an inspector on a slide, the table of its keys, and the configuration that the
//! settings make.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::capture;
use crate::clients::{RequestOptions, SessionCommand, SessionOptions};
use crate::inspect::{
    BundledServer, InspectConfig, InspectSource, RecordingOptions, STANDARD_INPUT,
};
use crate::net::{Target, TlsOptions, is_loopback};
use crate::stage::{
    DeclaredEffect, Diagnostic, Effect, KeyHint, SettingSpec, SettingType, Settings,
};
use crate::wire::pasted;

/// The settings of a fence. `wiretalk demos` lists them.
pub(crate) const SETTINGS: &[SettingSpec] = &[
    SettingSpec {
        name: "server",
        value_type: SettingType::Text("echo"),
        about: "a bundled server (plain, strict, guarded, sloppy/PATH, naive-proxy), or a ws:// \
                or wss:// URL",
    },
    SettingSpec {
        name: "text",
        value_type: SettingType::Text("Hello"),
        about: "the first message",
    },
    SettingSpec {
        name: "sends",
        value_type: SettingType::Text(""),
        about: "further messages, one per line: `text Hello` or `hex 81 00`",
    },
    SettingSpec {
        name: "prompt",
        value_type: SettingType::Choice(&["no", "yes"]),
        about: "open the prompt for a text together with the demo's keyboard",
    },
    SettingSpec {
        name: "show",
        value_type: SettingType::Choice(&[
            "frames",
            "handshake",
            "mask",
            "timeline",
            "problems",
            "deflate",
            "connections",
            "sockjs",
        ]),
        about: "the tab to show first",
    },
    SettingSpec {
        name: "scenario",
        value_type: SettingType::Text(""),
        about: "a lesson: handshake, wrong-answers, origin, frame, mask, fragments, break-it, goodbye, \
                deflate, one-bit",
    },
    SettingSpec {
        name: "file",
        value_type: SettingType::Text(""),
        about: "a capture, hex text or recording to open instead of a server",
    },
    SettingSpec {
        name: "keylog",
        value_type: SettingType::Text(""),
        about: "the TLS key log of the file",
    },
    SettingSpec {
        name: "from",
        value_type: SettingType::Choice(&["mask", "client", "server"]),
        about: "the side that sent the bytes of a hex text file; `mask`: as the first frame's \
                MASK bit says",
    },
    SettingSpec {
        name: "write",
        value_type: SettingType::Text(""),
        about: "a pcapng file to write the traffic to, unencrypted",
    },
    SettingSpec {
        name: "replace",
        value_type: SettingType::Choice(&["no", "yes"]),
        about: "overwrite that file if it exists",
    },
    SettingSpec {
        name: "proxy",
        value_type: SettingType::Text(""),
        about: "the address to listen on, for example 127.0.0.1:9000, as a proxy for the server",
    },
    SettingSpec {
        name: "anywhere",
        value_type: SettingType::Choice(&["no", "yes"]),
        about: "let the proxy listen beyond loopback",
    },
    SettingSpec {
        name: "deflate",
        value_type: SettingType::Choice(&["no", "yes"]),
        about: "offer permessage-deflate",
    },
    SettingSpec {
        name: "origin",
        value_type: SettingType::Text(""),
        about: "the Origin header to send",
    },
    SettingSpec {
        name: "protocols",
        value_type: SettingType::Text(""),
        about: "subprotocols to offer, in order of preference",
    },
    SettingSpec {
        name: "headers",
        value_type: SettingType::Text(""),
        about: "additional headers, one per line",
    },
    SettingSpec {
        name: "pong",
        value_type: SettingType::Choice(&["yes", "no"]),
        about: "answer pings",
    },
    SettingSpec {
        name: "ca",
        value_type: SettingType::Text(""),
        about: "a PEM file with additional certificate authorities to trust",
    },
    SettingSpec {
        name: "name",
        value_type: SettingType::Text(""),
        about: "the name that the certificate must have, instead of the host",
    },
    SettingSpec {
        name: "insecure",
        value_type: SettingType::Choice(&["no", "yes"]),
        about: "do not check the certificate (no protection against a man in the middle)",
    },
];

/// The keys, as the help of the inspector and `wiretalk demos` list them.
pub(crate) const KEYS: &[KeyHint] = &[
    KeyHint {
        keys: "1 – 8, Tab",
        about: "handshake, frames, mask, timeline, problems, deflate, connections, SockJS",
    },
    KeyHint {
        keys: "7  ⏎ a /", about: "connections: open one; list all; find by text or number"
    },
    KeyHint { keys: "Enter  r", about: "type and send a text; raw bytes in any form" },
    KeyHint { keys: "p  P  c", about: "send a Ping; stop answering pings; send a Close" },
    KeyHint { keys: "Ctrl-D  Ctrl-R", about: "send a Close; reconnect" },
    KeyHint {
        keys: "[ ]  { }  Home End",
        about: "one frame, twenty frames; the first, the newest",
    },
    KeyHint { keys: "space  g", about: "pause, follow; next frame of the message" },
    KeyHint { keys: "f  /  n", about: "filter frames; search messages; the next hit" },
    KeyHint { keys: "↑ ↓ ← → b", about: "field, byte, bit" },
    KeyHint { keys: "x  e", about: "flip the bit; edit the frame, and send it with Enter" },
    KeyHint { keys: "?", about: "what the RFC requires here, and why; a whole text" },
    KeyHint { keys: "y", about: "copy: hex, text, test vector, command, program" },
    KeyHint { keys: "handshake  n p a", about: "the accept value step by step; all of it" },
    KeyHint {
        keys: "mask  n p a f z t w k r",
        about: "step, auto; flip, zero, twice, wide, key, reset",
    },
    KeyHint { keys: "timeline  ← → + − 0 o", about: "frame, scale, all frames, TCP pieces" },
    KeyHint {
        keys: "problems  Enter s w i",
        about: "to the bit; send the Close; who rejects it; go on",
    },
    KeyHint { keys: "<  >  N", about: "previous, next connection; the notes about it" },
    KeyHint { keys: "Z", about: "RSV1 without a handshake: as permessage-deflate, or as it is" },
    KeyHint { keys: "H S D I W", about: "proxy: hold, step, drop, inject, whose frames" },
    KeyHint { keys: ".  ,", about: "lesson: on, back; 1–9 bet" },
];

/// Returns the configuration that the settings make.
///
/// # Errors
///
/// If a setting has an invalid value, or depends on another one that is not set.
pub(crate) fn config(settings: &Settings) -> Result<InspectConfig, Diagnostic> {
    Ok(InspectConfig {
        request: request_options(settings)?,
        initial_commands: initial_commands(settings)?,
        recording: recording(settings),
        ..InspectConfig::new(source(settings)?)
    })
}

/// Returns the source of the bytes. A file wins over a proxy, and a proxy over a connection.
fn source(settings: &Settings) -> Result<InspectSource, Diagnostic> {
    let text = |name| settings.text(name);
    // On the command line, clap checks the same two.
    for (name, of) in [("replace", "write"), ("anywhere", "proxy")] {
        if text(name) == "yes" && text(of).is_empty() {
            return Err(settings.invalid(name, format!("`{name}` needs `{of}`, which is not set")));
        }
    }
    let tls = || TlsOptions {
        ca: Some(text("ca")).filter(|path| !path.is_empty()).map(PathBuf::from),
        insecure: text("insecure") == "yes",
        server_name: Some(text("name").to_owned()).filter(|name| !name.is_empty()),
        ..TlsOptions::default()
    };
    if text("file") == STANDARD_INPUT {
        let reason = "`file` cannot be standard input, which a talk reads keys from; for a file of \
                      that name, write ./-";
        return Err(settings.invalid("file", reason.to_owned()));
    }
    if !text("file").is_empty() {
        let keylog = Some(text("keylog")).filter(|path| !path.is_empty()).map(PathBuf::from);
        // `mask` does not parse as a side, so the first frame decides.
        let from = text("from").parse().ok();
        let options = capture::ReadOptions { keylog, from, ..capture::ReadOptions::default() };
        return Ok(InspectSource::File(PathBuf::from(text("file")), options));
    }
    let server = text("server");
    let url = Target::has_scheme(server);
    if !text("proxy").is_empty() {
        let listen: SocketAddr = text("proxy").parse().map_err(|_| {
            settings.invalid(
                "proxy",
                "`proxy` needs an IP address and a port, for example 127.0.0.1:9000".to_owned(),
            )
        })?;
        let upstream = Target::parse(server).map_err(|error| settings.invalid("server", error))?;
        let anywhere = text("anywhere") == "yes";
        let options = crate::proxy::ProxyOptions {
            tls: tls(),
            allow_remote: anywhere,
            ..crate::proxy::ProxyOptions::new(listen, upstream)
        };
        return Ok(InspectSource::Proxy(Box::new(options)));
    }
    if url {
        // Parsed here for its error alone: the session parses the URL again when it connects.
        Target::parse(server).map_err(|error| settings.invalid("server", error))?;
        let pong = text("pong") == "yes";
        let options = SessionOptions { tls: tls(), auto_pong: pong, ..SessionOptions::new(server) };
        return Ok(InspectSource::Url(Box::new(options)));
    }
    BundledServer::parse(server).map(InspectSource::Bundled).ok_or_else(|| {
        let expected = "is neither a ws:// or wss:// URL nor a bundled server: plain, strict, \
                        guarded, sloppy/PATH, naive-proxy";
        settings.invalid("server", format!("`{server}` {expected}"))
    })
}

/// Whether giving the demo the keyboard opens the prompt for a text at once.
///
/// # Errors
///
/// If there is nothing to send a text to, or a lesson decides what is sent.
pub(crate) fn prompts_on_focus(settings: &Settings) -> Result<bool, Diagnostic> {
    if settings.text("prompt") != "yes" {
        return Ok(false);
    }
    match ["scenario", "file", "proxy"].iter().find(|name| !settings.text(name).is_empty()) {
        Some(other) => {
            let reason = format!("`prompt` cannot be combined with `{other}`");
            Err(settings.invalid("prompt", reason))
        }
        None => Ok(true),
    }
}

/// Returns the options of the request: headers, origin, subprotocols and compression.
fn request_options(settings: &Settings) -> Result<RequestOptions, Diagnostic> {
    let text = |name| settings.text(name);
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    let headers: Option<Vec<_>> = lines(settings, "headers").map(header).collect();
    let headers = headers.ok_or_else(|| {
        settings.invalid("headers", "`headers` needs lines such as `Cookie: a=b`")
    })?;
    Ok(RequestOptions {
        headers,
        origin: Some(text("origin").to_owned()).filter(|origin| !origin.is_empty()),
        protocols: text("protocols")
            .split([',', ' '])
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        deflate: text("deflate") == "yes",
    })
}

/// Returns what to send first: the text, and each line of `sends`.
fn initial_commands(settings: &Settings) -> Result<Vec<SessionCommand>, Diagnostic> {
    let mut first = Vec::new();
    let text = settings.text("text");
    if !text.is_empty() {
        first.push(SessionCommand::Text(text.to_owned()));
    }
    for line in lines(settings, "sends") {
        first.push(match line.split_once(' ') {
            Some(("text", text)) => SessionCommand::Text(text.to_owned()),
            // A JSON string, for a text with line feeds or leading blanks.
            Some(("quoted", text)) => SessionCommand::Text(
                serde_json::from_str(text)
                    .map_err(|error| settings.invalid("sends", error.to_string()))?,
            ),
            Some(("hex", hex)) => SessionCommand::Raw(
                pasted::parse_hex(hex).map_err(|error| settings.invalid("sends", error))?,
            ),
            _ => {
                return Err(settings.invalid(
                    "sends",
                    "`sends` needs lines such as `text Hello`, `quoted \"a\\nb\"` or `hex 81 00`"
                        .to_owned(),
                ));
            }
        });
    }
    Ok(first)
}

/// Returns the lines of a setting, without blank ones.
fn lines<'s>(settings: &'s Settings, name: &str) -> impl Iterator<Item = &'s str> {
    settings.text(name).lines().filter(|line| !line.trim().is_empty())
}

/// Returns what the settings do outside of the talk: connect beyond loopback, listen, write a file.
///
/// # Errors
///
/// The same as those of [`config`].
pub(crate) fn effects(settings: &Settings) -> Result<Vec<DeclaredEffect>, Diagnostic> {
    // Derived from the configuration that is opened, so the two cannot differ.
    let config = config(settings)?;
    let declared =
        |effect, setting| DeclaredEffect { effect, position: settings.position(setting) };
    let connect = |target: &Target, tls: &TlsOptions, headers: usize, messages: usize| {
        let effect = Effect::Connect {
            target: target.to_string(),
            headers,
            messages,
            verified: !tls.insecure,
        };
        // A Unix socket is local, but what listens there expects no request from a slide.
        let silent = is_loopback(&target.host) && target.unix_socket.is_none();
        (!silent).then(|| declared(effect, "server"))
    };
    let mut found = Vec::new();
    match &config.source {
        // A lesson uses bundled servers and ignores the source of the settings.
        _ if !settings.text("scenario").is_empty() => {}
        InspectSource::Bundled(_) | InspectSource::File(..) => {}
        InspectSource::Url(options) => {
            let target =
                Target::parse(&options.url).map_err(|reason| settings.invalid("server", reason))?;
            let (headers, messages) = (own_headers(&config.request), config.initial_commands.len());
            found.extend(connect(&target, &options.tls, headers, messages));
        }
        InspectSource::Proxy(options) => {
            let anywhere = options.allow_remote && !options.listen.ip().is_loopback();
            let effect = Effect::Listen { address: options.listen.to_string(), anywhere };
            found.push(declared(effect, "proxy"));
            // The proxy itself sends nothing; requests and messages are its clients'.
            found.extend(connect(&options.upstream, &options.tls, 0, 0));
        }
    }
    if let Some(RecordingOptions { path, replace, .. }) = config.recording {
        found.push(declared(Effect::Write { path, replace }, "write"));
    }
    Ok(found)
}

/// Returns the file to record in, if the settings name one.
fn recording(settings: &Settings) -> Option<RecordingOptions> {
    let path = Some(settings.text("write")).filter(|path| !path.is_empty())?;
    let replace = settings.text("replace") == "yes";
    Some(RecordingOptions { path: PathBuf::from(path), replace, connection: None })
}

/// Counts the headers that the settings add to an ordinary request. The question for consent shows
/// their number.
fn own_headers(request: &RequestOptions) -> usize {
    let RequestOptions { headers, origin, protocols, .. } = request;
    headers.len() + usize::from(origin.is_some()) + usize::from(!protocols.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{DemoFence, Position, Setting, SettingValue};
    use crate::stage::settings;

    fn effects(given: &[(&str, &str)]) -> Result<Vec<Effect>, String> {
        let setting = |(key, value): &(&str, &str)| Setting {
            key: (*key).to_owned(),
            value: SettingValue::Text((*value).to_owned()),
            position: Position { line: 7, column: 1 },
        };
        let fence = DemoFence {
            name: "inspect".into(),
            settings: given.iter().map(setting).collect(),
            ..DemoFence::default()
        };
        let settings = settings(&fence, SETTINGS).unwrap();
        let declared = super::effects(&settings).map_err(|diagnostic| diagnostic.message)?;
        assert!(declared.iter().all(|declared| declared.position.line == 7), "{declared:?}");
        Ok(declared.into_iter().map(|declared| declared.effect).collect())
    }

    #[test]
    fn a_prompt_needs_a_connection_to_send_to() {
        let prompt = |given: &[(&str, &str)]| {
            let setting = |(key, value): &(&str, &str)| Setting {
                key: (*key).to_owned(),
                value: SettingValue::Text((*value).to_owned()),
                position: Position::default(),
            };
            let fence = DemoFence {
                name: "inspect".into(),
                settings: given.iter().map(setting).collect(),
                ..DemoFence::default()
            };
            let settings = settings(&fence, SETTINGS).unwrap();
            super::prompts_on_focus(&settings).map_err(|diagnostic| diagnostic.message)
        };
        assert_eq!(prompt(&[]), Ok(false));
        assert_eq!(prompt(&[("prompt", "yes"), ("server", "strict")]), Ok(true));
        for other in [("scenario", "frame"), ("file", "/tmp/x"), ("proxy", "127.0.0.1:9")] {
            let refused = prompt(&[("prompt", "yes"), other]).unwrap_err();
            assert!(refused.contains(&format!("`{}`", other.0)), "{refused}");
        }
    }

    fn connect(target: &str, headers: usize, messages: usize) -> Effect {
        Effect::Connect { target: target.into(), headers, messages, verified: true }
    }

    #[test]
    fn every_effect_outside_of_the_talk_is_declared() {
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
        let more = [
            far,
            ("headers", "A: b\nC: d"),
            ("origin", "https://a"),
            ("sends", "text a\nhex 81 00"),
        ];
        assert_eq!(effects(&more), Ok(vec![connect("ws://example.com/x", 3, 3)]));
        let unverified = effects(&[("server", "wss://example.com/"), ("insecure", "yes")]).unwrap();
        assert!(
            matches!(unverified[..], [Effect::Connect { verified: false, .. }]),
            "{unverified:?}"
        );
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
        let input = effects(&[("file", "-")]).unwrap_err();
        assert!(input.contains("`file` cannot be standard input"), "{input}");
        assert!(effects(&[("replace", "yes")]).unwrap_err().contains("`replace` needs `write`"));
        assert!(effects(&[("anywhere", "yes")]).unwrap_err().contains("`anywhere` needs `proxy`"));
    }
}
