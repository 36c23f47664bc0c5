//! Tests which rows filters match, how filters are printed, and the errors of invalid ones.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::wire::decode::frame_assembler::FrameAssembler;
use crate::wire::frame::encode;
use crate::wire::query::text_matcher::TextMatcher;
use crate::wire::{AgreedExtensions, Decoder, Opcode, Side, Sides};

fn agreed() -> AgreedExtensions {
    AgreedExtensions::parse("permessage-deflate").unwrap()
}

/// Returns a bit of everything in eight frames: who sent it, when in milliseconds, and the bytes.
fn sample_frames() -> [(Side, u64, Vec<u8>); 8] {
    let masked = |opcode, payload: &[u8], key| encode::single_frame(opcode, payload, Some(key));
    [
        (Side::Client, 0, masked(Opcode::Text, b"Hello", [0x37, 0xfa, 0x21, 0x3d])), // message 0
        (Side::Server, 1, vec![0x01, 0x03, b'H', b'e', b'l']),                       // message 0
        (Side::Server, 2, vec![0x89, 0x00]),
        (Side::Server, 3, vec![0x80, 0x02, b'l', b'o']), // message 0
        (Side::Client, 1500, masked(Opcode::Pong, &[b'x'; 126], [0; 4])), // too long; key 0
        (Side::Client, 1501, masked(Opcode::Binary, &[0; 300], [1, 2, 3, 4])), // message 1
        (Side::Server, 1502, vec![0xa3, 0x00]),          // RSV2, opcode 3
        (Side::Server, 1503, encode::close_frame(1000, "bye", None)),
    ]
}

fn sample_trace() -> Trace {
    let mut trace = Trace::mid_connection(agreed());
    for (from, ms, bytes) in sample_frames() {
        trace.push(from, Duration::from_millis(ms), &bytes);
    }
    trace
}

/// Returns which texts of a filter the rows of the sample contain.
fn texts_of(filter: &Filter) -> impl Fn(usize) -> TextSet + use<> {
    let mut matchers =
        Sides::each(|from| TextMatcher::new(Decoder::new(from, agreed()), filter.texts()));
    let sets: Vec<TextSet> = sample_frames()
        .iter()
        .map(|(from, _, bytes)| {
            matchers[*from].push(bytes);
            matchers[*from].take_hits().last().map_or_else(TextSet::default, |hit| hit.texts)
        })
        .collect();
    move |row| sets.get(row).copied().unwrap_or_default()
}

/// Returns the matching rows of the sample, after a comparison with its frames apart from a trace.
fn rows(filter: &str) -> Vec<usize> {
    let trace = sample_trace();
    assert_eq!(trace.rows().len(), 8);
    let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let rows: Vec<usize> = filter.rows(&trace, 0..100, texts_of(&filter)).collect();
    let mut assemblers = Sides::each(|from| FrameAssembler::new(Decoder::new(from, agreed()), 9));
    let frames = sample_frames().into_iter().enumerate().filter(|(row, (from, ms, bytes))| {
        let frame = assemblers[*from].next_frame(&mut &bytes[..]).unwrap();
        let texts = texts_of(&filter)(*row);
        filter.matches_frame(&frame, *from, Duration::from_millis(*ms), *row, texts)
    });
    assert_eq!(frames.map(|(row, _)| row).collect::<Vec<_>>(), rows, "{filter}");
    rows
}

fn error_of(filter: &str) -> (usize, String) {
    let error = Filter::parse(filter).unwrap_err();
    (error.offset, format!("{}; {}", error.reason, error.expected))
}

