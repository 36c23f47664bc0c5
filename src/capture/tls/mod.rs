//! [`TlsSession`]: decrypts the TLS records of one connection with logged secrets. It checks
//! neither certificate nor handshake, because its user wants to read, not to trust.
//!
//! Supported are TLS 1.3 (AES-GCM, `ChaCha20`-Poly1305, including key updates and early data), and
//! of TLS 1.2 the suites with AES-GCM, AES-CBC and `ChaCha20`-Poly1305 whose keys were exchanged by
//! RSA, DHE or ECDHE. After bytes that were not captured, the next record is searched.

mod alert;
mod cipher_suite;
mod hello;
mod key_derivation;
mod key_log;
mod record;
mod record_decryptor;
mod search;
mod secrets;
mod session;
mod status;

pub use self::alert::TlsAlert;
pub(super) use self::key_log::{KeyLog, KeyLogLines, Random};
pub(super) use self::record::looks_like_tls;
pub(super) use self::session::TlsSession;
pub(super) use self::status::TlsOutput;
pub use self::status::{SecretFault, TlsStatus, TlsUnreadable};
