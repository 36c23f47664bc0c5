//! [`RecordDecryptor`]: the keys of one TLS direction, derived from a logged secret. It decrypts
//! records; [`super`] selects the secret and interprets the plaintext.
//!
//! TLS 1.3: RFC 8446 sections 5.2, 5.3, 7.1, 7.3. TLS 1.2: RFC 5246 sections 5, 6.3; RFC 5288
//! (GCM); RFC 7905 (`ChaCha20`).

use ring::{aead, hmac};

/// A supported cipher suite.
#[derive(Clone, Copy, Debug)]
pub(super) struct CipherSuite {
    pub(super) name: &'static str,
    aead: &'static aead::Algorithm,
    hash: hmac::Algorithm,
    /// Whether eight bytes of the nonce precede each record, as with GCM in TLS 1.2 (RFC 5288
    /// section 3).
    explicit_nonce: bool,
}

impl CipherSuite {
    /// Returns the suite with this number in the registry of TLS cipher suites.
    pub(super) fn from_id(number: u16) -> Option<Self> {
        let (name, aead, hash, explicit_nonce) = match number {
            0x1301 => ("TLS_AES_128_GCM_SHA256", &aead::AES_128_GCM, hmac::HMAC_SHA256, false),
            0x1302 => ("TLS_AES_256_GCM_SHA384", &aead::AES_256_GCM, hmac::HMAC_SHA384, false),
            0x1303 => {
                ("TLS_CHACHA20_POLY1305_SHA256", &aead::CHACHA20_POLY1305, hmac::HMAC_SHA256, false)
            }
            0xc02b => {
                ("ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", &aead::AES_128_GCM, hmac::HMAC_SHA256, true)
            }
            0xc02f => {
                ("ECDHE_RSA_WITH_AES_128_GCM_SHA256", &aead::AES_128_GCM, hmac::HMAC_SHA256, true)
            }
            0xc02c => {
                ("ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", &aead::AES_256_GCM, hmac::HMAC_SHA384, true)
            }
            0xc030 => {
                ("ECDHE_RSA_WITH_AES_256_GCM_SHA384", &aead::AES_256_GCM, hmac::HMAC_SHA384, true)
            }
            0xcca8 => (
                "ECDHE_RSA_WITH_CHACHA20_POLY1305",
                &aead::CHACHA20_POLY1305,
                hmac::HMAC_SHA256,
                false,
            ),
            0xcca9 => (
                "ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
                &aead::CHACHA20_POLY1305,
                hmac::HMAC_SHA256,
                false,
            ),
            _ => return None,
        };
        Some(Self { name, aead, hash, explicit_nonce })
    }
}

/// The keys of one direction, with the number of the next record.
#[derive(Debug)]
pub(super) struct RecordDecryptor {
    suite: CipherSuite,
    key: aead::LessSafeKey,
    iv: [u8; aead::NONCE_LEN],
    sequence: u64,
    /// TLS 1.3: the secret from which the next one is derived. `None` in TLS 1.2.
    secret: Option<Vec<u8>>,
}

impl RecordDecryptor {
    /// Derives the keys from a traffic secret of TLS 1.3.
    pub(super) fn from_traffic_secret(suite: CipherSuite, secret: &[u8]) -> Option<Self> {
        let key = expand_label(suite.hash, secret, "key", suite.aead.key_len());
        let iv = expand_label(suite.hash, secret, "iv", aead::NONCE_LEN);
        Self::new(suite, &key, &iv, Some(secret.to_vec()))
    }

    /// Derives the keys of the client and of the server from the master secret of TLS 1.2.
    pub(super) fn from_master_secret(
        suite: CipherSuite,
        master: &[u8],
        client: &[u8],
        server: &[u8],
    ) -> Option<[Self; 2]> {
        let (key_len, iv_len) =
            (suite.aead.key_len(), if suite.explicit_nonce { 4 } else { aead::NONCE_LEN });
        let seed = [b"key expansion", server, client].concat();
        // Two keys, then the beginnings of two nonces (RFC 5246 section 6.3).
        let block =
            expand(suite.hash, master, &seed, key_len.saturating_add(iv_len).saturating_mul(2));
        let (client_key, block) = block.split_at_checked(key_len)?;
        let (server_key, block) = block.split_at_checked(key_len)?;
        let (client_iv, server_iv) = block.split_at_checked(iv_len)?;
        Some([
            Self::new(suite, client_key, client_iv, None)?,
            Self::new(suite, server_key, server_iv, None)?,
        ])
    }

    fn new(suite: CipherSuite, key: &[u8], iv: &[u8], secret: Option<Vec<u8>>) -> Option<Self> {
        let key = aead::LessSafeKey::new(aead::UnboundKey::new(suite.aead, key).ok()?);
        let mut whole = [0; aead::NONCE_LEN];
        whole.get_mut(..iv.len())?.copy_from_slice(iv);
        Some(Self { suite, key, iv: whole, sequence: 0, secret })
    }

