//! Records of traffic beside frames: heads, HTTP exchanges, and bytes that are neither.

use std::time::Duration;

use serde::Serialize;

use super::fields::{Hex, Millis, RecordContext, RecordType, as_text};
use crate::cli::decode::{ProblemRecord, verdict_name};
use crate::wire::handshake::{HttpExchange, ValidatedHead};
use crate::wire::{ByteLen, Side};

/// A head, or the beginning of a head inside which the stream ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct HandshakeRecord {
    pub(in crate::cli::inspect) accept_expected: Option<String>,
    pub(in crate::cli::inspect) accept_received: Option<String>,
    pub(in crate::cli::inspect) connection: usize,
    pub(in crate::cli::inspect) extensions: Vec<String>,
    #[serde(serialize_with = "as_text")]
    pub(in crate::cli::inspect) from: Side,
    /// The head, with U+FFFD for invalid UTF-8.
    pub(in crate::cli::inspect) head: String,
    /// The bytes of the head if they are not UTF-8: `head` alone would lose them.
    pub(in crate::cli::inspect) head_hex: Option<Hex<Vec<u8>>>,
    pub(in crate::cli::inspect) head_len: usize,
    pub(in crate::cli::inspect) problems: Vec<ProblemRecord>,
    pub(in crate::cli::inspect) protocol: Option<String>,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
    pub(in crate::cli::inspect) verdict: &'static str,
}

impl HandshakeRecord {
    /// Creates the record of a head. `validated` is `None` if the stream ended inside the head.
    pub(in crate::cli::inspect) fn new(
        context: RecordContext,
        bytes: &[u8],
        validated: Option<&ValidatedHead>,
    ) -> Self {
        let validation =
            validated.map(|validated| validated.validation.clone()).unwrap_or_default();
        let problems = validation.problems.iter();
        Self {
            accept_expected: validation.accept.map(|accept| accept.value),
            accept_received: validation.received_accept,
            connection: context.connection,
            extensions: validation.extensions,
            from: context.from,
            head: String::from_utf8_lossy(bytes).into_owned(),
            head_hex: str::from_utf8(bytes).is_err().then(|| Hex(bytes.to_vec())),
            head_len: bytes.len(),
            problems: problems.map(|problem| ProblemRecord::new(problem).with_section()).collect(),
            protocol: validation.subprotocol,
            at: Millis(context.elapsed),
            record_type: RecordType::Handshake,
            verdict: verdict_name(validation.outcome, context.from),
        }
    }
}

/// Bytes that are neither heads nor frames: those after a response that is not a 101, and those of
/// another protocol.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct BytesRecord {
    pub(in crate::cli::inspect) connection: usize,
    #[serde(serialize_with = "as_text")]
    pub(in crate::cli::inspect) from: Side,
    #[serde(rename = "hex")]
    pub(in crate::cli::inspect) bytes: Hex<Vec<u8>>,
    /// What the bytes are, if that is known.
    pub(in crate::cli::inspect) hint: Option<&'static str>,
    pub(in crate::cli::inspect) len: usize,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    /// The bytes as text, if they are UTF-8.
    pub(in crate::cli::inspect) text: Option<String>,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
}

impl BytesRecord {
    /// Creates the record of bytes; `hint` is what they are.
    pub(in crate::cli::inspect) fn new(
        context: RecordContext,
        bytes: &[u8],
        hint: Option<&'static str>,
    ) -> Self {
        Self {
            connection: context.connection,
            from: context.from,
            bytes: Hex(bytes.to_vec()),
            hint,
            len: bytes.len(),
            at: Millis(context.elapsed),
            text: str::from_utf8(bytes).ok().map(str::to_owned),
            record_type: RecordType::Bytes,
        }
    }
}

/// Captured bytes behind a gap, or at the beginning of a capture, of which it is not known where a
/// frame begins.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct UnframedRecord {
    pub(in crate::cli::inspect) connection: usize,
    #[serde(serialize_with = "as_text")]
    pub(in crate::cli::inspect) from: Side,
    #[serde(rename = "hex")]
    pub(in crate::cli::inspect) bytes: Hex<Vec<u8>>,
    pub(in crate::cli::inspect) len: ByteLen,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
}

impl UnframedRecord {
    pub(in crate::cli::inspect) fn new(context: RecordContext, bytes: &[u8]) -> Self {
        Self {
            connection: context.connection,
            from: context.from,
            bytes: Hex(bytes.to_vec()),
            len: ByteLen::of(bytes),
            at: Millis(context.elapsed),
            record_type: RecordType::Unframed,
        }
    }
}

/// An HTTP exchange that opened no WebSocket and did not try to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct HttpRecord {
    /// Whether the response was seen to its end.
    pub(in crate::cli::inspect) complete: bool,
    pub(in crate::cli::inspect) connection: usize,
    /// The method of the request, if one was seen.
    pub(in crate::cli::inspect) method: Option<String>,
    /// The bytes of the request, head and body; 0 for an interim response.
    pub(in crate::cli::inspect) request_len: ByteLen,
    /// The bytes of the response, head and body.
    pub(in crate::cli::inspect) response_len: ByteLen,
    /// The status of the response, if one was seen.
    pub(in crate::cli::inspect) status: Option<u16>,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    /// The target of the request: a path, or a host with a port.
    pub(in crate::cli::inspect) target: Option<String>,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
}

impl HttpRecord {
    /// Creates the record of an exchange that was complete at `at`.
    pub(in crate::cli::inspect) fn new(
        connection: usize,
        at: Duration,
        exchange: HttpExchange,
    ) -> Self {
        let (method, target) =
            exchange.request.map(|request| (request.method, request.target)).unzip();
        Self {
            complete: exchange.is_complete,
            connection,
            method,
            request_len: exchange.request_len,
            response_len: exchange.response_len,
            status: exchange.status,
            at: Millis(at),
            target,
            record_type: RecordType::Http,
        }
    }
}
