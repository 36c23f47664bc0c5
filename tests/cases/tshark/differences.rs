//! Where tshark differs.

/// The version of tshark that reads the captures as this table says.
pub(super) const VERSION: &str = "4.0.17";

/// Captures without a handshake: tshark must be told that their port has WebSocket.
pub(super) const DECODE_AS: &[(&str, &str)] = &[
    ("mid-deflate.pcap", "tcp.port==9001,websocket"),
    ("mid-high-server-port.pcap", "tcp.port==40000,websocket"),
    ("mid-keepalive-probe.pcap", "tcp.port==9001,websocket"),
    ("mid-plain-note.pcap", "tcp.port==9001,websocket"),
];

/// A capture that tshark reads otherwise.
pub(super) struct Difference {
    pub file: &'static str,
    /// Why, in one sentence.
    pub reason: &'static str,
    /// The frames as tshark reads them.
    pub tshark: &'static [&'static str],
}

pub(super) const DIFFERENCES: &[Difference] = &[];
