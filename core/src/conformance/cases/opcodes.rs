//! Opcodes and reserved bits (RFC 6455 section 5.2).

use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::wire::frame::{Header, Opcode};

const RULE: &str = "RFC 6455 §5.2";

/// The reserved opcodes.
const RESERVED: [u8; 10] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];

/// The three reserved bits.
const BITS: [(u8, &str); 7] = [
    (0b001, "rsv3"),
    (0b010, "rsv2"),
    (0b011, "rsv2-rsv3"),
    (0b100, "rsv1"),
    (0b101, "rsv1-rsv3"),
    (0b110, "rsv1-rsv2"),
    (0b111, "rsv1-rsv2-rsv3"),
];

pub(super) fn add(builder: &mut CaseBuilder) {
    for bits in RESERVED {
        let opcode = Opcode::from_bits(bits);
        for (suffix, data) in [("", &b""[..]), ("-with-payload", b"reserved payload")] {
            let name = format!("reserved-{bits:x}{suffix}");
            let title = format!("opcode {bits:X}, {} bytes of payload", data.len());
            let frame = builder.frame(Header::new(opcode, 0), data);
            let draft = case(Group::Opcodes, &name, &title, RULE);
            builder.add(draft.send(frame).fails(&[1002]));
        }
    }
    for bits in RESERVED.into_iter().step_by(3) {
        let first = builder.text(b"Hello");
        let frame = builder.frame(Header::new(Opcode::from_bits(bits), 0), b"reserved");
        let title = format!("a message, then opcode {bits:X}");
        builder.add(
            case(Group::Opcodes, &format!("reserved-{bits:x}-after-message"), &title, RULE)
                .send(first)
                .echoed_text(b"Hello")
                .send(frame)
                .fails(&[1002]),
        );
    }
    for bits in [3, 7] {
        let header = Header { fin: false, ..Header::new(Opcode::from_bits(bits), 0) };
        let frame = builder.frame(header, b"a fragment");
        let title = format!("opcode {bits:X} with FIN = 0");
        builder.add(
            case(Group::Opcodes, &format!("reserved-{bits:x}-fragment"), &title, RULE)
                .send(frame)
                .fails(&[1002]),
        );
    }
    add_bits(builder);
}

fn with_bits(bits: u8, opcode: Opcode) -> Header {
    Header {
        rsv1: bits & 0b100 != 0,
        rsv2: bits & 0b010 != 0,
        rsv3: bits & 0b001 != 0,
        ..Header::new(opcode, 0)
    }
}

fn add_bits(builder: &mut CaseBuilder) {
    let opcodes = [
        (Opcode::Text, &b"Hello"[..]),
        (Opcode::Binary, b"\x00\x01"),
        (Opcode::Ping, b"?"),
        (Opcode::Close, b"\x03\xe8"),
    ];
    for (bits, name) in BITS {
        for (opcode, data) in opcodes {
            let frame = builder.frame(with_bits(bits, opcode), data);
            let title =
                format!("a {opcode} frame with {}", name.to_uppercase().replace('-', " and "));
            builder.add(
                case(Group::Opcodes, &format!("{name}-{opcode}"), &title, RULE)
                    .send(frame)
                    .fails(&[1002]),
            );
        }
        let (first, ping) = (builder.text(b"Hello"), builder.ping(b""));
        let frame = builder.frame(with_bits(bits, Opcode::Text), b"Hello");
        let title =
            format!("a message, then one with {}", name.to_uppercase().replace('-', " and "));
        builder.add(
            case(Group::Opcodes, &format!("{name}-after-message"), &title, RULE)
                .send([first, frame, ping].concat())
                .echoed_text(b"Hello")
                .fails(&[1002]),
        );
    }
    for (bits, name) in BITS {
        let first = builder.fragment(Opcode::Text, b"one, ");
        let second = builder.frame(with_bits(bits, Opcode::Continuation), b"two");
        let title = format!("a continuation with {}", name.to_uppercase().replace('-', " and "));
        builder.add(
            case(Group::Opcodes, &format!("{name}-continuation"), &title, RULE)
                .send([first, second].concat())
                .fails(&[1002]),
        );
    }
}
