//! permessage-deflate (RFC 7692).

use crate::conformance::case::Opening;
use crate::conformance::case_builder::{CaseBuilder, CaseDraft, case};
use crate::conformance::group::Group;
use crate::conformance::request::Request;
use crate::wire::DeflateParams;
use crate::wire::Side;
use crate::wire::deflate::deflater::Deflater;
use crate::wire::frame::message::MessageKind;
use crate::wire::frame::{Header, Opcode};

const FIELD: &str = "Sec-WebSocket-Extensions";
const PLAIN: &str = "permessage-deflate";

/// "Hello" as RFC 7692 section 7.2.3.1 compresses it.
const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

pub(super) fn add(builder: &mut CaseBuilder) {
    add_offers(builder);
    add_invalid_offers(builder);
    add_messages(builder);
    add_takeover(builder);
    add_blocks(builder);
    add_violations(builder);
    add_bomb(builder);
}

/// Adds the cases that are the same for a client which offers permessage-deflate.
pub(super) fn add_for_clients(builder: &mut CaseBuilder) {
    add_messages(builder);
    add_takeover(builder);
    add_blocks(builder);
    add_violations(builder);
    add_bomb(builder);
}

/// Begins a case whose request offers `offer` and whose response must agree on `demanded`.
fn offering(name: &str, title: &str, rule: &'static str, offer: &str) -> CaseDraft {
    demanding(name, title, rule, offer, &[], false)
}

fn demanding(
    name: &str,
    title: &str,
    rule: &'static str,
    offer: &str,
    demanded: &[&'static str],
    takes_over: bool,
) -> CaseDraft {
    case(Group::Deflate, name, title, rule)
        .request(Request::standard().and(FIELD, offer))
        .opening(Opening::Compressed { demanded: demanded.to_vec(), takes_over })
}

/// The name of a case, its offer, and what the response must agree on.
type Offer = (&'static str, &'static str, &'static [&'static str]);

fn add_offers(builder: &mut CaseBuilder) {
    let rule = "RFC 7692 §7.1";
    let offers: [Offer; 12] = [
        ("plain", PLAIN, &[]),
        ("client-bits", "permessage-deflate; client_max_window_bits", &[]),
        (
            "server-takeover",
            "permessage-deflate; server_no_context_takeover",
            &["server_no_context_takeover"],
        ),
        ("client-takeover", "permessage-deflate; client_no_context_takeover", &[]),
        (
            "both-takeovers",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            &["server_no_context_takeover"],
        ),
        ("server-bits-15", "permessage-deflate; server_max_window_bits=15", &[]),
        (
            "server-bits-12",
            "permessage-deflate; server_max_window_bits=12",
            &["server_max_window_bits=12"],
        ),
        (
            "server-bits-9",
            "permessage-deflate; server_max_window_bits=9",
            &["server_max_window_bits=9"],
        ),
        (
            "server-bits-8",
            "permessage-deflate; server_max_window_bits=8",
            &["server_max_window_bits=8"],
        ),
        ("quoted", "permessage-deflate; server_max_window_bits=\"15\"", &[]),
        ("name-case", "PerMessage-Deflate", &[]),
        ("fallback", "permessage-deflate; server_max_window_bits=9, permessage-deflate", &[]),
    ];
    for (name, offer, demanded) in offers {
        let frame = builder.compressed(MessageKind::Text, &[HELLO]);
        let title = format!("the offer {offer}");
        builder.add(
            demanding(&format!("offer-{name}"), &title, rule, offer, demanded, false)
                .send(frame)
                .echoed_text(b"Hello"),
        );
    }
    let frame = builder.compressed(MessageKind::Text, &[HELLO]);
    builder.add(
        case(Group::Deflate, "offer-two-lines", "offers in two lines", "RFC 6455 §9.1")
            .request(Request::standard().and(FIELD, "x-unknown").and(FIELD, PLAIN))
            .opening(Opening::Compressed { demanded: Vec::new(), takes_over: false })
            .send(frame)
            .echoed_text(b"Hello"),
    );
}

/// Adds offers that a server must decline (RFC 7692 section 7.1): it opens without the extension.
fn add_invalid_offers(builder: &mut CaseBuilder) {
    let offers = [
        ("unknown-parameter", "permessage-deflate; unknown"),
        ("server-bits-7", "permessage-deflate; server_max_window_bits=7"),
        ("server-bits-16", "permessage-deflate; server_max_window_bits=16"),
        ("server-bits-08", "permessage-deflate; server_max_window_bits=08"),
        ("server-bits-abc", "permessage-deflate; server_max_window_bits=abc"),
        ("server-bits-none", "permessage-deflate; server_max_window_bits"),
        ("client-bits-0", "permessage-deflate; client_max_window_bits=0"),
        ("client-bits-16", "permessage-deflate; client_max_window_bits=16"),
        ("takeover-with-value", "permessage-deflate; server_no_context_takeover=1"),
        (
            "parameter-twice",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        ),
    ];
    for (name, offer) in offers {
        let text = builder.text(b"not compressed");
        let title = format!("the offer {offer}, which must be declined");
        builder.add(
            case(Group::Deflate, &format!("decline-{name}"), &title, "RFC 7692 §7.1")
                .request(Request::standard().and(FIELD, offer))
                .opening(Opening::Declined)
                .send(text)
                .echoed_text(b"not compressed"),
        );
    }
}

