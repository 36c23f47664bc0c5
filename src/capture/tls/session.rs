//! [`TlsSession`]: the TLS of one connection, from both hellos to the last record.

use super::alert::TlsAlert;
use super::cipher_suite::CipherSuite;
use super::hello::{self, Hello, contains_key_update, message_len};
use super::key_log::{KeyLog, Random};
use super::record::{
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, HEADER_LEN, RecordHeader, TLS_1_2,
    TLS_1_3,
};
use super::record_decryptor::RecordDecryptor;
use super::search::{MAX_VAIN_GUESSES, RecordSearch};
use super::secrets::{decryptors_1_2, decryptors_1_3, supported_suite};
use super::status::{TlsOutput, TlsRecordError, TlsStatus, TlsUnreadable};
use crate::wire::{ByteLen, Side, Sides};

/// The maximum length of a hello in bytes.
const MAX_HELLO_LEN: usize = 1 << 17;
/// The maximum number of bytes that one side may send before the other side's hello arrives.
const MAX_WAITING_BYTES: usize = 1 << 20;

/// The TLS of one connection.
#[derive(Debug, Default)]
pub(in crate::capture) struct TlsSession {
    sides: Sides<TlsDirection>,
    client_random: Option<Random>,
    negotiated: Option<(CipherSuite, u16)>,
    unreadable_because: Option<TlsUnreadable>,
    /// The alert that ended the handshake.
    refused: Option<TlsAlert>,
    /// Whether any application data was decrypted.
    has_plaintext: bool,
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
    /// The search for the next record, while its place or number is unknown.
    search: Option<RecordSearch>,
    vain_guesses: u64,
    /// Whether nothing more can be read.
    lost: bool,
}

impl TlsSession {
    /// Returns what is known about the encryption.
    pub(in crate::capture) fn status(&self) -> TlsStatus {
        let reason = self.refused.map(TlsUnreadable::Refused).or(self.unreadable_because);
        match (reason, self.negotiated) {
            (Some(reason), _) => TlsStatus::Encrypted(reason),
            (None, Some((suite, version))) => TlsStatus::Decrypted {
                version: if version == TLS_1_3 { "TLS 1.3" } else { "TLS 1.2" },
                suite: suite.name,
            },
            (None, None) => TlsStatus::Encrypted(TlsUnreadable::PartialHandshake),
        }
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
        let header = RecordHeader::parse(*head).ok_or(TlsRecordError::NotARecord(from))?;
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
                let plain = decryptor.and_then(|decryptor| decryptor.decrypt(header, body));
                let plain = plain.ok_or(TlsRecordError::Undecryptable(from))?;
                self.take_content(from, content_type, &plain, out);
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
        if !keys.complete {
            self.secrets_missing = true;
            return Err(match secrets.connection_count() {
                0 => TlsUnreadable::NoSecrets,
                _ if secrets.has_secrets_for(&client) => TlsUnreadable::IncompleteSecrets,
                others => TlsUnreadable::OtherSecrets(others),
            });
        }
        Ok(())
    }

    fn decrypt_1_3(
        &mut self,
        from: Side,
        header: RecordHeader,
        body: &[u8],
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) -> Result<(), TlsRecordError> {
        let decryptors = &mut self.sides[from].decryptors;
        // The keys of early data, handshake and application data follow each other, and only the
        // right ones decrypt a record, so the next key is found by trying.
        let mut numbered = decryptors.iter_mut().enumerate();
        let found =
            numbered.find_map(|(at, decryptor)| Some((at, decryptor.decrypt(header, body)?)));
        let Some((at, inner)) = found else {
            // Rejected early data, or handshake records whose secret was not logged.
            let may_follow = decryptors.len() > 1;
            return may_follow.then_some(()).ok_or(TlsRecordError::Undecryptable(from));
        };
        decryptors.drain(..at);
        self.take_inner_plaintext(from, inner, out);
        Ok(())
    }

