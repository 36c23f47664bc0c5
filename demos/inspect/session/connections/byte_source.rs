//! [`ByteSource`]: where the bytes of a connection are.

use std::collections::HashMap;
use std::sync::Arc;

use super::byte_rings::ByteRings;
use crate::capture::{ByteStore, StoredBytes};

/// The source of a connection's bytes.
#[derive(Debug)]
pub(crate) enum ByteSource {
    /// In memory.
    Memory(ByteRings),
    /// In a file, with the frames that were fetched so far: by row, the bytes and how many were
    /// asked for.
    File(Arc<ByteStore>, HashMap<usize, (StoredBytes, u64)>),
}
