//! [`TlsSession`]: the TLS of one connection, from both hellos to the last record.

mod content;
mod direction;
mod progress;

use super::alert::TlsAlert;
use super::cipher_suite::CipherSuite;
use super::hello::{self, Hello, message_len};
use super::key_log::{KeyLog, Random};
use super::record::{
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, HEADER_LEN, RecordHeader, TLS_1_2,
    TLS_1_3,
};
use super::secrets::{decryptors_1_2, decryptors_1_3, supported_suite};
use super::status::{SecretFault, TlsOutput, TlsRecordError, TlsStatus, TlsUnreadable};
use crate::wire::{ByteLen, Side, Sides};
use direction::TlsDirection;
use progress::HandshakeProgress;

/// The maximum length of a hello in bytes.
const MAX_HELLO_LEN: usize = 1 << 17;
/// The maximum number of bytes that one side may send before the other side's hello arrives.
const MAX_WAITING_BYTES: usize = 1 << 20;

/// The labels of a key log without which nothing can be decrypted.
const MASTER_SECRET: &str = "CLIENT_RANDOM";
const BOTH_TRAFFIC_SECRETS: &str = "CLIENT_TRAFFIC_SECRET_0 and SERVER_TRAFFIC_SECRET_0";

/// The TLS of one connection.
#[derive(Debug, Default)]
pub(in crate::capture) struct TlsSession {
    sides: Sides<TlsDirection>,
    client_random: Option<Random>,
    negotiated: Option<(CipherSuite, u16)>,
    unreadable_because: Option<TlsUnreadable>,
    /// The progress of the hellos.
    progress: HandshakeProgress,
    /// The alert that ended the handshake.
    refused: Option<TlsAlert>,
    /// Whether any application data was decrypted.
    has_plaintext: bool,
    /// Whether the handshake was complete and only the secrets are missing.
    secrets_missing: bool,
}

impl TlsSession {
    /// Returns what is known about the encryption.
    pub(in crate::capture) fn status(&self) -> TlsStatus {
        let reason = self.refused.map(TlsUnreadable::Refused).or(self.unreadable_because);
        let (suite, number) = match (reason, self.negotiated) {
            (Some(reason), _) => return TlsStatus::Encrypted(reason),
            (None, None) => {
                let has_hello = self.client_random.is_some();
                return TlsStatus::Encrypted(self.progress.why_unreadable(has_hello));
            }
            (None, Some(negotiated)) => negotiated,
        };
        let (version, suite) = (if number == TLS_1_3 { "TLS 1.3" } else { "TLS 1.2" }, suite.name);
        let faults = [Side::Client, Side::Server].map(|side| self.sides[side].secret_fault(side));
        match faults {
            [None, None] if self.opens_nothing() => {
                TlsStatus::Encrypted(TlsUnreadable::WrongSecrets)
            }
            [None, None] => TlsStatus::Decrypted { version, suite },
            [Some(_), Some(_)] => TlsStatus::Encrypted(TlsUnreadable::WrongSecrets),
            [Some(unread), None] | [None, Some(unread)] => {
                // Where nothing else proves that the secrets are of this connection, none is right.
                let is_proved = self.sides[unread.side().peer()].has_opened
                    || matches!(unread, SecretFault::Missing(_));
                if is_proved {
                    TlsStatus::DecryptedInPart { version, suite, unread }
                } else {
                    TlsStatus::Encrypted(TlsUnreadable::WrongSecrets)
                }
            }
        }
    }

    /// Whether there are encrypted records, and no key has opened any.
    fn opens_nothing(&self) -> bool {
        let Sides { client, server } = &self.sides;
        let has_begun = client.has_begun() || server.has_begun();
        !has_begun && (client.has_unopened || server.has_unopened)
    }

    /// Returns the client random, as in key logs, if only the secrets are missing.
    pub(in crate::capture) fn missing_secrets_for(&self) -> Option<Random> {
        self.client_random.filter(|_| self.secrets_missing)
    }

