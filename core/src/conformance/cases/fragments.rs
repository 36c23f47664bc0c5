//! Fragmented messages (RFC 6455 section 5.4), and control frames between the fragments.

use crate::conformance::case::Expectation;
use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::wire::frame::message::MessageKind;
use crate::wire::frame::{Header, Opcode};

const RULE: &str = "RFC 6455 §5.4";

/// Messages that are legal however they are cut: a name, a title, and the pieces.
const LEGAL: [(&str, &str, &[&[u8]]); 7] = [
    ("two", "a message in two fragments", &[b"fragment1", b"fragment2"]),
    ("three", "a message in three fragments", &[b"one, ", b"two, ", b"three"]),
    ("first-empty", "a first fragment that is empty", &[b"", b"all of it"]),
    ("middle-empty", "a fragment in the middle that is empty", &[b"a", b"", b"b"]),
    ("last-empty", "a last fragment that is empty", &[b"all of it", b""]),
    ("all-empty", "three fragments that are all empty", &[b"", b"", b""]),
    ("single-bytes", "a fragment for each byte", &[b"b", b"y", b"t", b"e", b"s"]),
];

pub(super) fn add(builder: &mut CaseBuilder) {
    add_legal(builder);
    add_control_between(builder);
    add_fragmented_control(builder);
    add_orphans(builder);
    add_interleaved(builder);
}

fn add_legal(builder: &mut CaseBuilder) {
    for (name, title, pieces) in LEGAL {
        for kind in [MessageKind::Text, MessageKind::Binary] {
            let frames = builder.fragments(kind, pieces).concat();
            builder.add(
                case(Group::Fragments, &format!("{name}-{}", kind.opcode()), title, RULE)
                    .send(frames)
                    .echoed(kind, &pieces.concat()),
            );
        }
    }
    let frames = builder.fragments(MessageKind::Text, &[b"fragment1", b"fragment2"]).concat();
    builder.add(
        case(
            Group::Fragments,
            "two-byte-by-byte",
            "two fragments, each byte in its own write",
            RULE,
        )
        .send_pieces(&frames, 1)
        .echoed_text(b"fragment1fragment2"),
    );
    let all = b"*".repeat(1_000);
    let pieces: Vec<&[u8]> = all.chunks(1).collect();
    let frames = builder.fragments(MessageKind::Text, &pieces).concat();
    builder.add(
        case(Group::Fragments, "a-thousand", "a thousand fragments of one byte", RULE)
            .send(frames)
            .echoed_text(&all),
    );
    let data = builder.noise(65_536);
    for len in [64, 256, 1_024, 16_384] {
        let pieces: Vec<&[u8]> = data.chunks(len).collect();
        let frames = builder.fragments(MessageKind::Binary, &pieces).concat();
        let title = format!("65,536 bytes in fragments of {len} bytes");
        builder.add(
            case(Group::Fragments, &format!("64-kib-by-{len}"), &title, RULE)
                .send(frames)
                .echoed_binary(&data),
        );
    }
}

fn add_control_between(builder: &mut CaseBuilder) {
    let pieces: [&[u8]; 2] = [b"fragment1", b"fragment2"];
    let between = [
        ("ping-between", "a ping between two fragments", Opcode::Ping),
        ("pong-between", "a pong between two fragments", Opcode::Pong),
    ];
    for (name, title, opcode) in between {
        let [first, last] = pieces_of(builder, pieces);
        let control = builder.frame(Header::new(opcode, 0), b"between");
        let draft = case(Group::Fragments, name, title, RULE).send([first, control, last].concat());
        let is_ping = opcode == Opcode::Ping;
        let draft = if is_ping { draft.ponged(b"between") } else { draft };
        builder.add(draft.echoed_text(&pieces.concat()));
    }
    let [first, last] = pieces_of(builder, pieces);
    let ping = builder.ping(b"apart");
    builder.add(
        case(
            Group::Fragments,
            "ping-answered-before-the-message",
            "a ping after the first fragment, whose pong is awaited before the second",
            RULE,
        )
        .send([first, ping].concat())
        .ponged(b"apart")
        .send(last)
        .echoed_text(&pieces.concat()),
    );
    let [first, last] = pieces_of(builder, pieces);
    let pings: Vec<u8> =
        (0..5_u8).flat_map(|number| builder.ping(&[b'0'.saturating_add(number)])).collect();
    builder.add(
        case(Group::Fragments, "five-pings-between", "five pings between two fragments", RULE)
            .send([first, pings, last].concat())
            .ponged(b"4")
            .echoed_text(&pieces.concat()),
    );
    let [first, _] = pieces_of(builder, pieces);
    let close = builder.close(b"\x03\xe8");
    builder.add(
        case(Group::Fragments, "close-between", "a Close after the first fragment", RULE)
            .send([first, close].concat())
            .closed(Some(1000)),
    );
    let [first, _] = pieces_of(builder, pieces);
    builder.add(
        case(Group::Fragments, "unfinished", "a first fragment, and nothing after it", RULE)
            .send(first)
            .expect(Expectation::Silence(std::time::Duration::from_millis(200))),
    );
}

