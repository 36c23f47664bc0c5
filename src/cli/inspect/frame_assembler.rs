//! [`FrameAssembler`]: the frames of one direction as they come, each once it is complete; what is complete is forgotten.
//! It never holds more than the frame that is arriving, and of that no more than [`MAX_PAYLOAD_KEPT`] bytes.

use crate::wire::{
    AgreedExtensions, ByteLen, Decoder, DecoderEvent, Fault, FrameStart, Needed, Offset, Side,
};

/// Payload bytes of one frame that are kept.
pub(super) const MAX_PAYLOAD_KEPT: usize = 1 << 20;

/// A frame, or what is there of it.
#[derive(Clone, Debug)]
pub(super) struct AssembledFrame {
    pub(super) index: usize,
    pub(super) offset: Offset,
    /// Header and the like; none while the header is not complete.
    pub(super) start: Option<FrameStart>,
    /// The bytes of the header.
    pub(super) header_bytes: Vec<u8>,
    /// The payload, unmasked, at most [`MAX_PAYLOAD_KEPT`] bytes.
    pub(super) payload: Vec<u8>,
    /// Payload bytes that came.
    pub(super) payload_received: ByteLen,
    pub(super) faults: Vec<Fault>,
    /// What an unfinished frame needs; none for a complete one, and none after a length that cannot be.
    pub(super) needed: Option<Needed>,
    pub(super) complete: bool,
}

#[derive(Debug)]
pub(super) struct FrameAssembler {
    decoder: Decoder,
    start: Option<FrameStart>,
    payload: Vec<u8>,
    payload_received: ByteLen,
    faults: Vec<Fault>,
    bytes_taken: Offset,
    /// Complete frames.
    pub(super) frame_count: u64,
}

impl FrameAssembler {
    pub(super) fn new(from: Side, agreed: AgreedExtensions) -> Self {
        let decoder = Decoder::new(from, agreed);
        Self {
            decoder,
            start: None,
            payload: Vec::new(),
            payload_received: ByteLen::ZERO,
            faults: Vec::new(),
            bytes_taken: Offset::START,
            frame_count: 0,
        }
    }

    /// Takes the next bytes and gives each frame that they complete to `emit`.
    pub(super) fn push<E>(
        &mut self,
        bytes: &[u8],
        mut emit: impl FnMut(AssembledFrame) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = bytes;
        self.bytes_taken += bytes.len();
        while let Some(event) = self.decoder.next_event(&mut rest) {
            match event {
                DecoderEvent::Fault(fault) => self.faults.push(fault),
                DecoderEvent::FrameStart(start) => self.start = Some(start),
                DecoderEvent::Payload(piece) => {
                    self.payload_received += piece.len();
                    let room = MAX_PAYLOAD_KEPT.saturating_sub(self.payload.len());
                    self.payload.extend_from_slice(piece.get(..room).unwrap_or(piece));
                }
                DecoderEvent::FrameEnd(_) => {
                    self.frame_count = self.frame_count.saturating_add(1);
                    if let Some(start) = self.start.take() {
                        emit(self.take_frame(start, true))?;
                    }
                }
                DecoderEvent::Inflated(_) | DecoderEvent::MessageEnd(_) => {}
            }
        }
        Ok(())
    }

    /// The frame that is not complete.
    pub(super) fn partial_frame(&mut self) -> Option<AssembledFrame> {
        if let Some(start) = self.start.take() {
            return Some(self.take_frame(start, false));
        }
        let head = self.decoder.partial_header().to_vec();
        let faults = std::mem::take(&mut self.faults);
        (!head.is_empty()).then(|| AssembledFrame {
            index: self.decoder.frame_count(),
            offset: self.bytes_taken - head.len(),
            start: None,
            header_bytes: head,
            payload: Vec::new(),
            payload_received: ByteLen::ZERO,
            faults,
            needed: self.decoder.needed(),
            complete: false,
        })
    }

    fn take_frame(&mut self, start: FrameStart, complete: bool) -> AssembledFrame {
        AssembledFrame {
            index: start.index,
            offset: start.offset,
            start: Some(start),
            header_bytes: start.header.to_bytes(),
            payload: std::mem::take(&mut self.payload),
            payload_received: std::mem::take(&mut self.payload_received),
            faults: std::mem::take(&mut self.faults),
            needed: if complete { None } else { self.decoder.needed() },
            complete,
        }
    }
}