    /// Takes a gap in the records of `from`. Returns whether what follows may still be decrypted:
    /// not if a hello is among the missing bytes.
    pub(in crate::capture) fn push_gap(&mut self, from: Side, missing: ByteLen) -> bool {
        let hello_read = match from {
            Side::Client => self.client_random.is_some(),
            Side::Server => self.negotiated.is_some(),
        };
        self.progress.lacks_bytes = true;
        let side = &mut self.sides[from];
        if side.lost || self.unreadable_because.is_some() || !hello_read {
            self.lose_records(from);
            return false;
        }
        let mut search = side.search.take().unwrap_or_default();
        // What waits is the beginning of a record whose end is missing.
        search.lose(ByteLen::of(&std::mem::take(&mut side.waiting)));
        search.lose(missing);
        side.search = Some(search);
        true
    }

    /// Takes the next bytes of `from` and calls `out` with what they contain. Returns an error
    /// once, when nothing more can be decrypted.
    pub(in crate::capture) fn push(
        &mut self,
        from: Side,
        bytes: &[u8],
        secrets: &KeyLog,
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) -> Result<(), TlsRecordError> {
        self.progress.has_sent[from] |= !bytes.is_empty();
        let side = &mut self.sides[from];
        if side.lost {
            return Ok(());
        }
        side.waiting.extend_from_slice(bytes);
        let knew = self.is_hello_phase_over();
        self.read_records(from, secrets, out)?;
        // The server's hello completes the negotiation, so records of the other side that waited
        // can be read now.
        if !knew && self.is_hello_phase_over() {
            self.read_records(from.peer(), secrets, out)?;
        }
        if self.sides[from].waiting.len() > MAX_WAITING_BYTES {
            self.lose_records(from);
            return Err(TlsRecordError::MissingHello);
        }
        Ok(())
    }

    /// Gives up on the records of `from`.
    fn lose_records(&mut self, from: Side) {
        let side = &mut self.sides[from];
        side.lost = true;
        side.waiting = Vec::new();
    }

    fn is_hello_phase_over(&self) -> bool {
        self.negotiated.is_some() || self.unreadable_because.is_some()
    }

    fn is_tls_1_3(&self) -> bool {
        self.negotiated.is_some_and(|(_, version)| version == TLS_1_3)
    }

    fn read_records(
        &mut self,
        from: Side,
        secrets: &KeyLog,
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) -> Result<(), TlsRecordError> {
        let mut waiting = std::mem::take(&mut self.sides[from].waiting);
        let mut rest = waiting.as_slice();
        let mut result = Ok(());
        while result.is_ok() && !self.sides[from].lost {
            let before = rest.len();
            result = if self.sides[from].search.is_some() {
                self.search_record(from, &mut rest, out)
            } else {
                self.read_next_record(from, &mut rest, secrets, out)
            };
            if rest.len() == before {
                break;
            }
        }
        let read = waiting.len().saturating_sub(rest.len());
        waiting.drain(..read);
        self.sides[from].waiting = waiting;
        if result.is_err() || self.sides[from].lost {
            self.lose_records(from);
        }
        result
    }

    /// Reads one record, if it is complete and its keys are known. Otherwise `rest` is unchanged.
    fn read_next_record(
        &mut self,
        from: Side,
        rest: &mut &[u8],
        secrets: &KeyLog,
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) -> Result<(), TlsRecordError> {
        let Some((head, behind)) = rest.split_first_chunk::<HEADER_LEN>() else { return Ok(()) };
        let Some(header) = RecordHeader::parse(*head) else {
            if self.progress.take_plain_bytes(from, rest) {
                self.sides[from].lost = true;
                return Ok(());
            }
            return Err(TlsRecordError::NotARecord(from));
        };
        self.progress.has_record[from] = true;
        let Some((body, behind)) = behind.split_at_checked(header.len) else { return Ok(()) };
        if self.must_wait_for_hello(from, header.content_type) {
            return Ok(());
        }
        *rest = behind;
        self.read_record(from, header, body, secrets, out)
    }

