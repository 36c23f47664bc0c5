//! [`PeerRole`]: the client's or the server's end of a link.

use crate::text::named_enum;

/// A job that runs on the thread of an end.
pub(super) type NamespaceJob = Box<dyn FnOnce() + Send>;

/// An end of a [`NetnsPair`](super::NetnsPair); also a process of a race's lane. Unlike
/// [`Side`](crate::wire::Side), it says where something runs, not who sent bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeerRole {
    /// The end with the address [`NetnsPair::SERVER`](super::NetnsPair::SERVER).
    Server,
    /// The end with the address [`NetnsPair::CLIENT`](super::NetnsPair::CLIENT).
    Client,
}

named_enum!(PeerRole, "role": Server = "server", Client = "client");