fn add_messages(builder: &mut CaseBuilder) {
    let rule = "RFC 7692 §6";
    let frame = builder.text(b"not compressed");
    builder.add(
        offering("uncompressed", "a message that is not compressed", rule, PLAIN)
            .send(frame)
            .echoed_text(b"not compressed"),
    );
    let frame = builder.compressed(MessageKind::Text, &[b"\x00"]);
    let title = "an empty message, compressed: 00";
    builder.add(offering("empty", title, "RFC 7692 §7.2.3.6", PLAIN).send(frame).echoed_text(b""));
    for len in [1, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 131_072] {
        let text: Vec<u8> =
            b"{\"price\":1234,\"symbol\":\"ABC\"},".iter().copied().cycle().take(len).collect();
        let payload = Deflater::new(DeflateParams::default(), Side::Client).compress_message(&text);
        let frame = builder.compressed(MessageKind::Text, &[&payload]);
        let title = format!("{len} bytes of JSON, compressed");
        builder.add(
            offering(&format!("json-{len}"), &title, rule, PLAIN).send(frame).echoed_text(&text),
        );
        let data = builder.noise(len);
        let payload = Deflater::new(DeflateParams::default(), Side::Client).compress_message(&data);
        let frame = builder.compressed(MessageKind::Binary, &[&payload]);
        let title = format!("{len} bytes that do not compress");
        builder.add(
            offering(&format!("noise-{len}"), &title, rule, PLAIN).send(frame).echoed_binary(&data),
        );
    }
    for (name, title, cut) in
        [("two", "in two fragments", 3), ("bytes", "a fragment for each byte", 1)]
    {
        let pieces: Vec<&[u8]> = HELLO.chunks(cut).collect();
        let frames = builder.compressed(MessageKind::Text, &pieces);
        let title = format!("a compressed message, {title}");
        builder.add(
            offering(&format!("fragments-{name}"), &title, "RFC 7692 §6.1", PLAIN)
                .send(frames)
                .echoed_text(b"Hello"),
        );
    }
    let first = builder.frame(
        Header { fin: false, rsv1: true, ..Header::new(Opcode::Text, 0) },
        HELLO.get(..3).unwrap_or_default(),
    );
    let ping = builder.ping(b"between");
    let last =
        builder.frame(Header::new(Opcode::Continuation, 0), HELLO.get(3..).unwrap_or_default());
    builder.add(
        offering("ping-between", "a ping between compressed fragments", "RFC 7692 §6.1", PLAIN)
            .send([first, ping, last].concat())
            .ponged(b"between")
            .echoed_text(b"Hello"),
    );
}

fn add_takeover(builder: &mut CaseBuilder) {
    let rule = "RFC 7692 §7.1.1, §7.2.3.2";
    let mut deflater = Deflater::new(DeflateParams::default(), Side::Client);
    let payloads: Vec<Vec<u8>> =
        (0..5).map(|_| deflater.compress_message(b"the same words again")).collect();
    let frames: Vec<u8> = payloads
        .iter()
        .flat_map(|payload| builder.compressed(MessageKind::Text, &[payload]))
        .collect();
    let title = "five messages, each pointing back to the one before";
    let draft = demanding("takeover", title, rule, PLAIN, &[], true);
    let draft =
        (0..5).fold(draft.send(frames), |draft, _| draft.echoed_text(b"the same words again"));
    builder.add(draft);
    let payload = Deflater::new(DeflateParams::default(), Side::Client).compress_message(b"fresh");
    let frames: Vec<u8> =
        (0..3).flat_map(|_| builder.compressed(MessageKind::Text, &[&payload])).collect();
    let draft = offering(
        "no-takeover",
        "three messages that do not point back, although they may",
        rule,
        PLAIN,
    );
    let draft = (0..3).fold(draft.send(frames), |draft, _| draft.echoed_text(b"fresh"));
    builder.add(draft);
    let (plain, again) = (builder.text(b"plain"), builder.compressed(MessageKind::Text, &[HELLO]));
    let hello = builder.compressed(MessageKind::Text, &[HELLO]);
    builder.add(
        offering("mixed", "compressed, plain and compressed messages", "RFC 7692 §6", PLAIN)
            .send([hello, plain, again].concat())
            .echoed_text(b"Hello")
            .echoed_text(b"plain")
            .echoed_text(b"Hello"),
    );
}

