//! [`ConnectOptions`]: how a run of the inspector opens its connection.
//!
//! They begin as the configuration of the slide. `lesson` adds the edits of a step, and `engine`
//! opens the connection.

use serde::Deserialize;

use crate::clients::{HandshakeRequest, RequestOptions, SessionCommand};
use crate::inspect::{BundledServer, InspectConfig, RecordingOptions};

/// The options of our own connection: those of the settings, with the changes of a lesson's step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectOptions {
    /// The headers, origin, subprotocols and compression to ask for.
    pub(crate) request: RequestOptions,
    /// The changes that break the request on purpose.
    pub(crate) request_edits: RequestEdits,
    /// The commands to send as soon as the connection is open.
    pub(crate) initial_commands: Vec<SessionCommand>,
    /// The server of the step, if it differs from the lesson's.
    pub(crate) server: Option<BundledServer>,
    /// The file to record in, if any.
    pub(crate) recording: Option<RecordingOptions>,
}

/// Changes to a good request, as the file of a lesson has them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestEdits {
    /// The method instead of `GET`.
    #[serde(default)]
    pub(crate) method: Option<String>,
    /// Headers to add, or to replace by name.
    #[serde(default)]
    pub(crate) set: std::collections::BTreeMap<String, String>,
    /// Names of headers to leave out.
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
    /// Applies the changes to `request`, the bytes of a good request.
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
        // Names of headers are case-insensitive (RFC 9110 section 5.1).
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
    fn edits_change_method_and_headers_of_a_request() {
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
