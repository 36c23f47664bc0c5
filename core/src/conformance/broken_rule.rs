//! The rule of framing that a case breaks, found out from the bytes that it sends.

use crate::conformance::case::{Case, CaseKind, Expectation, Opening, Step};
use crate::wire::decode::fault::FaultCode;
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::{AgreedExtensions, Decoder, Side};

/// The most bytes of a payload that are kept while a case is decoded.
const MAX_PAYLOAD: usize = 1 << 16;

/// Returns the rule that the frames of a case for servers break, if it is one alone and a server must
/// fail the connection because of it. Cases with compression have none.
pub fn broken_rule(case: &Case) -> Option<FaultCode> {
    let is_plain = case.kind == CaseKind::Steps
        && case.response.is_none()
        && matches!(case.opening, Opening::Opened);
    let must_fail =
        |step: &Step| matches!(step, Step::Expect(Expectation::Failure { may_ignore: None, .. }));
    if !is_plain || !case.steps.iter().any(must_fail) {
        return None;
    }
    let mut frames =
        FrameAssembler::new(Decoder::new(Side::Client, AgreedExtensions::none()), MAX_PAYLOAD);
    let mut faults = Vec::new();
    for step in &case.steps {
        let Step::Send(bytes) = step else { continue };
        let mut rest = bytes.as_slice();
        while let Some(frame) = frames.next_frame(&mut rest) {
            faults.extend(frame.faults);
        }
    }
    faults.extend(frames.current_faults().iter().copied());
    let mut codes = faults.iter().filter(|fault| fault.is_fatal()).map(|fault| fault.code);
    let first = codes.next()?;
    codes.all(|code| code == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::all_cases;

    #[test]
    fn the_rule_of_a_case_is_that_of_its_bytes() {
        let cases = all_cases(1);
        let rule = |id: &str| broken_rule(cases.iter().find(|case| case.id == id).unwrap());
        for (id, code) in [
            ("masking/unmasked-text", FaultCode::UnmaskedClient),
            ("opcodes/reserved-3", FaultCode::OpcodeReserved),
            ("opcodes/rsv2-text", FaultCode::RsvNonzero),
            ("utf8/invalid-ff", FaultCode::Utf8),
            ("close/code-1005", FaultCode::CloseCodeInvalid),
            ("lengths/top-bit-text", FaultCode::LenMsbSet),
            ("fragments/orphan-final", FaultCode::ContWithoutStart),
        ] {
            assert_eq!(rule(id), Some(code), "{id}");
        }
        for id in ["lengths/text-125", "ping/text", "close/code-5000", "handshake/no-key"] {
            assert_eq!(rule(id), None, "{id}");
        }
    }
}
