//! [`in_words`]: what an error of a connection means to whoever made it; [`with_causes`]: the same for an error of a
//! library. Neither says which connection; the caller knows.

use std::io;

/// The error, and what would be right where that can be known.
pub fn in_words(err: &io::Error) -> String {
    match err.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused; is a server listening there?".to_owned(),
        io::ErrorKind::ConnectionReset => "the peer reset it".to_owned(),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            "there is no way to that host from here; is the network up?".to_owned()
        }
        io::ErrorKind::AddrInUse => "another program has that port; port 0 takes any free one".to_owned(),
        _ => err.to_string(),
    }
}

/// An error with its causes in one line; some libraries tell what went wrong only in those.
pub fn with_causes(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
