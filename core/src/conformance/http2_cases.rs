//! The cases for a server over HTTP/2: the rules of RFC 8441, and those about frames, which are the
//! same.

use crate::conformance::case::{Case, CaseKind, Group, Step};
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
    let about_frames = all_cases(seed).into_iter().filter(|case| case.group != Group::Handshake);
    cases.extend(about_frames.map(in_words_of_http2));
    cases
}

/// Returns a case whose title says what stands for FIN on a stream (RFC 8441 section 5).
fn in_words_of_http2(case: Case) -> Case {
    if case.steps.contains(&Step::EndWrites) {
        return Case { title: case.title.replace("FIN", "END_STREAM"), ..case };
    }
    case
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_tcp_ends_a_stream() {
        let cases = http2_cases(1);
        let title = |id: &str| &cases.iter().find(|case| case.id == id).unwrap().title;
        assert_eq!(title("close/fin-without-close"), "END_STREAM without a Close");
        // The bit of a frame stays.
        assert!(cases.iter().any(|case| case.title.ends_with("FIN = 0")));
    }
}
