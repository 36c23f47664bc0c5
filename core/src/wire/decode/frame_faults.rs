//! [`FrameFaults`]: collects the faults of the frame that is being decoded and converts offsets in
//! the frame to offsets in the direction.

use std::collections::VecDeque;

use crate::wire::decode::fault::{Bits, Detail, Fault, FaultCode};
use crate::wire::decode::non_frame::{NonFrame, NonFrameDetector};
use crate::wire::size::{ByteLen, Offset};

/// The faults of the current frame, and where that frame is: rules report a fault with offsets from
/// the first byte of the frame, and [`FrameFaults::add`] turns them into offsets in the direction.
#[derive(Clone, Debug)]
pub(crate) struct FrameFaults {
    /// The current frame's number in its direction, from 0. As frames are counted when they end, it
    /// is also the number of complete frames.
    pub(crate) frame_number: usize,
    /// The offset of the current frame's first byte, counted from the first frame byte of the
    /// direction.
    pub(crate) frame_offset: Offset,
    /// The faults that were found and not handed out yet. They may be of earlier frames.
    pub(crate) queue: VecDeque<Fault>,
    /// Whether the current frame has a fatal fault.
    pub(crate) frame_is_fatal: bool,
    /// Whether to judge like a receiver, which takes everything for a frame.
    pub(in crate::wire::decode) as_receiver: bool,
    /// Whether the extensions are known, so that RSV1 without one breaks a rule.
    pub(in crate::wire::decode) knows_extensions: bool,
    /// Finds out whether the current frame is one.
    non_frame: NonFrameDetector,
    /// The number of the first frame that is none, if there is one.
    first_non_frame: Option<usize>,
    /// Faults of the payload, as long as the frame may be another protocol's text instead.
    held: Vec<Fault>,
}

impl Default for FrameFaults {
    fn default() -> Self {
        Self {
            frame_number: 0,
            frame_offset: Offset::START,
            queue: VecDeque::new(),
            frame_is_fatal: false,
            as_receiver: false,
            knows_extensions: true,
            non_frame: NonFrameDetector::default(),
            first_non_frame: None,
            held: Vec::new(),
        }
    }
}

impl FrameFaults {
    /// Adds a fault of the current frame. `byte` and `detectable_after` count from the first byte
    /// of the frame.
    pub(in crate::wire::decode) fn add(
        &mut self,
        code: FaultCode,
        byte: impl Into<ByteLen>,
        bits: Option<Bits>,
        detectable_after: impl Into<ByteLen>,
        detail: Detail,
    ) {
        if self.is_in_other_protocol() {
            return;
        }
        let (byte, mut after) = (byte.into(), detectable_after.into());
        // The second byte begins with MASK, and the faults of that bit name it. All others are about
        // the length.
        let bits = bits.or_else(|| (byte == 1).then_some(Bits::Field(1, 7)));
        if !self.as_receiver {
            after = after.max(self.non_frame.refuted_after());
        }
        let fault = Fault {
            code,
            frame: self.frame_number,
            byte_offset: self.frame_offset + byte,
            bits,
            detectable_after: self.frame_offset + after,
            detail,
        };
        self.frame_is_fatal |= fault.is_fatal();
        if self.non_frame.is_undecided() && !self.as_receiver {
            self.held.push(fault);
        } else {
            self.queue.push_back(fault);
        }
    }

    /// Returns what the direction carries instead of frames, once it is recognized.
    pub(crate) fn non_frame(&self) -> Option<NonFrame> {
        self.non_frame.found()
    }

    /// Returns what the bytes of a frame that has not ended are most likely, if they are no frame:
    /// what is certain, or else text as far as it has arrived.
    pub(in crate::wire::decode) fn likely_non_frame(&self) -> Option<NonFrame> {
        self.non_frame().or_else(|| self.non_frame.likely())
    }

    /// Returns what the bytes of a frame are, if they are no frame.
    pub(crate) fn non_frame_at(&self, frame_number: usize) -> Option<NonFrame> {
        self.non_frame().filter(|_| self.first_non_frame.is_some_and(|first| frame_number >= first))
    }

    /// Whether the current bytes are no frame, so that no fault is added.
    pub(crate) fn is_in_other_protocol(&self) -> bool {
        self.non_frame.found().is_some() && !self.as_receiver
    }

    /// Looks at a complete header, as on the wire. It decides nothing unless a rule is broken.
    pub(in crate::wire::decode) fn inspect_header(&mut self, header: &[u8]) {
        let is_data = header.first().is_some_and(|first| matches!(first & 0x0f, 1 | 2));
        let may_be_extension = is_data && !self.knows_extensions;
        if self.frame_is_fatal && !may_be_extension {
            self.non_frame.begin(header);
            self.note_non_frame();
        }
    }

    /// Looks at the next piece of the payload, as on the wire.
    pub(in crate::wire::decode) fn inspect_payload(&mut self, piece: &[u8]) {
        if self.non_frame.is_undecided() {
            self.non_frame.push(piece);
            self.note_non_frame();
            self.release_held();
        }
    }

    /// Takes everything for something else than frames.
    pub(in crate::wire::decode) fn set_non_frame(&mut self, non_frame: NonFrame) {
        self.non_frame.set_found(non_frame);
        self.note_non_frame();
    }

    fn note_non_frame(&mut self) {
        if self.non_frame.found().is_some() {
            self.first_non_frame.get_or_insert(self.frame_number);
        }
    }

    /// Gives up what is undecided, because the next bytes were not captured.
    pub(in crate::wire::decode) fn inspect_gap(&mut self) {
        self.non_frame.refute();
        self.release_held();
    }

    /// Adds the faults that were held, once it is certain that the frame is one.
    fn release_held(&mut self) {
        if self.non_frame.is_undecided() || self.held.is_empty() {
            return;
        }
        let after = self.frame_offset + self.non_frame.refuted_after();
        let is_frame = self.non_frame.found().is_none();
        self.queue.extend(
            self.held.drain(..).filter(|_| is_frame).map(|fault| Fault {
                detectable_after: fault.detectable_after.max(after),
                ..fault
            }),
        );
    }

    /// Ends the question whether the current frame is one.
    pub(in crate::wire::decode) fn end_frame(&mut self) {
        self.non_frame.refute();
        self.release_held();
        self.non_frame.end_frame();
        self.frame_is_fatal = false;
    }

    /// Moves on by `len` bytes that belong to no frame.
    pub(in crate::wire::decode) fn skip_unframed(&mut self, len: ByteLen) {
        self.frame_offset += len;
    }

    /// Moves on to the next frame; the current one has `frame_len` bytes.
    #[inline]
    pub(in crate::wire) fn advance_frame(&mut self, frame_len: ByteLen) {
        self.frame_number = self.frame_number.saturating_add(1);
        self.frame_offset += frame_len;
    }
}
