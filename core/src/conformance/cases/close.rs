//! The closing handshake (RFC 6455 sections 5.5.1 and 7).

use std::time::Duration;

use crate::conformance::case::Expectation;
use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::wire::frame::Opcode;

const RULE: &str = "RFC 6455 §5.5.1";
const CODES: &str = "RFC 6455 §7.4";

pub(super) fn add(builder: &mut CaseBuilder) {
    add_codes(builder);
    add_bodies(builder);
    add_after_close(builder);
    add_ends(builder);
}

fn add_codes(builder: &mut CaseBuilder) {
    let sendable =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3001, 3999, 4000, 4001, 4999];
    for code in sendable {
        let frame = builder.close(&u16::to_be_bytes(code));
        builder.add(
            case(Group::Close, &format!("code-{code}"), &format!("a Close with {code}"), CODES)
                .send(frame)
                .closed(Some(code)),
        );
    }
    // Registered with IANA after the RFC: some servers take them for unassigned.
    for code in [1012, 1013, 1014] {
        let frame = builder.close(&u16::to_be_bytes(code));
        let title = format!("a Close with {code}, which was registered after the RFC");
        builder.add(
            case(Group::Close, &format!("code-{code}"), &title, "IANA, RFC 6455 §11.7")
                .send(frame)
                .closed(Some(code)),
        );
    }
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999] {
        let frame = builder.close(&u16::to_be_bytes(code));
        let title = format!("a Close with {code}, which must not be sent");
        builder.add(
            case(Group::Close, &format!("code-{code}"), &title, CODES).send(frame).fails(&[1002]),
        );
    }
    for code in [5000, 65_535] {
        let frame = builder.close(&u16::to_be_bytes(code));
        let title = format!("a Close with {code}, of which the RFC says nothing");
        builder.add(
            case(Group::Close, &format!("code-{code}"), &title, "RFC 6455 §7.4.2")
                .send(frame)
                .fails_or_ignored(
                    if code == 5000 { &[1002, 5000] } else { &[1002, 65_535] },
                    "the RFC does not say what a code of 5000 or above means",
                ),
        );
    }
}

fn add_bodies(builder: &mut CaseBuilder) {
    let frame = builder.close(b"");
    builder
        .add(case(Group::Close, "empty", "a Close without a body", RULE).send(frame).closed(None));
    let frame = builder.close(b"\x03");
    builder.add(
        case(Group::Close, "one-byte", "a Close with a body of one byte", RULE)
            .send(frame)
            .fails(&[1002]),
    );
    let reasons: [(&str, &str, Vec<u8>); 4] = [
        ("reason", "a Close with a reason", b"Hello World!".to_vec()),
        ("reason-123", "a reason of 123 bytes, the longest", b"*".repeat(123)),
        ("reason-utf8", "a reason of several alphabets", "до свидания 再見 👋".into()),
        ("reason-nul", "a reason with U+0000", b"a\x00b".to_vec()),
    ];
    for (name, title, reason) in reasons {
        let frame = builder.close(&[&1000_u16.to_be_bytes(), reason.as_slice()].concat());
        builder.add(case(Group::Close, name, title, RULE).send(frame).closed(Some(1000)));
    }
    let reasons: [(&str, &str, &[u8]); 4] = [
        ("reason-surrogate", "a reason with a surrogate", b"\xce\xba\xed\xa0\x80edited"),
        ("reason-ff", "a reason with the byte FF", b"\xff"),
        ("reason-overlong", "a reason with an overlong slash", b"\xc0\xaf"),
        ("reason-cut", "a reason that ends within a character", b"price in \xe2\x82"),
    ];
    for (name, title, reason) in reasons {
        let frame = builder.close(&[&1000_u16.to_be_bytes(), reason].concat());
        builder.add(
            case(Group::Close, name, title, "RFC 6455 §5.5.1, §8.1")
                .send(frame)
                .fails(&[1007, 1002]),
        );
    }
    let frame = builder.close(b"\x03\xe8bye");
    builder.add(
        case(Group::Close, "byte-by-byte", "a Close, each byte in its own write", RULE)
            .send_pieces(&frame, 1)
            .closed(Some(1000)),
    );
}

fn add_after_close(builder: &mut CaseBuilder) {
    let rule = "RFC 6455 §5.5.1, §1.4";
    let close = builder.close(b"\x03\xe8");
    let after: [(&str, &str, Vec<u8>); 4] = [
        ("then-close", "two Closes", builder.close(b"\x03\xe8")),
        ("then-ping", "a ping after the Close", builder.ping(b"late")),
        ("then-text", "a message after the Close", builder.text(b"late")),
        ("then-garbage", "bytes that aren't a frame after the Close", vec![0xff; 64]),
    ];
    for (name, title, frame) in after {
        builder.add(
            case(Group::Close, name, title, rule)
                .send([close.clone(), frame].concat())
                .closed(Some(1000)),
        );
    }
    let (first, close) =
        (builder.fragment(Opcode::Text, b"unfinished"), builder.close(b"\x03\xe8"));
    let rest = builder.frame(crate::wire::Header::new(Opcode::Continuation, 0), b" business");
    builder.add(
        case(
            Group::Close,
            "within-message",
            "a fragment, a Close, and the rest of the message",
            rule,
        )
        .send([first, close, rest].concat())
        .closed(Some(1000)),
    );
    let (text, close) = (builder.text(b"last words"), builder.close(b"\x03\xe8"));
    builder.add(
        case(Group::Close, "after-message", "a message and a Close in one write", RULE)
            .send([text, close].concat())
            .echoed_text(b"last words")
            .closed(Some(1000)),
    );
    let data = b"*".repeat(256 << 10);
    let (text, close) = (builder.text(&data), builder.close(b"\x03\xe8"));
    builder.add(
        case(Group::Close, "after-256-kib", "256 KiB and a Close in one write", RULE)
            .send([text, close].concat())
            .closed_with_or_without_echo(Some(1000)),
    );
}

fn add_ends(builder: &mut CaseBuilder) {
    let rule = "RFC 6455 §7.1.1, §7.1.5";
    builder.add(
        case(Group::Close, "fin-without-close", "FIN without a Close", rule)
            .end_writes()
            .expect(Expectation::End),
    );
    let frame = builder.text(b"cut off");
    let half = frame.get(..5).unwrap_or_default().to_vec();
    builder.add(
        case(Group::Close, "fin-within-frame", "FIN within a frame", rule)
            .send(half)
            .end_writes()
            .expect(Expectation::End),
    );
    let close = builder.close(b"\x03\xe8");
    builder.add(
        case(Group::Close, "fin-after-close", "a Close and FIN at once", rule)
            .send(close)
            .end_writes()
            .closed(Some(1000)),
    );
    builder.add(
        case(Group::Close, "idle", "nothing at all for 500 ms", "RFC 6455 §7.1")
            .expect(Expectation::Silence(Duration::from_millis(500))),
    );
}
