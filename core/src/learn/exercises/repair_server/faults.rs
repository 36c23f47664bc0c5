//! [`RepairFault`]: the faults, how each shows, and what remedies it.

use crate::learn::exercises::repair_server::programs::{self, GoServer};

/// A fault of a server.
#[derive(Debug)]
pub struct RepairFault {
    /// The server in Go, with the fault and without.
    pub server: &'static GoServer,
    /// The library, as the exercise names it.
    pub library: &'static str,
    /// The check that shows the fault.
    pub check: RepairCheck,
    /// The level of the exercise.
    pub(super) level: u8,
    /// What those who run the server notice, as a sentence without its full stop.
    pub(super) symptom: &'static str,
    /// The remedy.
    pub(super) remedy: &'static str,
    /// Remedies that come to mind and don't help.
    pub(super) futile: [&'static str; 4],
    /// The reason, in one to three sentences.
    pub(super) why: &'static str,
    /// The source of that.
    pub(super) source: &'static str,
}

/// What is tried with a server, broken and repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairCheck {
    /// A page of another host connects.
    ForeignOrigin,
    /// A message of 8 MiB is sent.
    LargeMessage,
    /// A text is sent.
    Text,
    /// A binary message is sent that isn't UTF-8.
    Binary,
    /// A message of 20,000 bytes is sent in one frame.
    LongMessage,
    /// A client answers no ping.
    SilentClient,
    /// A client doesn't read while the server has two things to write.
    TwoWriters,
    /// A client hangs up.
    ClientLeaves,
}

const ORIGIN: &str = "Browsers send cookies with the handshake of any page, and CORS doesn't \
                      apply to it. Only the server's look at Origin keeps a foreign page from \
                      acting as the visitor.";

const ORIGIN_FUTILE: [&str; 4] = [
    "Require a session cookie before upgrading.",
    "Send Access-Control-Allow-Origin with the 101.",
    "Accept connections over TLS only.",
    "Refuse requests without an Origin.",
];

const LIMIT: &str = "A message is collected in memory before the program sees it. Without a limit \
                     a single client decides how much memory that is.";

const LIMIT_FUTILE: [&str; 4] = [
    "Check len(message) after it was read.",
    "Make the read buffer as large as the largest message.",
    "Set a read deadline, so that large messages don't get through.",
    "Refuse fragmented messages.",
];

const TYPE: &str = "Text and binary are different things to the peer: a browser makes a string of \
                    one and a Blob of the other, and text that isn't UTF-8 ends the connection \
                    with 1007.";

