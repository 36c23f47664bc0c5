//! [`RecordDecryptor`]: the keys of one TLS direction, derived from a logged secret. It decrypts
//! records and verifies them; [`super::session`] selects the secret and interprets the plaintext.
//!
//! TLS 1.3: RFC 8446 sections 5.2, 5.3, 7.3. TLS 1.2: RFC 5246 section 6.3; RFC 5288 (GCM); RFC
//! 7905 (`ChaCha20`); RFC 5246 section 6.2.3.2 and RFC 7366 (CBC).

use aes::{Aes128, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use ring::{aead, hmac};

use super::cipher_suite::{BulkCipher, CipherSuite};
use super::key_derivation::{expand, expand_label};
use super::record::{HEADER_LEN, RecordHeader};

/// The block size of AES in bytes, which is also the length of the IV before a record in CBC mode.
const AES_BLOCK_LEN: usize = 16;

/// The keys of one direction, with the number of the next record.
#[derive(Debug)]
pub(super) struct RecordDecryptor {
    suite: CipherSuite,
    key: RecordKey,
    sequence: u64,
    /// TLS 1.3: the secret from which the next one is derived. `None` in TLS 1.2.
    secret: Option<Vec<u8>>,
}

/// The key that decrypts a record and proves that it was not changed.
#[derive(Debug)]
enum RecordKey {
    Aead { key: Box<aead::LessSafeKey>, iv: [u8; aead::NONCE_LEN], explicit_nonce: bool },
    Cbc { key: Vec<u8>, mac: hmac::Key, mac_len: usize, encrypt_then_mac: bool },
}

impl RecordDecryptor {
    /// Derives the keys from a traffic secret of TLS 1.3.
    pub(super) fn from_traffic_secret(suite: CipherSuite, secret: &[u8]) -> Option<Self> {
        let key = expand_label(suite.hash, secret, "key", suite.cipher.key_len());
        let iv = expand_label(suite.hash, secret, "iv", aead::NONCE_LEN);
        let key = RecordKey::new_aead(suite.cipher, &key, &iv)?;
        Some(Self { suite, key, sequence: 0, secret: Some(secret.to_vec()) })
    }

    /// Derives the keys of the client and of the server from the master secret of TLS 1.2.
    /// `encrypt_then_mac` is whether the hellos agreed on RFC 7366.
    pub(super) fn from_master_secret(
        suite: CipherSuite,
        master: &[u8],
        [client, server]: [&[u8]; 2],
        encrypt_then_mac: bool,
    ) -> Option<[Self; 2]> {
        let cipher = suite.cipher;
        let (mac_len, key_len, iv_len) =
            (cipher.mac_key_len(), cipher.key_len(), cipher.fixed_iv_len());
        let seed = [b"key expansion", server, client].concat();
        // Two keys of the MAC, two of the cipher, then the beginnings of two nonces (RFC 5246
        // section 6.3).
        let len = mac_len.saturating_add(key_len).saturating_add(iv_len).saturating_mul(2);
        let block = expand(suite.hash, master, &seed, len);
        let (client_mac, block) = block.split_at_checked(mac_len)?;
        let (server_mac, block) = block.split_at_checked(mac_len)?;
        let (client_key, block) = block.split_at_checked(key_len)?;
        let (server_key, block) = block.split_at_checked(key_len)?;
        let (client_iv, server_iv) = block.split_at_checked(iv_len)?;
        let decryptor = |mac_key: &[u8], key: &[u8], iv: &[u8]| {
            let key = match cipher {
                BulkCipher::Aead { .. } => RecordKey::new_aead(cipher, key, iv)?,
                BulkCipher::Cbc { mac, .. } => RecordKey::Cbc {
                    key: key.to_vec(),
                    mac: hmac::Key::new(mac, mac_key),
                    mac_len,
                    encrypt_then_mac,
                },
            };
            Some(Self { suite, key, sequence: 0, secret: None })
        };
        Some([
            decryptor(client_mac, client_key, client_iv)?,
            decryptor(server_mac, server_key, server_iv)?,
        ])
    }

    /// Whether a record was decrypted with these keys.
    pub(super) fn has_opened(&self) -> bool {
        self.sequence > 0
    }

    /// Decrypts a record, if it is the next one under these keys.
    pub(super) fn decrypt(&mut self, header: RecordHeader, body: &[u8]) -> Option<Vec<u8>> {
        self.decrypt_within(0, header, body).map(|(_, plain)| plain)
    }

    /// Decrypts a record that follows up to `max_lost` others, which were lost. Returns how many
    /// they were: the tag or the MAC covers the record number, so only the right one verifies.
    pub(super) fn decrypt_within(
        &mut self,
        max_lost: u64,
        header: RecordHeader,
        body: &[u8],
    ) -> Option<(u64, Vec<u8>)> {
        (0..=max_lost).find_map(|lost| {
            let sequence = self.sequence.checked_add(lost)?;
            let plain = match &self.key {
                RecordKey::Aead { .. } => self.open_aead(sequence, header, body)?,
                RecordKey::Cbc { .. } => self.open_cbc(sequence, header, body)?,
            };
            self.sequence = sequence.saturating_add(1);
            Some((lost, plain))
        })
    }

    /// Returns by how much a record is longer than its plaintext, at least, with its header.
    pub(super) fn min_overhead(&self) -> u64 {
        let (before, behind) = match &self.key {
            // TLS 1.3 appends the content type (RFC 8446 section 5.2).
            RecordKey::Aead { explicit_nonce, .. } => (
                if *explicit_nonce { EXPLICIT_NONCE_LEN } else { 0 },
                aead::MAX_TAG_LEN.saturating_add(usize::from(self.secret.is_some())),
            ),
            // The padding has at least the byte with its length.
            RecordKey::Cbc { mac_len, .. } => (AES_BLOCK_LEN, mac_len.saturating_add(1)),
        };
        HEADER_LEN.saturating_add(before).saturating_add(behind) as u64
    }

    /// Returns the keys after a `KeyUpdate` (RFC 8446 section 7.2).
    pub(super) fn after_key_update(&self) -> Option<Self> {
        let secret = self.secret.as_ref()?;
        let next = expand_label(self.suite.hash, secret, "traffic upd", secret.len());
        Self::from_traffic_secret(self.suite, &next)
    }

    fn open_aead(&self, sequence: u64, header: RecordHeader, body: &[u8]) -> Option<Vec<u8>> {
        let RecordKey::Aead { key, iv, explicit_nonce } = &self.key else { return None };
        let (mut nonce, mut sealed) = (*iv, body);
        if *explicit_nonce {
            let (explicit, rest) = body.split_at_checked(EXPLICIT_NONCE_LEN)?;
            nonce[4..].copy_from_slice(explicit);
            sealed = rest;
        } else {
            // The record number is XORed into the end of the IV (RFC 8446 section 5.3, RFC 7905
            // section 2).
            nonce[4..]
                .iter_mut()
                .zip(sequence.to_be_bytes())
                .for_each(|(byte, number)| *byte ^= number);
        }
        let len = sealed.len().checked_sub(aead::MAX_TAG_LEN)?;
        // The additional data is the record header in TLS 1.3; in TLS 1.2 it has the record number
        // and the plaintext length (RFC 5246 section 6.2.3.3).
        let additional = match self.secret {
            Some(_) => header.bytes.to_vec(),
            None => authenticated_header(sequence, header, len)?,
        };
        let mut opened = sealed.to_vec();
        // The name concerns encryption only: decryption uses the nonce that the sender chose.
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let len = key.open_in_place(nonce, aead::Aad::from(additional), &mut opened).ok()?.len();
        opened.truncate(len);
        Some(opened)
    }

    fn open_cbc(&self, sequence: u64, header: RecordHeader, body: &[u8]) -> Option<Vec<u8>> {
        let RecordKey::Cbc { key, mac, mac_len, encrypt_then_mac } = &self.key else {
            return None;
        };
        if *encrypt_then_mac {
            // The MAC covers the ciphertext with its IV (RFC 7366 section 3).
            let (sealed, tag) = body.split_at_checked(body.len().checked_sub(*mac_len)?)?;
            verify_mac(mac, sequence, header, sealed, tag)?;
            let mut plain = decrypt_cbc(key, sealed)?;
            plain.truncate(len_without_padding(&plain)?);
            return Some(plain);
        }
        let mut plain = decrypt_cbc(key, body)?;
        plain.truncate(len_without_padding(&plain)?);
        let (content, tag) = plain.split_at_checked(plain.len().checked_sub(*mac_len)?)?;
        verify_mac(mac, sequence, header, content, tag)?;
        plain.truncate(content.len());
        Some(plain)
    }
}

/// The length of the part of a GCM nonce that is sent with each record of TLS 1.2 (RFC 5288 section
/// 3).
const EXPLICIT_NONCE_LEN: usize = 8;

impl RecordKey {
    fn new_aead(cipher: BulkCipher, key: &[u8], iv: &[u8]) -> Option<Self> {
        let BulkCipher::Aead { algorithm, explicit_nonce } = cipher else { return None };
        let key = aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, key).ok()?);
        let mut whole = [0; aead::NONCE_LEN];
        whole.get_mut(..iv.len())?.copy_from_slice(iv);
        Some(Self::Aead { key: Box::new(key), iv: whole, explicit_nonce })
    }
}

