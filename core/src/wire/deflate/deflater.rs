//! Compresses messages for permessage-deflate (RFC 7692 section 7.2.1).
//! zlib does the compression, and `encode` puts frames around the result.

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::wire::deflate::inflate::DEFLATE_TAIL;
use crate::wire::frame::Side;
use crate::wire::handshake::extension::DeflateParams;
use crate::wire::size::Offset;

/// The size of the output buffer in bytes; longer output takes several rounds.
const OUTPUT_CHUNK: usize = 4096;

/// Compresses the messages of one side, one after the other.
///
/// ```
/// use wiretalk_core::wire::{DeflateParams, Side, deflate::deflater::Deflater};
///
/// let mut deflater = Deflater::new(DeflateParams::default(), Side::Server);
/// assert_eq!(deflater.compress_message(b"Hello"), [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
/// assert_eq!(deflater.compress_message(b"Hello"), [0xf2, 0x00, 0x11, 0x00, 0x00]);
/// ```
#[derive(Debug)]
pub struct Deflater {
    /// Created for the first message, because most connections have none and a compressor takes
    /// 300 KB. Without context takeover it is created anew for each message.
    compress: Option<Box<Compress>>,
    window_bits: u8,
    context_takeover: bool,
}

impl Deflater {
    /// Creates a deflater for the messages of `sender`, with the parameters agreed for that side.
    pub fn new(agreed: DeflateParams, sender: Side) -> Self {
        // zlib has no raw stream with a window of 256 bytes. Its window of 512 bytes looks back at
        // most 512 - 262 = 250 bytes, so it is legal for both sizes.
        let window_bits = agreed.window_bits(sender).max(9);
        Self { compress: None, window_bits, context_takeover: agreed.context_takeover(sender) }
    }

    /// Compresses one message. Returns the byte-aligned payload without the tail
    /// (`00 00 ff ff`), which can be split into fragments anywhere.
    pub fn compress_message(&mut self, plain: &[u8]) -> Vec<u8> {
        let made = || {
            Box::new(Compress::new_with_window_bits(
                Compression::default(),
                false,
                self.window_bits,
            ))
        };
        let mut payload = compress_and_flush(self.compress.get_or_insert_with(made), plain);
        if !self.context_takeover {
            self.compress = None;
        }
        if let Some(kept) = payload.strip_suffix(&DEFLATE_TAIL).map(<[u8]>::len) {
            payload.truncate(kept);
        }
        // Section 7.2.3.6: an empty message is one byte, 00. zlib does not flush twice in a row, so
        // its output may be empty.
        if payload.is_empty() {
            payload.push(0x00);
        }
        payload
    }
}