/// The faults.
pub(super) static FAULTS: [RepairFault; 11] = [
    RepairFault {
        server: &programs::ORIGIN_GORILLA,
        library: "gorilla/websocket",
        check: RepairCheck::ForeignOrigin,
        level: 1,
        symptom: "a page of any site can connect in its visitor's name",
        remedy: "Delete the line: by default, Origin has to match Host.",
        futile: ORIGIN_FUTILE,
        why: ORIGIN,
        source: "RFC 6455 §10.2",
    },
    RepairFault {
        server: &programs::ORIGIN_CODER,
        library: "coder/websocket",
        check: RepairCheck::ForeignOrigin,
        level: 1,
        symptom: "a page of any site can connect in its visitor's name",
        remedy: "List the hosts whose pages may connect in OriginPatterns.",
        futile: ORIGIN_FUTILE,
        why: ORIGIN,
        source: "RFC 6455 §10.2",
    },
    RepairFault {
        server: &programs::ORIGIN_XNET,
        library: "golang.org/x/net/websocket",
        check: RepairCheck::ForeignOrigin,
        level: 1,
        symptom: "a page of any site can connect in its visitor's name",
        remedy: "Use websocket.Server with a Handshake that compares Origin with Host.",
        futile: ORIGIN_FUTILE,
        why: "websocket.Handler only wants an Origin that is a URL. Browsers send cookies with \
              the handshake of any page, so the server has to compare Origin itself.",
        source: "RFC 6455 §10.2",
    },
    RepairFault {
        server: &programs::LIMIT_GORILLA,
        library: "gorilla/websocket",
        check: RepairCheck::LargeMessage,
        level: 1,
        symptom: "one client can take all of the memory",
        remedy: "Set the limit to the longest message that is expected, such as 64 << 10.",
        futile: LIMIT_FUTILE,
        why: LIMIT,
        source: "RFC 6455 §10.4",
    },
    RepairFault {
        server: &programs::LIMIT_CODER,
        library: "coder/websocket",
        check: RepairCheck::LargeMessage,
        level: 1,
        symptom: "one client can take all of the memory",
        remedy: "Set the limit to the longest message that is expected, such as 64 << 10.",
        futile: LIMIT_FUTILE,
        why: LIMIT,
        source: "RFC 6455 §10.4",
    },
    RepairFault {
        server: &programs::TYPE_GORILLA,
        library: "gorilla/websocket",
        check: RepairCheck::Text,
        level: 1,
        symptom: "a page sends text and gets a Blob",
        remedy: "Write the message with the type that it came with.",
        futile: [
            "Set binaryType to \"arraybuffer\" in the page.",
            "Write with websocket.TextMessage.",
            "Convert the message to UTF-8 before writing it.",
            "Write with websocket.PreparedMessage.",
        ],
        why: TYPE,
        source: "RFC 6455 §5.6",
    },
    RepairFault {
        server: &programs::TYPE_CODER,
        library: "coder/websocket",
        check: RepairCheck::Binary,
        level: 1,
        symptom: "clients that send pictures are closed with 1007",
        remedy: "Write the message with the type that it came with.",
        futile: [
            "Write with websocket.MessageBinary.",
            "Check with utf8.Valid, and drop the message otherwise.",
            "Raise the read limit.",
            "Turn compression off.",
        ],
        why: TYPE,
        source: "RFC 6455 §5.6, §8.1",
    },
    RepairFault {
        server: &programs::HEARTBEAT_GORILLA,
        library: "gorilla/websocket",
        check: RepairCheck::SilentClient,
        level: 2,
        symptom: "connections of clients that hang are never given up",
        remedy: "Set a deadline, send pings, and set it anew at each pong.",
        futile: [
            "Set a write deadline before each write.",
            "Set a deadline once, right after the upgrade.",
            "Answer the pings of the client.",
            "Limit the number of connections.",
        ],
        why: "A client that hangs, or is gone without a FIN, looks like one that has nothing to \
              say. Only a ping that isn't answered in time shows the difference.",
        source: "RFC 6455 §5.5.2",
    },
    RepairFault {
        server: &programs::WRITERS_GORILLA,
        library: "gorilla/websocket",
        check: RepairCheck::TwoWriters,
        level: 2,
        symptom: "now and then the process ends with a panic",
        remedy: "Write with the lock here, too: conn.write.",
        futile: [
            "Call recover in the goroutine.",
            "Tick once a second.",
            "Set a write deadline before writing.",
            "Read and write in one goroutine each.",
        ],
        why: "A connection takes one writer at a time. gorilla/websocket panics when it notices a \
              second one, which it does only when the first is held up, say by a slow reader.",
        source: "gorilla/websocket, Concurrency",
    },
    RepairFault {
        server: &programs::SPIN_GORILLA,
        library: "gorilla/websocket",
        check: RepairCheck::ClientLeaves,
        level: 2,
        symptom: "the log has a panic for every client that leaves",
        remedy: "Return: after an error, nothing more can be read.",
        futile: [
            "Wait a second before reading again.",
            "Go on only if the error is a timeout.",
            "Call recover in a deferred function.",
            "Reset the read deadline first.",
        ],
        why: "An error of a read is final: the connection is closed, or its bytes have no \
              beginning any more. gorilla/websocket panics when such a connection is read a \
              thousand times.",
        source: "gorilla/websocket, Conn.NextReader",
    },
    RepairFault {
        server: &programs::PIECES_XNET,
        library: "golang.org/x/net/websocket",
        check: RepairCheck::LongMessage,
        level: 2,
        symptom: "long messages come back as several messages",
        remedy: "Receive and send whole messages with a Codec.",
        futile: [
            "Use io.CopyBuffer with a larger buffer.",
            "Raise MaxPayloadBytes.",
            "Set PayloadType to BinaryFrame.",
            "Wrap the connection in a bufio.Reader.",
        ],
        why: "Read returns what is there, as of a stream, and each Write sends a message. A \
              WebSocket carries messages, so their ends have to be kept.",
        source: "RFC 6455 §5.4, §6.2; x/net/websocket, Conn.Read",
    },
];