fn pieces_of(builder: &mut CaseBuilder, [first, last]: [&[u8]; 2]) -> [Vec<u8>; 2] {
    let continuation = Header::new(Opcode::Continuation, 0);
    [builder.fragment(Opcode::Text, first), builder.frame(continuation, last)]
}

fn add_fragmented_control(builder: &mut CaseBuilder) {
    let rule = "RFC 6455 §5.5";
    let kinds = [("ping", Opcode::Ping), ("pong", Opcode::Pong), ("close", Opcode::Close)];
    for (name, opcode) in kinds {
        let first = builder.fragment(opcode, b"\x03\xe8");
        let last = builder.frame(Header::new(Opcode::Continuation, 0), b"rest");
        let title = format!("a {name} in two fragments");
        builder.add(
            case(Group::Fragments, &format!("{name}-fragmented"), &title, rule)
                .send([first, last].concat())
                .fails(&[1002]),
        );
        let alone = builder.fragment(opcode, b"\x03\xe8");
        let title = format!("a {name} with FIN = 0");
        builder.add(
            case(Group::Fragments, &format!("{name}-without-fin"), &title, rule)
                .send(alone)
                .fails(&[1002]),
        );
    }
}

fn add_orphans(builder: &mut CaseBuilder) {
    for (name, fin) in [("final", true), ("not-final", false)] {
        let header = Header { fin, ..Header::new(Opcode::Continuation, 0) };
        let orphan = builder.frame(header, b"of nothing");
        let title = format!("a continuation that continues nothing, FIN = {}", u8::from(fin));
        builder.add(
            case(Group::Fragments, &format!("orphan-{name}"), &title, RULE)
                .send(orphan)
                .fails(&[1002]),
        );
        let whole = builder.text(b"whole");
        let orphan = builder.frame(header, b"of nothing");
        let title = format!("a whole message, then a continuation, FIN = {}", u8::from(fin));
        builder.add(
            case(Group::Fragments, &format!("orphan-{name}-after-message"), &title, RULE)
                .send(whole)
                .echoed_text(b"whole")
                .send(orphan)
                .fails(&[1002]),
        );
    }
    let frames = builder.fragments(MessageKind::Text, &[b"a", b"b"]).concat();
    let orphan = builder.frame(Header::new(Opcode::Continuation, 0), b"c");
    builder.add(
        case(
            Group::Fragments,
            "orphan-after-fragments",
            "a message in two fragments, then a third continuation",
            RULE,
        )
        .send(frames)
        .echoed_text(b"ab")
        .send(orphan)
        .fails(&[1002]),
    );
}

fn add_interleaved(builder: &mut CaseBuilder) {
    for (name, opcode) in [("text", Opcode::Text), ("binary", Opcode::Binary)] {
        for (which, fin) in [("whole", true), ("fragment", false)] {
            let first = builder.fragment(Opcode::Text, b"first");
            let second = builder.frame(Header { fin, ..Header::new(opcode, 0) }, b"second");
            let title = format!("a {name} frame within a message, FIN = {}", u8::from(fin));
            builder.add(
                case(Group::Fragments, &format!("interleaved-{name}-{which}"), &title, RULE)
                    .send([first, second].concat())
                    .fails(&[1002]),
            );
        }
    }
}