/// Returns what is authenticated of a record of TLS 1.2 besides its content: its number, type,
/// version and a length (RFC 5246 section 6.2.3.1).
fn authenticated_header(sequence: u64, header: RecordHeader, len: usize) -> Option<Vec<u8>> {
    let len = u16::try_from(len).ok()?.to_be_bytes();
    Some([&sequence.to_be_bytes()[..], &[header.content_type], &header.version(), &len].concat())
}

fn verify_mac(
    key: &hmac::Key,
    sequence: u64,
    header: RecordHeader,
    content: &[u8],
    tag: &[u8],
) -> Option<()> {
    let mut signed = authenticated_header(sequence, header, content.len())?;
    signed.extend_from_slice(content);
    hmac::verify(key, &signed, tag).ok()
}

/// Decrypts what follows the IV at the beginning of `sealed`. The padding remains.
fn decrypt_cbc(key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (iv, blocks) = sealed.split_at_checked(AES_BLOCK_LEN)?;
    let mut plain = blocks.to_vec();
    let decrypted = if key.len() == 16 {
        Decryptor::<Aes128>::new_from_slices(key, iv).ok()?.decrypt_padded::<NoPadding>(&mut plain)
    } else {
        Decryptor::<Aes256>::new_from_slices(key, iv).ok()?.decrypt_padded::<NoPadding>(&mut plain)
    };
    // The length of the ciphertext must be a multiple of the block size.
    decrypted.ok()?;
    Some(plain)
}

