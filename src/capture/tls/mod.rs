//! [`TlsSession`]: decrypts the TLS records of one connection with logged secrets. It checks
//! neither certificate nor handshake, because its user wants to read, not to trust.
//!
//! Supported are TLS 1.3 (AES-GCM, `ChaCha20`-Poly1305, including key updates and early data), and
//! the AEAD suites with ECDHE of TLS 1.2.

mod hello;
mod key_log;
mod record_decryptor;

use thiserror::Error;

use self::hello::Hello;
use self::key_log::SecretLabel;
pub(super) use self::key_log::{KeyLog, Random};
use self::record_decryptor::{CipherSuite, RecordDecryptor};
use crate::wire::{Side, Sides};

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const KEY_UPDATE: u8 = 24;

const TLS_1_3: u16 = 0x0304;
const TLS_1_2: u16 = 0x0303;

/// The maximum length of a record's body (RFC 5246 section 6.2.3).
const MAX_RECORD_LEN: usize = (1 << 14) + 2048;
/// The maximum length of a hello in bytes.
const MAX_HELLO_LEN: usize = 1 << 17;
/// The maximum number of bytes that one side may send before the other side's hello arrives.
const MAX_WAITING_BYTES: usize = 1 << 20;

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
    /// TLS that cannot be decrypted, for this reason.
    Encrypted(TlsUnreadable),
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
    /// No key log has secrets of this connection.
    #[error("TLS, no secrets: cannot be read")]
    NoSecrets,
}

/// Why a side's records cannot be read from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum TlsRecordError {
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
}

/// Whether bytes at the beginning of a connection are a TLS record. One byte is enough to tell it
/// from HTTP.
pub(super) fn looks_like_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=23] | [20..=23, 3] | [20..=23, 3, 0..=4, ..])
}

/// The TLS of one connection.
#[derive(Debug, Default)]
pub(super) struct TlsSession {
    sides: Sides<TlsDirection>,
    client_random: Option<Random>,
    negotiated: Option<(CipherSuite, u16, Random)>,
    unreadable_because: Option<TlsUnreadable>,
    /// Whether the handshake was complete and only the secrets are missing.
    secrets_missing: bool,
}

/// The records of one side.
#[derive(Debug, Default)]
struct TlsDirection {
    waiting: Vec<u8>,
    hello: Vec<u8>,
    hello_done: bool,
    /// The keys in the order in which they are used. The first is the current one.
    decryptors: Vec<RecordDecryptor>,
    /// TLS 1.2: whether the following records are encrypted.
    cipher_changed: bool,
    lost: bool,
}

impl TlsSession {
    /// Returns what is known about the encryption.
    pub(super) fn status(&self) -> TlsStatus {
        match (self.unreadable_because, self.negotiated) {
            (Some(reason), _) => TlsStatus::Encrypted(reason),
            (None, Some((suite, version, _))) => TlsStatus::Decrypted {
                version: if version == TLS_1_3 { "TLS 1.3" } else { "TLS 1.2" },
                suite: suite.name,
            },
            (None, None) => TlsStatus::Encrypted(TlsUnreadable::PartialHandshake),
        }
    }

    /// Returns the client random, as in key logs, if only the secrets are missing.
    pub(super) fn missing_secrets_for(&self) -> Option<Random> {
        self.client_random.filter(|_| self.secrets_missing)
    }

    /// Gives up on the records of `from`, because bytes are missing and the next record cannot be
    /// found.
    pub(super) fn lose_records(&mut self, from: Side) {
        let side = &mut self.sides[from];
        side.lost = true;
        side.waiting = Vec::new();
    }

    /// Takes the next bytes of `from` and calls `out` with their plaintext. Returns an error once,
    /// when nothing more can be decrypted.
    pub(super) fn push(
        &mut self,
        from: Side,
        bytes: &[u8],
        secrets: &KeyLog,
        out: &mut impl FnMut(Side, &[u8]),
    ) -> Result<(), TlsRecordError> {
        let side = &mut self.sides[from];
        if side.lost || self.unreadable_because.is_some() {
            return Ok(());
        }
        side.waiting.extend_from_slice(bytes);
        let knew = self.negotiated.is_some();
        self.read_records(from, secrets, out)?;
        // The server's hello completes the negotiation, so records of the other side that waited
        // can be read now.
        if !knew && self.negotiated.is_some() {
            self.read_records(from.peer(), secrets, out)?;
        }
        if self.sides[from].waiting.len() > MAX_WAITING_BYTES {
            self.lose_records(from);
            return Err(TlsRecordError::MissingHello);
        }
        Ok(())
    }