#[test]
fn headers_are_asked_for() {
    assert_eq!(rows("op=close && len<9"), [7]);
    assert_eq!(rows("op=ping|pong"), [2, 4]);
    assert_eq!(rows("op=control"), [2, 4, 7]);
    assert_eq!(rows("op!=control && op != reserved"), [0, 1, 3, 5]);
    assert_eq!(rows("op=0x9"), [2]);
    assert_eq!(rows("op=3"), [6]);
    assert_eq!(rows("fin=0"), [1]);
    assert_eq!(rows("rsv1"), [] as [usize; 0]);
    assert_eq!(rows("rsv2 or rsv3"), [6]);
    assert_eq!(rows("mask"), [0, 4, 5]);
    assert_eq!(rows("key=37FA213D"), [0]);
    assert_eq!(rows("key=37fa213d|01020304"), [0, 5]);
    assert_eq!(rows("key!=37fa213d"), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(rows("len>=126"), [4, 5]);
    assert_eq!(rows("size=11"), [0], "two bytes, four of key, five of payload");
}

#[test]
fn sides_and_opcodes_may_stand_alone() {
    assert_eq!(rows("dir=client"), rows("from = c2s"));
    assert_eq!(rows("dir!=client"), rows("server"));
    assert_eq!(rows("close"), [7]);
    assert_eq!(rows("s2c && control"), [2, 7]);
}

#[test]
fn times_rows_and_messages_are_counted() {
    assert_eq!(rows("t<2"), [0, 1]);
    assert_eq!(rows("t>=1.5s && t<=1501ms"), [4, 5]);
    assert_eq!(rows("n>5"), [6, 7]);
    assert_eq!(rows("m=0 && server"), [1, 3]);
    assert_eq!(rows("message"), [0, 1, 3, 5]);
    assert_eq!(rows("!message"), [2, 4, 6, 7]);
    assert_eq!(rows("message<5"), [0, 1, 3, 5], "a frame of no message has no number to compare");
    assert_eq!(rows("message!=0"), [2, 4, 5, 6, 7], "the contrary of =");
}

#[test]
fn faults_are_asked_for_by_name_beginning_and_kind() {
    assert_eq!(rows("fault"), [4, 6]);
    assert_eq!(rows("fault=0"), [0, 1, 2, 3, 5, 7]);
    assert_eq!(rows("fatal"), [4, 6]);
    assert_eq!(
        rows("warning"),
        [4],
        "its gravest fault is fatal, and there is a warning beside it"
    );
    assert_eq!(rows("fault=E_CTRL_TOO_LONG"), [4]);
    assert_eq!(rows("fault=w_mask_zero"), [4]);
    assert_eq!(rows("fault=E_RSV_*|E_UTF8"), [6]);
    assert_eq!(rows("fault!=E_*"), [0, 1, 2, 3, 5, 7]);
    assert_eq!(rows("after-fault"), [5, 7]);
}

#[test]
fn what_a_message_says_is_asked_for_at_its_last_frame() {
    assert_eq!(rows("text contains \"bye\""), [7], "the reason of a Close");
    assert_eq!(rows("text contains bye|\"nothing\""), [7]);
    assert_eq!(rows("says contains \"BYE\""), [] as [usize; 0], "capitals match only capitals");
    assert_eq!(rows("!(text contains \"bye\") && close"), [] as [usize; 0]);
    assert_eq!(rows("text"), rows("op=text"));
    let filter = Filter::parse("text contains 'it\\'s \"it\"' || close").unwrap();
    assert_eq!(filter.to_string(), "text contains \"it's \\\"it\\\"\" || op=close");
    for (text, at) in [
        ("text contains", 13),
        ("text contains \"\"", 14),
        ("text contains \"hello", 14),
        ("text = hello", 5),
        ("len contains 5", 4),
        ("op=\"close\"", 3),
        ("text contains \"a\"|", 18),
    ] {
        assert_eq!(error_of(text).0, at, "{text}: {}", error_of(text).1);
    }
    let many = vec!["text contains x"; 65].join(" || ");
    assert!(error_of(&many).1.contains("more than 64 texts"));
}

#[test]
fn a_compressed_message_is_so_in_all_its_frames() {
    let mut trace = Trace::mid_connection(AgreedExtensions::parse("permessage-deflate").unwrap());
    trace.push(Side::Server, Duration::ZERO, &[0x41, 0x01, 0xf2, 0x80, 0x01, 0x00, 0x81, 0x00]);
    let filter = Filter::parse("compressed").unwrap();
    assert_eq!(filter.rows(&trace, 0..3, |_| TextSet::default()).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn and_binds_closer_than_or() {
    assert_eq!(rows("ping || client && text"), [0, 2]);
    assert_eq!(rows("(ping || client) && text"), [0]);
    assert_eq!(rows("not (mask and fin)"), rows("!mask || !fin"));
    assert_eq!(rows(""), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert!(Filter::parse("  ").unwrap().is_empty());
}

#[test]
fn a_filter_is_printed_as_it_may_be_read() {
    let printed = |text: &str| Filter::parse(text).unwrap().to_string();
    assert_eq!(printed("op==CLOSE and len<9"), "op=close && len<9");
    assert_eq!(printed("a-text".trim_start_matches("a-")), "op=text");
    assert_eq!(printed("op!=ping"), "op!=ping");
    assert_eq!(printed("op=0x8|9|ping|10"), "op=close|ping|pong");
    assert_eq!(printed("op=3|7"), "op=0x3|0x7");
    assert_eq!(printed("from!=c2s"), "dir=server");
    assert_eq!(printed("t>1500"), "t>1.5s");
    assert_eq!(printed("len>64KiB"), "len>65536");
    assert_eq!(printed("fin=0 || !mask && key"), "fin=0 || (!mask && mask)");
    assert_eq!(printed("((op=text))"), "op=text");
}

#[test]
fn what_cannot_be_read_is_reported_with_its_offset_and_what_would_be_right() {
    let (at, words) = error_of("op=close && lem<9");
    assert_eq!(at, 12);
    assert!(
        words.starts_with("unknown name \"lem\"; len (the closest match), or one of op, dir, fin,"),
        "{words}"
    );
    let (at, words) = error_of("op=cloze");
    assert_eq!(at, 3);
    assert!(
        words.starts_with("\"cloze\" isn't a valid value for op; close (the closest match), or"),
        "{words}"
    );
    let (at, words) = error_of("fault=E_UTF9");
    assert!(at == 6 && words.contains("E_UTF8 (the closest match), or"), "{words}");
    for (text, at) in [
        ("op", 2),
        ("len", 3),
        ("op=", 3),
        ("op=close len<9", 9),
        ("(op=close", 9),
        ("op=close)", 8),
        ("op=close &&", 11),
        ("|| close", 0),
        ("op<close", 2),
        ("len<1|2", 5),
        ("key=37fa21", 4),
        ("t>soon", 2),
        ("op=16", 3),
        ("9", 0),
        ("close=1", 0),
        ("mask=2", 5),
        ("op & len", 3),
        ("text ~ hello", 5),
        ("fault=E_NOTHING*", 6),
    ] {
        assert_eq!(error_of(text).0, at, "{text}: {}", error_of(text).1);
    }
    let error = Filter::parse("mask=2").unwrap_err();
    assert_eq!(
        error.to_string(),
        "filter, byte 5: \"2\" isn't a valid value for mask; expected 0 or 1, or the name alone"
    );
}

#[test]
fn depth_is_bounded_and_length_is_not() {
    let deep = |depth: usize| format!("{}close{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&deep(60)).is_ok());
    assert_eq!(error_of(&deep(100_000)).0, 64);
    assert_eq!(error_of(&"!".repeat(100_000)).0, 64);
    assert!(Filter::parse(&vec!["close"; 10_000].join(" || ")).is_ok());
}

/// Valid filters, as a user might type them.
fn typed() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(
        Filter::FIELDS.iter().map(|name| name.example.to_owned()).collect::<Vec<_>>(),
    );
    let number =
        (proptest::sample::select(vec!["len", "size", "n", "m", "t"]), any::<u32>(), 0_usize..6)
            .prop_map(|(name, value, sign)| {
                format!("{name}{}{value}", ["=", "!=", "<", "<=", ">", ">="][sign])
            });
    let ops = (any::<bool>(), proptest::collection::vec(0..16, 1..16)).prop_map(|(equal, ops)| {
        let ops: Vec<String> = ops.iter().map(i32::to_string).collect();
        format!("op{}{}", if equal { "=" } else { "!=" }, ops.join("|"))
    });
    prop_oneof![name, number, ops].prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("!({one})")),
            inner.clone().prop_map(|one| format!("not {one}")),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|all| all.join(" and ")),
            proptest::collection::vec(inner, 1..4)
                .prop_map(|all| format!("({})", all.join(" || "))),
        ]
    })
}

proptest! {
    #[test]
    fn printed_and_read_again_it_is_the_same(text in typed()) {
        let filter = Filter::parse(&text).unwrap();
        let again = Filter::parse(&filter.to_string());
        prop_assert_eq!(again.as_ref(), Ok(&filter), "{}", filter);
    }

    #[test]
    fn nothing_that_is_typed_panics(text in any::<String>()) {
        let place = Filter::parse(&text).err().map(|error| error.offset);
        prop_assert!(place.is_none_or(|at| text.is_char_boundary(at)));
    }

    #[test]
    fn no_pieces_in_any_order_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "op", "=", "close", "len", "<", "9", "&&", "||", "!", "(", ")", "|", " ", "fault", "E_*", "t", "1.5s", "key", "37fa213d", "µ", "not ", "1e",
    ]), 0..14)) {
        let text = pieces.concat();
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
        }
    }
}
