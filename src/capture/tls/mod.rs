//! [`TlsSession`]: the TLS records of one connection opened with logged secrets, so that what they carry comes out.
//! It checks no certificate and no handshake: whoever has the secrets wants to read, not to trust.
//!
//! TLS 1.3 (AES-GCM, `ChaCha20`-Poly1305; key updates and early data included) and the AEAD suites
//! with ECDHE of TLS 1.2.

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

/// No record's body is longer (RFC 5246 section 6.2.3).
const MAX_RECORD_LEN: usize = (1 << 14) + 2048;
/// No hello is longer that is waited for.
const MAX_HELLO_LEN: usize = 1 << 17;
/// What one side may send before the other side's hello is there.
const MAX_WAITING_BYTES: usize = 1 << 20;

/// How far the records of a connection can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsStatus {
    /// The connection is not encrypted.
    Plaintext,
    /// TLS that is read, with this version and cipher suite.
    Decrypted {
        /// `TLS 1.3` or `TLS 1.2`.
        version: &'static str,
        /// The suite's name in the registry.
        suite: &'static str,
    },
    /// TLS that cannot be read, and why.
    Encrypted(TlsUnreadable),
}

/// Why the TLS of a connection cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TlsUnreadable {
    /// A hello is missing.
    #[error("TLS whose handshake is not whole in the capture: cannot be read")]
    PartialHandshake,
    /// A hello that claims more than 128 KiB.
    #[error("TLS whose hello is too long: cannot be read")]
    LongHello,
    /// Another version, as its number in the hello (RFC 8446 section 4.2.1).
    #[error("TLS of version {0:#06x}: 1.2 and 1.3 can be read")]
    Version(u16),
    /// A cipher suite by its number in the TLS registry.
    #[error("TLS with cipher suite {0:#06x}, which is not known here: cannot be read")]
    CipherSuite(u16),
    /// No key log has secrets of this connection.
    #[error("TLS, no secrets: cannot be read")]
    NoSecrets,
}

/// From where on one side's records cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum TlsRecordError {
    #[error("TLS: the other side's hello is missing, so nothing can be decrypted")]
    MissingHello,
    #[error("TLS: the {} sends what isn't a TLS record", .0.name())]
    NotARecord(Side),
    #[error("TLS: a record of the {} cannot be opened with the secrets given, nor what follows it", .0.name())]
    Undecryptable(Side),
}

/// Whether a connection that begins with these bytes begins with a TLS record; one byte is enough
/// to tell it from HTTP.
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
    /// The handshake was seen, and no secret for it.
    secrets_missing: bool,
}

/// One side's records.
#[derive(Debug, Default)]
struct TlsDirection {
    waiting: Vec<u8>,
    hello: Vec<u8>,
    hello_done: bool,
    /// The keys in the order in which they are used; the first is in use.
    decryptors: Vec<RecordDecryptor>,
    /// TLS 1.2: records are encrypted from here on.
    cipher_changed: bool,
    lost: bool,
}

impl TlsSession {
    /// How it stands.
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

    /// The connection's name in key logs, if nothing but secrets is lacking.
    pub(super) fn missing_secrets_for(&self) -> Option<Random> {
        self.client_random.filter(|_| self.secrets_missing)
    }

    /// Bytes of `from` are missing: no record behind them can be found.
    pub(super) fn lose_records(&mut self, from: Side) {
        let side = &mut self.sides[from];
        side.lost = true;
        side.waiting = Vec::new();
    }

    /// Takes the next bytes of `from` and calls `out` with what they carry. Gives something odd, if
    /// there is.
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

    /// Encrypted records whose keys depend on a hello that has not come yet.
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
            (CHANGE_CIPHER_SPEC, Some(TLS_1_2)) => side.cipher_changed = true,
            (APPLICATION_DATA, Some(TLS_1_3)) => return self.decrypt_1_3(from, head, body, out),
            (_, Some(TLS_1_2)) if side.cipher_changed => {
                let opened =
                    side.decryptors.first_mut().and_then(|opener| opener.decrypt(kind, head, body));
                let opened = opened.ok_or(TlsRecordError::Undecryptable(from))?;
                if kind == APPLICATION_DATA {
                    out(from, &opened);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes handshake bytes until the hello of this side is whole.
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
                // a server may ask for a second one, with the same random: only the server's ends
                // the greeting
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
        let openers = match version {
            TLS_1_3 => decryptors_1_3(suite, &client, secrets),
            _ => secrets
                .secret(SecretLabel::Master, &client)
                .and_then(|master| {
                    RecordDecryptor::from_master_secret(suite, master, &client, &random)
                })
                .map(|[client, server]| Sides { client: vec![client], server: vec![server] }),
        };
        let Some(openers) = openers else {
            self.secrets_missing = true;
            return Err(TlsUnreadable::NoSecrets);
        };
        (self.sides.client.decryptors, self.sides.server.decryptors) =
            (openers.client, openers.server);
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
        let openers = &mut self.sides[from].decryptors;
        let [kind, ..] = head;
        let mut numbered = openers.iter_mut().enumerate();
        let found = numbered.find_map(|(at, opener)| Some((at, opener.decrypt(kind, head, body)?)));
        let Some((at, mut inner)) = found else {
            // early data that the server refused, or handshake records whose secret was not logged
            return if openers.len() > 1 {
                Ok(())
            } else {
                Err(TlsRecordError::Undecryptable(from))
            };
        };
        openers.drain(..at);
        // zeros may fill up a record behind its kind
        inner.truncate(
            inner.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1)),
        );
        match inner.pop() {
            Some(APPLICATION_DATA) => out(from, &inner),
            Some(HANDSHAKE) if contains_key_update(&inner) => {
                if let Some(opener) = openers.first_mut()
                    && let Some(updated) = opener.after_key_update()
                {
                    *opener = updated;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The keys of both sides in the order of use; `None` unless both sides' application data can be
/// read.
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

/// Whether handshake messages end with a `KeyUpdate` (RFC 8446 section 4.6.3: nothing may follow it
/// in its record).
fn contains_key_update(mut messages: &[u8]) -> bool {
    while let Some((&[kind, a, b, c], rest)) = messages.split_first_chunk() {
        if kind == KEY_UPDATE {
            return true;
        }
        messages = rest.get(three_bytes(a, b, c)..).unwrap_or_default();
    }
    false
}

/// The length of a handshake message (RFC 8446 section 4).
fn three_bytes(a: u8, b: u8, c: u8) -> usize {
    usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
}
