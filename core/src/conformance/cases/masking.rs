//! Masking (RFC 6455 sections 5.1 and 5.3).

use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::wire::frame::message::MessageKind;
use crate::wire::frame::{Header, Opcode, encode};

const RULE: &str = "RFC 6455 §5.1";

pub(super) fn add(builder: &mut CaseBuilder) {
    add_unmasked(builder);
    add_keys(builder);
    // A key is four bytes long, and implementations unmask in words: each remainder counts.
    for len in [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 1_023, 4_099] {
        let data = builder.noise(len);
        let frame = builder.binary(&data);
        let (name, title) = (format!("unmask-{len}"), format!("a masked payload of {len} bytes"));
        builder.add(
            case(Group::Masking, &name, &title, "RFC 6455 §5.3").send(frame).echoed_binary(&data),
        );
    }
}

fn add_unmasked(builder: &mut CaseBuilder) {
    let frames: [(&str, Opcode, &[u8]); 6] = [
        ("text", Opcode::Text, b"Hello"),
        ("binary", Opcode::Binary, b"\x00\xff"),
        ("ping", Opcode::Ping, b"?"),
        ("pong", Opcode::Pong, b"!"),
        ("close", Opcode::Close, b"\x03\xe8"),
        ("empty-text", Opcode::Text, b""),
    ];
    for (name, opcode, data) in frames {
        let (name, title) = (format!("unmasked-{name}"), format!("an unmasked {opcode} frame"));
        let frame = encode::single_frame(opcode, data, None);
        builder.add(case(Group::Masking, &name, &title, RULE).send(frame).fails(&[1002]));
    }
    let first = builder.text(b"masked");
    let second = encode::single_frame(Opcode::Text, b"not masked", None);
    builder.add(
        case(Group::Masking, "unmasked-second", "a masked message, then an unmasked one", RULE)
            .send(first)
            .echoed_text(b"masked")
            .send(second)
            .fails(&[1002]),
    );
    let first = builder.fragment(Opcode::Text, b"masked, ");
    let second = encode::single_frame(Opcode::Continuation, b"not masked", None);
    builder.add(
        case(
            Group::Masking,
            "unmasked-continuation",
            "a masked fragment, then an unmasked continuation",
            RULE,
        )
        .send([first, second].concat())
        .fails(&[1002]),
    );
}

fn add_keys(builder: &mut CaseBuilder) {
    let rule = "RFC 6455 §5.3";
    let with_key = |key: [u8; 4], text: &[u8]| encode::single_frame(Opcode::Text, text, Some(key));
    builder.add(
        case(Group::Masking, "key-zero", "the key 00000000, which is legal on the wire", rule)
            .send(with_key([0; 4], b"plain to see"))
            .echoed_text(b"plain to see"),
    );
    builder.add(
        case(Group::Masking, "key-ones", "the key ffffffff", rule)
            .send(with_key([0xff; 4], b"every bit flipped"))
            .echoed_text(b"every bit flipped"),
    );
    let same = [0x37, 0xfa, 0x21, 0x3d];
    builder.add(
        case(Group::Masking, "key-reused", "two messages with the same key", rule)
            .send([with_key(same, b"one"), with_key(same, b"two")].concat())
            .echoed_text(b"one")
            .echoed_text(b"two"),
    );
    let pieces: [&[u8]; 3] = [b"each frame ", b"has a key ", b"of its own"];
    let frames = builder.fragments(MessageKind::Text, &pieces).concat();
    builder.add(
        case(Group::Masking, "key-of-each-fragment", "fragments with different keys", rule)
            .send(frames)
            .echoed_text(&pieces.concat()),
    );
    let header = Header { masking_key: Some([1, 2, 3, 4]), ..Header::new(Opcode::Text, 0) };
    builder.add(
        case(Group::Masking, "empty-with-key", "an empty message with its key", rule)
            .send(encode::frame(&header, b""))
            .echoed_text(b""),
    );
}