    /// Decrypts a record, if it is the next one under these keys.
    pub(super) fn decrypt(&mut self, kind: u8, head: [u8; 5], body: &[u8]) -> Option<Vec<u8>> {
        let (mut nonce, mut sealed) = (self.iv, body);
        if self.suite.explicit_nonce {
            let (explicit, rest) = body.split_at_checked(8)?;
            nonce[4..].copy_from_slice(explicit);
            sealed = rest;
        } else {
            // The record number is XORed into the end of the IV (RFC 8446 section 5.3, RFC 7905
            // section 2).
            nonce[4..]
                .iter_mut()
                .zip(self.sequence.to_be_bytes())
                .for_each(|(byte, number)| *byte ^= number);
        }
        let len = u16::try_from(sealed.len().checked_sub(aead::MAX_TAG_LEN)?).ok()?;
        // The additional data is the record header in TLS 1.3; in TLS 1.2 it has the record number
        // and the plaintext length (RFC 5246 section 6.2.3.3).
        let additional = match self.secret {
            Some(_) => head.to_vec(),
            None => [&self.sequence.to_be_bytes()[..], &[kind], &head[1..3], &len.to_be_bytes()]
                .concat(),
        };
        let mut opened = sealed.to_vec();
        // The name concerns encryption only: decryption uses the nonce that the sender chose.
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let len =
            self.key.open_in_place(nonce, aead::Aad::from(additional), &mut opened).ok()?.len();
        opened.truncate(len);
        self.sequence = self.sequence.saturating_add(1);
        Some(opened)
    }

    /// Returns the keys after a `KeyUpdate` (RFC 8446 section 7.2).
    pub(super) fn after_key_update(&self) -> Option<Self> {
        let secret = self.secret.as_ref()?;
        let next = expand_label(self.suite.hash, secret, "traffic upd", secret.len());
        Self::from_traffic_secret(self.suite, &next)
    }
}

/// Computes `HKDF-Expand-Label` with an empty context (RFC 8446 section 7.1).
fn expand_label(hash: hmac::Algorithm, secret: &[u8], label: &str, len: usize) -> Vec<u8> {
    let label = ["tls13 ", label].concat();
    let mut info = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes().to_vec();
    info.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
    info.extend_from_slice(label.as_bytes());
    info.push(0);
    let key = hmac::Key::new(hash, secret);
    // HKDF-Expand (RFC 5869 section 2.3). One or two rounds suffice for every key.
    let (mut out, mut last) = (Vec::new(), Vec::new());
    for round in 1..=u8::MAX {
        last = hmac::sign(&key, &[last.as_slice(), &info, &[round]].concat()).as_ref().to_vec();
        out.extend_from_slice(&last);
        if out.len() >= len {
            break;
        }
    }
    out.truncate(len);
    out
}

/// Computes `P_hash` (RFC 5246 section 5).
fn expand(hash: hmac::Algorithm, secret: &[u8], seed: &[u8], len: usize) -> Vec<u8> {
    let key = hmac::Key::new(hash, secret);
    let mut a = hmac::sign(&key, seed);
    let mut out = Vec::new();
    while out.len() < len {
        out.extend_from_slice(hmac::sign(&key, &[a.as_ref(), seed].concat()).as_ref());
        a = hmac::sign(&key, a.as_ref());
    }
    out.truncate(len);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::format;

    /// RFC 8448 section 3: the server's handshake traffic secret and the keys derived from it.
    #[test]
    fn keys_match_the_trace_of_rfc_8448() {
        let secret = [
            0xb6, 0x7b, 0x7d, 0x69, 0x0c, 0xc1, 0x6c, 0x4e, 0x75, 0xe5, 0x42, 0x13, 0xcb, 0x2d,
            0x37, 0xb4, 0xe9, 0xc9, 0x12, 0xbc, 0xde, 0xd9, 0x10, 0x5d, 0x42, 0xbe, 0xfd, 0x59,
            0xd3, 0x91, 0xad, 0x38,
        ];
        let key = expand_label(hmac::HMAC_SHA256, &secret, "key", 16);
        let iv = expand_label(hmac::HMAC_SHA256, &secret, "iv", 12);
        assert_eq!(format::hex(&key), "3fce516009c21727d0f2e4e86ee403bc");
        assert_eq!(format::hex(&iv), "5d313eb2671276ee13000b30");
    }

    #[test]
    fn a_record_is_decrypted_once_and_only_in_its_turn() {
        let suite = CipherSuite::from_id(0x1303).unwrap();
        let mut decryptor = RecordDecryptor::from_traffic_secret(suite, &[7; 32]).unwrap();
        let head = [23, 3, 3, 0, 21];
        let seal = |decryptor: &RecordDecryptor, sequence: u8| {
            let mut nonce = decryptor.iv;
            nonce[11] ^= sequence;
            let mut body = b"hello".to_vec();
            let nonce = aead::Nonce::assume_unique_for_key(nonce);
            decryptor
                .key
                .seal_in_place_append_tag(nonce, aead::Aad::from(head), &mut body)
                .unwrap();
            body
        };
        let (first, second) = (seal(&decryptor, 0), seal(&decryptor, 1));
        assert_eq!(decryptor.decrypt(23, head, &second), None);
        assert_eq!(decryptor.decrypt(23, head, &first).unwrap(), b"hello");
        assert_eq!(decryptor.decrypt(23, head, &first), None);
        assert_eq!(decryptor.decrypt(23, head, &second).unwrap(), b"hello");
        assert!(decryptor.after_key_update().unwrap().secret != decryptor.secret);
    }
}