    /// Takes the plaintext of a record of TLS 1.3. The content type is the last non-zero byte;
    /// zeros after it are padding (RFC 8446 section 5.4).
    fn take_inner_plaintext(
        &mut self,
        from: Side,
        mut inner: Vec<u8>,
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) {
        inner.truncate(
            inner.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1)),
        );
        let Some(content_type) = inner.pop() else { return };
        if content_type == HANDSHAKE && contains_key_update(&inner) {
            if let Some(decryptor) = self.sides[from].decryptors.first_mut()
                && let Some(updated) = decryptor.after_key_update()
            {
                *decryptor = updated;
            }
            return;
        }
        self.take_content(from, content_type, &inner, out);
    }

    fn take_content(
        &mut self,
        from: Side,
        content_type: u8,
        content: &[u8],
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) {
        match content_type {
            APPLICATION_DATA => {
                self.has_plaintext = true;
                out(from, TlsOutput::Plaintext(content));
            }
            ALERT => self.take_alert(from, content, out),
            _ => {}
        }
    }

    /// Takes the body of an alert. Before any application data, it is the end of the handshake.
    fn take_alert(&mut self, from: Side, body: &[u8], out: &mut impl FnMut(Side, TlsOutput<'_>)) {
        match TlsAlert::parse_error(from, body, self.is_tls_1_3()) {
            Some(alert) if self.has_plaintext => out(from, TlsOutput::Alert(alert)),
            // Both sides may send one; the first is the cause.
            Some(alert) => self.refused = self.refused.or(Some(alert)),
            None => {}
        }
    }

    /// Looks for the alert that ends a handshake in records that are not decrypted otherwise. It is
    /// plain, or, in TLS 1.3, encrypted with the secrets of the handshake, which a client may have
    /// logged before it gave up.
    fn watch_for_alert(&mut self, from: Side, header: RecordHeader, body: &[u8]) {
        match header.content_type {
            HANDSHAKE => {}
            CHANGE_CIPHER_SPEC if self.is_tls_1_3() => {}
            APPLICATION_DATA
                if self.is_tls_1_3()
                    && self.decrypt_1_3(from, header, body, &mut |_, _| {}).is_ok() => {}
            _ => self.sides[from].lost = true,
        }
    }

    /// Looks for the next record after a gap. Moves `rest` beyond what was looked at in vain, or
    /// beyond the record that was found.
    fn search_record(
        &mut self,
        from: Side,
        rest: &mut &[u8],
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) -> Result<(), TlsRecordError> {
        let Some((_, version)) = self.negotiated else { return Ok(()) };
        let side = &mut self.sides[from];
        let Some(search) = &mut side.search else { return Ok(()) };
        let Some((header, body)) = search.next_candidate(rest) else { return Ok(()) };
        let opened = search.open(&mut side.decryptors, header, body);
        side.vain_guesses = side.vain_guesses.saturating_add(search.take_vain_guesses());
        let Some((max_plaintext, plain)) = opened else {
            if side.vain_guesses > MAX_VAIN_GUESSES {
                return Err(TlsRecordError::NoRecordAfterGap(from));
            }
            // It was no header: the search goes on after its first byte.
            search.lose(ByteLen::new(1));
            *rest = rest.get(1..).unwrap_or_default();
            return Ok(());
        };
        // In TLS 1.2 the record that changed the keys may be lost too.
        (side.search, side.cipher_changed) = (None, true);
        *rest = rest.get(HEADER_LEN.saturating_add(header.len)..).unwrap_or_default();
        out(from, TlsOutput::Gap { max_plaintext });
        if version == TLS_1_3 {
            self.take_inner_plaintext(from, plain, out);
        } else {
            self.take_content(from, header.content_type, &plain, out);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ring::{aead, hmac};

    use super::super::hello::KEY_UPDATE;
    use super::super::key_derivation::expand_label;
    use super::*;

    const CLIENT_SECRET: [u8; 32] = [1; 32];
    const SERVER_SECRET: [u8; 32] = [2; 32];

    /// The server of a connection with `TLS_AES_128_GCM_SHA256`, which seals its records.
    struct Server {
        secret: Vec<u8>,
        sequence: u64,
    }

    impl Server {
        fn seal(&mut self, content_type: u8, content: &[u8]) -> Vec<u8> {
            let key = expand_label(hmac::HMAC_SHA256, &self.secret, "key", 16);
            let mut iv = expand_label(hmac::HMAC_SHA256, &self.secret, "iv", 12);
            let number = self.sequence.to_be_bytes();
            iv[4..].iter_mut().zip(number).for_each(|(byte, number)| *byte ^= number);
            self.sequence += 1;
            let mut body = [content, &[content_type]].concat();
            let len = u16::try_from(body.len() + 16).unwrap().to_be_bytes();
            let head = [APPLICATION_DATA, 3, 3, len[0], len[1]];
            let key = aead::UnboundKey::new(&aead::AES_128_GCM, &key).unwrap();
            aead::LessSafeKey::new(key)
                .seal_in_place_append_tag(
                    aead::Nonce::try_assume_unique_for_key(&iv).unwrap(),
                    aead::Aad::from(head),
                    &mut body,
                )
                .unwrap();
            [&head[..], &body].concat()
        }

        fn data(&mut self, content: &[u8]) -> Vec<u8> {
            self.seal(APPLICATION_DATA, content)
        }

        fn update_key(&mut self) -> Vec<u8> {
            let record = self.seal(HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, 0]);
            self.secret = expand_label(hmac::HMAC_SHA256, &self.secret, "traffic upd", 32);
            self.sequence = 0;
            record
        }
    }

    /// A connection after both hellos, and what was read of it.
    struct Connection {
        session: TlsSession,
        secrets: KeyLog,
        seen: Vec<String>,
    }

    impl Connection {
        fn open() -> (Self, Server) {
            let hex = crate::wire::format::hex;
            let random = [7; 32];
            let mut secrets = KeyLog::default();
            for (label, secret) in [("CLIENT", CLIENT_SECRET), ("SERVER", SERVER_SECRET)] {
                let line = format!("{label}_TRAFFIC_SECRET_0 {} {}", hex(&random), hex(&secret));
                secrets.add_lines(line.as_bytes());
            }
            let session = TlsSession::default();
            let mut connection = Self { session, secrets, seen: Vec::new() };
            let hello = |kind: u8, rest: &[u8]| {
                let message = [&[3, 3][..], &random, &[0], rest].concat();
                let len = u8::try_from(message.len()).unwrap();
                [&[HANDSHAKE, 3, 3, 0, len + 4, kind, 0, 0, len][..], &message].concat()
            };
            connection.push(Side::Client, &hello(1, &[])).unwrap();
            let selected = [0x13, 0x01, 0, 0, 6, 0, 43, 0, 2, 3, 4];
            connection.push(Side::Server, &hello(2, &selected)).unwrap();
            assert!(matches!(connection.session.status(), TlsStatus::Decrypted { .. }));
            (connection, Server { secret: SERVER_SECRET.to_vec(), sequence: 0 })
        }

        fn push(&mut self, from: Side, bytes: &[u8]) -> Result<(), TlsRecordError> {
            let Self { session, secrets, seen } = self;
            session.push(from, bytes, secrets, &mut |_, output| {
                seen.push(match output {
                    TlsOutput::Plaintext(plain) => String::from_utf8_lossy(plain).into_owned(),
                    TlsOutput::Gap { max_plaintext } => format!("-{max_plaintext}"),
                    TlsOutput::Alert(alert) => alert.name().to_owned(),
                });
            })
        }

        fn lose(&mut self, bytes: &[u8]) {
            assert!(self.session.push_gap(Side::Server, ByteLen::of(bytes)));
        }
    }

    #[test]
    fn records_after_a_gap_are_found_wherever_they_begin() {
        let (mut connection, mut server) = Connection::open();
        let records: Vec<_> = (0..9).map(|n| server.data(format!("{n}").as_bytes())).collect();
        connection.push(Side::Server, &records[0]).unwrap();
        connection.lose(&records[1..3].concat());
        connection.push(Side::Server, &records[3]).unwrap();
        // The gap begins and ends inside a record, and a segment ends inside the next header.
        connection.push(Side::Server, &records[4][..9]).unwrap();
        connection.lose(&[&records[4][9..], &records[5], &records[6][..10]].concat());
        let rest = [&records[6][10..], &records[7], &records[8]].concat();
        connection.push(Side::Server, &rest[..rest.len() - 40]).unwrap();
        connection.push(Side::Server, &rest[rest.len() - 40..]).unwrap();
        assert_eq!(connection.seen, ["0", "-2", "3", "-3", "7", "8"]);
    }

    #[test]
    fn a_lost_key_update_is_followed() {
        let (mut connection, mut server) = Connection::open();
        connection.push(Side::Server, &server.data(b"a")).unwrap();
        let lost = [server.data(b"b"), server.update_key(), server.data(b"c")].concat();
        connection.lose(&lost);
        connection.push(Side::Server, &server.data(b"d")).unwrap();
        connection.push(Side::Server, &server.update_key()).unwrap();
        connection.push(Side::Server, &server.data(b"e")).unwrap();
        assert_eq!(
            (&connection.seen[0], &connection.seen[2..]),
            (&"a".to_owned(), &["d".to_owned(), "e".to_owned()][..])
        );
    }

    #[test]
    fn an_alert_after_data_is_reported_and_a_close_notify_is_not() {
        let (mut connection, mut server) = Connection::open();
        connection.push(Side::Server, &server.data(b"a")).unwrap();
        connection.push(Side::Server, &server.seal(ALERT, &[2, 20])).unwrap();
        connection.push(Side::Server, &server.seal(ALERT, &[1, 0])).unwrap();
        assert_eq!(connection.seen, ["a", "bad_record_mac"]);
    }

    /// After a gap, anything may look like a header; none of it may pass for a record, and the
    /// search must end.
    #[test]
    fn headers_that_prove_nothing_end_the_search() {
        let (mut connection, mut server) = Connection::open();
        connection.push(Side::Server, &server.data(b"a")).unwrap();
        assert!(connection.session.push_gap(Side::Server, ByteLen::new(u64::MAX)));
        let fake = [&[APPLICATION_DATA, 3, 3, 0, 40][..], &[0; 40]].concat();
        let mut ended = None;
        for count in 0..100 {
            if let Err(error) = connection.push(Side::Server, &fake) {
                ended = Some((count, error));
                break;
            }
        }
        let (count, error) = ended.expect("the search ends");
        assert_eq!(error, TlsRecordError::NoRecordAfterGap(Side::Server));
        assert!(count < 16, "{count}");
        connection.push(Side::Server, &server.data(b"b")).unwrap();
        assert_eq!(connection.seen, ["a"]);
    }

    #[test]
    fn a_gap_before_the_hello_ends_the_direction() {
        let mut session = TlsSession::default();
        assert!(!session.push_gap(Side::Server, ByteLen::new(1)));
        assert_eq!(session.status(), TlsStatus::Encrypted(TlsUnreadable::PartialHandshake));
    }
}
