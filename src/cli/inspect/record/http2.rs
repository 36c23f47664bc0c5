//! The record of a head of a WebSocket over HTTP/2 (RFC 8441).

use serde::Serialize;

use super::fields::{Millis, RecordContext, RecordType, as_text};
use crate::capture::Http2Head;
use crate::cli::decode::{ProblemRecord, verdict_name};
use crate::wire::Side;

/// The header fields of a request or response that opens a WebSocket on a stream, or tries to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct Http2HandshakeRecord {
    /// The bytes of the header block, as on the wire.
    pub(in crate::cli::inspect) block_len: usize,
    pub(in crate::cli::inspect) connection: usize,
    pub(in crate::cli::inspect) extensions: Vec<String>,
    /// The names and values in order, with U+FFFD for invalid UTF-8.
    pub(in crate::cli::inspect) fields: Vec<[String; 2]>,
    #[serde(serialize_with = "as_text")]
    pub(in crate::cli::inspect) from: Side,
    /// The `:path` of a request.
    pub(in crate::cli::inspect) path: Option<String>,
    pub(in crate::cli::inspect) problems: Vec<ProblemRecord>,
    /// The subprotocol that the response chose.
    pub(in crate::cli::inspect) protocol: Option<String>,
    /// The `:status` of a response.
    pub(in crate::cli::inspect) status: Option<u16>,
    pub(in crate::cli::inspect) stream_id: u32,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
    pub(in crate::cli::inspect) verdict: &'static str,
}

impl Http2HandshakeRecord {
    /// Creates the record of a head on this stream.
    pub(in crate::cli::inspect) fn new(
        context: RecordContext,
        stream_id: u32,
        head: &Http2Head,
    ) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let validation = &head.validation;
        let problems = validation.problems.iter();
        Self {
            block_len: head.block_len,
            connection: context.connection,
            extensions: validation.extensions.clone(),
            fields: head.fields.iter().map(|(name, value)| [text(name), text(value)]).collect(),
            from: context.from,
            path: head.value(":path"),
            problems: problems.map(|problem| ProblemRecord::new(problem).with_section()).collect(),
            protocol: validation.subprotocol.clone(),
            status: head.status(),
            stream_id,
            at: Millis(context.elapsed),
            record_type: RecordType::Http2Handshake,
            verdict: verdict_name(validation.outcome, context.from),
        }
    }
}
