//! Ping and pong (RFC 6455 sections 5.5.2 and 5.5.3).

use std::time::Duration;

use crate::conformance::case::Expectation;
use crate::conformance::case_builder::{CaseBuilder, case};
use crate::conformance::group::Group;

const RULE: &str = "RFC 6455 §5.5.2, §5.5.3";

pub(super) fn add(builder: &mut CaseBuilder) {
    add_pings(builder);
    add_pongs(builder);
    let pings: Vec<u8> =
        (0..10_u8).flat_map(|number| builder.ping(&[b'0'.saturating_add(number)])).collect();
    builder.add(
        case(Group::Ping, "ten", "ten pings in one write; the last one is answered", RULE)
            .send(pings.clone())
            .ponged(b"9"),
    );
    builder.add(
        case(Group::Ping, "ten-byte-by-byte", "ten pings, each byte in its own write", RULE)
            .send_pieces(&pings, 1)
            .ponged(b"9"),
    );
    let (ping, text) = (builder.ping(b"first"), builder.text(b"second"));
    builder.add(
        case(Group::Ping, "before-message", "a ping and a message in one write", RULE)
            .send([ping, text].concat())
            .ponged(b"first")
            .echoed_text(b"second"),
    );
    let ping = builder.ping(b"late");
    builder.add(
        case(Group::Ping, "after-idle", "a ping after 300 ms of silence", RULE)
            .pause(300)
            .send(ping)
            .ponged(b"late"),
    );
}

fn add_pings(builder: &mut CaseBuilder) {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let payloads: [(&str, &str, &[u8]); 6] = [
        ("empty", "a ping without payload", b""),
        ("text", "a ping with text", b"Hello, world!"),
        ("binary", "a ping with bytes that are not UTF-8", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),
        ("125", "a ping of 125 bytes, the longest", all.get(..125).unwrap_or_default()),
        ("124", "a ping of 124 bytes", all.get(100..224).unwrap_or_default()),
        ("one-byte", "a ping of one byte", b"\x00"),
    ];
    for (name, title, data) in payloads {
        let ping = builder.ping(data);
        builder.add(case(Group::Ping, name, title, RULE).send(ping).ponged(data));
    }
    let data = all.get(..125).unwrap_or_default();
    let ping = builder.ping(data);
    builder.add(
        case(Group::Ping, "125-byte-by-byte", "a ping of 125 bytes, byte by byte", RULE)
            .send_pieces(&ping, 1)
            .ponged(data),
    );
}

fn add_pongs(builder: &mut CaseBuilder) {
    let quiet = Expectation::Silence(Duration::from_millis(200));
    for (name, title, data) in [
        ("pong-empty", "a pong that nothing asked for, without payload", &b""[..]),
        ("pong-payload", "a pong that nothing asked for", b"unsolicited"),
    ] {
        let pong = builder.pong(data);
        builder.add(
            case(Group::Ping, name, title, "RFC 6455 §5.5.3").send(pong).expect(quiet.clone()),
        );
    }
    let (pong, ping) = (builder.pong(b"unsolicited"), builder.ping(b"asked"));
    builder.add(
        case(Group::Ping, "pong-then-ping", "an unsolicited pong, then a ping", "RFC 6455 §5.5.3")
            .send([pong, ping].concat())
            .ponged(b"asked"),
    );
}
