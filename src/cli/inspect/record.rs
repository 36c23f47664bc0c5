//! [`Record`]: what `inspect` prints, one JSON object a line with `--json`. What a record says was found by `wire`.
//!
//! The README and `--help` list the fields; their names stay. The fields of each record stand in
//! the order of the JSON, which is that of the alphabet.

use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::cli::decode::{FaultRecord, ProblemRecord, verdict_name};
use crate::net::AddressPair;
use crate::wire::decode::frame_assembler::AssembledFrame;
use crate::wire::frame::mask;
use crate::wire::handshake::ValidatedHead;
use crate::wire::{
    ByteLen, FramePart, FrameStart, MessageKind, Needed, Offset, Opcode, Side, format,
};

/// One thing that happened on a connection, or a remark.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Record {
    Handshake(HandshakeRecord),
    Frame(Box<FrameRecord>),
    Bytes(BytesRecord),
    End(EndRecord),
    AllEnded(AllEndedRecord),
    Note(NoteRecord),
    Listening(ListeningRecord),
    ProxyConnection(ProxyConnectionRecord),
    FileConnection(FileConnectionRecord),
}

/// The value of the field `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RecordType {
    Handshake,
    Frame,
    Bytes,
    End,
    Note,
    Listening,
    Connection,
}

/// A head, or the beginning of one where the stream ended inside of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct HandshakeRecord {
    pub(super) accept_expected: Option<String>,
    pub(super) accept_received: Option<String>,
    pub(super) connection: usize,
    pub(super) extensions: Vec<String>,
    #[serde(serialize_with = "as_text")]
    pub(super) from: Side,
    /// The head with U+FFFD for what is not UTF-8.
    pub(super) head: String,
    /// The head's bytes where they are not UTF-8.
    pub(super) head_hex: Option<Hex<Vec<u8>>>,
    pub(super) head_len: usize,
    pub(super) problems: Vec<ProblemRecord>,
    pub(super) protocol: Option<String>,
    #[serde(rename = "t_ms")]
    pub(super) at: Millis,
    #[serde(rename = "type")]
    pub(super) record_type: RecordType,
    pub(super) verdict: &'static str,
}

/// A frame, complete or not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct FrameRecord {
    pub(super) after_fault: bool,
    pub(super) close_code: Option<u16>,
    pub(super) close_reason: Option<String>,
    pub(super) complete: bool,
    pub(super) compressed: bool,
    pub(super) connection: usize,
    pub(super) fin: Option<bool>,
    /// Its number in its direction, from 0.
    pub(super) frame: usize,
    #[serde(serialize_with = "as_text")]
    pub(super) from: Side,
    pub(super) header_len: Option<usize>,
    pub(super) mask: Option<bool>,
    pub(super) masking_key: Option<Hex<[u8; 4]>>,
    pub(super) message: Option<usize>,
    /// What the end cut off; none too where the length cannot be.
    pub(super) needs: Option<NeedsRecord>,
    pub(super) offset: Offset,
    pub(super) opcode: Option<u8>,
    pub(super) opcode_name: Option<&'static str>,
    /// Unmasked, and no more of it than the printer keeps.
    #[serde(rename = "payload_hex")]
    pub(super) payload: Hex<Vec<u8>>,
    pub(super) payload_len: Option<ByteLen>,
    /// Header and payload as they went over the wire.
    #[serde(rename = "raw_hex")]
    pub(super) raw: Hex<Vec<u8>>,
    pub(super) rsv1: Option<bool>,
    pub(super) rsv2: Option<bool>,
    pub(super) rsv3: Option<bool>,
    #[serde(rename = "t_ms")]
    pub(super) at: Millis,
    pub(super) text: Option<String>,
    /// `payload` and `raw` are only the beginning.
    pub(super) truncated: bool,
    #[serde(rename = "type")]
    pub(super) record_type: RecordType,
    pub(super) violations: Vec<FaultRecord>,
}

/// What a frame needs to be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct NeedsRecord {
    pub(super) have: ByteLen,
    pub(super) need_more: ByteLen,
    #[serde(rename = "phase", serialize_with = "as_text")]
    pub(super) part: FramePart,
}

/// Bytes behind a response that is not a 101.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct BytesRecord {
    pub(super) connection: usize,
    #[serde(serialize_with = "as_text")]
    pub(super) from: Side,
    #[serde(rename = "hex")]
    pub(super) bytes: Hex<Vec<u8>>,
    pub(super) len: usize,
    #[serde(rename = "t_ms")]
    pub(super) at: Millis,
    /// The bytes where they are UTF-8.
    pub(super) text: Option<String>,
    #[serde(rename = "type")]
    pub(super) record_type: RecordType,
}

