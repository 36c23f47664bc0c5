//! Frames that arrive in pieces, slowly, or many at once. TCP keeps no borders (RFC 6455 section 5).

use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::wire::frame::message::MessageKind;

const RULE: &str = "RFC 6455 §5.1, RFC 9293 §3.8";

pub(super) fn add(builder: &mut CaseBuilder) {
    let text = b"each byte in a write of its own";
    let frame = builder.text(text);
    builder.add(
        case(Group::Timing, "byte-by-byte", "a message, byte by byte", RULE)
            .send_pieces(&frame, 1)
            .echoed_text(text),
    );
    // After the first byte, after the length, within the key, before the payload, within it.
    for cut in [1, 2, 4, 6, 9] {
        let frame = builder.text(b"Hello, world");
        let (first, last) = frame.split_at(cut.min(frame.len()));
        let title = format!("a message cut after {cut} bytes by a pause of 100 ms");
        builder.add(
            case(Group::Timing, &format!("cut-after-{cut}"), &title, RULE)
                .send(first.to_vec())
                .pause(100)
                .send(last.to_vec())
                .echoed_text(b"Hello, world"),
        );
    }
    let text = b"*".repeat(300);
    let frame = builder.text(&text);
    for cut in [2, 3, 5] {
        let (first, last) = frame.split_at(cut);
        let title = format!("a message with a 16-bit length, cut after {cut} bytes");
        builder.add(
            case(Group::Timing, &format!("16-bit-cut-after-{cut}"), &title, RULE)
                .send(first.to_vec())
                .pause(100)
                .send(last.to_vec())
                .echoed_text(&text),
        );
    }
    add_many(builder);
}

fn add_many(builder: &mut CaseBuilder) {
    let texts: Vec<String> = (0..100).map(|number| format!("message {number}")).collect();
    let frames: Vec<u8> = texts.iter().flat_map(|text| builder.text(text.as_bytes())).collect();
    let draft = case(Group::Timing, "hundred-at-once", "a hundred messages in one write", RULE);
    let draft =
        texts.iter().fold(draft.send(frames), |draft, text| draft.echoed_text(text.as_bytes()));
    builder.add(draft);
    let data = builder.noise(1 << 20);
    let frame = builder.binary(&data);
    builder.add(
        case(Group::Timing, "1-mib", "a message of 1 MiB", "RFC 6455 §5.2")
            .send(frame)
            .echoed_binary(&data),
    );
    let pieces: Vec<&[u8]> = data.chunks(1 << 16).collect();
    let frames = builder.fragments(MessageKind::Binary, &pieces).concat();
    builder.add(
        case(Group::Timing, "1-mib-in-fragments", "1 MiB in fragments of 64 KiB", "RFC 6455 §5.4")
            .send_pieces(&frames, 10_007)
            .echoed_binary(&data),
    );
}
