//! DEFLATE without compression, for the misbehaviors that compress although nobody agreed on it.

/// Returns DEFLATE blocks that compress nothing (RFC 1951 section 3.2.4), followed by the byte that
/// RFC 7692 section 7.2.3.4 adds after a final block.
pub(super) fn stored_blocks(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for block in data.chunks(usize::from(u16::MAX)) {
        let len = u16::try_from(block.len()).unwrap_or(u16::MAX);
        // Not the last block, and of type 00: stored.
        bytes.push(0);
        bytes.extend(len.to_le_bytes());
        // NLEN is the complement of LEN.
        bytes.extend((!len).to_le_bytes());
        bytes.extend_from_slice(block);
    }
    bytes.push(0);
    bytes
}
