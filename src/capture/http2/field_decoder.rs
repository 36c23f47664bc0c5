//! [`FieldDecoder`]: decodes the header blocks of one direction (HPACK, RFC 7541), also after blocks
//! that were lost.

use std::fmt;

use loona_hpack::Decoder;

use crate::wire::handshake::extended_connect::Field;

/// The initial size of the dynamic table (RFC 9113 section 6.5.2).
const DEFAULT_TABLE_SIZE: usize = 4096;

/// The maximum size of the dynamic table in bytes, whatever a peer announces: browsers announce as
/// much, servers less.
const MAX_TABLE_SIZE: usize = 1 << 16;

/// The maximum number of bytes kept of the fields of one block. A byte of a block may stand for a
/// long entry of the table.
const MAX_FIELD_BYTES: usize = 1 << 16;

/// The decoder of one direction.
pub(super) struct FieldDecoder(Decoder<'static>);

impl fmt::Debug for FieldDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FieldDecoder")
    }
}

impl Default for FieldDecoder {
    fn default() -> Self {
        let mut decoder = Decoder::new();
        decoder.set_max_allowed_table_size(DEFAULT_TABLE_SIZE);
        Self(decoder)
    }
}

impl FieldDecoder {
    /// Creates a decoder for a direction whose earlier blocks are unknown.
    ///
    /// Entries of the table are numbered from the newest, so those that were added since have their
    /// right numbers, and older ones are out of bounds: a block is decoded rightly or not at all.
    /// The table must not be smaller than the sender's, which is unknown too.
    pub(super) fn after_unknown_blocks() -> Self {
        let mut decoder = Decoder::new();
        decoder.set_max_allowed_table_size(MAX_TABLE_SIZE);
        decoder.set_max_table_size(MAX_TABLE_SIZE);
        Self(decoder)
    }

    /// Takes `SETTINGS_HEADER_TABLE_SIZE` of the receiver.
    pub(super) fn allow_table_size(&mut self, size: u32) {
        let size = usize::try_from(size).unwrap_or(MAX_TABLE_SIZE).min(MAX_TABLE_SIZE);
        // A smaller table takes effect when the sender says so, in a block.
        self.0.set_max_allowed_table_size(size.max(DEFAULT_TABLE_SIZE));
    }

    /// Decodes a block. Returns `None` if it is damaged, or refers to blocks that are not known.
    pub(super) fn decode(&mut self, block: &[u8]) -> Option<Vec<Field>> {
        let (mut fields, mut kept) = (Vec::new(), 0_usize);
        let decoded = self.0.decode_with_cb(block, |name, value| {
            kept = kept.saturating_add(name.len()).saturating_add(value.len());
            if kept <= MAX_FIELD_BYTES {
                fields.push((name.into_owned(), value.into_owned()));
            }
        });
        if decoded.is_ok() {
            return Some(fields);
        }
        // What the rest of the block would have added to the table is unknown.
        *self = Self::after_unknown_blocks();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(fields: Option<Vec<Field>>) -> Option<Vec<String>> {
        let shown = |(name, value): &Field| {
            format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
        };
        fields.map(|fields| fields.iter().map(shown).collect())
    }

    #[test]
    fn rfc_7541_appendix_c_3_the_table_goes_on_and_what_it_lacks_is_not_invented() {
        let first = b"\x82\x86\x84\x41\x0fwww.example.com";
        let second = b"\x82\x86\x84\xbe\x58\x08no-cache";
        let third = b"\x82\x86\x84\xbe\xbf";
        let authority = ":authority: www.example.com".to_owned();
        let mut decoder = FieldDecoder::default();
        assert_eq!(pairs(decoder.decode(first)).unwrap()[3], authority);
        assert_eq!(
            pairs(decoder.decode(second)).unwrap()[3..],
            [&authority, "cache-control: no-cache"]
        );
        // The first block is unknown, so the entry that the second one needs is too.
        let mut decoder = FieldDecoder::after_unknown_blocks();
        assert_eq!(decoder.decode(second), None);
        assert_eq!(decoder.decode(third), None);
        assert_eq!(pairs(decoder.decode(first)).unwrap()[3], authority);
        assert_eq!(pairs(decoder.decode(second)).unwrap()[3], authority);
    }

    #[test]
    fn damaged_blocks_are_refused_and_cost_no_panic() {
        for block in [
            &b"\x3f"[..],
            b"\x3f\xff\xff\xff\xff\xff",
            b"\x00",
            b"\x7f\x81",
            b"\xff\xff\xff\xff\xff\x7f",
            b"\x80",
        ] {
            assert_eq!(FieldDecoder::default().decode(block), None, "{block:x?}");
        }
        // A table of 64 KiB is not allowed before the receiver announces it.
        let grow = b"\x3f\xe1\xff\x03\x82";
        assert_eq!(FieldDecoder::default().decode(grow), None);
        let mut decoder = FieldDecoder::default();
        decoder.allow_table_size(1 << 20);
        assert!(decoder.decode(grow).is_some());
    }

    #[test]
    fn an_entry_that_a_byte_repeats_takes_no_more_memory_than_the_limit() {
        let mut block = b"\x40\x01a\x7f\xa1\x1e".to_vec();
        block.extend([b'v'; 4000]);
        block.extend([0xbe; 10_000]);
        let fields = FieldDecoder::default().decode(&block).unwrap();
        assert!(fields.len() < 20, "{}", fields.len());
    }
}
