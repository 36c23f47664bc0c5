//! [`ConnectionKeys`]: which logged secrets become the keys of a connection, and in which order the
//! keys are used.

use super::cipher_suite::CipherSuite;
use super::key_log::{KeyLog, Random, SecretLabel};
use super::record::{TLS_1_2, TLS_1_3};
use super::record_decryptor::RecordDecryptor;
use super::status::TlsUnreadable;
use crate::wire::{Side, Sides};

/// The keys of both sides.
#[derive(Debug)]
pub(super) struct ConnectionKeys {
    /// The keys of each side in the order of use.
    pub(super) decryptors: Sides<Vec<RecordDecryptor>>,
    /// The sides whose application data cannot be decrypted.
    pub(super) is_missing: Sides<bool>,
}

/// Returns the suite that a server has chosen for this version.
pub(super) fn supported_suite(number: u16, version: u16) -> Result<CipherSuite, TlsUnreadable> {
    if !matches!(version, TLS_1_2 | TLS_1_3) {
        return Err(TlsUnreadable::Version(version));
    }
    CipherSuite::from_id(number).ok_or(TlsUnreadable::CipherSuite(number))
}

/// Returns the keys of TLS 1.2. `randoms` are those of the client and of the server.
pub(super) fn decryptors_1_2(
    suite: CipherSuite,
    randoms: [&Random; 2],
    encrypt_then_mac: bool,
    secrets: &KeyLog,
) -> ConnectionKeys {
    let [client, server] = randoms;
    let keys = secrets.secret(SecretLabel::Master, client).and_then(|master| {
        RecordDecryptor::from_master_secret(suite, master, [client, server], encrypt_then_mac)
    });
    let is_missing = Sides::each(|_| keys.is_none());
    let decryptors = keys.map_or_else(Sides::default, |[client, server]| Sides {
        client: vec![client],
        server: vec![server],
    });
    ConnectionKeys { decryptors, is_missing }
}

/// Returns the keys of TLS 1.3. Of a handshake that failed, those of the application data are
/// missing, because a client logs them last.
pub(super) fn decryptors_1_3(
    suite: CipherSuite,
    client: &Random,
    secrets: &KeyLog,
) -> ConnectionKeys {
    let decryptor = |label| {
        secrets
            .secret(label, client)
            .and_then(|secret| RecordDecryptor::from_traffic_secret(suite, secret))
    };
    let of = |labels: &[SecretLabel]| -> Vec<RecordDecryptor> {
        labels.iter().filter_map(|label| decryptor(*label)).collect()
    };
    let traffic = Sides { client: SecretLabel::ClientTraffic, server: SecretLabel::ServerTraffic };
    let is_missing = Sides::each(|side| decryptor(traffic[side]).is_none());
    let keys = |side: Side| match (side, is_missing[side]) {
        (Side::Client, false) => of(&[
            SecretLabel::ClientEarly,
            SecretLabel::ClientHandshake,
            SecretLabel::ClientTraffic,
        ]),
        (Side::Client, true) => of(&[SecretLabel::ClientHandshake]),
        (Side::Server, false) => of(&[SecretLabel::ServerHandshake, SecretLabel::ServerTraffic]),
        (Side::Server, true) => of(&[SecretLabel::ServerHandshake]),
    };
    let decryptors = Sides::each(keys);
    ConnectionKeys { decryptors, is_missing }
}
