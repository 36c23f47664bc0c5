//! [`TlsDirection`]: the records of one side, with the keys in the order of their use.

use super::super::record::RecordHeader;
use super::super::record_decryptor::RecordDecryptor;
use super::super::search::RecordSearch;
use super::super::status::SecretFault;
use crate::wire::Side;

/// The records of one side.
#[derive(Debug, Default)]
pub(super) struct TlsDirection {
    pub(super) waiting: Vec<u8>,
    pub(super) hello: Vec<u8>,
    pub(super) hello_done: bool,
    /// The keys in the order in which they are used. The first is the current one.
    pub(super) decryptors: Vec<RecordDecryptor>,
    /// Whether the key log lacks the secret of this side's application data.
    pub(super) lacks_secret: bool,
    /// TLS 1.2: whether the following records are encrypted.
    pub(super) cipher_changed: bool,
    /// Whether the key of application data has opened a record, which proves that it is right.
    pub(super) has_opened: bool,
    /// Whether none of the keys has opened a record that is certain to have one of them.
    pub(super) has_failed: bool,
    /// Whether no key has opened a record that may have another one.
    pub(super) has_unopened: bool,
    /// The search for the next record, while its place or number is unknown.
    pub(super) search: Option<RecordSearch>,
    pub(super) vain_guesses: u64,
    /// Whether nothing more can be read.
    pub(super) lost: bool,
}

impl TlsDirection {
    /// Decrypts a record of TLS 1.3. The keys of early data, handshake and application data follow
    /// each other, and only the right ones decrypt a record, so the next key is found by trying.
    pub(super) fn decrypt_1_3(&mut self, header: RecordHeader, body: &[u8]) -> Option<Vec<u8>> {
        let mut numbered = self.decryptors.iter_mut().enumerate();
        let (at, inner) =
            numbered.find_map(|(at, decryptor)| Some((at, decryptor.decrypt(header, body)?)))?;
        self.decryptors.drain(..at);
        self.has_opened |= self.decryptors.len() == 1 && !self.lacks_secret;
        Some(inner)
    }

    /// Whether a key has opened a record of the handshake or later, so that what follows has one of
    /// the keys behind it.
    pub(super) fn has_begun(&self) -> bool {
        self.has_opened || self.decryptors.first().is_some_and(RecordDecryptor::has_opened)
    }

    /// Returns why this side's application data cannot be read; `None` if nothing says so.
    pub(super) fn secret_fault(&self, side: Side) -> Option<SecretFault> {
        if self.lacks_secret {
            return Some(SecretFault::Missing(side));
        }
        (self.has_failed && !self.has_opened).then_some(SecretFault::DoesNotFit(side))
    }
}