/// Returns the length of what precedes the padding, each byte of which is the number of bytes
/// before the last one (RFC 5246 section 6.2.3.2).
fn len_without_padding(plain: &[u8]) -> Option<usize> {
    let padding_len = *plain.last()?;
    let len = plain.len().checked_sub(usize::from(padding_len).saturating_add(1))?;
    plain.get(len..)?.iter().all(|byte| *byte == padding_len).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_decrypted_once_and_only_in_its_turn() {
        let suite = CipherSuite::from_id(0x1303).unwrap();
        let mut decryptor = RecordDecryptor::from_traffic_secret(suite, &[7; 32]).unwrap();
        let header = RecordHeader::parse([23, 3, 3, 0, 21]).unwrap();
        let seal = |decryptor: &RecordDecryptor, sequence: u8| {
            let RecordKey::Aead { key, iv, .. } = &decryptor.key else { panic!() };
            let mut nonce = *iv;
            nonce[11] ^= sequence;
            let mut body = b"hello".to_vec();
            let nonce = aead::Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_append_tag(nonce, aead::Aad::from(header.bytes), &mut body).unwrap();
            body
        };
        let (first, second) = (seal(&decryptor, 0), seal(&decryptor, 1));
        assert_eq!(decryptor.decrypt(header, &second), None);
        assert_eq!(decryptor.decrypt(header, &first).unwrap(), b"hello");
        assert_eq!(decryptor.decrypt(header, &first), None);
        assert_eq!(decryptor.decrypt(header, &second).unwrap(), b"hello");
        assert!(decryptor.after_key_update().unwrap().secret != decryptor.secret);
    }
    /// Seals `content` in CBC mode as record `sequence` of the client, with 256 bytes of padding.
    fn seal_cbc(decryptor: &RecordDecryptor, sequence: u64, content: &[u8]) -> Vec<u8> {
        use cbc::Encryptor;
        use cbc::cipher::BlockModeEncrypt as _;
        let RecordKey::Cbc { key, mac, encrypt_then_mac, .. } = &decryptor.key else { panic!() };
        let header = |len: usize| {
            authenticated_header(sequence, RecordHeader::parse([23, 3, 3, 0, 0]).unwrap(), len)
        };
        let sign = |bytes: &[u8]| {
            hmac::sign(mac, &[header(bytes.len()).unwrap(), bytes.to_vec()].concat())
        };
        let mut plain = content.to_vec();
        if !encrypt_then_mac {
            plain.extend_from_slice(sign(content).as_ref());
        }
        let padding_len = 255 - u8::try_from((plain.len() + 256) % 16).unwrap();
        plain.extend(vec![padding_len; usize::from(padding_len) + 1]);
        let (iv, len) = ([9; 16], plain.len());
        let sealed = if key.len() == 16 {
            let encryptor = Encryptor::<Aes128>::new_from_slices(key, &iv).unwrap();
            encryptor.encrypt_padded::<NoPadding>(&mut plain, len).unwrap().to_vec()
        } else {
            let encryptor = Encryptor::<Aes256>::new_from_slices(key, &iv).unwrap();
            encryptor.encrypt_padded::<NoPadding>(&mut plain, len).unwrap().to_vec()
        };
        let mut body = [iv.to_vec(), sealed].concat();
        if *encrypt_then_mac {
            let tag = sign(&body);
            body.extend_from_slice(tag.as_ref());
        }
        body
    }

    #[test]
    fn cbc_records_are_verified_in_both_orders_of_mac_and_encryption() {
        for number in [0x002f, 0x003d, 0xc028] {
            for encrypt_then_mac in [false, true] {
                let suite = CipherSuite::from_id(number).unwrap();
                let [mut decryptor, _] = RecordDecryptor::from_master_secret(
                    suite,
                    &[5; 48],
                    [&[1; 32], &[2; 32]],
                    encrypt_then_mac,
                )
                .unwrap();
                let body = seal_cbc(&decryptor, 3, b"hello");
                let len = u16::try_from(body.len()).unwrap().to_be_bytes();
                let header = RecordHeader::parse([23, 3, 3, len[0], len[1]]).unwrap();
                for at in [0, 15, 16, body.len() - 1] {
                    let mut changed = body.clone();
                    changed[at] ^= 1;
                    assert_eq!(decryptor.decrypt_within(8, header, &changed), None, "{at}");
                }
                assert_eq!(decryptor.decrypt_within(2, header, &body), None);
                let opened = decryptor.decrypt_within(3, header, &body);
                assert_eq!(opened, Some((3, b"hello".to_vec())), "{}", suite.name);
                assert_eq!(decryptor.decrypt(header, &body), None, "it was record 3");
                for cut in 0..body.len() {
                    assert_eq!(decryptor.decrypt_within(1, header, &body[..cut]), None);
                }
            }
        }
    }
}
