//! What needs more than one connection: the limits of the server, and what violations leave behind.

use crate::conformance::case::{Case, CaseKind, SizeLimit};
use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::wire::frame::message::MessageKind;

/// The bytes of each fragment of a message whose size is what matters.
const FRAGMENT: usize = 16 << 10;

/// The most bytes of a step. What is being sent is held besides the case, so a large message is sent in
/// several.
const MAX_STEP: usize = 1 << 20;

pub(super) fn add(builder: &mut CaseBuilder) {
    let limits = [
        ("frame", SizeLimit::Frame, "the largest message in one frame"),
        ("message", SizeLimit::Message, "the largest message in fragments of 16 KiB"),
        ("fragments", SizeLimit::Fragments, "the most fragments of a message, each of a byte"),
    ];
    for (name, limit, title) in limits {
        let draft = case(Group::Limits, name, title, "RFC 6455 §10.4, §7.4.1");
        builder.add(draft.tested_by(CaseKind::Search(limit)));
    }
    let survival = [
        ("handshakes", CaseKind::Handshakes, "a new handshake after each violation"),
        ("memory", CaseKind::Memory, "the memory of the server's process, before and after"),
    ];
    for (name, kind, title) in survival {
        builder.add(case(Group::Survival, name, title, "RFC 6455 §10.4").tested_by(kind));
    }
}

/// Returns the case that sends a message of `size`, in bytes or in fragments, and expects its echo.
pub fn echo_of_size(limit: SizeLimit, size: usize, seed: u64) -> Case {
    let mut builder = CaseBuilder::new(seed);
    let data = vec![b'*'; size];
    let frames = match limit {
        SizeLimit::Frame => vec![builder.binary(&data)],
        SizeLimit::Message => in_fragments(&mut builder, &data, FRAGMENT),
        SizeLimit::Fragments => in_fragments(&mut builder, &data, 1),
    };
    let mut draft = case(Group::Limits, "size", "a message of this size", "RFC 6455 §10.4");
    let mut step = Vec::new();
    for frame in frames {
        for piece in frame.chunks(MAX_STEP) {
            if step.len().saturating_add(piece.len()) > MAX_STEP {
                draft = draft.send(std::mem::take(&mut step));
            }
            step.extend_from_slice(piece);
        }
    }
    builder.add(draft.send(step).echoed_data(MessageKind::Binary, data));
    builder.into_cases().swap_remove(0)
}

fn in_fragments(builder: &mut CaseBuilder, data: &[u8], len: usize) -> Vec<Vec<u8>> {
    let pieces: Vec<&[u8]> = data.chunks(len).collect();
    builder.fragments(MessageKind::Binary, &pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::Step;

    #[test]
    fn a_message_has_its_size_in_bytes_or_in_fragments() {
        let sent = |limit, size| match &echo_of_size(limit, size, 1).steps[0] {
            Step::Send(bytes) => bytes.len(),
            step => panic!("{step:?}"),
        };
        assert_eq!(sent(SizeLimit::Frame, 70_000), 70_000 + 14);
        assert_eq!(sent(SizeLimit::Message, 2 * FRAGMENT), 2 * (FRAGMENT + 8));
        assert_eq!(sent(SizeLimit::Fragments, 100), 100 * 7);
    }

    #[test]
    fn a_large_message_is_sent_in_steps() {
        let size = 3 * MAX_STEP - 5;
        for (limit, overhead) in [(SizeLimit::Frame, 14), (SizeLimit::Message, 192 * 8)] {
            let case = echo_of_size(limit, size, 1);
            let lens = case.steps.iter().map_while(|step| match step {
                Step::Send(bytes) => Some(bytes.len()),
                _ => None,
            });
            assert_eq!(lens.clone().sum::<usize>(), size + overhead);
            assert!(lens.clone().all(|len| len <= MAX_STEP), "{:?}", lens.collect::<Vec<_>>());
            assert_eq!(case.longest_message(), size);
        }
    }
}