    fn read_records(
        &mut self,
        from: Side,
        secrets: &KeyLog,
        out: &mut impl FnMut(Side, &[u8]),
    ) -> Result<(), TlsRecordError> {
        let mut waiting = std::mem::take(&mut self.sides[from].waiting);
        let mut rest = waiting.as_slice();
        let mut result = Ok(());
        while let Some((&head, behind)) = rest.split_first_chunk::<5>() {
            let [kind, _, _, len @ ..] = head;
            let len = usize::from(u16::from_be_bytes(len));
            if !looks_like_tls(&head) || len > MAX_RECORD_LEN {
                result = Err(TlsRecordError::NotARecord(from));
                break;
            }
            let Some((body, behind)) = behind.split_at_checked(len) else { break };
            if self.must_wait_for_hello(from, kind) {
                break;
            }
            result = self.read_record(from, head, body, secrets, out);
            rest = behind;
            if result.is_err() || self.unreadable_because.is_some() {
                break;
            }
        }
        let read = waiting.len().saturating_sub(rest.len());
        waiting.drain(..read);
        self.sides[from].waiting = waiting;
        if result.is_err() {
            self.lose_records(from);
        }
        result
    }

    /// Whether a record must wait, because its keys depend on a hello that has not arrived.
    fn must_wait_for_hello(&self, from: Side, kind: u8) -> bool {
        self.negotiated.is_none()
            && (kind == APPLICATION_DATA || self.sides[from].hello_done && kind == HANDSHAKE)
    }

