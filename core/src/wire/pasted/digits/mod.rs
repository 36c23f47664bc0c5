//! Digits without brackets or quotes: hex, decimal, binary and base64.

pub(super) mod base64_text;
pub(super) mod binary;
pub(super) mod decimal;
pub(super) mod hex;
