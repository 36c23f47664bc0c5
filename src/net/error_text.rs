//! [`describe_io_error`]: what an error of a connection means to whoever made it; [`error_chain`]: the same for an error of a
//! library. Neither says which connection; the caller knows.

use std::io;

/// The error, and what would be right where that can be known.
pub fn describe_io_error(err: &io::Error) -> String {
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

/// An error with its causes in one line; some libraries tell what went wrong only in those. A cause that the error before
/// it ends with is not repeated.
pub fn error_chain(error: impl Into<anyhow::Error>) -> String {
    let error = error.into();
    let mut words = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !words.ends_with(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::Error;
    use tokio_tungstenite::tungstenite::error::CapacityError;

    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let too_long = CapacityError::MessageTooLong { size: 1 << 40, max_size: 16 << 20 };
        assert_eq!(
            error_chain(Error::Capacity(too_long)),
            "Space limit exceeded: Message too long: 1099511627776 > 16777216"
        );
        let error = anyhow::Error::new(io::Error::other("the cable is cut")).context("no answer");
        assert_eq!(error_chain(error), "no answer: the cable is cut");
    }
}
