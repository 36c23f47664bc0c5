//! [`EndpointRole`]: names one end of a [`NetnsPair`](super::NetnsPair).

/// A job that runs on the thread of an end.
pub(super) type NamespaceJob = Box<dyn FnOnce() + Send>;

/// An end of a [`NetnsPair`](super::NetnsPair).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointRole {
    /// The end with the address [`NetnsPair::SERVER`](super::NetnsPair::SERVER).
    Server,
    /// The end with the address [`NetnsPair::CLIENT`](super::NetnsPair::CLIENT).
    Client,
}

impl EndpointRole {
    /// Returns `server` or `client`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}