/// Adds DEFLATE data that is legal and unusual (RFC 7692 section 7.2.3).
fn add_blocks(builder: &mut CaseBuilder) {
    let payloads: [(&str, &str, &'static str, &[u8]); 4] = [
        (
            "stored",
            "a block without compression",
            "RFC 7692 §7.2.3.3",
            &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        ),
        (
            "final",
            "a block with BFINAL = 1",
            "RFC 7692 §7.2.3.4",
            &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        ),
        (
            "two-blocks",
            "two blocks in one message",
            "RFC 7692 §7.2.3.5",
            &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
        ),
        (
            "empty-blocks",
            "empty blocks before the data",
            "RFC 7692 §7.2.3",
            &[0x00, 0x00, 0x00, 0xff, 0xff, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
        ),
    ];
    for (name, title, rule, payload) in payloads {
        let frame = builder.compressed(MessageKind::Text, &[payload]);
        builder.add(
            offering(&format!("block-{name}"), title, rule, PLAIN)
                .send(frame)
                .echoed_text(b"Hello"),
        );
    }
    let after = builder.compressed(MessageKind::Text, &[HELLO]);
    let frame =
        builder.compressed(MessageKind::Text, &[&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]]);
    builder.add(
        offering(
            "block-final-then-message",
            "a block with BFINAL = 1, then another message",
            "RFC 7692 §7.2.3.4",
            PLAIN,
        )
        .send([frame, after].concat())
        .echoed_text(b"Hello")
        .echoed_text(b"Hello"),
    );
}

fn add_violations(builder: &mut CaseBuilder) {
    let rule = "RFC 7692 §6, §7.2.2";
    let violations: [(&str, &str, Vec<u8>, &'static [u16]); 6] = [
        (
            "not-deflate",
            "data that cannot be inflated",
            builder.compressed(MessageKind::Text, &[b"\xff\xff\xff\xff"]),
            &[1007, 1002, 1003],
        ),
        (
            "back-too-far",
            "a match that points back before the beginning",
            builder.compressed(MessageKind::Text, &[&[0xf2, 0x00, 0x11, 0x00, 0x00]]),
            &[1007, 1002, 1003],
        ),
        (
            "invalid-utf8",
            "a text that is not UTF-8 once inflated",
            {
                let mut deflater = Deflater::new(DeflateParams::default(), Side::Client);
                let payload = deflater.compress_message(b"not UTF-8: \xff");
                builder.compressed(MessageKind::Text, &[&payload])
            },
            &[1007],
        ),
        (
            "rsv1-continuation",
            "RSV1 on a continuation",
            {
                let header = Header { fin: false, rsv1: true, ..Header::new(Opcode::Text, 0) };
                let first = builder.frame(header, HELLO.get(..3).unwrap_or_default());
                let header = Header { rsv1: true, ..Header::new(Opcode::Continuation, 0) };
                let last = builder.frame(header, HELLO.get(3..).unwrap_or_default());
                [first, last].concat()
            },
            &[1002],
        ),
        (
            "rsv1-ping",
            "RSV1 on a ping",
            builder.frame(Header { rsv1: true, ..Header::new(Opcode::Ping, 0) }, b"?"),
            &[1002],
        ),
        (
            "rsv2",
            "RSV2 beside permessage-deflate",
            builder.frame(Header { rsv2: true, ..Header::new(Opcode::Text, 0) }, b"Hello"),
            &[1002],
        ),
    ];
    for (name, title, frame, codes) in violations {
        builder
            .add(offering(&format!("broken-{name}"), title, rule, PLAIN).send(frame).fails(codes));
    }
    let frame = builder.compressed(MessageKind::Text, &[b""]);
    builder.add(
        offering("broken-empty-payload", "a compressed frame without payload", rule, PLAIN)
            .send(frame)
            .fails_or_ignored(
                &[1007, 1002, 1003],
                "no rule of RFC 7692 says that a receiver fails the connection at an empty payload",
            ),
    );
    let frame = builder.compressed(MessageKind::Text, &[HELLO]);
    builder.add(
        case(
            Group::Deflate,
            "not-offered",
            "a compressed message without an offer",
            "RFC 6455 §5.2",
        )
        .send(frame)
        .fails(&[1002]),
    );
}

fn add_bomb(builder: &mut CaseBuilder) {
    let zeros = vec![0; 1 << 20];
    let payload = Deflater::new(DeflateParams::default(), Side::Client).compress_message(&zeros);
    let frame = builder.compressed(MessageKind::Binary, &[&payload]);
    let title = format!("1 MiB of zeros in {} bytes", payload.len());
    builder.add(
        offering("bomb-1-mib", &title, "RFC 7692 §8, RFC 6455 §10.4", PLAIN)
            .send(frame)
            .echoed_binary_or_fails(zeros, &[1009]),
    );
}