/// How a connection ended. Sent is what the client sent, received what the server sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct EndRecord {
    pub(super) bytes_received: ByteLen,
    pub(super) bytes_sent: ByteLen,
    pub(super) close_code: Option<u16>,
    pub(super) close_code_sent: Option<u16>,
    pub(super) close_reason: Option<String>,
    pub(super) close_received: bool,
    pub(super) close_sent: bool,
    pub(super) connection: usize,
    pub(super) frames_received: usize,
    pub(super) frames_sent: usize,
    pub(super) ok: bool,
    #[serde(rename = "t_ms")]
    pub(super) at: Millis,
    #[serde(rename = "type")]
    pub(super) record_type: RecordType,
    pub(super) why: String,
}

/// The last record where there are several connections, or none. It has the fields that a reader of
/// the last record asks for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct AllEndedRecord {
    close_code: Option<u16>,
    close_received: bool,
    connection: Option<usize>,
    ok: bool,
    #[serde(rename = "t_ms")]
    at: Millis,
    #[serde(rename = "type")]
    record_type: RecordType,
    pub(super) why: String,
}

/// A remark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct NoteRecord {
    #[serde(skip_serializing_if = "NoteSubject::has_no_field")]
    pub(super) connection: NoteSubject,
    #[serde(rename = "t_ms")]
    pub(super) at: Millis,
    pub(super) text: String,
    #[serde(rename = "type")]
    pub(super) record_type: RecordType,
}

/// What a remark is about: the value of its field `connection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum NoteSubject {
    /// This connection.
    Connection(usize),
    /// A file as a whole: the field is null.
    File,
    /// The only connection, or the proxy as a whole: there is no such field.
    Session,
}

/// Where the proxy listens.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ListeningRecord {
    pub(super) address: SocketAddr,
    #[serde(rename = "t_ms")]
    pub(super) at: Millis,
    #[serde(rename = "type")]
    pub(super) record_type: RecordType,
}

/// A client has connected to the proxy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ProxyConnectionRecord {
    pub(super) connection: usize,
    pub(super) peer: SocketAddr,
    #[serde(rename = "t_ms")]
    pub(super) at: Millis,
    #[serde(rename = "type")]
    pub(super) record_type: RecordType,
}

/// A connection of a file whose addresses are known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct FileConnectionRecord {
    pub(super) client: SocketAddr,
    pub(super) connection: usize,
    pub(super) server: SocketAddr,
    /// When it began, in seconds since 1970.
    pub(super) since_1970_s: f64,
    #[serde(rename = "t_ms")]
    pub(super) at: Millis,
    /// What TLS has come to; none where there is no TLS.
    pub(super) tls: Option<String>,
    #[serde(rename = "type")]
    pub(super) record_type: RecordType,
}

/// Where and when a record belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordContext {
    pub(super) connection: usize,
    pub(super) from: Side,
    pub(super) elapsed: Duration,
}

/// Bytes, in JSON a string of hex digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hex<B>(pub(super) B);

/// A time since the start, in JSON a number of milliseconds with three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Millis(pub(super) Duration);

impl<B: AsRef<[u8]>> Serialize for Hex<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format::hex(self.0.as_ref()))
    }
}

