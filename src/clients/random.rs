//! Unpredictable random numbers for the key of a handshake and the masking keys of frames.

use thiserror::Error;

use crate::wire::MaskingKey;

/// The system provides no random numbers, so neither a key for the handshake nor a masking key can
/// be made.
#[derive(Clone, Copy, Debug, Error)]
#[error("could not get random numbers from the system: {0}")]
pub struct RandomError(#[source] getrandom::Error);

/// Returns unpredictable bytes (RFC 6455 section 5.3).
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(RandomError)?;
    Ok(bytes)
}

/// Returns sixteen random bytes for the key of a request (RFC 6455 section 4.1).
///
/// # Errors
/// Fails if the system provides none.
pub(crate) fn nonce() -> Result<[u8; 16], RandomError> {
    random_bytes()
}

/// Returns a fresh masking key. Every frame needs a new one (RFC 6455 section 5.3).
pub(super) fn masking_key() -> Result<MaskingKey, RandomError> {
    random_bytes()
}
