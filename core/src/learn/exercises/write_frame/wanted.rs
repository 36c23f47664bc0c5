//! [`WantedFrames`]: the frames that a task asks for.

use crate::wire::frame::encode;
use crate::wire::{ByteLen, Header, LengthForm, MaskingKey, Opcode, Side};

/// Frames to be written, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedFrames {
    /// The side that sends them.
    pub(super) from: Side,
    /// The frames in words, without their keys: `a masked ping without payload`.
    pub(super) words: String,
    /// The frames in order.
    pub(super) frames: Vec<WantedFrame>,
    /// The message that is to be cut into the frames with [`WantedBody::Piece`].
    pub(super) message: Vec<u8>,
}

/// A frame to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedFrame {
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: WantedMask,
    pub(super) body: WantedBody,
}

/// The masking of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WantedMask {
    /// None: a server sends the frame.
    None,
    /// Any key. The solution has this one.
    AnyKey(MaskingKey),
    /// This key.
    Key(MaskingKey),
}

/// The payload of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WantedBody {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A payload of this length, of which nothing is written: the header alone.
    HeaderOf(u64),
    /// A piece of the message. The solution has this many bytes of it; the last piece is the rest.
    Piece(usize),
}

impl WantedMask {
    /// Returns a key that is right.
    pub(super) fn key(self) -> Option<MaskingKey> {
        match self {
            Self::None => None,
            Self::AnyKey(key) | Self::Key(key) => Some(key),
        }
    }
}

impl WantedFrame {
    /// Returns a whole frame.
    pub(super) fn whole(opcode: Opcode, mask: WantedMask, body: WantedBody) -> Self {
        Self { fin: true, opcode, mask, body }
    }

    /// Returns the header for a payload of `len` bytes.
    pub(super) fn header(&self, len: u64) -> Header {
        Header { fin: self.fin, masking_key: self.mask.key(), ..Header::new(self.opcode, len) }
    }
}

impl WantedFrames {
    /// Returns frames that are right, each with its bytes.
    pub(super) fn solution(&self) -> Vec<Vec<u8>> {
        let mut left = self.message.as_slice();
        let encoded = |frame: &WantedFrame| {
            let plain = match &frame.body {
                WantedBody::Bytes(bytes) => bytes.as_slice(),
                WantedBody::HeaderOf(len) => return frame.header(*len).to_bytes(),
                WantedBody::Piece(len) => {
                    let (piece, rest) = left.split_at(left.len().min(*len));
                    left = rest;
                    piece
                }
            };
            encode::frame(&frame.header(plain.len() as u64), plain)
        };
        self.frames.iter().map(encoded).collect()
    }

    /// Returns the length of the payload that is left out. 0 if the frames are written whole.
    pub(super) fn left_out(&self) -> usize {
        match self.frames.as_slice() {
            [WantedFrame { body: WantedBody::HeaderOf(len), .. }] => {
                ByteLen::new(*len).to_usize_saturating()
            }
            _ => 0,
        }
    }
}

/// Returns how the second byte announces a length: `85`, `fe, and 01 2c follows`.
pub(super) fn length_bytes(header: &Header) -> String {
    let bytes = header.to_bytes();
    let second = bytes.get(1).copied().unwrap_or_default();
    let extended = bytes.get(2..header.length_form.header_len(false)).unwrap_or_default();
    let extended = crate::wire::format::spaced_hex(extended, extended.len());
    match header.length_form {
        LengthForm::Bits7 => format!("the second byte is {second:02x}"),
        LengthForm::Bits16 => format!("the second byte is {second:02x}, and {extended} follows"),
        LengthForm::Bits64 => format!("the second byte is {second:02x}, and {extended} follows"),
    }
}