fn compress_and_flush(compress: &mut Compress, plain: &[u8]) -> Vec<u8> {
    let (mut payload, mut rest) = (Vec::new(), plain);
    let mut room = [0; OUTPUT_CHUNK];
    loop {
        let totals =
            |compress: &Compress| [compress.total_in(), compress.total_out()].map(Offset::new);
        let [taken, given] = totals(compress);
        let status = compress
            .compress(rest, &mut room, FlushCompress::Sync)
            .expect("a new compressor is valid");
        let [all_taken, all_given] = totals(compress);
        rest = rest.get((all_taken - taken).to_usize_saturating()..).unwrap_or_default();
        let written = (all_given - given).to_usize_saturating();
        payload.extend_from_slice(room.get(..written).unwrap_or(&room));
        // If the buffer isn't full, the flush is complete.
        if written < OUTPUT_CHUNK || status == Status::BufError {
            return payload;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::deflate::inflate::Inflater;
    use crate::wire::handshake::extension::AgreedExtensions;
    use proptest::prelude::*;

    fn agreed(params: &str) -> DeflateParams {
        AgreedExtensions::parse(&format!("permessage-deflate{params}")).unwrap().deflate.unwrap()
    }

    /// Inflates each payload with exactly the agreed window.
    fn inflated(deflate: DeflateParams, payloads: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut inflater = Inflater::new(deflate.window_bits(Side::Server));
        let message = |payload: &Vec<u8>| {
            let (mut input, mut plain) = (payload.as_slice(), Vec::new());
            inflater.begin_message(deflate.context_takeover(Side::Server));
            loop {
                let piece = inflater.push(&mut input);
                if piece.is_empty() {
                    break;
                }
                plain.extend_from_slice(piece);
            }
            plain.extend_from_slice(inflater.end_message());
            assert_eq!((inflater.fault(), inflater.lacks_final_zero()), (None, false));
            plain
        };
        payloads.iter().map(message).collect()
    }

    #[test]
    fn rfc_7692_section_7_2_3_2_without_takeover_the_same_bytes_again() {
        let mut deflater = Deflater::new(agreed("; server_no_context_takeover"), Side::Server);
        assert_eq!(deflater.compress_message(b"Hello"), deflater.compress_message(b"Hello"));
        let mut client = Deflater::new(agreed("; server_no_context_takeover"), Side::Client);
        assert_ne!(
            client.compress_message(b"Hello"),
            client.compress_message(b"Hello"),
            "the other side keeps its window"
        );
    }

    #[test]
    fn there_is_a_compressor_only_where_something_was_or_is_to_be_pointed_at() {
        let mut kept = Deflater::new(DeflateParams::default(), Side::Server);
        assert!(kept.compress.is_none(), "nothing was said yet");
        kept.compress_message(b"Hello");
        assert!(kept.compress.is_some());
        let mut dropped = Deflater::new(agreed("; server_no_context_takeover"), Side::Server);
        dropped.compress_message(b"Hello");
        assert!(dropped.compress.is_none(), "nothing points back");
    }

    #[test]
    fn rfc_7692_section_7_2_3_6_empty_messages_one_after_the_other() {
        let mut deflater = Deflater::new(DeflateParams::default(), Side::Server);
        let payloads: Vec<Vec<u8>> = [&b""[..], b"", b"a", b"", b""]
            .iter()
            .map(|plain| deflater.compress_message(plain))
            .collect();
        assert!(payloads.iter().all(|payload| !payload.is_empty()));
        assert_eq!(
            inflated(DeflateParams::default(), &payloads),
            [&b""[..], b"", b"a", b"", b""].map(<[u8]>::to_vec)
        );
    }

    #[test]
    fn more_than_one_piece_of_output() {
        let noise: Vec<u8> =
            (0_u32..100_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let mut deflater = Deflater::new(DeflateParams::default(), Side::Server);
        let payload = deflater.compress_message(&noise);
        assert!(payload.len() > OUTPUT_CHUNK);
        assert_eq!(inflated(DeflateParams::default(), &[payload]), [noise]);
    }

    proptest! {
        /// This includes 8 bits, which zlib itself does not support: nothing points further back
        /// than 256 bytes.
        #[test]
        fn no_match_leaves_the_agreed_window(bits in 8_u8..=15, takeover in any::<bool>(), words in proptest::collection::vec(0_u8..40, 0..2000), cuts in 1_usize..5) {
            let params = format!("; server_max_window_bits={bits}{}", if takeover { "" } else { "; server_no_context_takeover" });
            let deflate = agreed(&params);
            let text: Vec<u8> = words.iter().flat_map(|word| format!("word {word}, ").into_bytes()).collect();
            let messages: Vec<Vec<u8>> = text.chunks((text.len() / cuts).max(1)).map(<[u8]>::to_vec).collect();
            let mut deflater = Deflater::new(deflate, Side::Server);
            let payloads: Vec<Vec<u8>> = messages.iter().map(|plain| deflater.compress_message(plain)).collect();
            prop_assert_eq!(inflated(deflate, &payloads), messages);
        }
    }
}
