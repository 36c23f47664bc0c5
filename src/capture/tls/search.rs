//! [`RecordSearch`]: finds the next record of a direction after bytes that were not captured. A
//! header that it finds is a guess; the tag or MAC of the record is the proof.

use memchr::memmem;

use super::record::{APPLICATION_DATA, HEADER_LEN, RecordHeader};
use super::record_decryptor::RecordDecryptor;
use crate::wire::ByteLen;

/// How the header of an encrypted record begins: application data, and the version that TLS 1.3 and
/// 1.2 both write.
const HEADER_START: [u8; 3] = [APPLICATION_DATA, 3, 3];

/// The maximum number of lost records for which the number of the next one is searched.
const MAX_LOST_RECORDS: u64 = 1024;

/// The maximum number of record numbers that are tried in vain in one direction. A header by chance
/// is rare (one in 16 million bytes), so this bounds the work for files made for that purpose and
/// for secrets that do not fit.
pub(super) const MAX_VAIN_GUESSES: u64 = 8 * MAX_LOST_RECORDS;

/// The search for the next record of one direction.
#[derive(Debug, Default)]
pub(super) struct RecordSearch {
    /// The number of bytes before the place that is looked at, which belong to lost records.
    lost: ByteLen,
    /// The number of record numbers that were tried in vain since the caller asked for it.
    vain_guesses: u64,
}

/// The result of looking for a header.
#[derive(Debug, PartialEq, Eq)]
enum Candidate {
    /// A header begins after this many bytes.
    At(usize, RecordHeader),
    /// No header begins before this offset.
    NotBefore(usize),
}

impl RecordSearch {
    /// Counts bytes as belonging to lost records.
    pub(super) fn lose(&mut self, len: ByteLen) {
        self.lost += len;
    }

    /// Moves `rest` to the next header and returns it with the body behind it. Returns `None` if
    /// there is none, or if its record is not complete yet. What is passed over counts as lost.
    pub(super) fn next_candidate<'a>(
        &mut self,
        rest: &mut &'a [u8],
    ) -> Option<(RecordHeader, &'a [u8])> {
        let (skipped, header) = match find_header(rest) {
            Candidate::At(skipped, header) => (skipped, Some(header)),
            Candidate::NotBefore(skipped) => (skipped, None),
        };
        let (before, behind) = rest.split_at_checked(skipped)?;
        self.lose(ByteLen::of(before));
        *rest = behind;
        let header = header?;
        Some((header, behind.get(HEADER_LEN..)?.get(..header.len)?))
    }

    /// Decrypts the first record after the lost ones, whose number is unknown. Returns how much
    /// plaintext is lost at most, and the plaintext of the record; the first of `decryptors` is
    /// then the current one. Returns `None` if no number fits.
    pub(super) fn open(
        &mut self,
        decryptors: &mut Vec<RecordDecryptor>,
        header: RecordHeader,
        body: &[u8],
    ) -> Option<(ByteLen, Vec<u8>)> {
        for at in 0..decryptors.len() {
            if let Some(decryptor) = decryptors.get_mut(at)
                && let Some(opened) = self.open_with(decryptor, header, body)
            {
                decryptors.drain(..at);
                return Some(opened);
            }
        }
        // A KeyUpdate may be among the lost records.
        let mut updated = decryptors.last()?.after_key_update()?;
        let opened = self.open_with(&mut updated, header, body)?;
        *decryptors = vec![updated];
        Some(opened)
    }

    fn open_with(
        &mut self,
        decryptor: &mut RecordDecryptor,
        header: RecordHeader,
        body: &[u8],
    ) -> Option<(ByteLen, Vec<u8>)> {
        let overhead = decryptor.min_overhead();
        let max_lost = self.max_lost_records(overhead);
        let Some((lost, plain)) = decryptor.decrypt_within(max_lost, header, body) else {
            self.vain_guesses = self.vain_guesses.saturating_add(max_lost).saturating_add(1);
            return None;
        };
        Some((self.max_lost_plaintext(lost, overhead), plain))
    }

    /// Returns how many record numbers were tried in vain since the last call.
    pub(super) fn take_vain_guesses(&mut self) -> u64 {
        std::mem::take(&mut self.vain_guesses)
    }

    /// Returns the maximum number of records that can be lost, each of which has `overhead` bytes
    /// besides its plaintext.
    fn max_lost_records(&self, overhead: u64) -> u64 {
        self.lost.get().checked_div(overhead).unwrap_or(0).min(MAX_LOST_RECORDS)
    }

    /// Returns how much plaintext is lost at most, if `records` records are lost. It is exactly
    /// that much if all of them carried application data without padding.
    fn max_lost_plaintext(&self, records: u64, overhead: u64) -> ByteLen {
        self.lost - ByteLen::new(records.saturating_mul(overhead))
    }
}

/// Looks for the first header of an encrypted record in `bytes`. Segments usually begin with one,
/// but the records of a large message lie across them.
fn find_header(bytes: &[u8]) -> Candidate {
    let mut skipped = 0_usize;
    while let Some(rest) = bytes.get(skipped..) {
        let Some(at) = memmem::find(rest, &HEADER_START) else { break };
        skipped = skipped.saturating_add(at);
        let Some(header) = bytes.get(skipped..).and_then(<[u8]>::first_chunk::<HEADER_LEN>) else {
            return Candidate::NotBefore(skipped);
        };
        if let Some(header) = RecordHeader::parse(*header) {
            return Candidate::At(skipped, header);
        }
        skipped = skipped.saturating_add(1);
    }
    // The beginning of a header may be at the very end.
    let tail = HEADER_START.len().saturating_sub(1);
    Candidate::NotBefore(skipped.max(bytes.len().saturating_sub(tail)).min(bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_whole_or_awaited() {
        let header = RecordHeader::parse([23, 3, 3, 1, 0]).unwrap();
        assert_eq!(find_header(&[23, 3, 3, 1, 0, 9]), Candidate::At(0, header));
        assert_eq!(find_header(&[7, 23, 3, 23, 3, 3, 1, 0]), Candidate::At(3, header));
        // A length beyond the maximum is no header.
        assert_eq!(find_header(&[23, 3, 3, 0xff, 0, 23, 3, 3, 1, 0]), Candidate::At(5, header));
        for (bytes, not_before) in [
            (&[][..], 0),
            (&[1], 0),
            (&[1, 2, 3], 1),
            (&[1, 2, 23, 3], 2),
            (&[1, 2, 23, 3, 3, 1], 2),
            (&[23, 3, 3, 0xff, 0], 3),
        ] {
            assert_eq!(find_header(bytes), Candidate::NotBefore(not_before), "{bytes:?}");
        }
    }

    #[test]
    fn the_number_of_lost_records_is_bounded_by_the_lost_bytes() {
        let mut search = RecordSearch::default();
        search.lose(ByteLen::new(100));
        assert_eq!((search.max_lost_records(22), search.max_lost_records(101)), (4, 0));
        assert_eq!(search.max_lost_plaintext(2, 22), ByteLen::new(56));
        assert_eq!(search.max_lost_plaintext(9, 22), ByteLen::ZERO);
        search.lose(ByteLen::new(u64::MAX));
        assert_eq!(search.max_lost_records(22), MAX_LOST_RECORDS);
    }
}
