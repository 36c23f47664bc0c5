//! Text is UTF-8 (RFC 6455 section 8.1, RFC 3629).

use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;
use crate::wire::frame::message::MessageKind;
use crate::wire::frame::{Header, Opcode, encode};
use crate::wire::size::ByteLen;

const RULE: &str = "RFC 6455 §8.1, RFC 3629 §3";

/// Valid sequences: a name, what it is, and the bytes.
const VALID: [(&str, &str, &[u8]); 22] = [
    ("greek", "Greek letters", "κόσμε".as_bytes()),
    ("nul", "U+0000", b"\x00"),
    ("last-1", "U+007F, the last of one byte", b"\x7f"),
    ("first-2", "U+0080, the first of two bytes", b"\xc2\x80"),
    ("last-2", "U+07FF, the last of two bytes", b"\xdf\xbf"),
    ("first-3", "U+0800, the first of three bytes", b"\xe0\xa0\x80"),
    ("before-surrogates", "U+D7FF, the last before the surrogates", b"\xed\x9f\xbf"),
    ("after-surrogates", "U+E000, the first after the surrogates", b"\xee\x80\x80"),
    ("replacement", "U+FFFD", b"\xef\xbf\xbd"),
    ("fffe", "U+FFFE, a noncharacter", b"\xef\xbf\xbe"),
    ("last-3", "U+FFFF, a noncharacter, the last of three bytes", b"\xef\xbf\xbf"),
    ("first-4", "U+10000, the first of four bytes", b"\xf0\x90\x80\x80"),
    ("emoji", "an emoji of four bytes", "😀".as_bytes()),
    ("family", "an emoji of several code points", "👨‍👩‍👧".as_bytes()),
    ("1fffe", "U+1FFFE, a noncharacter", b"\xf0\x9f\xbf\xbe"),
    ("last", "U+10FFFF, the last code point", b"\xf4\x8f\xbf\xbf"),
    ("bom", "a byte order mark", b"\xef\xbb\xbfHello"),
    ("combining", "a letter with combining marks", "Z̵̡̢a".as_bytes()),
    ("right-to-left", "Arabic and Hebrew", "سلام שלום".as_bytes()),
    ("noncharacters", "U+FDD0 to U+FDD2", b"\xef\xb7\x90\xef\xb7\x91\xef\xb7\x92"),
    ("line-separators", "U+2028 and U+2029", b"\xe2\x80\xa8\xe2\x80\xa9"),
    ("mixed", "one to four bytes", "a\u{e9}\u{20ac}\u{1f600}".as_bytes()),
];

/// Invalid sequences: a name, what it is, and the bytes.
const INVALID: [(&str, &str, &[u8]); 38] = [
    ("continuation-80", "the continuation byte 80 alone", b"\x80"),
    ("continuation-bf", "the continuation byte BF alone", b"\xbf"),
    ("continuations", "three continuation bytes", b"\x80\xbf\x80"),
    ("continuation-after-text", "text, then a continuation byte", b"Hello\x80"),
    ("fe", "the byte FE", b"\xfe"),
    ("ff", "the byte FF", b"\xff"),
    ("fe-fe-ff-ff", "the bytes FE FE FF FF", b"\xfe\xfe\xff\xff"),
    ("f5", "the byte F5, beyond U+10FFFF", b"\xf5\x80\x80\x80"),
    ("c0", "the byte C0", b"\xc0"),
    ("c1", "the byte C1", b"\xc1"),
    ("overlong-2", "a slash in two bytes", b"\xc0\xaf"),
    ("overlong-3", "a slash in three bytes", b"\xe0\x80\xaf"),
    ("overlong-4", "a slash in four bytes", b"\xf0\x80\x80\xaf"),
    ("overlong-nul", "U+0000 in two bytes", b"\xc0\x80"),
    ("overlong-last-2", "U+007F in two bytes", b"\xc1\xbf"),
    ("overlong-last-3", "U+07FF in three bytes", b"\xe0\x9f\xbf"),
    ("overlong-last-4", "U+FFFF in four bytes", b"\xf0\x8f\xbf\xbf"),
    ("five-bytes", "a sequence of five bytes", b"\xf8\x88\x80\x80\x80"),
    ("six-bytes", "a sequence of six bytes", b"\xfc\x84\x80\x80\x80\x80"),
    ("surrogate-first-high", "U+D800, a surrogate", b"\xed\xa0\x80"),
    ("surrogate-last-high", "U+DBFF, a surrogate", b"\xed\xaf\xbf"),
    ("surrogate-first-low", "U+DC00, a surrogate", b"\xed\xb0\x80"),
    ("surrogate-last-low", "U+DFFF, a surrogate", b"\xed\xbf\xbf"),
    ("surrogate-pair", "U+10000 as two surrogates (CESU-8)", b"\xed\xa0\x80\xed\xb0\x80"),
    ("beyond-last", "U+110000", b"\xf4\x90\x80\x80"),
    ("cut-2", "two bytes without the second", b"\xc3"),
    ("cut-3", "three bytes without the third", b"\xe2\x82"),
    ("cut-4", "four bytes without the fourth", b"\xf0\x9f\x98"),
    ("cut-3-by-2", "three bytes without the last two", b"\xe2"),
    ("cut-4-by-3", "four bytes without the last three", b"\xf0"),
    ("cut-then-text", "two bytes without the second, then text", b"\xc3Hello"),
    ("cut-3-then-text", "three bytes without the third, then text", b"\xe2\x82 Hello"),
    ("cut-4-then-text", "four bytes without the fourth, then text", b"\xf0\x9f\x98 Hello"),
    ("two-starts", "two first bytes, one after the other", b"\xc3\xc3\xa9"),
    ("latin-1", "an e with acute in Latin-1", b"caf\xe9"),
    ("utf-16", "UTF-16 with its byte order mark", b"\xff\xfeH\x00i\x00"),
    (
        "late",
        "valid text, with a fault behind it",
        b"\xce\xba\xcf\x8c\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
    ),
    ("cut-at-end", "valid text that ends within a character", b"Hello \xe2\x82"),
];

