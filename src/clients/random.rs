//! Random numbers that nobody can guess: for the key of a handshake and the masks of frames.

use thiserror::Error;

use crate::wire::MaskingKey;

/// The system gives no random numbers, so there is neither a key for the handshake nor one for a
/// frame.
#[derive(Clone, Copy, Debug, Error)]
#[error("the system gives no random numbers: {0}")]
pub struct RandomError(#[source] getrandom::Error);

/// A masking key or a nonce that nobody can guess (RFC 6455 section 5.3).
fn random_bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(RandomError)?;
    Ok(bytes)
}

/// Sixteen random bytes for a request's key (RFC 6455 section 4.1).
///
/// # Errors
/// If the system gives none.
pub(crate) fn nonce() -> Result<[u8; 16], RandomError> {
    random_bytes()
}

/// A fresh masking key.
pub(super) fn masking_key() -> Result<MaskingKey, RandomError> {
    random_bytes()
}
