//! The misbehaviors of the sloppy server, one for each path: the name, what the server does, and
//! the rule that an inspector must report as broken. This module makes the bytes; the server
//! handles sockets and the order of events.

use crate::servers::sloppy::handshake_response::HandshakeResponse;
use crate::servers::sloppy::stored_blocks::stored_blocks;
use crate::wire::frame::encode;
use crate::wire::handshake::{AcceptMistake, ProblemCode};
use crate::wire::{FaultCode, Header, LengthForm, Opcode};

/// One misbehavior.
#[derive(Clone, Copy)]
pub struct Misbehavior {
    /// The path without its slash.
    pub name: &'static str,
    /// What the server does, as a clause.
    pub summary: &'static str,
    /// The rule that an inspector reports as broken.
    pub broken_rule: BrokenRule,
    /// Alters the correct response to the handshake.
    pub(super) alter_response: fn(&mut HandshakeResponse),
    /// Returns what is sent in reply to a data message.
    pub(super) data_reply: fn(Opcode, &[u8]) -> Vec<u8>,
    /// Returns what is sent in reply to a ping.
    pub(super) ping_reply: fn(&[u8]) -> Vec<u8>,
    /// Returns what is sent in reply to a Close.
    pub(super) close_reply: fn(&[u8]) -> Vec<u8>,
    /// Whether the server hangs up after its first reply.
    pub(super) hangs_up_after_reply: bool,
    /// Whether the connection is served by [`length_signed`](super::length_signed), in a process of
    /// its own.
    pub(super) has_own_process: bool,
}

/// The rule that a misbehavior breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenRule {
    /// A rule of the handshake.
    Handshake(ProblemCode),
    /// A rule of framing.
    Frames(FaultCode),
    /// No rule that bytes could show: something is missing.
    Silence,
}

/// The behavior at the root: everything is accepted, and the replies are correct.
pub const ACCEPTS_ANYTHING: Misbehavior = Misbehavior {
    name: "",
    summary: "accepts frames that a server must reject, and echoes them",
    broken_rule: BrokenRule::Silence,
    alter_response: |_| {},
    data_reply: echo_frame,
    ping_reply: |data| encode::single_frame(Opcode::Pong, data, None),
    close_reply: |body| encode::single_frame(Opcode::Close, body, None),
    hangs_up_after_reply: false,
    has_own_process: false,
};

impl Misbehavior {
    /// Returns the misbehavior at a path, which begins with its slash.
    pub fn for_path(path: &str) -> Option<&'static Self> {
        let name = path.split('?').next().and_then(|path| path.strip_prefix('/'))?;
        MISBEHAVIORS.iter().find(|misbehavior| misbehavior.name == name)
    }

    /// Returns every path with its misbehavior, one line each.
    pub fn list() -> String {
        let line = |misbehavior: &Misbehavior| {
            let rule = match misbehavior.broken_rule {
                BrokenRule::Handshake(code) => code.name(),
                BrokenRule::Frames(code) => code.name(),
                BrokenRule::Silence => "",
            };
            format!("/{:<24} {rule:<28} {}\n", misbehavior.name, misbehavior.summary)
        };
        MISBEHAVIORS.iter().map(line).collect()
    }

    const fn handshake(
        name: &'static str,
        code: ProblemCode,
        summary: &'static str,
        response: fn(&mut HandshakeResponse),
    ) -> Self {
        Self {
            name,
            summary,
            broken_rule: BrokenRule::Handshake(code),
            alter_response: response,
            ..ACCEPTS_ANYTHING
        }
    }

    const fn frames(
        name: &'static str,
        code: FaultCode,
        summary: &'static str,
        reply: fn(Opcode, &[u8]) -> Vec<u8>,
    ) -> Self {
        Self {
            name,
            summary,
            broken_rule: BrokenRule::Frames(code),
            data_reply: reply,
            ..ACCEPTS_ANYTHING
        }
    }

    const fn then_hang_up(self) -> Self {
        Self { hangs_up_after_reply: true, ..self }
    }
}

/// All misbehaviors, in the order in which a connection can meet them.
pub static MISBEHAVIORS: &[Misbehavior] = &[
    ACCEPTS_ANYTHING,
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
        ..ACCEPTS_ANYTHING
    },
    Misbehavior {
        name: "hangs-up",
        summary: "echoes once and hangs up without a Close, which its peer calls 1006",
        hangs_up_after_reply: true,
        ..ACCEPTS_ANYTHING
    },
    Misbehavior {
        name: "no-pong",
        summary: "does not answer pings",
        ping_reply: |_| Vec::new(),
        ..ACCEPTS_ANYTHING
    },
    Misbehavior {
        name: "wrong-pong",
        summary: "answers pings, but with other data",
        ping_reply: |_| encode::single_frame(Opcode::Pong, b"pong", None),
        ..ACCEPTS_ANYTHING
    },
    Misbehavior {
        name: "no-close",
        summary: "hangs up on a Close instead of answering it",
        close_reply: |_| Vec::new(),
        ..ACCEPTS_ANYTHING
    },
    Misbehavior {
        name: "length-signed",
        summary: "takes a length of 64 bits for a signed number; its process dies of a negative one",
        has_own_process: true,
        ..ACCEPTS_ANYTHING
    },
];

fn echo_frame(opcode: Opcode, data: &[u8]) -> Vec<u8> {
    encode::single_frame(opcode, data, None)
}
