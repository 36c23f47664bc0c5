//! [`Lane`]: the frames of one direction as they come, each once it is complete; what is complete is forgotten.
//! It never holds more than the frame that is arriving, and of that no more than [`MOST`] bytes.

use crate::wire::{
    AgreedExtensions, ByteLen, Decoder, DecoderEvent, Fault, FrameStart, Needed, Offset, Side,
};

/// Payload bytes of one frame that are kept.
pub(super) const MOST: usize = 1 << 20;

/// A frame, or what is there of it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) index: usize,
    pub(super) offset: Offset,
    /// Header and the like; none while the header is not complete.
    pub(super) begun: Option<FrameStart>,
    /// The bytes of the header.
    pub(super) head: Vec<u8>,
    /// The payload, unmasked, at most [`MOST`] bytes.
    pub(super) payload: Vec<u8>,
    /// Payload bytes that came.
    pub(super) came: ByteLen,
    pub(super) faults: Vec<Fault>,
    /// What an unfinished frame needs; none for a complete one, and none after a length that cannot be.
    pub(super) needs: Option<Needed>,
    pub(super) complete: bool,
}

#[derive(Debug)]
pub(super) struct Lane {
    decoder: Decoder,
    begun: Option<FrameStart>,
    payload: Vec<u8>,
    came: ByteLen,
    faults: Vec<Fault>,
    taken: Offset,
    /// Complete frames.
    pub(super) frames: u64,
}

impl Lane {
    pub(super) fn new(from: Side, agreed: AgreedExtensions) -> Self {
        let decoder = Decoder::new(from, agreed);
        Self {
            decoder,
            begun: None,
            payload: Vec::new(),
            came: ByteLen::ZERO,
            faults: Vec::new(),
            taken: Offset::START,
            frames: 0,
        }
    }

    /// Takes the next bytes and gives each frame that they complete to `tell`.
    pub(super) fn push<E>(
        &mut self,
        bytes: &[u8],
        mut tell: impl FnMut(Seen) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = bytes;
        self.taken += bytes.len();
        while let Some(event) = self.decoder.next_event(&mut rest) {
            match event {
                DecoderEvent::Fault(fault) => self.faults.push(fault),
                DecoderEvent::FrameStart(begun) => self.begun = Some(begun),
                DecoderEvent::Payload(piece) => {
                    self.came += piece.len();
                    let room = MOST.saturating_sub(self.payload.len());
                    self.payload.extend_from_slice(piece.get(..room).unwrap_or(piece));
                }
                DecoderEvent::FrameEnd(_) => {
                    self.frames = self.frames.saturating_add(1);
                    if let Some(begun) = self.begun.take() {
                        tell(self.seen(begun, true))?;
                    }
                }
                DecoderEvent::Inflated(_) | DecoderEvent::MessageEnd(_) => {}
            }
        }
        Ok(())
    }

    /// The frame that is not complete.
    pub(super) fn unfinished(&mut self) -> Option<Seen> {
        if let Some(begun) = self.begun.take() {
            return Some(self.seen(begun, false));
        }
        let head = self.decoder.partial_header().to_vec();
        let faults = std::mem::take(&mut self.faults);
        (!head.is_empty()).then(|| Seen {
            index: self.decoder.frame_count(),
            offset: self.taken - head.len(),
            begun: None,
            head,
            payload: Vec::new(),
            came: ByteLen::ZERO,
            faults,
            needs: self.decoder.needed(),
            complete: false,
        })
    }

    fn seen(&mut self, begun: FrameStart, complete: bool) -> Seen {
        Seen {
            index: begun.index,
            offset: begun.offset,
            begun: Some(begun),
            head: begun.header.to_bytes(),
            payload: std::mem::take(&mut self.payload),
            came: std::mem::take(&mut self.came),
            faults: std::mem::take(&mut self.faults),
            needs: if complete { None } else { self.decoder.needed() },
            complete,
        }
    }
}
