//! [`SloppyEndpoint`]: the frames of a connection, without a socket: bytes in, bytes to send.

use crate::sloppy::misbehavior::{BrokenRule, Misbehavior};
use crate::wire::decode::decoder::Decoder;
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::frame::encode;
use crate::wire::{AgreedExtensions, Fault, Opcode, Side};

/// One WebSocket of the sloppy server, after the handshake.
pub struct SloppyEndpoint {
    misbehavior: &'static Misbehavior,
    frames: FrameAssembler,
    /// The most bytes of a message.
    limit: usize,
    /// The fragments of the message that is arriving, as one frame.
    message: Option<RawFrame>,
    outbox: Vec<u8>,
    is_finished: bool,
    /// The number of messages of the client.
    pub received: u64,
    /// The number of those that were answered.
    pub sent: u64,
}

/// A frame or message as it was sent, legal or not.
struct RawFrame {
    opcode: Opcode,
    fin: bool,
    data: Vec<u8>,
}

impl SloppyEndpoint {
    /// Accepts messages of up to `limit` bytes.
    pub fn new(misbehavior: &'static Misbehavior, limit: usize) -> Self {
        let decoder = Decoder::new(Side::Client, AgreedExtensions::none());
        Self {
            misbehavior,
            // One byte more is kept, so that longer frames are noticed.
            frames: FrameAssembler::new(decoder, limit.saturating_add(1)),
            limit,
            message: None,
            outbox: Vec::new(),
            is_finished: false,
            received: 0,
            sent: 0,
        }
    }

    /// Takes bytes of the client.
    pub fn receive(&mut self, mut input: &[u8]) {
        while !self.is_finished {
            let frame = self.frames.next_frame(&mut input);
            let faults =
                frame.as_ref().map_or_else(|| self.frames.current_faults(), |frame| &frame.faults);
            if let Some(code) = faults.iter().find_map(|fault| self.close_code_for(fault)) {
                return self.fail(code);
            }
            let len = frame.as_ref().map_or(0, |frame| frame.payload.len());
            // An unfinished frame counts too, so that it is refused before its end.
            if self.buffered_bytes().saturating_add(len) > self.limit {
                return self.fail(1009);
            }
            let Some(frame) = frame else { return };
            let Some(start) = frame.start else { return };
            let (opcode, fin) = (start.header.opcode, start.header.fin);
            self.answer(RawFrame { opcode, fin, data: frame.payload });
        }
    }

    /// Takes the bytes that are to be sent.
    pub fn take_outbox(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outbox)
    }

    /// Whether the connection is to be closed once everything is sent.
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// Returns the close code for a fault that is not accepted.
    fn close_code_for(&self, fault: &Fault) -> Option<u16> {
        let is_accepted = (self.misbehavior.accepts)(BrokenRule::Frames(fault.code));
        let is_refused = fault.is_fatal() && !is_accepted;
        is_refused.then(|| fault.code.rule().close_code.unwrap_or(1002))
    }

    fn fail(&mut self, code: u16) {
        self.outbox.extend(encode::close_frame(code, "", None));
        self.is_finished = true;
    }

    /// Returns the number of bytes that are kept.
    fn buffered_bytes(&self) -> usize {
        let before = self.message.as_ref().map_or(0, |message| message.data.len());
        before.saturating_add(self.frames.payload_held())
    }

    fn answer(&mut self, frame: RawFrame) {
        match frame.opcode {
            Opcode::Close => {
                self.outbox.extend((self.misbehavior.close_reply)(&frame.data));
                self.is_finished = !self.misbehavior.stays_after_close;
            }
            Opcode::Ping => self.outbox.extend((self.misbehavior.ping_reply)(&frame.data)),
            Opcode::Pong => {}
            _ => self.answer_data(frame),
        }
    }

    fn answer_data(&mut self, frame: RawFrame) {
        let fin = frame.fin;
        let whole = append_frame(self.message.take(), frame);
        if !fin {
            self.message = Some(whole);
            return;
        }
        self.received = self.received.saturating_add(1);
        self.outbox.extend((self.misbehavior.data_reply)(whole.opcode, &whole.data));
        self.sent = self.sent.saturating_add(1);
        self.is_finished = self.misbehavior.hangs_up_after_reply;
    }
}

/// Appends a frame to the open message. A message that does not begin as binary counts as text.
fn append_frame(message: Option<RawFrame>, frame: RawFrame) -> RawFrame {
    match message {
        Some(mut open) => {
            open.data.extend(frame.data);
            open
        }
        None if frame.opcode == Opcode::Binary => frame,
        None => RawFrame { opcode: Opcode::Text, ..frame },
    }
}
