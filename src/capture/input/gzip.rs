//! [`GzipReader`]: decompresses gzip (RFC 1952). The members are decompressed by `flate2`; this adds
//! what a file has around them: several members, padding, and bytes that are no gzip.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::members::{MemberSource, MemberStart};

/// A source of gzip members, one behind the other.
pub(super) struct GzipReader<R> {
    /// The member in progress; `None` at the end of the source.
    member: Option<GzDecoder<MemberSource<R>>>,
}

impl<R: BufRead> GzipReader<R> {
    /// Begins to read `source`, which begins with a member.
    pub(super) fn new(source: R) -> Self {
        Self { member: Some(GzDecoder::new(MemberSource::new(source))) }
    }
}

impl<R: BufRead> Read for GzipReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let count = member.read(out)?;
            if count > 0 {
                return Ok(count);
            }
            let Some(member) = self.member.take() else { break };
            let mut source = member.into_inner();
            // The only method of compression is 8.
            if source.next_member(|first| MemberStart::of(first, &[0x1f, 0x8b, 8]))? {
                self.member = Some(GzDecoder::new(source));
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::capture::input::members::BytesBehind;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Reads from a source that gives one byte at a time, and returns what came before an error.
    fn read(bytes: &[u8]) -> (Vec<u8>, Option<io::Error>) {
        let source = io::BufReader::with_capacity(1, bytes);
        let mut all = Vec::new();
        let error = GzipReader::new(source).read_to_end(&mut all).err();
        (all, error)
    }

    #[test]
    fn members_follow_each_other_and_zeros_behind_them_are_padding() {
        let (a, b) = (gzip(b"one "), gzip(b"two"));
        for padding in [0, 1, 3, 512] {
            let zeros = vec![0; padding];
            let bytes = [&a[..], &zeros, &b, &zeros].concat();
            let (all, error) = read(&bytes);
            assert_eq!((all.as_slice(), error.is_none()), (&b"one two"[..], true), "{padding}");
        }
    }

    #[test]
    fn other_bytes_behind_the_data_are_counted_and_cost_nothing_of_it() {
        for (behind, len) in [(&b"junk!"[..], 5), (b"\0\0x", 1), (b"\x1f\x8b\0\0\0", 5)] {
            let (all, error) = read(&[&gzip(b"one"), behind].concat());
            let error = error.unwrap();
            let counted = error.get_ref().and_then(|inner| inner.downcast_ref::<BytesBehind>());
            assert_eq!((all.as_slice(), counted), (&b"one"[..], Some(&BytesBehind(len))));
        }
        let whole = [gzip(b"one"), gzip(b"two")].concat();
        for cut in [whole.len() - 1, gzip(b"one").len() + 2, gzip(b"one").len() - 1] {
            let error = read(&whole[..cut]).1.unwrap();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{cut}");
        }
    }
}
