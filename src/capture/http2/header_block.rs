//! [`HeaderBlocks`]: puts together the header blocks of one direction: HEADERS or `PUSH_PROMISE`, with
//! their CONTINUATION frames (RFC 9113 section 4.3).

use super::field_decoder::FieldDecoder;
use super::frame::{END_HEADERS, END_STREAM, FrameHeader, FrameType, PADDED, PRIORITY};
use crate::wire::handshake::extended_connect::Field;

/// The maximum length of a header block in bytes.
const MAX_BLOCK_LEN: usize = 1 << 18;

/// A complete header block.
#[derive(Debug)]
pub(super) struct HeaderBlock {
    /// The stream that the fields belong to; of `PUSH_PROMISE`, the promised one.
    pub(super) stream: u32,
    /// Whether the fields are a request that the server promises to answer.
    pub(super) is_promise: bool,
    pub(super) ends_stream: bool,
    /// The length of the block as on the wire.
    pub(super) len: usize,
    /// The fields; `None` if they could not be decoded.
    pub(super) fields: Option<Vec<Field>>,
}

/// A block whose CONTINUATION is still to come.
#[derive(Debug)]
struct PartialBlock {
    /// The stream whose frames carry it.
    carrier: u32,
    stream: u32,
    is_promise: bool,
    ends_stream: bool,
    bytes: Vec<u8>,
}

/// The header blocks of one direction.
#[derive(Debug, Default)]
pub(super) struct HeaderBlocks {
    pub(super) decoder: FieldDecoder,
    partial: Option<PartialBlock>,
}

impl HeaderBlocks {
    /// Forgets the table, because blocks were lost.
    pub(super) fn lose(&mut self) {
        self.partial = None;
        self.decoder = FieldDecoder::after_unknown_blocks();
    }

    /// Takes a frame that is not DATA and returns the block that it completes.
    pub(super) fn take(&mut self, header: FrameHeader, payload: &[u8]) -> Option<HeaderBlock> {
        match header.frame_type {
            FrameType::Headers | FrameType::PushPromise => {
                // A block that was not completed is an error of the sender (RFC 9113 section 6.10).
                if self.partial.take().is_some() {
                    self.lose();
                }
                let Some((stream, fragment)) = fragment(header, payload) else {
                    self.lose();
                    return None;
                };
                self.partial = Some(PartialBlock {
                    carrier: header.stream,
                    stream,
                    is_promise: header.frame_type == FrameType::PushPromise,
                    ends_stream: header.frame_type == FrameType::Headers && header.has(END_STREAM),
                    bytes: fragment.to_vec(),
                });
            }
            FrameType::Continuation => {
                let block = self.partial.as_mut()?;
                let is_too_long = block.bytes.len().saturating_add(payload.len()) > MAX_BLOCK_LEN;
                if block.carrier != header.stream || is_too_long {
                    self.lose();
                    return None;
                }
                block.bytes.extend_from_slice(payload);
            }
            _ => return None,
        }
        if !header.has(END_HEADERS) {
            return None;
        }
        let PartialBlock { stream, is_promise, ends_stream, bytes, .. } = self.partial.take()?;
        let fields = self.decoder.decode(&bytes);
        Some(HeaderBlock { stream, is_promise, ends_stream, len: bytes.len(), fields })
    }
}

/// Returns the stream that a block belongs to and the first fragment of the block, without padding
/// and priority (RFC 9113 sections 6.2 and 6.6). `None` if the payload is too short.
fn fragment(header: FrameHeader, payload: &[u8]) -> Option<(u32, &[u8])> {
    let (pad_len, mut rest) = match payload.split_first() {
        Some((pad_len, rest)) if header.has(PADDED) => (usize::from(*pad_len), rest),
        _ if header.has(PADDED) => return None,
        _ => (0, payload),
    };
    let mut stream = header.stream;
    if header.frame_type == FrameType::PushPromise {
        let (promised, behind) = rest.split_first_chunk()?;
        stream = u32::from_be_bytes(*promised) & 0x7fff_ffff;
        rest = behind;
    } else if header.has(PRIORITY) {
        rest = rest.get(5..)?;
    }
    Some((stream, rest.get(..rest.len().checked_sub(pad_len)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(number: u8, flags: u8, len: usize) -> FrameHeader {
        FrameHeader::parse([0, 0, len as u8, number, flags, 0, 0, 0, 3])
    }

    #[test]
    fn rfc_9113_section_6_2_padding_and_priority_are_no_fields() {
        let mut blocks = HeaderBlocks::default();
        let payload = b"\x02\0\0\0\0\x10\x82\x84\0\0";
        let block = blocks.take(header(1, 0x2d, payload.len()), payload).unwrap();
        assert_eq!((block.stream, block.ends_stream, block.len), (3, true, 2));
        assert_eq!(block.fields.unwrap()[1], (b":path".to_vec(), b"/".to_vec()));
        let promise = b"\0\0\0\x02\x82";
        let block = blocks.take(header(5, 4, promise.len()), promise).unwrap();
        assert_eq!((block.stream, block.is_promise), (2, true));
        assert!(blocks.take(header(1, 0x0c, 1), b"\x05").is_none());
    }

    #[test]
    fn rfc_9113_section_6_10_a_block_in_pieces_is_decoded_once_it_is_whole() {
        let mut blocks = HeaderBlocks::default();
        let whole = b"\x82\x86\x84\x41\x0fwww.example.com";
        assert!(blocks.take(header(1, 1, 5), &whole[..5]).is_none());
        assert!(blocks.take(header(9, 0, 3), &whole[5..8]).is_none());
        let block = blocks.take(header(9, 4, 12), &whole[8..]).unwrap();
        assert!(block.ends_stream);
        assert_eq!(block.fields.unwrap()[3].1, b"www.example.com");
        assert!(blocks.take(header(9, 4, 1), b"\x82").is_none(), "it continues nothing");
    }
}
