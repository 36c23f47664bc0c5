//! [`ZstdReader`]: decompresses Zstandard (RFC 8878). The frames are decoded by `ruzstd`; this adds
//! what a file has around them: several frames, and skippable ones.
//!
//! Of a file that is cut off, the last window is lost: the decoder gives bytes out once no later
//! block can refer to them.

use std::error::Error;
use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::members::{MemberSource, MemberStart};
use crate::text::units::binary_bytes;

/// The largest window in bytes, which is that of `zstd --long`. It bounds the memory.
const MAX_WINDOW: u64 = 128 << 20;

/// The number of bytes that are decompressed at once. A block has at most as many.
const STEP: usize = 128 << 10;

/// A source of Zstandard frames.
pub(super) struct ZstdReader<R> {
    source: MemberSource<R>,
    decoder: FrameDecoder,
    has_begun: bool,
}

impl<R: BufRead> ZstdReader<R> {
    pub(super) fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self { source: MemberSource::new(source), decoder, has_begun: false }
    }

    /// Begins the next frame. Returns `false` at the end of the source.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            let has_more = if std::mem::replace(&mut self.has_begun, true) {
                self.source.next_member(frame_start)?
            } else {
                !self.source.is_at_end()?
            };
            if !has_more {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                // A frame for other programs, such as an index (RFC 8878 section 3.1.2).
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let skipped =
                        io::copy(&mut (&mut self.source).take(length.into()), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(damaged(&error)),
            }
        }
    }

    /// Compares the checksum at the end of a frame, if there is one (RFC 8878 section 3.1.1).
    fn verify(&self) -> io::Result<()> {
        let stated = self.decoder.get_checksum_from_data();
        if stated.is_some() && stated != self.decoder.get_calculated_checksum() {
            return Err(invalid("the checksum of a frame is wrong".to_owned()));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let count = self.decoder.read(out)?;
            if count > 0 {
                return Ok(count);
            }
            if !self.decoder.is_finished() {
                let step = BlockDecodingStrategy::UptoBytes(STEP);
                self.decoder
                    .decode_blocks(&mut self.source, step)
                    .map_err(|error| damaged(&error))?;
                continue;
            }
            self.verify()?;
            if !self.next_frame()? {
                return Ok(0);
            }
        }
    }
}

/// Tells whether bytes begin a frame, or one for other programs.
fn frame_start(first: &[u8]) -> MemberStart {
    match first {
        [0x50..=0x5f, rest @ ..] => MemberStart::of(rest, &[0x2a, 0x4d, 0x18]),
        _ => MemberStart::of(first, &[0x28, 0xb5, 0x2f, 0xfd]),
    }
}

/// Converts an error of the decoder, whose sentences are for the authors of decoders.
fn damaged(error: &FrameDecoderError) -> io::Error {
    if let FrameDecoderError::WindowSizeTooBig { requested, max } = error {
        let (requested, max) = (binary_bytes(*requested), binary_bytes(*max));
        return invalid(format!("its window has {requested}, more than the limit of {max}"));
    }
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return io.kind().into();
        }
        cause = error.source();
    }
    invalid("a frame contradicts the format".to_owned())
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
