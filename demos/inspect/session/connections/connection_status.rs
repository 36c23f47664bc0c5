//! [`ConnectionStatus`]: whether a connection of the inspector is open, and how it ended.

/// What is said of a connection that is read as compressed.
pub(crate) const ASSUMED_DEFLATE_NOTICE: &str = "messages with RSV1 are read as permessage-deflate, which the capture does not show (Z: as they \
     are)";

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionStatus {
    Connecting,
    Open,
    /// Over, for this reason; `Err` if it failed.
    Ended(Result<String, String>),
    /// Read from a file, with a remark about it.
    FromFile(String),
}
