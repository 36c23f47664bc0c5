//! Where tshark reads a capture otherwise, and why.

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
    /// The frames as tshark reads them, so that another difference is seen too.
    pub tshark: &'static [&'static str],
}

/// `tests/capture.rs` compares the payloads of the DATA frames, but not where there is a gap.
const HTTP2: &str = "tshark looks for no WebSocket in the DATA frames of HTTP/2.";
const FIRST: &str = "tshark takes the first frame, whose TLS record lies in the packet of the 101, \
                     as HTTP data.";

pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        file: "early-frame.pcap",
        reason: "tshark takes the frame before the 101 as HTTP data.",
        tshark: &["9001 opcode 1 FIN 4 B 6c617465"],
    },
    Difference {
        file: "form-chunked.pcap",
        reason: "The last frame has no end in the capture, and tshark shows only complete \
                 frames.",
        tshark: &[
            "50000 opcode 1 FIN 5 B 48656c6c6f",
            "9001 opcode 7 13 B",
            "9001 opcode 1 FIN 5 B 616761696e",
        ],
    },
    Difference {
        file: "form-hixie76.pcap",
        reason: "What looks like a frame has no end in the capture, and tshark shows only \
                 complete frames.",
        tshark: &[],
    },
    Difference {
        file: "gap-101-lost.pcap",
        reason: "tshark switches to WebSocket only after a 101.",
        tshark: &[],
    },
    Difference {
        file: "gap-in-masked-text.pcap",
        reason: "Bytes of the first frame were not captured, and tshark shows only complete \
                 frames.",
        tshark: &["50000 opcode 1 FIN 10 B 7374696c6c2066696e65", "9001 opcode 1 FIN 3 B 66696e"],
    },
    Difference {
        file: "gap-inside-tls.pcap",
        reason: "tshark takes the frames in the packet of the 101 as HTTP data and decrypts \
                 nothing after a lost TLS record.",
        tshark: &["48065 opcode 1 FIN 6 B 7469636b2032", "48065 opcode 1 FIN 6 B 7469636b2033"],
    },
    Difference {
        file: "gap-order.pcap",
        reason: "Bytes of the first frame were not captured, and tshark shows only complete \
                 frames.",
        tshark: &[
            "9001 opcode 1 FIN 13 B 61667465722074686520676170",
            "50000 opcode 1 FIN 2 B 6f6b",
        ],
    },
    Difference {
        file: "mid-deflate.pcap",
        reason: "tshark cannot be told that permessage-deflate was agreed, so the payloads stay \
                 compressed.",
        tshark: &[
            "9001 opcode 1 FIN 16 B aa562a4bcc294d55b232d081b36a0100",
            "9001 opcode 1 FIN 16 B aa562a4bcc294d55b232d481b36a0100",
            "9001 opcode 1 FIN 16 B aa562a4bcc294d55b232d281b36a0100",
        ],
    },
    Difference {
        file: "mid-keepalive-probe.pcap",
        reason: "tshark takes the garbage byte of the keep-alive as the start of a \
                 frame.",
        tshark: &["9001 opcode 1 FIN 6 B 7469636b2031", "50000 opcode 0 1 B"],
    },
    Difference {
        file: "open-200-then-101.pcap",
        reason: "tshark takes all that follows the 200, which has no Content-Length, as its \
                 body.",
        tshark: &[],
    },
    Difference {
        file: "order-101-before-request.pcap",
        reason: "tshark switches to WebSocket only where the request precedes the 101.",
        tshark: &[],
    },
    Difference {
        file: "tls13-hrr.pcap",
        reason: FIRST,
        tshark: &[
            "38736 opcode 1 FIN 5 B 48656c6c6f",
            "36569 opcode 1 FIN 305 B 576f726c647878787878787878787878…",
            "38736 opcode 8 FIN 2 B 03e8",
            "36569 opcode 8 FIN 2 B 03e8",
        ],
    },
    Difference {
        file: "tls13-resumed.pcap",
        reason: "tshark takes the first frame, whose TLS record lies in the packet of the 101, \
                 as HTTP data in one of the three connections.",
        tshark: &[
            "44988 opcode 1 FIN 5 B 48656c6c6f",
            "36301 opcode 1 FIN 305 B 576f726c647878787878787878787878…",
            "44988 opcode 8 FIN 2 B 03e8",
            "36301 opcode 8 FIN 2 B 03e8",
            "36301 opcode 1 FIN 7 B 77656c636f6d65",
            "44998 opcode 1 FIN 5 B 48656c6c6f",
            "36301 opcode 1 FIN 305 B 576f726c647878787878787878787878…",
            "44998 opcode 8 FIN 2 B 03e8",
            "36301 opcode 8 FIN 2 B 03e8",
            "36301 opcode 1 FIN 7 B 77656c636f6d65",
            "45006 opcode 1 FIN 5 B 48656c6c6f",
            "36301 opcode 1 FIN 305 B 576f726c647878787878787878787878…",
            "45006 opcode 8 FIN 2 B 03e8",
            "36301 opcode 8 FIN 2 B 03e8",
        ],
    },
    Difference { file: "connect-tls-http2.pcapng", reason: HTTP2, tshark: &[] },
    Difference { file: "http2-gap.pcap", reason: HTTP2, tshark: &[] },
    Difference { file: "http2-plain.pcap", reason: HTTP2, tshark: &[] },
    Difference { file: "http2-tls.pcapng", reason: HTTP2, tshark: &[] },
    Difference { file: "proxy2-http2.pcapng", reason: HTTP2, tshark: &[] },
    Difference {
        file: "socks5-tls.pcapng",
        reason: "tshark decrypts TLS in a SOCKS tunnel but looks for no HTTP in it.",
        tshark: &[],
    },
    Difference {
        file: "tls13-gap.pcapng",
        reason: "tshark decrypts nothing after a lost TLS record.",
        tshark: &["443 opcode 1 FIN 6 B 7469636b2030", "443 opcode 1 FIN 6 B 7469636b2031"],
    },
];
