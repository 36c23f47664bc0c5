//! What the implementations did with the vectors, one row a rule; a test holds every figure against `tests/vectors/frames.json`.
//! What the figures mean is said in `peers`.

use super::{Peer, Row};
use crate::wire::fault::Code;

/// Those that were fed the vectors.
pub(super) const PEERS: [Peer; 8] = [
    Peer { name: "wsproto", version: "wsproto 1.3.2 (Python)" },
    Peer { name: "websockets", version: "websockets 17.4 (Python, sans-I/O)" },
    Peer { name: "autobahn", version: "autobahn 26.10.2 (Python)" },
    Peer { name: "aiohttp", version: "aiohttp 3.14.5 (Python reader)" },
    Peer { name: "ws", version: "ws 8.23.0 (Node 20)" },
    Peer { name: "tungstenite", version: "tungstenite 0.30.0 (Rust)" },
    Peer { name: "fastwebsockets", version: "fastwebsockets 0.10.0 (Rust)" },
    Peer { name: "ws-framer", version: "ws-framer 0.4.0 (Rust)" },
];

/// (refused, accepted) in the order of `PEERS`; `words` is the first thing a peer said where it refused what is legal.
pub(super) const TABLE: &[Row] = &[
    Row {
        code: Code::RsvNonzero,
        cases: 5,
        tallies: [(5, 0), (5, 0), (5, 0), (5, 0), (5, 0), (4, 0), (4, 0), (4, 0)],
        words: &[],
    },
    Row {
        code: Code::Rsv1OnContinuation,
        cases: 1,
        tallies: [(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (0, 0), (0, 0), (0, 0)],
        words: &[],
    },
    Row {
        code: Code::OpcodeReserved,
        cases: 9,
        tallies: [(9, 0), (9, 0), (9, 0), (9, 0), (9, 0), (9, 0), (9, 0), (9, 0)],
        words: &[],
    },
    Row {
        code: Code::CtrlFragmented,
        cases: 2,
        tallies: [(2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0)],
        words: &[],
    },
    Row {
        code: Code::CtrlTooLong,
        cases: 1,
        tallies: [(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (0, 1), (1, 0)],
        words: &[],
    },
    Row {
        code: Code::LenNotMinimal,
        cases: 4,
        tallies: [(4, 0), (0, 4), (4, 0), (0, 4), (0, 4), (0, 4), (0, 4), (0, 4)],
        words: &[],
    },
    Row {
        code: Code::LenMsbSet,
        cases: 2,
        tallies: [(2, 0), (0, 2), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0)],
        words: &[],
    },
    Row {
        code: Code::UnmaskedClient,
        cases: 2,
        tallies: [(2, 0), (2, 0), (2, 0), (0, 2), (2, 0), (2, 0), (0, 2), (0, 2)],
        words: &[],
    },
    Row {
        code: Code::MaskedServer,
        cases: 1,
        tallies: [(1, 0), (1, 0), (1, 0), (0, 1), (1, 0), (1, 0), (1, 0), (0, 1)],
        words: &[],
    },
    Row {
        code: Code::ContWithoutStart,
        cases: 3,
        tallies: [(3, 0), (3, 0), (3, 0), (3, 0), (3, 0), (3, 0), (3, 0), (3, 0)],
        words: &[],
    },
    Row {
        code: Code::NewDataInFragmented,
        cases: 2,
        tallies: [(2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0)],
        words: &[],
    },
    Row {
        code: Code::Utf8,
        cases: 9,
        tallies: [(9, 0), (9, 0), (9, 0), (9, 0), (9, 0), (8, 0), (7, 1), (8, 0)],
        words: &[],
    },
    Row {
        code: Code::CloseLen1,
        cases: 1,
        tallies: [(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0)],
        words: &[],
    },
    Row {
        code: Code::CloseCodeInvalid,
        cases: 10,
        tallies: [(10, 0), (10, 0), (10, 0), (9, 1), (10, 0), (0, 10), (10, 0), (0, 10)],
        words: &[],
    },
    Row {
        code: Code::CloseReasonUtf8,
        cases: 1,
        tallies: [(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0)],
        words: &[],
    },
    Row {
        code: Code::DataAfterClose,
        cases: 1,
        tallies: [(0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (1, 0), (0, 1), (0, 1)],
        words: &[],
    },
    Row {
        code: Code::ControlAfterClose,
        cases: 2,
        tallies: [(0, 2), (0, 2), (0, 2), (0, 2), (0, 2), (1, 1), (0, 2), (0, 2)],
        words: &[("tungstenite", "WebSocket protocol error: Remote sent after having closed")],
    },
    Row {
        code: Code::Inflate,
        cases: 1,
        tallies: [(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (0, 0), (0, 0), (0, 0)],
        words: &[],
    },
    Row {
        code: Code::MaskZero,
        cases: 1,
        tallies: [(0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1)],
        words: &[],
    },
    Row {
        code: Code::MaskReused,
        cases: 1,
        tallies: [(0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1)],
        words: &[],
    },
    Row {
        code: Code::CloseCodeOutOfRange,
        cases: 2,
        tallies: [(2, 0), (2, 0), (2, 0), (0, 2), (2, 0), (0, 2), (2, 0), (0, 2)],
        words: &[
            ("wsproto", "1002 CLOSE with invalid code"),
            ("websockets", "ProtocolError: invalid status code"),
            ("autobahn", "1002 invalid close code 5000"),
            ("ws", "WS_ERR_INVALID_CLOSE_CODE Invalid WebSocket frame: invalid status code 5000"),
            ("fastwebsockets", "Invalid close code"),
        ],
    },
    Row {
        code: Code::EmptyFragment,
        cases: 2,
        tallies: [(0, 2), (0, 2), (0, 2), (0, 2), (0, 2), (0, 2), (0, 2), (0, 2)],
        words: &[],
    },
];
