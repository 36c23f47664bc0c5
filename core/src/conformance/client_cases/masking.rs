//! Masking (RFC 6455 sections 5.1 and 5.3).

use crate::conformance::case::CaseKind;
use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::conformance::key_quality::KeyRule;
use crate::wire::frame::{Header, Opcode, encode};

const RULE: &str = "RFC 6455 §5.1";

pub(super) fn add(builder: &mut CaseBuilder) {
    let frames = [
        ("masked-text", "a text message with a mask", Opcode::Text, &b"Hello"[..]),
        ("masked-binary", "a binary message with a mask", Opcode::Binary, b"\x00\x01\x02"),
        ("masked-empty", "an empty message with a mask", Opcode::Text, b""),
        ("masked-ping", "a ping with a mask", Opcode::Ping, b"?"),
        ("masked-close", "a Close with a mask", Opcode::Close, b"\x03\xe8"),
    ];
    for (name, title, opcode, data) in frames {
        let key = builder.masking_key();
        let frame = encode::single_frame(opcode, data, Some(key));
        builder.add(case(Group::Masking, name, title, RULE).send(frame).fails(&[1002]));
    }
    let frame = encode::frame(
        &Header { masking_key: Some([0; 4]), ..Header::new(Opcode::Text, 5) },
        b"Hello",
    );
    builder.add(
        case(Group::Masking, "masked-with-zeros", "a message with the mask 00000000", RULE)
            .send(frame)
            .fails(&[1002]),
    );
    let (text, key) = (builder.text(b"one"), builder.masking_key());
    let masked = encode::single_frame(Opcode::Text, b"two", Some(key));
    builder.add(
        case(Group::Masking, "masked-second", "a message, then one with a mask", RULE)
            .send(text)
            .echoed_text(b"one")
            .send(masked)
            .fails(&[1002]),
    );
}

/// Adds what all keys of a client together must be.
pub(super) fn add_key_rules(builder: &mut CaseBuilder) {
    let rules = [
        ("keys-new", KeyRule::New, "the keys of all frames: is each of them new?"),
        ("keys-not-zero", KeyRule::NotZero, "the keys of all frames: is one of them zero?"),
        (
            "keys-unpredictable",
            KeyRule::Unpredictable,
            "the keys of all frames: can they be predicted?",
        ),
    ];
    for (name, rule, title) in rules {
        let draft = case(Group::Masking, name, title, "RFC 6455 §5.3, §10.3");
        builder.add(draft.tested_by(CaseKind::MaskingKeys(rule)));
    }
}
