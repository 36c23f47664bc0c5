//! [`FaultRecord`] and [`ProblemRecord`]: a broken rule of a frame or of a handshake, as
//! `decode --json` and `inspect --json` print it. `wire` finds the faults.

use serde::Serialize;

use crate::wire::handshake::Problem;
use crate::wire::{Fault, Offset};

/// A broken rule of a frame. The fields are in the order of the JSON, which is alphabetical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct FaultRecord {
    /// The bits of the byte at `byte_offset` that break the rule, such as `4-7`.
    pub(in crate::cli) bits: Option<String>,
    pub(in crate::cli) byte_offset: Offset,
    /// The code with which a receiver closes; `None` if it does not.
    pub(in crate::cli) close_code: Option<u16>,
    /// The name of the rule, such as `E_RSV_NONZERO`.
    pub(in crate::cli) code: &'static str,
    pub(in crate::cli) detail: Option<String>,
    /// The number of bytes of the stream after which the fault is certain.
    pub(in crate::cli) detectable_after_bytes: Offset,
    /// The number of the frame in its direction, from 0.
    pub(in crate::cli) frame: usize,
    pub(in crate::cli) rfc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'static str>,
    pub(in crate::cli) severity: &'static str,
    pub(in crate::cli) what: &'static str,
    pub(in crate::cli) why: &'static str,
}

/// A broken rule of a handshake. The fields are in the order of the JSON, which is alphabetical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct ProblemRecord {
    /// The name of the rule, such as `H_ACCEPT_MISMATCH`.
    pub(in crate::cli) code: &'static str,
    /// The likely cause, if it is known.
    pub(in crate::cli) hint: Option<String>,
    pub(in crate::cli) rfc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'static str>,
    pub(in crate::cli) severity: &'static str,
    /// The offset of the first byte in the head, and the number of bytes.
    pub(in crate::cli) span: Option<[usize; 2]>,
    pub(in crate::cli) what: &'static str,
    pub(in crate::cli) why: &'static str,
}

impl FaultRecord {
    /// Creates the record without `section`.
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

    /// Adds the section of the RFC as `section` too. Records of `inspect` had that field before
    /// `rfc`, and scripts read it.
    pub(in crate::cli) fn with_section(self) -> Self {
        Self { section: Some(self.rfc), ..self }
    }
}

impl ProblemRecord {
    /// Creates the record without `section`.
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

    /// Adds the section of the RFC as `section` too, like [`FaultRecord::with_section`].
    pub(in crate::cli) fn with_section(self) -> Self {
        Self { section: Some(self.rfc), ..self }
    }
}
