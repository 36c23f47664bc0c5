//! [`describe_io_error`]: what an error of a connection means to whoever made it; [`error_chain`]: the same for an error of a
//! library. Neither says which connection; the caller knows.

use std::error::Error;
use std::io;

/// The error, and what would be right where that can be known.
pub(crate) fn describe_io_error(err: &io::Error) -> String {
    match err.kind() {
        io::ErrorKind::ConnectionRefused => {
            "connection refused; is a server listening there?".to_owned()
        }
        io::ErrorKind::ConnectionReset => "the peer reset it".to_owned(),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            "there is no way to that host from here; is the network up?".to_owned()
        }
        io::ErrorKind::AddrInUse => {
            "another program has that port; port 0 takes any free one".to_owned()
        }
        _ => err.to_string(),
    }
}

/// An error with its causes in one line; some libraries tell what went wrong only in those. A cause
/// that the sentence so far already holds is not repeated, neither as it stands nor as
/// [`describe_io_error`] has it: our own errors hold theirs.
pub fn error_chain(error: impl Error) -> String {
    let mut sentence = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        let described = cause.downcast_ref::<io::Error>().map(describe_io_error);
        if !sentence.contains(&text)
            && !described.is_some_and(|described| sentence.contains(&described))
        {
            sentence = format!("{sentence}: {text}");
        }
        next = cause.source();
    }
    sentence
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::Error as WebSocketError;
    use tokio_tungstenite::tungstenite::error::CapacityError;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no answer")]
    struct NoAnswer(#[source] io::Error);

    #[test]
    fn a_cause_is_told_once() {
        let too_long = CapacityError::MessageTooLong { size: 1 << 40, max_size: 16 << 20 };
        assert_eq!(
            error_chain(WebSocketError::Capacity(too_long)),
            "Space limit exceeded: Message too long: 1099511627776 > 16777216"
        );
        assert_eq!(
            error_chain(NoAnswer(io::Error::other("the cable is cut"))),
            "no answer: the cable is cut"
        );
    }
}