impl Millis {
    /// Milliseconds with three decimals.
    pub(super) fn as_f64(self) -> f64 {
        (self.0.as_secs_f64() * 1e6).round() / 1e3
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

impl Record {
    /// A head. `validated` is none where the stream ended inside of it.
    pub(super) fn handshake(
        context: RecordContext,
        bytes: &[u8],
        validated: Option<&ValidatedHead>,
    ) -> Self {
        let validation =
            validated.map(|validated| validated.validation.clone()).unwrap_or_default();
        let problems = validation.problems.iter();
        Self::Handshake(HandshakeRecord {
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
        })
    }

    /// A frame, complete or not.
    pub(super) fn frame(context: RecordContext, frame: AssembledFrame) -> Self {
        let header = frame.start.map(|start| start.header);
        let key = header.and_then(|header| header.masking_key);
        let mut raw = frame.header_bytes();
        match key {
            // masking twice gives what was there before
            Some(key) => raw.extend_from_slice(&mask::unmask(&frame.payload, key)),
            None => raw.extend_from_slice(&frame.payload),
        }
        let (close_code, close_reason) = close_body(&frame).unzip();
        let violations = frame.faults.iter();
        Self::Frame(Box::new(FrameRecord {
            after_fault: frame.start.is_some_and(|start| start.after_fault),
            close_code,
            close_reason,
            complete: frame.is_complete(),
            compressed: frame.start.is_some_and(|start| start.compressed),
            connection: context.connection,
            fin: header.map(|header| header.fin),
            frame: frame.index,
            from: context.from,
            header_len: header.map(|header| header.len()),
            mask: header.map(|header| header.masking_key.is_some()),
            masking_key: key.map(Hex),
            message: frame.start.and_then(|start| start.role.message()),
            needs: frame.needed.map(NeedsRecord::new),
            offset: frame.offset,
            opcode: header.map(|header| header.opcode.bits()),
            opcode_name: header.map(|header| header.opcode.name()),
            payload_len: header.map(|header| header.payload_len),
            raw: Hex(raw),
            rsv1: header.map(|header| header.rsv1),
            rsv2: header.map(|header| header.rsv2),
            rsv3: header.map(|header| header.rsv3),
            at: Millis(context.elapsed),
            text: frame.start.and_then(|start| text_payload(&start, &frame)),
            truncated: frame.payload_received > ByteLen::of(&frame.payload),
            record_type: RecordType::Frame,
            violations: violations.map(|fault| FaultRecord::new(fault).with_section()).collect(),
            payload: Hex(frame.payload),
        }))
    }

    /// Bytes behind a response that is not a 101.
    pub(super) fn bytes(context: RecordContext, bytes: &[u8]) -> Self {
        Self::Bytes(BytesRecord {
            connection: context.connection,
            from: context.from,
            bytes: Hex(bytes.to_vec()),
            len: bytes.len(),
            at: Millis(context.elapsed),
            text: str::from_utf8(bytes).ok().map(str::to_owned),
            record_type: RecordType::Bytes,
        })
    }

    /// The last record where there are several connections, or none.
    pub(super) fn all_ended(at: Duration, why: &str) -> Self {
        Self::AllEnded(AllEndedRecord {
            close_code: None,
            close_received: false,
            connection: None,
            ok: true,
            at: Millis(at),
            record_type: RecordType::End,
            why: why.to_owned(),
        })
    }

    /// A remark.
    pub(super) fn note(connection: NoteSubject, at: Duration, text: impl Into<String>) -> Self {
        Self::Note(NoteRecord {
            connection,
            at: Millis(at),
            text: text.into(),
            record_type: RecordType::Note,
        })
    }

    /// The proxy listens on `address`.
    pub(super) fn listening(at: Duration, address: SocketAddr) -> Self {
        Self::Listening(ListeningRecord {
            address,
            at: Millis(at),
            record_type: RecordType::Listening,
        })
    }

    /// A client has connected to the proxy.
    pub(super) fn proxy_connection(connection: usize, at: Duration, peer: SocketAddr) -> Self {
        let record_type = RecordType::Connection;
        Self::ProxyConnection(ProxyConnectionRecord {
            connection,
            peer,
            at: Millis(at),
            record_type,
        })
    }

    /// A connection of a file. `since_1970_s` says when it began, `tls` what TLS has come to.
    pub(super) fn file_connection(
        connection: usize,
        addresses: AddressPair,
        since_1970_s: f64,
        tls: Option<String>,
    ) -> Self {
        Self::FileConnection(FileConnectionRecord {
            client: addresses.client,
            connection,
            server: addresses.server,
            since_1970_s,
            at: Millis(Duration::ZERO),
            tls,
            record_type: RecordType::Connection,
        })
    }
}

impl NeedsRecord {
    fn new(needed: Needed) -> Self {
        Self { have: needed.have, need_more: needed.more, part: needed.part }
    }
}

impl NoteSubject {
    fn has_no_field(&self) -> bool {
        *self == Self::Session
    }
}

/// The code and the reason of a complete Close; none where it has no code.
pub(super) fn close_body(frame: &AssembledFrame) -> Option<(u16, String)> {
    let is_close = frame.is_complete()
        && frame.start.is_some_and(|start| start.header.opcode == Opcode::Close);
    let (code, reason) = frame.payload.split_first_chunk().filter(|_| is_close)?;
    Some((u16::from_be_bytes(*code), String::from_utf8_lossy(reason).into_owned()))
}

fn text_payload(start: &FrameStart, frame: &AssembledFrame) -> Option<String> {
    let is_text = start.kind == Some(MessageKind::Text) && !start.compressed;
    let text = str::from_utf8(&frame.payload).ok().filter(|_| is_text && frame.is_complete());
    text.map(str::to_owned)
}
