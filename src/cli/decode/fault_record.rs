//! [`FaultRecord`] and [`ProblemRecord`]: a broken rule of a frame or of a handshake, as `decode --json` and
//! `inspect --json` write it. What is wrong was found by `wire`.

use serde::Serialize;

use crate::wire::handshake::Problem;
use crate::wire::{Fault, Offset};

/// A broken rule of a frame. The fields stand in the order of the JSON, which is that of the
/// alphabet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct FaultRecord {
    pub(in crate::cli) bits: Option<String>,
    pub(in crate::cli) byte_offset: Offset,
    pub(in crate::cli) close_code: Option<u16>,
    pub(in crate::cli) code: &'static str,
    pub(in crate::cli) detail: Option<String>,
    pub(in crate::cli) detectable_after_bytes: Offset,
    pub(in crate::cli) frame: usize,
    pub(in crate::cli) rfc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'static str>,
    pub(in crate::cli) severity: &'static str,
    pub(in crate::cli) what: &'static str,
    pub(in crate::cli) why: &'static str,
}

/// A broken rule of a handshake. The fields stand in the order of the JSON, which is that of the
/// alphabet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct ProblemRecord {
    pub(in crate::cli) code: &'static str,
    pub(in crate::cli) hint: Option<String>,
    pub(in crate::cli) rfc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'static str>,
    pub(in crate::cli) severity: &'static str,
    /// The first byte and the number of bytes.
    pub(in crate::cli) span: Option<[usize; 2]>,
    pub(in crate::cli) what: &'static str,
    pub(in crate::cli) why: &'static str,
}

impl FaultRecord {
    pub(in crate::cli) fn new(fault: &Fault) -> Self {
        let detail = fault.detail.to_string();
        Self {
            bits: fault.bits.map(|bits| bits.to_string()),
            byte_offset: fault.byte_offset,
            close_code: fault.close_code(),
            code: fault.code.name(),
            detail: (!detail.is_empty()).then_some(detail),
            detectable_after_bytes: fault.detectable_after,
            frame: fault.frame,
            rfc: fault.section(),
            section: None,
            severity: fault.severity().name(),
            what: fault.summary(),
            why: fault.rationale(),
        }
    }

    /// Gives the rule's section under the name `section` too, which the records of `inspect` had
    /// before `rfc`.
    pub(in crate::cli) fn with_section(self) -> Self {
        Self { section: Some(self.rfc), ..self }
    }
}

impl ProblemRecord {
    pub(in crate::cli) fn new(problem: &Problem) -> Self {
        let rule = problem.code.rule();
        Self {
            code: rule.name,
            hint: problem.hint.clone(),
            rfc: rule.section,
            section: None,
            severity: problem.severity.name(),
            span: problem.span.as_ref().map(|span| [span.start, span.len()]),
            what: rule.summary,
            why: rule.rationale,
        }
    }

    /// Gives the rule's section under the name `section` too, which the records of `inspect` had
    /// before `rfc`.
    pub(in crate::cli) fn with_section(self) -> Self {
        Self { section: Some(self.rfc), ..self }
    }
}
