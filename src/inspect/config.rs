//! [`InspectConfig`]: the source of the bytes, the request, what is sent, and the file to record.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use crate::capture::ReadOptions;
use crate::clients::{HandshakeRequest, RequestOptions, SessionCommand, SessionOptions};
use crate::inspect::standard_input::STANDARD_INPUT;
use crate::inspect::{BundledServer, RecordingOptions};
use crate::net::Target;
use crate::proxy::ProxyOptions;
use crate::wire::query::filter::Filter;

/// The configuration of an inspector.
#[derive(Clone, Debug)]
pub struct InspectConfig {
    /// The source of the bytes.
    pub source: InspectSource,
    /// The options of the request on our own connection. They replace those in the options of the
    /// source.
    pub request: RequestOptions,
    /// The commands that are sent on our own connection as soon as it is open.
    pub initial_commands: Vec<SessionCommand>,
    /// The file to record the traffic in, if any.
    pub recording: Option<RecordingOptions>,
    /// The number of the only connection to print, or of the one to show first, from 1.
    pub connection: Option<NonZeroUsize>,
    /// The filter that frames must match to be printed or listed.
    pub filter: Option<Filter>,
}

/// The source of the bytes to inspect.
#[derive(Clone, Debug)]
pub enum InspectSource {
    /// Our own connection to a bundled server.
    Bundled(BundledServer),
    /// Our own connection to any server.
    Url(Box<SessionOptions>),
    /// A file: a capture, hex text or a recording. The path may be
    /// [`STANDARD_INPUT`].
    File(PathBuf, ReadOptions),
    /// A proxy between clients and a server.
    Proxy(Box<ProxyOptions>),
}

impl InspectConfig {
    /// Creates a configuration with an ordinary request that sends and records nothing.
    pub fn new(source: InspectSource) -> Self {
        Self {
            source,
            request: RequestOptions::default(),
            initial_commands: Vec::new(),
            recording: None,
            connection: None,
            filter: None,
        }
    }

    /// Combines `options`, those of the source, with the request of this configuration.
    pub fn session_options(&self, options: &SessionOptions) -> SessionOptions {
        SessionOptions {
            request: HandshakeRequest::Standard(self.request.clone()),
            ..options.clone()
        }
    }
}

impl InspectSource {
    /// Returns the title to show until a connection has a better one.
    pub fn title(&self) -> String {
        match self {
            Self::Bundled(BundledServer { kind: None, .. }) => "bundled naive proxy".to_owned(),
            // A path that is only the slash says nothing.
            Self::Bundled(BundledServer { kind: Some(kind), path }) => {
                format!("bundled {} server{}", kind.name(), path.trim_end_matches('/'))
            }
            // Without the password that the URL may have.
            Self::Url(options) => {
                Target::parse(&options.url).map_or_else(|error| error.url, |url| url.to_string())
            }
            Self::File(..) if self.is_standard_input() => "standard input".to_owned(),
            Self::File(path, _) => path.display().to_string(),
            Self::Proxy(options) => format!("proxy on {}", options.listen),
        }
    }

    /// Whether this is standard input.
    pub fn is_standard_input(&self) -> bool {
        matches!(self, Self::File(path, _) if path.as_os_str() == STANDARD_INPUT)
    }

    /// Whether this is our own connection, on which the user can send.
    pub fn is_own_connection(&self) -> bool {
        matches!(self, Self::Bundled(_) | Self::Url(_))
    }
}
