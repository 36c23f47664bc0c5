//! [`DirectionTrace`]: one direction of a trace: its decoder, its faults and the beginnings of what
//! was inflated.

use std::num::Saturating;

use crate::wire::decode::decoder::{Decoder, FrameStart};
use crate::wire::decode::fault::Fault;
use crate::wire::frame::Side;
use crate::wire::handshake::extension::AgreedExtensions;
use crate::wire::keep::trace_row::mark;
use crate::wire::size::Offset;

/// The maximum number of faults kept per direction. Further ones are only counted.
const MAX_FAULTS: usize = 1 << 18;

/// The number of inflated bytes kept of a compressed frame: enough for a list.
const MAX_PREVIEW_LEN: usize = 200;

/// The maximum number of compressed frames per direction with a preview.
const MAX_PREVIEWS: usize = 1 << 16;

/// One direction of a [`Trace`](crate::wire::Trace).
#[derive(Clone, Debug)]
pub(super) struct DirectionTrace {
    pub(super) decoder: Decoder,
    pub(super) faults: Vec<Fault>,
    pub(super) dropped_faults: Saturating<u64>,
    pub(super) current_frame: Option<FrameStart>,
    /// The flags of the arriving frame that its header does not give.
    pub(super) row_flags: u16,
    /// The number of frame bytes taken.
    pub(super) frame_bytes: Offset,
    /// The beginning of the arriving frame's inflated data.
    pub(super) preview: Vec<u8>,
    /// The previews of complete frames with the frames' numbers, in ascending order.
    pub(super) previews: Vec<(usize, Box<[u8]>)>,
}

impl DirectionTrace {
    pub(super) fn new(from: Side, agreed: AgreedExtensions) -> Self {
        Self::with_decoder(Decoder::new(from, agreed))
    }

    pub(super) fn with_decoder(decoder: Decoder) -> Self {
        Self {
            decoder,
            faults: Vec::new(),
            dropped_faults: Saturating(0),
            current_frame: None,
            row_flags: 0,
            frame_bytes: Offset::START,
            preview: Vec::new(),
            previews: Vec::new(),
        }
    }

    /// Stores the preview of the frame that has just ended.
    pub(super) fn store_preview(&mut self, index: usize) {
        if !self.preview.is_empty() && self.previews.len() < MAX_PREVIEWS {
            self.previews.push((index, self.preview.as_slice().into()));
        }
        self.preview.clear();
    }

    /// Forgets the arriving frame, because an unknown number of frames was not captured.
    pub(super) fn resume_after_gap(&mut self) {
        self.decoder.resume_after_gap();
        self.current_frame = None;
        self.row_flags = 0;
        self.preview.clear();
    }

    pub(super) fn add_fault(&mut self, fault: Fault) {
        self.row_flags |= if fault.is_fatal() { mark::FATAL } else { mark::WARNING };
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        } else {
            self.dropped_faults += 1;
        }
    }
}

/// Adds inflated data to the preview of the arriving frame.
pub(super) fn add_to_preview(preview: &mut Vec<u8>, piece: &[u8]) {
    let room = MAX_PREVIEW_LEN.saturating_sub(preview.len());
    preview.extend_from_slice(piece.get(..room).unwrap_or(piece));
}
