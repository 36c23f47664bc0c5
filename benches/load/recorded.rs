//! Figures of other servers on the machine of the first measurements: 22 November 2026, 2 cores,
//! loopback, release builds, a CPU for each end. They only show the order of magnitude to aim for;
//! comparisons are made within a run.

/// The heading of these figures.
pub(crate) const WHEN: &str =
    "recorded 22 Nov 2026, 2 cores, 10,000 connections or as many as the column says:";

/// A server with 10,000 connections.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// Bytes of process memory per idle connection.
    pub(crate) idle: u32,
    /// The median time from a message of 64 bytes to the last of 10,000 subscribers, in
    /// milliseconds.
    pub(crate) last: f64,
}

pub(crate) const CROWD: [Peer; 6] = [
    Peer { name: "uWebSockets", idle: 457, last: 94.3 },
    Peer { name: "raw TCP hub, tokio", idle: 1952, last: 92.1 },
    Peer { name: "axum, 4 KiB buffers", idle: 6236, last: 105.9 },
    Peer { name: "ws, Node.js", idle: 6288, last: 119.1 },
    Peer { name: "tokio-tungstenite, 4 KiB", idle: 6810, last: 106.8 },
    Peer { name: "gorilla, Go", idle: 23097, last: 126.1 },
];

/// An echo of 32 bytes.
pub(crate) struct Echo {
    pub(crate) name: &'static str,
    /// The number of connections, the exchanges per second, and their median in microseconds.
    pub(crate) figures: [(usize, u32, f64); 2],
}

pub(crate) const ECHO: [Echo; 4] = [
    Echo { name: "raw TCP, tokio", figures: [(1, 11_134, 86.6), (64, 130_264, 441.6)] },
    Echo { name: "fastwebsockets", figures: [(1, 11_188, 89.3), (64, 133_613, 431.9)] },
    Echo { name: "tokio-tungstenite, 4 KiB", figures: [(1, 11_007, 89.7), (64, 128_000, 457.0)] },
    Echo { name: "axum, 128 KiB", figures: [(1, 10_596, 92.7), (64, 76_342, 757.8)] },
];
