//! The misbehaviors that show in what the server sends.

use crate::sloppy::misbehavior::{BrokenRule, CONFORMING, Misbehavior, echo_frame};
use crate::wire::frame::encode;
use crate::wire::handshake::{AcceptMistake, ProblemCode};
use crate::wire::{FaultCode, Header, LengthForm, Opcode};

/// The misbehaviors, in the order in which a connection can meet them.
pub(super) static ANSWERS: &[Misbehavior] = &[
    Misbehavior::handshake(
        "guid-missing",
        ProblemCode::AcceptMismatch,
        "hashes the key alone",
        |response| {
            response.break_accept(AcceptMistake::GuidMissing);
        },
    ),
    Misbehavior::handshake(
        "key-was-decoded",
        ProblemCode::AcceptMismatch,
        "decodes the key from base64 before hashing",
        |response| response.break_accept(AcceptMistake::KeyWasDecoded),
    ),
    Misbehavior::handshake(
        "hex-digest-encoded",
        ProblemCode::AcceptMismatch,
        "encodes the digest's hex text in base64, not its bytes",
        |response| response.break_accept(AcceptMistake::HexDigestEncoded),
    ),
    Misbehavior::handshake(
        "guid-lowercase",
        ProblemCode::AcceptMismatch,
        "writes the GUID in lower case",
        |response| response.break_accept(AcceptMistake::GuidLowercase),
    ),
    Misbehavior::handshake(
        "key-echoed",
        ProblemCode::AcceptMismatch,
        "sends the key back unchanged",
        |response| {
            response.break_accept(AcceptMistake::KeyEchoed);
        },
    ),
    Misbehavior::handshake(
        "case-changed",
        ProblemCode::AcceptMismatch,
        "sends the right value in upper case",
        |response| response.break_accept(AcceptMistake::CaseChanged),
    ),
    Misbehavior::handshake(
        "no-accept",
        ProblemCode::AcceptMissing,
        "sends no accept value at all",
        |response| {
            response.remove_header("Sec-WebSocket-Accept");
        },
    ),
    Misbehavior::handshake(
        "no-upgrade",
        ProblemCode::UpgradeMissing,
        "forgets the Upgrade header",
        |response| {
            response.remove_header("Upgrade");
        },
    ),
    Misbehavior::handshake(
        "no-connection",
        ProblemCode::ConnectionMissing,
        "forgets the Connection header, as behind a proxy that drops it",
        |response| response.remove_header("Connection"),
    ),
    Misbehavior::handshake(
        "status-200",
        ProblemCode::Status,
        "answers 200 OK and sends frames",
        |response| {
            response.status = 200;
        },
    ),
    Misbehavior::handshake(
        "subprotocol-not-offered",
        ProblemCode::SubprotocolNotOffered,
        "chooses a subprotocol that nobody offered",
        |response| response.add_header("Sec-WebSocket-Protocol", "nobody.asked.v1"),
    ),
    Misbehavior::handshake(
        "extension-not-offered",
        ProblemCode::ExtNotOffered,
        "agrees on an extension that nobody offered",
        |response| response.add_header("Sec-WebSocket-Extensions", "x-nobody-asked"),
    ),
    Misbehavior::frames(
        "masked",
        FaultCode::MaskedServer,
        "masks its frames, as only clients do",
        |opcode, data| encode::single_frame(opcode, data, Some(*b"mask")),
    ),
    Misbehavior::frames(
        "reserved-bit",
        FaultCode::RsvNonzero,
        "sets RSV2, which nothing defines",
        |opcode, data| {
            encode::frame(&Header { rsv2: true, ..Header::new(opcode, data.len() as u64) }, data)
        },
    ),
    Misbehavior::frames(
        "compressed-unasked",
        FaultCode::RsvNonzero,
        "compresses, though no compression was agreed on",
        |_, data| {
            // Sent as binary, so that no reader complains about invalid text.
            let stored = stored_blocks(data);
            encode::frame(
                &Header { rsv1: true, ..Header::new(Opcode::Binary, stored.len() as u64) },
                &stored,
            )
        },
    ),
    Misbehavior::frames(
        "reserved-opcode",
        FaultCode::OpcodeReserved,
        "sends opcode 3",
        |_, data| encode::single_frame(Opcode::Reserved(3), data, None),
    ),
    Misbehavior::frames(
        "long-length",
        FaultCode::LenNotMinimal,
        "writes every length in eight bytes",
        |opcode, data| {
            let header = Header {
                length_form: LengthForm::Bits64,
                ..Header::new(opcode, data.len() as u64)
            };
            encode::frame(&header, data)
        },
    ),
    Misbehavior::frames(
        "top-bit",
        FaultCode::LenMsbSet,
        "claims a length of 2^63 and more",
        |_, data| {
            let claimed = 1 << 63 | data.len() as u64;
            encode::frame(&Header::new(Opcode::Binary, claimed), data)
        },
    ),
    Misbehavior::frames(
        "fragmented-ping",
        FaultCode::CtrlFragmented,
        "sends half a ping",
        |opcode, data| {
            let half = Header { fin: false, ..Header::new(Opcode::Ping, 4) };
            [encode::frame(&half, b"half"), echo_frame(opcode, data)].concat()
        },
    ),
    Misbehavior::frames(
        "long-ping",
        FaultCode::CtrlTooLong,
        "sends a ping of 126 bytes",
        |opcode, data| {
            [encode::single_frame(Opcode::Ping, &[b'p'; 126], None), echo_frame(opcode, data)]
                .concat()
        },
    ),
    Misbehavior::frames(
        "continuation",
        FaultCode::ContWithoutStart,
        "continues a message that was never begun",
        |_, data| encode::single_frame(Opcode::Continuation, data, None),
    ),
    Misbehavior::frames(
        "two-at-once",
        FaultCode::NewDataInFragmented,
        "begins a message within another one",
        |opcode, data| {
            let open = Header { fin: false, ..Header::new(opcode, data.len() as u64) };
            [encode::frame(&open, data), echo_frame(opcode, data)].concat()
        },
    ),
    Misbehavior::frames(
        "empty-fragments",
        FaultCode::EmptyFragment,
        "puts empty fragments before the message",
        |opcode, data| {
            let empty =
                |opcode| encode::frame(&Header { fin: false, ..Header::new(opcode, 0) }, &[]);
            [
                empty(opcode),
                empty(Opcode::Continuation),
                encode::single_frame(Opcode::Continuation, data, None),
            ]
            .concat()
        },
    ),
    Misbehavior::frames(
        "not-utf8",
        FaultCode::Utf8,
        "sends text with an é in Latin-1",
        |_, data| encode::single_frame(Opcode::Text, &[data, b" caf\xe9!"].concat(), None),
    ),
    Misbehavior::frames(
        "close-1005",
        FaultCode::CloseCodeInvalid,
        "closes with 1005, which must never be sent",
        |_, _| encode::close_frame(1005, "", None),
    )
    .then_hang_up(),
    Misbehavior::frames(
        "close-5000",
        FaultCode::CloseCodeOutOfRange,
        "closes with a code outside every range",
        |_, _| encode::close_frame(5000, "", None),
    )
    .then_hang_up(),
    Misbehavior::frames("close-half", FaultCode::CloseLen1, "closes with half a code", |_, _| {
        encode::single_frame(Opcode::Close, &[3], None)
    })
    .then_hang_up(),
    Misbehavior::frames(
        "close-reason",
        FaultCode::CloseReasonUtf8,
        "closes with a reason in Latin-1",
        |_, _| encode::single_frame(Opcode::Close, b"\x03\xe8adi\xf3s!", None),
    )
    .then_hang_up(),
    Misbehavior::frames(
        "data-after-close",
        FaultCode::DataAfterClose,
        "sends data after its Close",
        |opcode, data| [encode::close_frame(1000, "", None), echo_frame(opcode, data)].concat(),
    )
    .then_hang_up(),
    Misbehavior::frames(
        "ping-after-close",
        FaultCode::ControlAfterClose,
        "sends a ping after its Close",
        |_, _| {
            [encode::close_frame(1000, "", None), encode::single_frame(Opcode::Ping, b"", None)]
                .concat()
        },
    )
    .then_hang_up(),
    Misbehavior {
        name: "cut-short",
        summary: "claims five bytes more than it sends, and hangs up",
        data_reply: |opcode, data| encode::frame(&Header::new(opcode, data.len() as u64 + 5), data),
        hangs_up_after_reply: true,
        ..CONFORMING
    },
    Misbehavior {
        name: "hangs-up",
        summary: "echoes once and hangs up without a Close, which its peer calls 1006",
        hangs_up_after_reply: true,
        ..CONFORMING
    },
    Misbehavior {
        name: "no-pong",
        summary: "does not answer pings",
        ping_reply: |_| Vec::new(),
        ..CONFORMING
    },
    Misbehavior {
        name: "wrong-pong",
        summary: "answers pings, but with other data",
        ping_reply: |_| encode::single_frame(Opcode::Pong, b"pong", None),
        ..CONFORMING
    },
    Misbehavior {
        name: "no-close",
        summary: "hangs up on a Close instead of answering it",
        close_reply: |_| Vec::new(),
        ..CONFORMING
    },
    Misbehavior {
        name: "pong-cut",
        summary: "answers pings with the first 16 bytes of their data",
        ping_reply: |data| encode::single_frame(Opcode::Pong, data.get(..16).unwrap_or(data), None),
        ..CONFORMING
    },
    Misbehavior {
        name: "pong-as-ping",
        summary: "answers pings with pings",
        ping_reply: |data| encode::single_frame(Opcode::Ping, data, None),
        ..CONFORMING
    },
    Misbehavior {
        name: "text-only",
        summary: "echoes every message as text",
        data_reply: |_, data| echo_frame(Opcode::Text, data),
        ..CONFORMING
    },
    Misbehavior {
        name: "binary-only",
        summary: "echoes every message as binary",
        data_reply: |_, data| echo_frame(Opcode::Binary, data),
        ..CONFORMING
    },
    Misbehavior {
        name: "echo-twice",
        summary: "echoes every message twice",
        data_reply: |opcode, data| echo_frame(opcode, data).repeat(2),
        ..CONFORMING
    },
    Misbehavior {
        name: "empty-dropped",
        summary: "does not echo empty messages",
        data_reply: |opcode, data| {
            if data.is_empty() { Vec::new() } else { echo_frame(opcode, data) }
        },
        ..CONFORMING
    },
    Misbehavior {
        name: "length-of-16-bits",
        summary: "keeps 16 bits of a message's length",
        data_reply: |opcode, data| {
            echo_frame(opcode, data.get(..data.len() % 65_536).unwrap_or(data))
        },
        ..CONFORMING
    },
    Misbehavior {
        name: "never-final",
        summary: "sends every message as a fragment that is not the last",
        data_reply: |opcode, data| {
            let open = Header { fin: false, ..Header::new(opcode, data.len() as u64) };
            encode::frame(&open, data)
        },
        ..CONFORMING
    },
    Misbehavior {
        name: "close-answered-1005",
        summary: "answers a Close with 1005, which must never be sent",
        broken_rule: BrokenRule::Frames(FaultCode::CloseCodeInvalid),
        close_reply: |_| encode::close_frame(1005, "", None),
        ..CONFORMING
    },
    Misbehavior {
        name: "after-close",
        summary: "goes on after a Close, and echoes what comes then",
        accepts: |rule| {
            let after = [FaultCode::DataAfterClose, FaultCode::ControlAfterClose];
            after.map(BrokenRule::Frames).contains(&rule)
        },
        stays_after_close: true,
        ..CONFORMING
    },
    Misbehavior {
        name: "length-signed",
        summary: "takes a length of 64 bits for a signed number; its process dies of a negative one",
        has_own_process: true,
        ..CONFORMING
    },
];

/// Returns DEFLATE blocks that compress nothing (RFC 1951 section 3.2.4), followed by the byte that
/// RFC 7692 section 7.2.3.4 adds after a final block.
fn stored_blocks(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for block in data.chunks(usize::from(u16::MAX)) {
        let len = u16::try_from(block.len()).unwrap_or(u16::MAX);
        // Not the last block, and of type 00: stored.
        bytes.push(0);
        bytes.extend(len.to_le_bytes());
        // NLEN is the complement of LEN.
        bytes.extend((!len).to_le_bytes());
        bytes.extend_from_slice(block);
    }
    bytes.push(0);
    bytes
}
