//! The cases for a server over HTTP/2: the rules of RFC 8441, and those about frames, which are the
//! same.

use crate::conformance::case::{Case, CaseKind, Group};
use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::cases::all_cases;
use crate::conformance::http2_rule::Http2Rule;

/// Returns the cases for a server over HTTP/2. The same `seed` gives the same bytes.
pub fn http2_cases(seed: u64) -> Vec<Case> {
    let mut builder = CaseBuilder::new(seed);
    for (rule, name, title, section) in Http2Rule::ALL {
        let draft = case(Group::Http2, name, title, section);
        builder.add(draft.tested_by(CaseKind::Http2(rule)));
    }
    let mut cases = builder.into_cases();
    // The handshakes of HTTP/1.1 have a syntax of their own.
    cases.extend(all_cases(seed).into_iter().filter(|case| case.group != Group::Handshake));
    cases
}
