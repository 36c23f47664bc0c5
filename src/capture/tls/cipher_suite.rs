//! [`CipherSuite`]: the cipher suites that can be decrypted. How the keys were exchanged does not
//! matter, because the key log has what the exchange led to.

use ring::{aead, hmac};

/// A supported cipher suite.
#[derive(Clone, Copy, Debug)]
pub(super) struct CipherSuite {
    /// The name in the registry of TLS cipher suites, without the prefix `TLS_` in TLS 1.2.
    pub(super) name: &'static str,
    pub(super) cipher: BulkCipher,
    /// The hash of the key derivation.
    pub(super) hash: hmac::Algorithm,
}

/// What encrypts and authenticates the records.
#[derive(Clone, Copy, Debug)]
pub(super) enum BulkCipher {
    Aead {
        algorithm: &'static aead::Algorithm,
        /// Whether eight bytes of the nonce precede each record, as with GCM in TLS 1.2 (RFC 5288
        /// section 3).
        explicit_nonce: bool,
    },
    /// AES in CBC mode with a MAC (RFC 5246 section 6.2.3.2).
    Cbc {
        /// The length of the AES key in bytes: 16 or 32.
        key_len: usize,
        mac: hmac::Algorithm,
    },
}

impl BulkCipher {
    /// Returns the length of the AES or `ChaCha20` key in bytes.
    pub(super) fn key_len(self) -> usize {
        match self {
            Self::Aead { algorithm, .. } => algorithm.key_len(),
            Self::Cbc { key_len, .. } => key_len,
        }
    }

    /// Returns the length of the key of the MAC in bytes: that of its hash.
    pub(super) fn mac_key_len(self) -> usize {
        match self {
            Self::Aead { .. } => 0,
            Self::Cbc { mac, .. } => mac.digest_algorithm().output_len(),
        }
    }

    /// Returns the length of the nonce's beginning that is derived and not sent. The whole IV of
    /// CBC is sent (RFC 5246 section 6.2.3.2).
    pub(super) fn fixed_iv_len(self) -> usize {
        match self {
            Self::Aead { explicit_nonce: true, .. } => 4,
            Self::Aead { explicit_nonce: false, .. } => aead::NONCE_LEN,
            Self::Cbc { .. } => 0,
        }
    }
}

const AES_128_GCM: BulkCipher =
    BulkCipher::Aead { algorithm: &aead::AES_128_GCM, explicit_nonce: true };
const AES_256_GCM: BulkCipher =
    BulkCipher::Aead { algorithm: &aead::AES_256_GCM, explicit_nonce: true };
const CHACHA20: BulkCipher =
    BulkCipher::Aead { algorithm: &aead::CHACHA20_POLY1305, explicit_nonce: false };
const AES_128_GCM_1_3: BulkCipher =
    BulkCipher::Aead { algorithm: &aead::AES_128_GCM, explicit_nonce: false };
const AES_256_GCM_1_3: BulkCipher =
    BulkCipher::Aead { algorithm: &aead::AES_256_GCM, explicit_nonce: false };
const AES_128_CBC_SHA: BulkCipher = cbc(16, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY);
const AES_256_CBC_SHA: BulkCipher = cbc(32, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY);
const AES_128_CBC_SHA256: BulkCipher = cbc(16, hmac::HMAC_SHA256);
const AES_256_CBC_SHA256: BulkCipher = cbc(32, hmac::HMAC_SHA256);
const AES_256_CBC_SHA384: BulkCipher = cbc(32, hmac::HMAC_SHA384);

const fn cbc(key_len: usize, mac: hmac::Algorithm) -> BulkCipher {
    BulkCipher::Cbc { key_len, mac }
}

