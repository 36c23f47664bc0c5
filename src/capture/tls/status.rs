//! [`TlsStatus`]: whether the TLS of a connection can be read, and why not. [`TlsOutput`]: what is
//! read.

use thiserror::Error;

use super::alert::TlsAlert;
use crate::wire::{ByteLen, Side};

/// Whether the records of a connection can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsStatus {
    /// The connection is not encrypted.
    Plaintext,
    /// TLS that is decrypted, with this version and cipher suite.
    Decrypted {
        /// `TLS 1.3` or `TLS 1.2`.
        version: &'static str,
        /// The suite's name in the registry.
        suite: &'static str,
    },
    /// TLS whose plaintext a recording has, in its words: `TLS 1.3 with TLS_AES_128_GCM_SHA256,
    /// decrypted`.
    Recorded(String),
    /// TLS that cannot be decrypted, for this reason.
    Encrypted(TlsUnreadable),
}

impl TlsStatus {
    /// What records say of a connection that could not be decrypted.
    pub(crate) const NOT_DECRYPTED: &str = "not decrypted";

    /// Returns the version and the cipher suite, or that it was not decrypted; `None` without TLS.
    pub(crate) fn description(&self) -> Option<String> {
        match self {
            Self::Plaintext => None,
            Self::Decrypted { version, suite } => {
                Some(format!("{version} with {suite}, decrypted"))
            }
            Self::Recorded(text) => Some(text.clone()),
            Self::Encrypted(_) => Some(Self::NOT_DECRYPTED.to_owned()),
        }
    }
}

/// Why the TLS of a connection cannot be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TlsUnreadable {
    /// A hello is missing.
    #[error("TLS whose handshake is incomplete in the capture: cannot be read")]
    PartialHandshake,
    /// A hello claims more than 128 KiB.
    #[error("TLS whose hello is too long: cannot be read")]
    LongHello,
    /// The version is unsupported; its number is that of the hello (RFC 8446 section 4.2.1).
    #[error("TLS of version {0:#06x}: only 1.2 and 1.3 can be read")]
    Version(u16),
    /// The cipher suite is unsupported; the number is that of the TLS registry.
    #[error("TLS with cipher suite {0:#06x}, which is not supported: cannot be read")]
    CipherSuite(u16),
    /// There is no key log, neither in the file nor beside it.
    #[error("TLS without secrets; give those that were logged (SSLKEYLOGFILE) with --keylog FILE")]
    NoSecrets,
    /// It could not be decrypted when the recording was made.
    #[error("TLS that was not decrypted when it was recorded")]
    Recorded,
    /// The key log has secrets of so many other connections only.
    #[error(
        "TLS without secrets: the key log has those of {0} other connection{s}, and none of this one",
        s = if *.0 == 1 { "" } else { "s" }
    )]
    OtherSecrets(usize),
    /// The key log lacks some of the secrets of this connection.
    #[error("TLS: the key log lacks some of the secrets of this connection")]
    IncompleteSecrets,
    /// One side ended the TLS handshake with a fatal alert, so there is nothing to decrypt.
    #[error("TLS handshake refused: {0}")]
    Refused(TlsAlert),
}

/// What the records of a side turn out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture) enum TlsOutput<'a> {
    /// Decrypted application data.
    Plaintext(&'a [u8]),
    /// Records before the next plaintext are lost. Their plaintext has at most this length, and
    /// exactly this one if all of it was application data without padding.
    Gap { max_plaintext: ByteLen },
    /// An alert that reports an error, after application data was exchanged.
    Alert(TlsAlert),
}

/// Why a side's records cannot be read from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(in crate::capture) enum TlsRecordError {
    #[error("TLS: the other side's hello is missing, so nothing can be decrypted")]
    MissingHello,
    #[error("TLS: the {} sent something that isn't a TLS record", .0.name())]
    NotARecord(Side),
    #[error(
        "TLS: a record of the {} cannot be decrypted with the given secrets, nor can what follows \
         it",
        .0.name()
    )]
    Undecryptable(Side),
    #[error(
        "TLS: after the missing bytes of the {}, no record could be decrypted; nothing more of it \
         can be read",
        .0.name()
    )]
    NoRecordAfterGap(Side),
}
