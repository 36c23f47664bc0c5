//! [`Http2ErrorCode`]: why a stream or a connection was ended (RFC 9113 section 7).

use std::fmt;

/// The error code of `RST_STREAM` and GOAWAY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2ErrorCode(pub u32);

impl Http2ErrorCode {
    /// The code of an end that is no error.
    pub const NO_ERROR: Self = Self(0);

    /// Returns the name in the registry; `None` for an unknown code.
    pub fn name(self) -> Option<&'static str> {
        let names = [
            "NO_ERROR",
            "PROTOCOL_ERROR",
            "INTERNAL_ERROR",
            "FLOW_CONTROL_ERROR",
            "SETTINGS_TIMEOUT",
            "STREAM_CLOSED",
            "FRAME_SIZE_ERROR",
            "REFUSED_STREAM",
            "CANCEL",
            "COMPRESSION_ERROR",
            "CONNECT_ERROR",
            "ENHANCE_YOUR_CALM",
            "INADEQUATE_SECURITY",
            "HTTP_1_1_REQUIRED",
        ];
        names.get(usize::try_from(self.0).ok()?).copied()
    }
}

impl fmt::Display for Http2ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "error {:#x}", self.0),
        }
    }
}
