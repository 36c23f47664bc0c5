//! Validates the body of a Close frame (RFC 6455 section 5.5.1) piece by piece: two bytes of code,
//! then a reason in UTF-8.

use crate::wire::decode::fault::{Detail, FaultCode};
use crate::wire::decode::frame_faults::FrameFaults;
use crate::wire::frame::Header;
use crate::wire::frame::close_code::{CloseCode, CloseCodeStatus};
use crate::wire::frame::utf8::Utf8Validator;
use crate::wire::size::ByteLen;

/// The length of a close code in bytes.
const CODE_LEN: ByteLen = ByteLen::new(2);

/// The state of the Close frame that is being decoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CloseBody {
    /// The first byte of the code, once it has arrived.
    first_byte: Option<u8>,
    reason: Utf8Validator,
    reason_is_invalid: bool,
    /// Whether bytes of the body were not captured. The rest of it cannot be judged then.
    has_gap: bool,
}

impl CloseBody {
    /// Validates the next piece of the body, already unmasked; `done` bytes came before it.
    pub(super) fn validate(
        &mut self,
        header: &Header,
        plain: &[u8],
        done: ByteLen,
        faults: &mut FrameFaults,
    ) {
        if self.has_gap {
            return;
        }
        let start = ByteLen::from_usize(header.len());
        let (code, reason) =
            plain.split_at(plain.len().min((CODE_LEN - done).to_usize_saturating()));
        // The two bytes of the code can arrive in different pieces.
        for byte in code {
            match self.first_byte {
                None => self.first_byte = Some(*byte),
                Some(first) => validate_code(u16::from_be_bytes([first, *byte]), start, faults),
            }
        }
        // One invalid byte is one fault; the validator has no defined state after it.
        if self.reason_is_invalid {
            return;
        }
        if let Err(index) = self.reason.push(reason) {
            self.reason_is_invalid = true;
            let byte = start + done + code.len() + index;
            faults.add(
                FaultCode::CloseReasonUtf8,
                byte,
                None,
                byte + 1,
                Detail::byte_at(reason, index),
            );
        }
    }

    pub(super) fn mark_gap(&mut self) {
        self.has_gap = true;
        self.reason = Utf8Validator::new();
    }

    pub(super) fn reason_is_invalid(self) -> bool {
        self.reason_is_invalid
    }

    /// Returns how many bytes of the unfinished last character of the reason have arrived, and how
    /// many it has.
    pub(super) fn pending(self) -> Option<(u8, u8)> {
        self.reason.pending()
    }
}

/// Validates a close code whose first byte is at `start`.
fn validate_code(code: u16, start: ByteLen, faults: &mut FrameFaults) {
    let rule = match CloseCode::new(code).status {
        CloseCodeStatus::Sendable => return,
        CloseCodeStatus::OutOfRange => FaultCode::CloseCodeOutOfRange,
        CloseCodeStatus::NeverSent | CloseCodeStatus::Unused | CloseCodeStatus::Unassigned => {
            FaultCode::CloseCodeInvalid
        }
    };
    faults.add(rule, start, None, start + CODE_LEN, Detail::CloseCode(code));
}