    fn read_record(
        &mut self,
        from: Side,
        head: [u8; 5],
        body: &[u8],
        secrets: &KeyLog,
        out: &mut impl FnMut(Side, &[u8]),
    ) -> Result<(), TlsRecordError> {
        let version = self.negotiated.map(|(_, version, _)| version);
        let side = &mut self.sides[from];
        let [kind, ..] = head;
        match (kind, version) {
            (HANDSHAKE, _) if !side.hello_done => self.read_hello(from, body, secrets),
            // In TLS 1.3 this record means nothing (RFC 8446 section 5).
            (CHANGE_CIPHER_SPEC, Some(TLS_1_2)) => side.cipher_changed = true,
            (APPLICATION_DATA, Some(TLS_1_3)) => return self.decrypt_1_3(from, head, body, out),
            (_, Some(TLS_1_2)) if side.cipher_changed => {
                let opened = side
                    .decryptors
                    .first_mut()
                    .and_then(|decryptor| decryptor.decrypt(kind, head, body));
                let opened = opened.ok_or(TlsRecordError::Undecryptable(from))?;
                if kind == APPLICATION_DATA {
                    out(from, &opened);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes handshake bytes until the hello of this side is complete.
    fn read_hello(&mut self, from: Side, body: &[u8], secrets: &KeyLog) {
        let side = &mut self.sides[from];
        side.hello.extend_from_slice(body);
        let Some(&[_, a, b, c]) = side.hello.first_chunk() else { return };
        let len = three_bytes(a, b, c).saturating_add(4);
        if len > MAX_HELLO_LEN {
            self.unreadable_because = Some(TlsUnreadable::LongHello);
            return;
        }
        let Some(message) = side.hello.get(..len) else { return };
        let hello = hello::parse(message);
        side.hello = Vec::new();
        match hello {
            Some(Hello::Client { random }) if from == Side::Client => {
                self.client_random = Some(random);
                // The server may request a second ClientHello, which has the same random. Therefore
                // only the server's hello ends this phase.
            }
            Some(Hello::Server { random, suite, version }) if from == Side::Server => {
                (self.sides.client.hello_done, self.sides.server.hello_done) = (true, true);
                if let Err(reason) = self.derive_keys(random, suite, version, secrets) {
                    self.unreadable_because = Some(reason);
                }
            }
            _ => {}
        }
    }

    fn derive_keys(
        &mut self,
        random: Random,
        number: u16,
        version: u16,
        secrets: &KeyLog,
    ) -> Result<(), TlsUnreadable> {
        let Some(client) = self.client_random else {
            return Err(TlsUnreadable::PartialHandshake);
        };
        if !matches!(version, TLS_1_2 | TLS_1_3) {
            return Err(TlsUnreadable::Version(version));
        }
        let suite = CipherSuite::from_id(number).ok_or(TlsUnreadable::CipherSuite(number))?;
        let decryptors = match version {
            TLS_1_3 => decryptors_1_3(suite, &client, secrets),
            _ => secrets
                .secret(SecretLabel::Master, &client)
                .and_then(|master| {
                    RecordDecryptor::from_master_secret(suite, master, &client, &random)
                })
                .map(|[client, server]| Sides { client: vec![client], server: vec![server] }),
        };
        let Some(decryptors) = decryptors else {
            self.secrets_missing = true;
            return Err(TlsUnreadable::NoSecrets);
        };
        (self.sides.client.decryptors, self.sides.server.decryptors) =
            (decryptors.client, decryptors.server);
        self.negotiated = Some((suite, version, random));
        Ok(())
    }

    fn decrypt_1_3(
        &mut self,
        from: Side,
        head: [u8; 5],
        body: &[u8],
        out: &mut impl FnMut(Side, &[u8]),
    ) -> Result<(), TlsRecordError> {
        let decryptors = &mut self.sides[from].decryptors;
        let [kind, ..] = head;
        // The keys of early data, handshake and application data follow each other, and only the
        // right ones decrypt a record, so the next key is found by trying.
        let mut numbered = decryptors.iter_mut().enumerate();
        let found =
            numbered.find_map(|(at, decryptor)| Some((at, decryptor.decrypt(kind, head, body)?)));
        let Some((at, mut inner)) = found else {
            // Rejected early data, or handshake records whose secret was not logged.
            return if decryptors.len() > 1 {
                Ok(())
            } else {
                Err(TlsRecordError::Undecryptable(from))
            };
        };
        decryptors.drain(..at);
        // The content type is the last non-zero byte; zeros after it are padding (RFC 8446 section
        // 5.4).
        inner.truncate(
            inner.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1)),
        );
        match inner.pop() {
            Some(APPLICATION_DATA) => out(from, &inner),
            Some(HANDSHAKE) if contains_key_update(&inner) => {
                if let Some(decryptor) = decryptors.first_mut()
                    && let Some(updated) = decryptor.after_key_update()
                {
                    *decryptor = updated;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns the keys of both sides in the order of use. Returns `None` unless the application data
/// of both sides can be decrypted.
fn decryptors_1_3(
    suite: CipherSuite,
    client: &Random,
    secrets: &KeyLog,
) -> Option<Sides<Vec<RecordDecryptor>>> {
    let decryptor = |label| {
        secrets
            .secret(label, client)
            .and_then(|secret| RecordDecryptor::from_traffic_secret(suite, secret))
    };
    let with = |before: &[SecretLabel], last| {
        let mut decryptors: Vec<RecordDecryptor> =
            before.iter().filter_map(|label| decryptor(*label)).collect();
        decryptors.push(decryptor(last)?);
        Some(decryptors)
    };
    Some(Sides {
        client: with(
            &[SecretLabel::ClientEarly, SecretLabel::ClientHandshake],
            SecretLabel::ClientTraffic,
        )?,
        server: with(&[SecretLabel::ServerHandshake], SecretLabel::ServerTraffic)?,
    })
}

/// Whether handshake messages contain a `KeyUpdate`, which must be the last one of its record (RFC
/// 8446 section 5.1).
fn contains_key_update(mut messages: &[u8]) -> bool {
    while let Some((&[kind, a, b, c], rest)) = messages.split_first_chunk() {
        if kind == KEY_UPDATE {
            return true;
        }
        messages = rest.get(three_bytes(a, b, c)..).unwrap_or_default();
    }
    false
}

/// Returns the length in a handshake message's header (RFC 8446 section 4).
fn three_bytes(a: u8, b: u8, c: u8) -> usize {
    usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
}
