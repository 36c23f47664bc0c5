//! [`TlsStatus`]: whether the TLS of a connection can be read, and why not. [`TlsOutput`]: what is
//! read.

use thiserror::Error;

use super::alert::TlsAlert;
use super::cipher_suite::suite_name;
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
    /// TLS of which only one side is decrypted.
    DecryptedInPart {
        /// `TLS 1.3` or `TLS 1.2`.
        version: &'static str,
        /// The suite's name in the registry.
        suite: &'static str,
        /// The side that is not, and why.
        unread: SecretFault,
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
            Self::DecryptedInPart { version, suite, unread } => {
                Some(format!("{version} with {suite}, only the {} decrypted", unread.side().peer()))
            }
            Self::Recorded(text) => Some(text.clone()),
            Self::Encrypted(_) => Some(Self::NOT_DECRYPTED.to_owned()),
        }
    }

    /// Whether it is known that the data of this side is encrypted and cannot be read.
    pub(crate) fn is_unread(&self, side: Side) -> bool {
        match self {
            Self::Plaintext | Self::Decrypted { .. } => false,
            Self::DecryptedInPart { unread, .. } => unread.side() == side,
            Self::Recorded(text) => text.ends_with(&format!("only the {} decrypted", side.peer())),
            Self::Encrypted(_) => true,
        }
    }

    /// Returns why the handshake failed, as a clause; `None` if it did not as far as that is known. Where
    /// the server's answer is still to come, it has failed if the connection `has_ended`.
    pub(crate) fn failed_handshake(&self, has_ended: bool) -> Option<String> {
        let Self::Encrypted(reason) = self else { return None };
        reason.is_failed_handshake(has_ended).then(|| reason.to_string())
    }

    /// Returns what of the connection cannot be read and why, as a clause; `None` if all of it can.
    pub(crate) fn unread(&self) -> Option<String> {
        match self {
            // A recording has the reason among its notes.
            Self::Plaintext
            | Self::Decrypted { .. }
            | Self::Recorded(_)
            | Self::Encrypted(TlsUnreadable::Recorded) => None,
            Self::DecryptedInPart { unread, .. } => {
                Some(format!("this connection is decrypted in part: {unread}"))
            }
            Self::Encrypted(reason) => Some(format!("this connection is encrypted: {reason}")),
        }
    }
}

/// What is wrong with the secret of one side, though that of the other is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SecretFault {
    /// The key log does not have it.
    #[error(
        "the key log (--keylog) lacks {}_TRAFFIC_SECRET_0, so nothing that the {} sent can be read",
        .0.name().to_uppercase(), .0.name()
    )]
    Missing(Side),
    /// It opens none of the side's records.
    #[error(
        "the secret of the {} in the key log (--keylog) does not fit this connection: no record of \
         it can be authenticated",
        .0.name()
    )]
    DoesNotFit(Side),
}

impl SecretFault {
    /// Returns the side that cannot be read.
    pub fn side(self) -> Side {
        match self {
            Self::Missing(side) | Self::DoesNotFit(side) => side,
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
    /// The server has sent nothing after the whole `ClientHello`.
    #[error("TLS handshake without an answer: the server sent nothing after the ClientHello")]
    Unanswered,
    /// The connection ends, or the capture does, before the `ServerHello` does.
    #[error("TLS handshake that ends within the ServerHello: nothing was negotiated")]
    PartialServerHello,
    /// The server answered with HTTP, so its port does not speak TLS.
    #[error(
        "TLS handshake refused: the server answered the ClientHello with HTTP, so its port speaks \
         HTTP without TLS (http:// and ws://)"
    )]
    AnsweredWithHttp,
    /// A side began with something else than TLS.
    #[error("TLS handshake that failed: the {} sent something that isn't TLS", .0.name())]
    NotTls(Side),
    /// A side gave up the handshake with an alert that reports no error.
    #[error("TLS handshake not completed: {0}, which reports no error")]
    Ended(TlsAlert),
    /// The version is unsupported; its number is that of the hello (RFC 8446 section 4.2.1).
    #[error("{}: only TLS 1.2 and 1.3 can be read", version_name(*.0))]
    Version(u16),
    /// The cipher suite is unsupported; the number is that of the TLS registry.
    #[error(
        "TLS with the cipher suite {}, which is not supported: cannot be read",
        suite_name(*.0)
    )]
    CipherSuite(u16),
    /// There is no key log, neither in the file nor beside it.
    #[error("TLS without secrets; give those that were logged (SSLKEYLOGFILE) with --keylog FILE")]
    NoSecrets,
    /// It could not be decrypted when the recording was made.
    #[error("TLS that was not decrypted when it was recorded")]
    Recorded,
    /// The key log has secrets of so many other connections only.
    #[error(
        "TLS without secrets: the key log (--keylog) has those of {0} other connection{s}, and \
         none of this one",
        s = if *.0 == 1 { "" } else { "s" }
    )]
    OtherSecrets(usize),
    /// The key log has secrets of this connection, but not those that decrypt its data. Their
    /// labels are these.
    #[error("TLS: of this connection, the key log (--keylog) lacks {0}")]
    IncompleteSecrets(&'static str),
    /// The secrets that the key log has for this connection open none of its records.
    #[error(
        "TLS: the secrets in the key log (--keylog) do not fit this connection: no record can be \
         authenticated with them"
    )]
    WrongSecrets,
    /// One side ended the TLS handshake with a fatal alert, so there is nothing to decrypt.
    #[error("TLS handshake refused: {0}")]
    Refused(TlsAlert),
}

impl TlsUnreadable {
    fn is_failed_handshake(self, has_ended: bool) -> bool {
        match self {
            Self::Refused(_) | Self::Ended(_) | Self::AnsweredWithHttp | Self::NotTls(_) => true,
            Self::Unanswered | Self::PartialServerHello => has_ended,
            Self::PartialHandshake
            | Self::LongHello
            | Self::Version(_)
            | Self::CipherSuite(_)
            | Self::NoSecrets
            | Self::Recorded
            | Self::OtherSecrets(_)
            | Self::IncompleteSecrets(_)
            | Self::WrongSecrets => false,
        }
    }
}

/// Returns the name of a version by its number in a hello.
fn version_name(number: u16) -> String {
    match number {
        0x0300 => "SSL 3.0".to_owned(),
        0x0301 => "TLS 1.0".to_owned(),
        0x0302 => "TLS 1.1".to_owned(),
        _ => format!("TLS of version {number:#06x}"),
    }
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
