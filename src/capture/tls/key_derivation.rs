//! How TLS derives keys from a secret: `HKDF-Expand-Label` of TLS 1.3 (RFC 8446 section 7.1) and
//! `P_hash` of TLS 1.2 (RFC 5246 section 5).

use ring::hmac;

/// Computes `HKDF-Expand-Label` with an empty context (RFC 8446 section 7.1).
pub(super) fn expand_label(
    hash: hmac::Algorithm,
    secret: &[u8],
    label: &str,
    len: usize,
) -> Vec<u8> {
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
pub(super) fn expand(hash: hmac::Algorithm, secret: &[u8], seed: &[u8], len: usize) -> Vec<u8> {
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
}