impl CipherSuite {
    /// Returns the suite with this number in the registry of TLS cipher suites.
    pub(super) fn from_id(number: u16) -> Option<Self> {
        let (name, cipher) = match number {
            0x1301 => ("TLS_AES_128_GCM_SHA256", AES_128_GCM_1_3),
            0x1302 => ("TLS_AES_256_GCM_SHA384", AES_256_GCM_1_3),
            0x1303 => ("TLS_CHACHA20_POLY1305_SHA256", CHACHA20),
            0x002f => ("RSA_WITH_AES_128_CBC_SHA", AES_128_CBC_SHA),
            0x0033 => ("DHE_RSA_WITH_AES_128_CBC_SHA", AES_128_CBC_SHA),
            0x0035 => ("RSA_WITH_AES_256_CBC_SHA", AES_256_CBC_SHA),
            0x0039 => ("DHE_RSA_WITH_AES_256_CBC_SHA", AES_256_CBC_SHA),
            0x003c => ("RSA_WITH_AES_128_CBC_SHA256", AES_128_CBC_SHA256),
            0x003d => ("RSA_WITH_AES_256_CBC_SHA256", AES_256_CBC_SHA256),
            0x0067 => ("DHE_RSA_WITH_AES_128_CBC_SHA256", AES_128_CBC_SHA256),
            0x006b => ("DHE_RSA_WITH_AES_256_CBC_SHA256", AES_256_CBC_SHA256),
            0x009c => ("RSA_WITH_AES_128_GCM_SHA256", AES_128_GCM),
            0x009d => ("RSA_WITH_AES_256_GCM_SHA384", AES_256_GCM),
            0x009e => ("DHE_RSA_WITH_AES_128_GCM_SHA256", AES_128_GCM),
            0x009f => ("DHE_RSA_WITH_AES_256_GCM_SHA384", AES_256_GCM),
            0xc009 => ("ECDHE_ECDSA_WITH_AES_128_CBC_SHA", AES_128_CBC_SHA),
            0xc00a => ("ECDHE_ECDSA_WITH_AES_256_CBC_SHA", AES_256_CBC_SHA),
            0xc013 => ("ECDHE_RSA_WITH_AES_128_CBC_SHA", AES_128_CBC_SHA),
            0xc014 => ("ECDHE_RSA_WITH_AES_256_CBC_SHA", AES_256_CBC_SHA),
            0xc023 => ("ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", AES_128_CBC_SHA256),
            0xc024 => ("ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", AES_256_CBC_SHA384),
            0xc027 => ("ECDHE_RSA_WITH_AES_128_CBC_SHA256", AES_128_CBC_SHA256),
            0xc028 => ("ECDHE_RSA_WITH_AES_256_CBC_SHA384", AES_256_CBC_SHA384),
            0xc02b => ("ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", AES_128_GCM),
            0xc02c => ("ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", AES_256_GCM),
            0xc02f => ("ECDHE_RSA_WITH_AES_128_GCM_SHA256", AES_128_GCM),
            0xc030 => ("ECDHE_RSA_WITH_AES_256_GCM_SHA384", AES_256_GCM),
            0xcca8 => ("ECDHE_RSA_WITH_CHACHA20_POLY1305", CHACHA20),
            0xcca9 => ("ECDHE_ECDSA_WITH_CHACHA20_POLY1305", CHACHA20),
            0xccaa => ("DHE_RSA_WITH_CHACHA20_POLY1305", CHACHA20),
            _ => return None,
        };
        // SHA-256 derives the keys of every suite whose name does not end in another hash (RFC 5246
        // section 5). The old suites ending in SHA are no exception: that hash is their MAC's.
        let hash = if name.ends_with("SHA384") { hmac::HMAC_SHA384 } else { hmac::HMAC_SHA256 };
        Some(Self { name, cipher, hash })
    }
}

/// The names of suites that cannot be decrypted, in the registry of TLS cipher suites.
const UNSUPPORTED: &[(u16, &str)] = &[
    (0x0001, "TLS_RSA_WITH_NULL_MD5"),
    (0x0002, "TLS_RSA_WITH_NULL_SHA"),
    (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
    (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
    (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x003b, "TLS_RSA_WITH_NULL_SHA256"),
    (0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"),
    (0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"),
    (0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    (0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"),
    (0x008c, "TLS_PSK_WITH_AES_128_CBC_SHA"),
    (0x008d, "TLS_PSK_WITH_AES_256_CBC_SHA"),
    (0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256"),
    (0x00a9, "TLS_PSK_WITH_AES_256_GCM_SHA384"),
    (0x1304, "TLS_AES_128_CCM_SHA256"),
    (0x1305, "TLS_AES_128_CCM_8_SHA256"),
    (0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"),
    (0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
    (0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
    (0xc050, "TLS_RSA_WITH_ARIA_128_GCM_SHA256"),
    (0xc051, "TLS_RSA_WITH_ARIA_256_GCM_SHA384"),
    (0xc05c, "TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256"),
    (0xc05d, "TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384"),
    (0xc060, "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256"),
    (0xc061, "TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384"),
    (0xc072, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256"),
    (0xc073, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384"),
    (0xc076, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256"),
    (0xc077, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384"),
    (0xc09c, "TLS_RSA_WITH_AES_128_CCM"),
    (0xc09d, "TLS_RSA_WITH_AES_256_CCM"),
    (0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM"),
    (0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM"),
    (0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8"),
    (0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8"),
    (0xc0a2, "TLS_DHE_RSA_WITH_AES_128_CCM_8"),
    (0xc0a3, "TLS_DHE_RSA_WITH_AES_256_CCM_8"),
    (0xc0a4, "TLS_PSK_WITH_AES_128_CCM"),
    (0xc0a5, "TLS_PSK_WITH_AES_256_CCM"),
    (0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"),
    (0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"),
    (0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"),
    (0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"),
    (0xccac, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256"),
    (0xd001, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256"),
    (0xd002, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384"),
];

/// Returns the name and the number of a suite that cannot be decrypted; only the number if its name
/// is not known here.
pub(super) fn suite_name(number: u16) -> String {
    match UNSUPPORTED.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => format!("{name} ({number:#06x})"),
        None => format!("{number:#06x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsupported_suites_are_named() {
        assert!(UNSUPPORTED.is_sorted_by_key(|(number, _)| *number));
        assert!(UNSUPPORTED.iter().all(|(number, _)| CipherSuite::from_id(*number).is_none()));
        assert_eq!(suite_name(0xc09f), "TLS_DHE_RSA_WITH_AES_256_CCM (0xc09f)");
        assert_eq!(suite_name(0xfefe), "0xfefe");
    }
}
