//! Checks where in the stream a frame may stand: the order of a message's fragments (RFC 6455
//! section 5.4), and nothing after a Close (section 5.5.1).

use crate::wire::decode::fault::{Bits, Detail, FaultCode};
use crate::wire::decode::frame_faults::FrameFaults;
use crate::wire::decode::rules::frame_validator::FrameValidator;
use crate::wire::deflate::inflate::InflateStop;
use crate::wire::frame::Opcode;
use crate::wire::frame::message::FragmentRole;

impl FrameValidator {
    /// Checks whether the frame is allowed at this point of the stream (RFC 6455 sections 5.4 and
    /// 5.5.1).
    pub(super) fn validate_order(
        &mut self,
        opcode: Opcode,
        compressed: bool,
        faults: &mut FrameFaults,
    ) {
        self.role = self.messages.classify(opcode, compressed);
        // A reserved opcode has its own fault; a second one for the order would say nothing new.
        // After a hole nobody knows what a continuation continues.
        let is_judged = !opcode.is_reserved() && !self.messages.follows_gap;
        if self.role == FragmentRole::Orphan && is_judged {
            let code = match opcode {
                Opcode::Continuation => FaultCode::ContWithoutStart,
                _ => FaultCode::NewDataInFragmented,
            };
            faults.add(code, 0, Some(Bits::Field(4, 7)), 1, Detail::None);
        }
        if let (Some(open), true) = (&mut self.messages.open, self.role.message_number().is_some())
        {
            open.earlier_payload_len = open.payload_len;
        }
        self.apply_compressed_flag(compressed, faults);
        if self.close_seen {
            let control = opcode.is_control();
            let code =
                if control { FaultCode::ControlAfterClose } else { FaultCode::DataAfterClose };
            faults.add(code, 0, Some(Bits::Field(4, 7)), 1, Detail::None);
        }
    }

    /// Applies RSV1 of the current frame to the inflater, which mirrors the sender's window.
    fn apply_compressed_flag(&mut self, compressed: bool, faults: &mut FrameFaults) {
        if let (true, Some(inflater)) = (compressed, &mut self.inflater) {
            match self.role {
                FragmentRole::First { .. } => {
                    inflater.begin_message();
                    if inflater.stop == Some(InflateStop::ContextLost) {
                        faults.add(
                            FaultCode::ContextLost,
                            0,
                            Some(Bits::Field(1, 1)),
                            1,
                            Detail::None,
                        );
                    }
                }
                // The sender's window contains the data of this frame too, although the frame
                // belongs to no message.
                FragmentRole::Orphan if self.messages.follows_gap => inflater.mark_not_captured(),
                FragmentRole::Orphan => inflater.mark_context_lost(),
                FragmentRole::Continuation { .. } | FragmentRole::Control => {}
            }
        }
    }
}
