//! [`HandshakeProgress`]: how far the hellos of a connection have got, for the case that they do
//! not lead to anything.

use super::super::alert::TlsAlert;
use super::super::status::TlsUnreadable;
use crate::wire::{Side, Sides};

/// The progress of the hellos.
#[derive(Debug, Default)]
pub(super) struct HandshakeProgress {
    /// Whether a side has sent anything.
    pub(super) has_sent: Sides<bool>,
    /// Whether a side has sent a record.
    pub(super) has_record: Sides<bool>,
    /// Whether bytes were not captured.
    pub(super) lacks_bytes: bool,
    /// The first alert that reports no failure.
    pub(super) notice: Option<TlsAlert>,
    /// Which side began with something else than a record, and whether that is HTTP.
    plain: Option<(Side, bool)>,
}

impl HandshakeProgress {
    /// Takes bytes that are no record. Returns whether a side began with them.
    pub(super) fn take_plain_bytes(&mut self, from: Side, bytes: &[u8]) -> bool {
        let is_first = !self.has_record[from] && !self.lacks_bytes;
        if is_first {
            self.plain = Some((from, bytes.starts_with(b"HTTP/")));
        }
        is_first
    }

    /// Returns why nothing was negotiated. `has_client_hello` tells whether a whole `ClientHello`
    /// was captured.
    pub(super) fn why_unreadable(&self, has_client_hello: bool) -> TlsUnreadable {
        match (self.plain, self.notice) {
            (Some((Side::Server, true)), _) => TlsUnreadable::AnsweredWithHttp,
            (Some((from, _)), _) => TlsUnreadable::NotTls(from),
            (None, Some(alert)) => TlsUnreadable::Ended(alert),
            (None, None) if self.lacks_bytes || !has_client_hello => {
                TlsUnreadable::PartialHandshake
            }
            (None, None) if self.has_sent.server => TlsUnreadable::PartialServerHello,
            (None, None) => TlsUnreadable::Unanswered,
        }
    }
}