pub(super) fn add(builder: &mut CaseBuilder) {
    for (name, title, text) in VALID {
        let frame = builder.text(text);
        builder.add(
            case(Group::Utf8, &format!("valid-{name}"), title, RULE).send(frame).echoed_text(text),
        );
        if text.len() > 1 {
            let pieces: Vec<&[u8]> = text.chunks(1).collect();
            let frames = builder.fragments(MessageKind::Text, &pieces).concat();
            let title = format!("{title}, a fragment for each byte");
            builder.add(
                case(Group::Utf8, &format!("valid-{name}-in-fragments"), &title, RULE)
                    .send(frames)
                    .echoed_text(text),
            );
        }
    }
    for (name, title, text) in INVALID {
        let frame = builder.text(text);
        builder.add(
            case(Group::Utf8, &format!("invalid-{name}"), title, RULE).send(frame).fails(&[1007]),
        );
    }
    add_fragmented(builder);
    add_fail_fast(builder);
    add_binary(builder);
}

/// Adds faults that lie on both sides of a border between fragments.
fn add_fragmented(builder: &mut CaseBuilder) {
    let messages: [(&str, &str, [&[u8]; 2]); 5] = [
        ("surrogate", "a surrogate cut in two fragments", [b"\xed", b"\xa0\x80"]),
        ("overlong", "an overlong slash cut in two fragments", [b"\xe0", b"\x80\xaf"]),
        ("beyond-last", "U+110000 cut in two fragments", [b"\xf4", b"\x90\x80\x80"]),
        ("second", "a first fragment that is valid, a second that is not", [b"valid", b"\xff"]),
        ("cut-at-end", "a last fragment that ends within a character", [b"valid", b"\xe2\x82"]),
    ];
    for (name, title, pieces) in messages {
        let frames = builder.fragments(MessageKind::Text, &pieces).concat();
        builder.add(
            case(Group::Utf8, &format!("fragments-{name}"), title, RULE)
                .send(frames)
                .fails(&[1007]),
        );
    }
    let empty = builder.fragments(MessageKind::Text, &[b"\xe2\x82", b"", b"\xac"]).concat();
    builder.add(
        case(
            Group::Utf8,
            "fragments-empty-within-a-character",
            "an empty fragment within a character",
            RULE,
        )
        .send(empty)
        .echoed_text("€".as_bytes()),
    );
    let first = builder.fragment(Opcode::Text, b"valid, then \xff not");
    let last = builder.frame(Header::new(Opcode::Continuation, 0), b" the rest");
    builder.add(
        case(
            Group::Utf8,
            "fail-fast-first-fragment",
            "a first fragment that is not UTF-8, whose continuation comes later",
            RULE,
        )
        .send(first)
        .fails_early(&[1007])
        .send(last)
        .fails(&[1007]),
    );
}

/// Adds faults that are certain before their frame is complete.
fn add_fail_fast(builder: &mut CaseBuilder) {
    let faults: [(&str, &str, &[u8], &[u8]); 6] = [
        ("surrogate", "a surrogate", b"\xce\xba\xed\xa0", b"\x80 and the rest"),
        ("beyond-last", "U+110000", b"\xce\xba\xf4\x90", b"\x80\x80 and the rest"),
        ("ff", "the byte FF", b"text \xff", b" and the rest"),
        ("overlong", "an overlong slash", b"text \xe0\x80", b"\xaf and the rest"),
        ("c0", "the byte C0", b"text \xc0", b"\xaf and the rest"),
        ("continuation", "a continuation byte alone", b"text \x80", b" and the rest"),
    ];
    for (name, title, before, after) in faults {
        let whole = [before, after].concat();
        let frame = builder.text(&whole);
        let header_len = frame.len().saturating_sub(whole.len());
        let (first, last) = frame.split_at(header_len.saturating_add(before.len()));
        let title = format!("{title}, sent up to the byte that proves it");
        builder.add(
            case(Group::Utf8, &format!("fail-fast-{name}"), &title, RULE)
                .send(first.to_vec())
                .fails_early(&[1007])
                .send(last.to_vec())
                .fails(&[1007]),
        );
    }
    let long = [b"*".repeat(100_000), b"\xff".to_vec()].concat();
    let header = Header {
        masking_key: Some([0x12, 0x34, 0x56, 0x78]),
        ..Header::new(Opcode::Text, ByteLen::of(&long))
    };
    builder.add(
        case(Group::Utf8, "invalid-behind-100000", "a fault behind 100,000 bytes of text", RULE)
            .send(encode::frame(&header, &long))
            .fails(&[1007]),
    );
}

fn add_binary(builder: &mut CaseBuilder) {
    for (name, title, data) in INVALID.into_iter().step_by(6) {
        let frame = builder.binary(data);
        let title = format!("{title}, in a binary message");
        builder.add(
            case(Group::Utf8, &format!("binary-{name}"), &title, "RFC 6455 §5.6")
                .send(frame)
                .echoed_binary(data),
        );
    }
}
