//! [`ConnectOptions`]: how one run of the inspector opens its connection, and how a lesson's step changes that.
//!
//! `settings` begins with what a slide says, `lesson` adds a step's edits; `engine` opens it.

use serde::Deserialize;

use crate::clients::{HandshakeRequest, RequestOptions, SessionCommand};
use crate::inspect::{BundledServer, InspectConfig, RecordingOptions};

/// How a connection of its own is opened: what the settings say, and what a step of a lesson
/// changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectOptions {
    /// Headers, origin, subprotocols, compression.
    pub(crate) request: RequestOptions,
    /// How the request differs from a good one.
    pub(crate) request_edits: RequestEdits,
    /// What is sent as soon as it is open.
    pub(crate) initial_commands: Vec<SessionCommand>,
    /// A server of the step's own.
    pub(crate) server: Option<BundledServer>,
    /// A file that keeps what is seen.
    pub(crate) recording: Option<RecordingOptions>,
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

impl From<&InspectConfig> for ConnectOptions {
    fn from(config: &InspectConfig) -> Self {
        Self {
            request: config.request.clone(),
            initial_commands: config.initial_commands.clone(),
            recording: config.recording.clone(),
            ..Self::default()
        }
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
}
