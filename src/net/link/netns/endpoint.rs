//! [`EndpointRole`]: which end of a [`NetnsPair`](super::NetnsPair) is meant, and what is run there.

use crate::text::named_enum;

/// What an end's thread runs.
pub(super) type NamespaceJob = Box<dyn FnOnce() + Send>;

/// An end of a [`NetnsPair`](super::NetnsPair).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointRole {
    /// Whose address is [`NetnsPair::SERVER`](super::NetnsPair::SERVER).
    Server,
    /// Whose address is [`NetnsPair::CLIENT`](super::NetnsPair::CLIENT).
    Client,
}

named_enum!(EndpointRole, "role": Server = "server", Client = "client");
