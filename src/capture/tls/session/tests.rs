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
        let traffic = "TRAFFIC_SECRET_0";
        let connection = Self::with_secrets(&[
            (&format!("CLIENT_{traffic}"), CLIENT_SECRET),
            (&format!("SERVER_{traffic}"), SERVER_SECRET),
        ]);
        assert!(matches!(connection.session.status(), TlsStatus::Decrypted { .. }));
        (connection, Server { secret: SERVER_SECRET.to_vec(), sequence: 0 })
    }

    /// Returns a connection after both hellos, of which the key log has these secrets.
    fn with_secrets(lines: &[(&str, [u8; 32])]) -> Self {
        let hex = crate::wire::format::hex;
        let random = [7; 32];
        let mut secrets = KeyLog::default();
        for (label, secret) in lines {
            let line = format!("{label} {} {}", hex(&random), hex(secret));
            assert_eq!(secrets.add_lines(line.as_bytes()).secrets, 1);
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
        connection
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

/// Returns what seals the records of a side with this secret.
fn sealer(secret: [u8; 32]) -> Server {
    Server { secret: secret.to_vec(), sequence: 0 }
}

#[test]
fn a_side_without_its_secret_is_a_hole_and_the_other_is_read() {
    let mut connection = Connection::with_secrets(&[("SERVER_TRAFFIC_SECRET_0", SERVER_SECRET)]);
    connection.push(Side::Client, &sealer(CLIENT_SECRET).data(b"request")).unwrap();
    connection.push(Side::Server, &sealer(SERVER_SECRET).data(b"response")).unwrap();
    assert_eq!(connection.seen, ["-7", "response"]);
    let TlsStatus::DecryptedInPart { unread, .. } = connection.session.status() else { panic!() };
    assert_eq!(unread, SecretFault::Missing(Side::Client));
    assert!(unread.to_string().contains("lacks CLIENT_TRAFFIC_SECRET_0"));
    assert!(connection.session.missing_secrets_for().is_some(), "a later secret may help");
}

#[test]
fn a_secret_that_opens_nothing_does_not_fit() {
    let log = [
        ("CLIENT_TRAFFIC_SECRET_0", CLIENT_SECRET),
        ("SERVER_HANDSHAKE_TRAFFIC_SECRET", [3; 32]),
        ("SERVER_TRAFFIC_SECRET_0", [9; 32]),
    ];
    let mut connection = Connection::with_secrets(&log);
    connection.push(Side::Server, &sealer([3; 32]).seal(HANDSHAKE, &[20, 0, 0, 0])).unwrap();
    connection.push(Side::Client, &sealer(CLIENT_SECRET).data(b"request")).unwrap();
    connection.push(Side::Server, &sealer(SERVER_SECRET).data(b"response")).unwrap();
    assert_eq!(connection.seen, ["request", "-8"]);
    let TlsStatus::DecryptedInPart { unread, .. } = connection.session.status() else { panic!() };
    assert_eq!(unread, SecretFault::DoesNotFit(Side::Server));

    // Without the secret of the handshake it is as certain once the client sends data.
    let mut connection = Connection::with_secrets(&[log[0], log[2]]);
    connection.push(Side::Server, &sealer([3; 32]).seal(HANDSHAKE, &[20, 0, 0, 0])).unwrap();
    connection.push(Side::Client, &sealer(CLIENT_SECRET).data(b"request")).unwrap();
    let is_decrypted = matches!(connection.session.status(), TlsStatus::Decrypted { .. });
    assert!(is_decrypted, "nothing speaks against it yet");
    connection.push(Side::Server, &sealer(SERVER_SECRET).data(b"response")).unwrap();
    let TlsStatus::DecryptedInPart { unread, .. } = connection.session.status() else { panic!() };
    assert_eq!(unread, SecretFault::DoesNotFit(Side::Server));

    let both = [("CLIENT_TRAFFIC_SECRET_0", [8; 32]), ("SERVER_TRAFFIC_SECRET_0", [9; 32])];
    let mut connection = Connection::with_secrets(&both);
    connection.push(Side::Client, &sealer(CLIENT_SECRET).data(b"request")).unwrap();
    connection.push(Side::Server, &sealer(SERVER_SECRET).data(b"response")).unwrap();
    assert_eq!(
        connection.session.status(),
        TlsStatus::Encrypted(TlsUnreadable::WrongSecrets),
        "never decrypted: {:?}",
        connection.seen
    );
}

#[test]
fn records_of_the_handshake_may_have_no_secret_in_the_log() {
    let (mut connection, mut server) = Connection::open();
    connection.push(Side::Server, &sealer([3; 32]).seal(HANDSHAKE, &[20, 0, 0, 0])).unwrap();
    connection.push(Side::Server, &server.data(b"response")).unwrap();
    assert_eq!(connection.seen, ["response"]);
    assert!(matches!(connection.session.status(), TlsStatus::Decrypted { .. }));
}

#[test]
fn why_a_handshake_leads_to_nothing_is_known() {
    let random = [7; 32];
    let message = [&[3, 3][..], &random, &[0]].concat();
    let len = u8::try_from(message.len()).unwrap();
    let hello = [&[HANDSHAKE, 3, 3, 0, len + 4, 1, 0, 0, len][..], &message].concat();
    let status = |answer: &[u8]| {
        let mut connection = Connection {
            session: TlsSession::default(),
            secrets: KeyLog::default(),
            seen: Vec::new(),
        };
        connection.push(Side::Client, &hello).unwrap();
        let _ = connection.push(Side::Server, answer);
        let TlsStatus::Encrypted(reason) = connection.session.status() else { panic!() };
        reason
    };
    assert_eq!(status(b""), TlsUnreadable::Unanswered);
    assert_eq!(status(b"HTTP/1.1 400 Bad Request\r\n\r\n"), TlsUnreadable::AnsweredWithHttp);
    assert_eq!(status(b"SSH-2.0-x\r\n"), TlsUnreadable::NotTls(Side::Server));
    assert_eq!(status(&[HANDSHAKE, 3, 3, 0, 90, 2]), TlsUnreadable::PartialServerHello);
    let alert = |level, description| {
        let reason = status(&[ALERT, 3, 3, 0, 2, level, description]);
        (matches!(reason, TlsUnreadable::Ended(_)), reason.to_string())
    };
    assert!(alert(1, 0).0 && alert(1, 0).1.contains("close_notify"), "{:?}", alert(1, 0));
    assert!(alert(1, 112).0 && alert(1, 112).1.contains("unrecognized_name"));
    assert!(!alert(2, 40).0 && alert(2, 40).1.contains("handshake_failure"));
}
