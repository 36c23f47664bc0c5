//! The encoding of the payload length (RFC 6455 section 5.2).

use crate::conformance::case::Expectation;
use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::wire::frame::{LengthForm, Opcode};

const RULE: &str = "RFC 6455 §5.2";

/// Why a receiver may take a length in a longer form than needed.
const BINDS_SENDER: &str = "RFC 6455 section 5.2 demands the shortest form of whoever sends, and nothing of whoever receives";

/// Lengths at the borders of the three forms.
const BORDERS: [usize; 9] = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 262_144];

pub(super) fn add(builder: &mut CaseBuilder) {
    add_legal(builder);
    add_longer_than_needed(builder);
    add_impossible(builder);
    add_huge(builder);
    add_control(builder);
}

fn add_legal(builder: &mut CaseBuilder) {
    for len in BORDERS {
        let text = b"*".repeat(len);
        let frame = builder.text(&text);
        let (name, title) = (format!("text-{len}"), format!("a text message of {len} bytes"));
        let draft = case(Group::Lengths, &name, &title, RULE).send(frame).echoed_text(&text);
        builder.add(draft);
        let data = builder.noise(len);
        let frame = builder.binary(&data);
        let (name, title) = (format!("binary-{len}"), format!("a binary message of {len} bytes"));
        let draft = case(Group::Lengths, &name, &title, RULE).send(frame).echoed_binary(&data);
        builder.add(draft);
    }
    let text = b"*".repeat(65_536);
    let frame = builder.text(&text);
    builder.add(
        case(Group::Lengths, "text-65536-in-pieces", "65,536 bytes in pieces of 997 bytes", RULE)
            .send_pieces(&frame, 997)
            .echoed_text(&text),
    );
    let data = builder.noise(65_536);
    let frame = builder.binary(&data);
    builder.add(
        case(Group::Lengths, "binary-65536-in-pieces", "65,536 bytes in pieces of 997 bytes", RULE)
            .send_pieces(&frame, 997)
            .echoed_binary(&data),
    );
}

fn add_longer_than_needed(builder: &mut CaseBuilder) {
    let forms =
        [(LengthForm::Bits16, "16", [0, 1, 125]), (LengthForm::Bits64, "64", [0, 125, 126])];
    for (form, bits, lens) in forms {
        for len in lens {
            let data = b"*".repeat(len);
            let (name, title) = (
                format!("{bits}-bit-{len}"),
                format!("a length of {len} in the {bits}-bit form, longer than needed"),
            );
            let frame = claimed(builder, Opcode::Text, form, &data);
            builder.add(
                case(Group::Lengths, &name, &title, RULE)
                    .send(frame)
                    .fails_or_ignored(&[1002], BINDS_SENDER),
            );
        }
    }
    let data = b"*".repeat(65_535);
    let frame = claimed(builder, Opcode::Binary, LengthForm::Bits64, &data);
    let title = "a length of 65,535 in the 64-bit form, longer than needed";
    builder.add(
        case(Group::Lengths, "64-bit-65535", title, RULE)
            .send(frame)
            .fails_or_ignored(&[1002], BINDS_SENDER),
    );
}

/// Encodes a frame whose length is in a form of choice.
fn claimed(builder: &mut CaseBuilder, opcode: Opcode, form: LengthForm, data: &[u8]) -> Vec<u8> {
    let len = u64::try_from(data.len()).unwrap_or(u64::MAX);
    let mut frame = builder.claim(opcode, form, len);
    let is_masked = frame.get(1).is_some_and(|second| second & 0x80 != 0);
    let key = frame.last_chunk::<4>().filter(|_| is_masked).copied().unwrap_or_default();
    frame.extend(data.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn add_impossible(builder: &mut CaseBuilder) {
    let lens = [
        ("top-bit", 1 << 63, "the length 2^63: the top bit is set, and nothing follows"),
        ("top-bit-and-5", (1 << 63) | 5, "the length 2^63 + 5: the top bit is set"),
        ("all-bits", u64::MAX, "the length 2^64 - 1: all bits are set"),
    ];
    for (name, len, title) in lens {
        for (kind, opcode) in [("text", Opcode::Text), ("binary", Opcode::Binary)] {
            let mut frame = builder.claim(opcode, LengthForm::Bits64, len);
            if len & 7 == 5 {
                frame.extend(builder.noise(5));
            }
            let name = format!("{name}-{kind}");
            builder.add(
                case(Group::Lengths, &name, title, RULE).send(frame).fails_within_frame(&[1002]),
            );
        }
    }
    let mut frame = builder.fragment(Opcode::Text, b"first");
    frame.extend(builder.claim(Opcode::Continuation, LengthForm::Bits64, u64::MAX));
    let title = "a continuation with the length 2^64 - 1, which overflows a sum of lengths";
    builder.add(
        case(Group::Lengths, "all-bits-continuation", title, RULE)
            .send(frame)
            .fails_within_frame(&[1002]),
    );
}

fn add_huge(builder: &mut CaseBuilder) {
    let rule = "RFC 6455 §5.2, §10.4";
    let lens = [
        ("2-62", 1 << 62, "a frame of 2^62 bytes, of which none comes"),
        ("2-63-less-1", (1 << 63) - 1, "a frame of 2^63 - 1 bytes, of which none comes"),
        ("4-gib", 1 << 32, "a frame of 4 GiB, of which none comes"),
        ("2-31", 1 << 31, "a frame of 2^31 bytes, of which none comes"),
    ];
    for (name, len, title) in lens {
        let mut frame = builder.claim(Opcode::Binary, LengthForm::Bits64, len);
        let name = format!("claim-{name}");
        builder.add(
            case(Group::Lengths, &name, title, rule)
                .send(frame.clone())
                .expect(Expectation::FailureOrWait { codes: &[1009, 1002] }),
        );
        frame.extend(builder.noise(1_000));
        builder.add(
            case(Group::Lengths, &format!("{name}-begun"), &title.replace("none", "1,000"), rule)
                .send(frame)
                .expect(Expectation::FailureOrWait { codes: &[1009, 1002] }),
        );
    }
}

fn add_control(builder: &mut CaseBuilder) {
    let rule = "RFC 6455 §5.5";
    for (name, opcode) in [("ping", Opcode::Ping), ("pong", Opcode::Pong), ("close", Opcode::Close)]
    {
        let data = [&b"\x03\xe8"[..], &b"*".repeat(124)].concat();
        let frame = claimed(builder, opcode, LengthForm::Bits16, &data);
        let title = format!("a {name} of 126 bytes");
        let draft = case(Group::Lengths, &format!("{name}-126"), &title, rule);
        builder.add(draft.send(frame).fails(&[1002]));
        let frame = builder.claim(opcode, LengthForm::Bits64, 1 << 40);
        let title = format!("a {name} that claims 2^40 bytes");
        builder.add(
            case(Group::Lengths, &format!("{name}-2-40"), &title, rule)
                .send(frame)
                .fails_within_frame(&[1002]),
        );
    }
}
