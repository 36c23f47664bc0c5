//! The misbehaviors that show in what the server does not refuse, or refuses although it should not.

use crate::sloppy::misbehavior::{BrokenRule, CONFORMING, Misbehavior};
use crate::wire::FaultCode;
use crate::wire::handshake::{Head, ProblemCode};

const fn accepts(
    name: &'static str,
    summary: &'static str,
    accepts: fn(BrokenRule) -> bool,
) -> Misbehavior {
    Misbehavior { name, summary, accepts, ..CONFORMING }
}

const fn refuses(
    name: &'static str,
    summary: &'static str,
    refuses: fn(&Head) -> bool,
) -> Misbehavior {
    Misbehavior { name, summary, refuses, ..CONFORMING }
}

/// Whether a header has another value than this, byte by byte.
fn differs(head: &Head, name: &str, value: &str) -> bool {
    head.fields_named(name).any(|field| head.field_value(field) != value.as_bytes())
}

/// The misbehaviors, in the order in which a connection can meet them.
pub(super) static ACCEPTANCES: &[Misbehavior] = &[
    accepts("accepts-no-key", "accepts a request without a key", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::KeyMissing)
    }),
    accepts("accepts-key-not-base64", "accepts a key that is not base64", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::KeyBase64)
    }),
    accepts("accepts-key-of-any-length", "accepts a key that is not of 16 bytes", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::KeyLength)
    }),
    accepts("accepts-no-version", "accepts a request without a version", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::VersionMissing)
    }),
    accepts("accepts-any-version", "accepts any version of the protocol", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::VersionUnsupported)
    }),
    accepts("accepts-post", "accepts a handshake with another method than GET", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::Method)
    }),
    accepts("accepts-http-1-0", "accepts HTTP/1.0", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::HttpVersion)
    }),
    accepts("accepts-no-upgrade-asked", "accepts a request without Upgrade", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::UpgradeMissing)
    }),
    accepts("accepts-any-upgrade", "accepts an upgrade to another protocol", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::UpgradeValue)
    }),
    accepts("accepts-no-connection-asked", "accepts a request without Connection", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::ConnectionMissing)
    }),
    accepts("accepts-any-connection", "accepts a Connection that does not name Upgrade", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::ConnectionToken)
    }),
    accepts("accepts-twice", "accepts a header twice that may come once", |rule| {
        rule == BrokenRule::Handshake(ProblemCode::Duplicate)
    }),
    accepts(
        "accepts-space-before-colon",
        "accepts a space between a header's name and its colon",
        |rule| rule == BrokenRule::Handshake(ProblemCode::SpaceBeforeColon),
    ),
    refuses(
        "refuses-other-upgrade-tokens",
        "accepts Connection with the one value Upgrade only",
        |head| differs(head, "Connection", "Upgrade"),
    ),
    refuses(
        "refuses-upper-case",
        "accepts Upgrade with the value websocket in lower case only",
        |head| differs(head, "Upgrade", "websocket"),
    ),
    refuses("refuses-subprotocols", "refuses whoever offers a subprotocol", |head| {
        head.fields_named("Sec-WebSocket-Protocol").next().is_some()
    }),
    refuses("refuses-extensions", "refuses whoever offers an extension", |head| {
        head.fields_named("Sec-WebSocket-Extensions").next().is_some()
    }),
    accepts("accepts-unmasked", "accepts frames without a mask", |rule| {
        rule == BrokenRule::Frames(FaultCode::UnmaskedClient)
    }),
    accepts("accepts-long-lengths", "accepts a length in more bytes than it needs", |rule| {
        rule == BrokenRule::Frames(FaultCode::LenNotMinimal)
    }),
    accepts(
        "accepts-top-bits",
        "accepts a length with its top bit set, and waits for the rest",
        |rule| rule == BrokenRule::Frames(FaultCode::LenMsbSet),
    ),
    accepts("accepts-reserved-bits", "accepts reserved bits", |rule| {
        rule == BrokenRule::Frames(FaultCode::RsvNonzero)
    }),
    accepts("accepts-reserved-opcodes", "accepts reserved opcodes, as text", |rule| {
        rule == BrokenRule::Frames(FaultCode::OpcodeReserved)
    }),
    accepts("accepts-control-fragments", "accepts fragmented control frames", |rule| {
        rule == BrokenRule::Frames(FaultCode::CtrlFragmented)
    }),
    accepts("accepts-long-control", "accepts control frames of more than 125 bytes", |rule| {
        rule == BrokenRule::Frames(FaultCode::CtrlTooLong)
    }),
    accepts("accepts-orphans", "accepts a continuation of nothing", |rule| {
        rule == BrokenRule::Frames(FaultCode::ContWithoutStart)
    }),
    accepts("accepts-interleaved", "accepts a message within another one", |rule| {
        rule == BrokenRule::Frames(FaultCode::NewDataInFragmented)
    }),
    accepts("accepts-any-text", "accepts text that is not UTF-8", |rule| {
        rule == BrokenRule::Frames(FaultCode::Utf8)
    }),
    accepts("accepts-half-codes", "accepts a Close with half a code", |rule| {
        rule == BrokenRule::Frames(FaultCode::CloseLen1)
    }),
    accepts("accepts-any-code", "accepts close codes that must not be sent", |rule| {
        rule == BrokenRule::Frames(FaultCode::CloseCodeInvalid)
    }),
    accepts("accepts-any-reason", "accepts a close reason that is not UTF-8", |rule| {
        rule == BrokenRule::Frames(FaultCode::CloseReasonUtf8)
    }),
];
