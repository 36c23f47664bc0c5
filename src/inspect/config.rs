//! [`InspectConfig`]: where the bytes come from, what is asked for and sent, and what is written.

use std::path::PathBuf;

use crate::capture::ReadOptions;
use crate::clients::{HandshakeRequest, RequestOptions, SessionCommand, SessionOptions};
use crate::inspect::{BundledServer, RecordingOptions};
use crate::proxy::ProxyOptions;

/// All that an inspector is told before it begins.
#[derive(Clone, Debug)]
pub struct InspectConfig {
    /// Where the bytes come from.
    pub source: InspectSource,
    /// What the request of a connection of our own asks for. It takes the place of the one in the
    /// source's own options.
    pub request: RequestOptions,
    /// What is sent on a connection of our own as soon as it is open.
    pub initial_commands: Vec<SessionCommand>,
    /// The file that keeps what is seen.
    pub recording: Option<RecordingOptions>,
}

/// Where the bytes come from.
#[derive(Clone, Debug)]
pub enum InspectSource {
    /// A connection of our own to a bundled server.
    Bundled(BundledServer),
    /// A connection of our own to any server.
    Url(Box<SessionOptions>),
    /// A file: a capture, hex text, a recording.
    File(PathBuf, ReadOptions),
    /// Clients that connect here are passed on.
    Proxy(Box<ProxyOptions>),
}

impl InspectConfig {
    /// A source and nothing else: an ordinary request, nothing sent, nothing written.
    pub fn new(source: InspectSource) -> Self {
        Self {
            source,
            request: RequestOptions::default(),
            initial_commands: Vec::new(),
            recording: None,
        }
    }

    /// The session that `options` of the source and the request make.
    pub fn session_options(&self, options: &SessionOptions) -> SessionOptions {
        SessionOptions {
            request: HandshakeRequest::Standard(self.request.clone()),
            ..options.clone()
        }
    }
}

impl InspectSource {
    /// What a title says before anything is known.
    pub fn name(&self) -> String {
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
    pub fn is_own_connection(&self) -> bool {
        matches!(self, Self::Bundled(_) | Self::Url(_))
    }
}