    /// Whether a record must wait, because its keys depend on a hello that has not arrived.
    fn must_wait_for_hello(&self, from: Side, content_type: u8) -> bool {
        !self.is_hello_phase_over()
            && (content_type == APPLICATION_DATA
                || self.sides[from].hello_done && content_type == HANDSHAKE)
    }

    fn read_record(
        &mut self,
        from: Side,
        header: RecordHeader,
        body: &[u8],
        secrets: &KeyLog,
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) -> Result<(), TlsRecordError> {
        let side = &mut self.sides[from];
        match (header.content_type, self.negotiated.map(|(_, version)| version)) {
            (HANDSHAKE, _) if !side.hello_done => self.read_hello(from, body, secrets),
            (ALERT, _) if !side.cipher_changed && body.len() == 2 => {
                self.take_alert(from, body, out);
            }
            _ if self.unreadable_because.is_some() => self.watch_for_alert(from, header, body),
            // In TLS 1.3 this record means nothing (RFC 8446 section 5).
            (CHANGE_CIPHER_SPEC, Some(TLS_1_2)) => side.cipher_changed = true,
            (APPLICATION_DATA, Some(TLS_1_3)) => return self.decrypt_1_3(from, header, body, out),
            (content_type, Some(TLS_1_2)) if side.cipher_changed => {
                let decryptor = side.decryptors.first_mut();
                match decryptor.and_then(|decryptor| decryptor.decrypt(header, body)) {
                    Some(plain) => {
                        side.has_opened = true;
                        self.take_content(from, content_type, &plain, out);
                    }
                    None if side.has_opened => return Err(TlsRecordError::Undecryptable(from)),
                    // The status says that the secret does not fit.
                    None => (side.has_failed, side.lost) = (true, true),
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
        let Some(header) = side.hello.first_chunk() else { return };
        let len = message_len(*header).saturating_add(4);
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
            Some(Hello::Server { random, suite, version, encrypt_then_mac })
                if from == Side::Server =>
            {
                (self.sides.client.hello_done, self.sides.server.hello_done) = (true, true);
                let derived = self.derive_keys(random, suite, version, encrypt_then_mac, secrets);
                if let Err(reason) = derived {
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
        encrypt_then_mac: bool,
        secrets: &KeyLog,
    ) -> Result<(), TlsUnreadable> {
        let client = self.client_random.ok_or(TlsUnreadable::PartialHandshake)?;
        let suite = supported_suite(number, version)?;
        let keys = match version {
            TLS_1_3 => decryptors_1_3(suite, &client, secrets),
            _ => decryptors_1_2(suite, [&client, &random], encrypt_then_mac, secrets),
        };
        self.negotiated = Some((suite, version));
        (self.sides.client.decryptors, self.sides.server.decryptors) =
            (keys.decryptors.client, keys.decryptors.server);
        let Sides { client: lacks_client, server: lacks_server } = keys.is_missing;
        (self.sides.client.lacks_secret, self.sides.server.lacks_secret) =
            (lacks_client, lacks_server);
        self.secrets_missing = lacks_client || lacks_server;
        if !(lacks_client && lacks_server) {
            return Ok(());
        }
        Err(match secrets.connection_count() {
            0 => TlsUnreadable::NoSecrets,
            _ if secrets.has_secrets_for(&client) => {
                TlsUnreadable::IncompleteSecrets(if version == TLS_1_3 {
                    BOTH_TRAFFIC_SECRETS
                } else {
                    MASTER_SECRET
                })
            }
            others => TlsUnreadable::OtherSecrets(others),
        })
    }
}

#[cfg(test)]
mod tests;
