//! The record of a connection in a list of all connections of a file.

use std::net::SocketAddr;

use serde::Serialize;

use super::fields::{Millis, RecordType, as_optional_text};
use crate::wire::{ByteLen, Side};

/// A connection of a list: the facts by which one finds it. "Sent" counts what the client sent,
/// "received" what the server sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::cli::inspect) struct ListedConnectionRecord {
    pub(in crate::cli::inspect) bytes_received: ByteLen,
    pub(in crate::cli::inspect) bytes_sent: ByteLen,
    /// The client's address; `None` if the file has no addresses.
    pub(in crate::cli::inspect) client: Option<SocketAddr>,
    pub(in crate::cli::inspect) connection: usize,
    /// The time from the first packet to the last data.
    #[serde(rename = "duration_ms")]
    pub(in crate::cli::inspect) duration: Millis,
    #[serde(serialize_with = "as_optional_text")]
    pub(in crate::cli::inspect) ended_by: Option<Side>,
    /// `fin` or `rst`.
    pub(in crate::cli::inspect) ended_with: Option<&'static str>,
    /// The HTTP exchanges that opened no WebSocket and did not try to.
    #[serde(rename = "exchanges")]
    pub(in crate::cli::inspect) exchange_count: u64,
    pub(in crate::cli::inspect) frames_received: usize,
    pub(in crate::cli::inspect) frames_sent: usize,
    /// `WebSocket`, `SockJS`, `attempt`, `HTTP`, `TLS`, `other`, `no data` or `unreadable`.
    pub(in crate::cli::inspect) kind: &'static str,
    pub(in crate::cli::inspect) ok: bool,
    /// The target of the request.
    pub(in crate::cli::inspect) path: Option<String>,
    /// The number of problems of both heads and of all frames.
    #[serde(rename = "problems")]
    pub(in crate::cli::inspect) problem_count: u64,
    /// The subprotocol that was agreed on.
    pub(in crate::cli::inspect) protocol: Option<String>,
    /// The server's address; `None` if the file has no addresses.
    pub(in crate::cli::inspect) server: Option<SocketAddr>,
    /// The time between the last data and the end of the TCP connection.
    #[serde(rename = "silence_ms")]
    pub(in crate::cli::inspect) silence: Option<Millis>,
    /// The start of the connection as a Unix time in seconds; `None` if the file has no times.
    pub(in crate::cli::inspect) since_1970_s: Option<f64>,
    /// What is spoken above HTTP or the WebSocket, if that is SockJS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli::inspect) sockjs: Option<String>,
    /// The status of the response to the request.
    pub(in crate::cli::inspect) status: Option<u16>,
    #[serde(rename = "t_ms")]
    pub(in crate::cli::inspect) at: Millis,
    /// The number of its TCP connection in Wireshark (tcp.stream), from 0; `None` for files without
    /// packets.
    pub(in crate::cli::inspect) tcp_stream: Option<usize>,
    /// The TLS version and cipher suite, or that the connection was not decrypted; `None` without
    /// TLS.
    pub(in crate::cli::inspect) tls: Option<String>,
    #[serde(rename = "type")]
    pub(in crate::cli::inspect) record_type: RecordType,
    /// How it ended, as in the record of the end.
    pub(in crate::cli::inspect) why: String,
}
