//! The reactions of the implementations to the vectors, one row per rule. A test compares every
//! figure with `tests/vectors/frames.json`.
//! `interop` explains the figures.

use super::implementation::Implementation;
use crate::wire::decode::fault::FaultCode;

/// The implementations that were tested with the vectors.
pub(super) const IMPLEMENTATIONS: [Implementation; 8] = [
    Implementation { name: "wsproto", version: "wsproto 1.3.2 (Python)" },
    Implementation { name: "websockets", version: "websockets 17.4 (Python, sans-I/O)" },
    Implementation { name: "autobahn", version: "autobahn 26.10.2 (Python)" },
    Implementation { name: "aiohttp", version: "aiohttp 3.14.5 (Python reader)" },
    Implementation { name: "ws", version: "ws 8.23.0 (Node 20)" },
    Implementation { name: "tungstenite", version: "tungstenite 0.30.0 (Rust)" },
    Implementation { name: "fastwebsockets", version: "fastwebsockets 0.10.0 (Rust)" },
    Implementation { name: "ws-framer", version: "ws-framer 0.4.0 (Rust)" },
];

/// The reactions of all implementations to the cases of one rule.
pub(super) struct InteropRow {
    pub(super) code: FaultCode,
    pub(super) cases: u8,
    /// The numbers of rejected and accepted cases, for each of [`IMPLEMENTATIONS`]. Cases counted in
    /// neither could not be tested with that implementation.
    pub(super) rejected_accepted: [(u8, u8); IMPLEMENTATIONS.len()],
    /// The name and the first error message of each implementation that rejected something legal.
    pub(super) messages: &'static [(&'static str, &'static str)],
}

/// All rows. Tallies are (rejected, accepted), in the order of [`IMPLEMENTATIONS`].
pub(super) const RESULTS: &[InteropRow] = &[
    InteropRow {
        code: FaultCode::RsvNonzero,
        cases: 5,
        rejected_accepted: [(5, 0), (5, 0), (5, 0), (5, 0), (5, 0), (4, 0), (4, 0), (4, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::Rsv1OnContinuation,
        cases: 1,
        rejected_accepted: [(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (0, 0), (0, 0), (0, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::OpcodeReserved,
        cases: 9,
        rejected_accepted: [(9, 0), (9, 0), (9, 0), (9, 0), (9, 0), (9, 0), (9, 0), (9, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::CtrlFragmented,
        cases: 2,
        rejected_accepted: [(2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::CtrlTooLong,
        cases: 1,
        rejected_accepted: [(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (0, 1), (1, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::LenNotMinimal,
        cases: 4,
        rejected_accepted: [(4, 0), (0, 4), (4, 0), (0, 4), (0, 4), (0, 4), (0, 4), (0, 4)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::LenMsbSet,
        cases: 2,
        rejected_accepted: [(2, 0), (0, 2), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::UnmaskedClient,
        cases: 2,
        rejected_accepted: [(2, 0), (2, 0), (2, 0), (0, 2), (2, 0), (2, 0), (0, 2), (0, 2)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::MaskedServer,
        cases: 1,
        rejected_accepted: [(1, 0), (1, 0), (1, 0), (0, 1), (1, 0), (1, 0), (1, 0), (0, 1)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::ContWithoutStart,
        cases: 3,
        rejected_accepted: [(3, 0), (3, 0), (3, 0), (3, 0), (3, 0), (3, 0), (3, 0), (3, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::NewDataInFragmented,
        cases: 2,
        rejected_accepted: [(2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::Utf8,
        cases: 9,
        rejected_accepted: [(9, 0), (9, 0), (9, 0), (9, 0), (9, 0), (8, 0), (7, 1), (8, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::CloseLen1,
        cases: 1,
        rejected_accepted: [(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::CloseCodeInvalid,
        cases: 10,
        rejected_accepted: [(10, 0), (10, 0), (10, 0), (9, 1), (10, 0), (0, 10), (10, 0), (0, 10)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::CloseReasonUtf8,
        cases: 1,
        rejected_accepted: [(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::DataAfterClose,
        cases: 1,
        rejected_accepted: [(0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (1, 0), (0, 1), (0, 1)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::ControlAfterClose,
        cases: 2,
        rejected_accepted: [(0, 2), (0, 2), (0, 2), (0, 2), (0, 2), (1, 1), (0, 2), (0, 2)],
        messages: &[("tungstenite", "WebSocket protocol error: Remote sent after having closed")],
    },
    InteropRow {
        code: FaultCode::Inflate,
        cases: 1,
        rejected_accepted: [(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (0, 0), (0, 0), (0, 0)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::MaskZero,
        cases: 1,
        rejected_accepted: [(0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::MaskReused,
        cases: 1,
        rejected_accepted: [(0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1)],
        messages: &[],
    },
    InteropRow {
        code: FaultCode::CloseCodeOutOfRange,
        cases: 2,
        rejected_accepted: [(2, 0), (2, 0), (2, 0), (0, 2), (2, 0), (0, 2), (2, 0), (0, 2)],
        messages: &[
            ("wsproto", "1002 CLOSE with invalid code"),
            ("websockets", "ProtocolError: invalid status code"),
            ("autobahn", "1002 invalid close code 5000"),
            ("ws", "WS_ERR_INVALID_CLOSE_CODE Invalid WebSocket frame: invalid status code 5000"),
            ("fastwebsockets", "Invalid close code"),
        ],
    },
    InteropRow {
        code: FaultCode::EmptyFragment,
        cases: 2,
        rejected_accepted: [(0, 2), (0, 2), (0, 2), (0, 2), (0, 2), (0, 2), (0, 2), (0, 2)],
        messages: &[],
    },
];
