//! [`describe_io_error`]: what an error of a connection means for the user. [`error_chain`]: an
//! error of a library with its causes. [`is_reset`]: whether the peer sent an RST. None names the connection; the caller does.

use std::error::Error;
use std::io;

use crate::net::brief_alert_text;

/// Whether the peer has reset the connection. Writing after its reset fails as a broken pipe.
pub(crate) fn is_reset(err: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(err.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
}

/// Describes the error, with a hint if there is one.
pub(crate) fn describe_io_error(err: &io::Error) -> String {
    match err.kind() {
        io::ErrorKind::ConnectionRefused => {
            "connection refused; is a server listening there?".to_owned()
        }
        _ if is_reset(err) => "the peer reset the connection".to_owned(),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            "no route to that host; is the network up?".to_owned()
        }
        io::ErrorKind::AddrInUse => {
            "another program uses that port; port 0 picks a free one".to_owned()
        }
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        // An alert may end a connection long after the handshake: in TLS 1.3, a server refuses the
        // client's certificate after the client has finished.
        _ => match err.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::AlertReceived(alert)) => brief_alert_text(*alert),
            _ => without_os_number(&err.to_string()),
        },
    }
}

/// Removes the number that the standard library appends to an error of the system, because the
/// words before it say the same.
fn without_os_number(text: &str) -> String {
    let words = text.strip_suffix(')').and_then(|text| text.rsplit_once(" (os error "));
    match words {
        Some((words, number)) if number.parse::<i32>().is_ok() => words.to_lowercase(),
        _ => text.to_owned(),
    }
}

/// Returns an error with its causes on one line, because some libraries name the reason only in a
/// cause. A cause is left out if the sentence contains it already, either verbatim or as
/// [`describe_io_error`] phrases it: our own errors include their causes.
pub fn error_chain(error: impl Error) -> String {
    let mut sentence = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        let described = cause.downcast_ref::<io::Error>().map(describe_io_error);
        if !sentence.contains(&text)
            && !described.as_ref().is_some_and(|described| sentence.contains(described))
        {
            let text = described.unwrap_or(text);
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
    fn errors_have_no_numbers_of_the_system() {
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        for (error, text) in [
            (io::Error::from_raw_os_error(2), "no such file or directory"),
            (io::Error::from_raw_os_error(21), "is a directory"),
            (io::Error::other("5 of 6 (os error x)"), "5 of 6 (os error x)"),
            (
                io::Error::new(io::ErrorKind::InvalidData, alert),
                "the server sent the TLS alert certificate_required (116; --cert and --key give a \
                 client certificate)",
            ),
        ] {
            assert_eq!(describe_io_error(&error), text);
        }
    }

    #[test]
    fn a_cause_appears_once() {
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
