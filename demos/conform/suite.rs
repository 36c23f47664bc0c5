//! [`GridSuite`]: what a grid is about: the rules with their cases, the lab's record, and our own
//! server.

use std::sync::LazyLock;

use super::rules::RuleTable;
use crate::conform::{all_cases, sockjs_cases};
use crate::demos::recorded_lab::{RECORDED, RECORDED_SOCKJS};
use crate::lab::LabRecord;

/// The seed of the cases, that of the records.
const SEED: u64 = 1;

/// The protocol that a grid is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuiteKind {
    /// WebSocket.
    WebSocket,
    /// SockJS.
    SockJs,
}

impl SuiteKind {
    /// Returns the columns of a grid that names none.
    pub(super) fn libraries(self) -> &'static str {
        match self {
            Self::WebSocket => "gorilla, coder, gobwas, gws, x/net, strict",
            Self::SockJs => "go v3, v3 mux, go v2, node, python, ours",
        }
    }
}

/// The rules, the record and our own server of a protocol.
#[derive(Debug)]
pub(super) struct GridSuite {
    pub(super) kind: SuiteKind,
    /// The rules and the cases. They are part of the program, so a talk needs no files.
    pub(super) table: RuleTable,
    /// The lab's record.
    pub(super) record: &'static LabRecord,
    /// The name of our own server's column, which needs no toolchain.
    pub(super) own: &'static str,
    /// Short names of contestants, where their ids are too long for a column.
    pub(super) short_names: &'static [(&'static str, &'static str)],
    /// Whether the record has versions of 2017 and tuned options beside each library.
    pub(super) has_variants: bool,
}

/// WebSocket, by RFC 6455 and RFC 7692.
pub(super) static WEBSOCKET: LazyLock<GridSuite> = LazyLock::new(|| GridSuite {
    kind: SuiteKind::WebSocket,
    // A file that does not parse gives an empty table. A test checks that every case has its rule.
    table: RuleTable::parse(include_str!("rules.toml"), all_cases(SEED)).unwrap_or_default(),
    record: &RECORDED,
    own: "strict",
    short_names: &[],
    has_variants: true,
});

/// SockJS, by the text of its protocol.
pub(super) static SOCKJS: LazyLock<GridSuite> = LazyLock::new(|| GridSuite {
    kind: SuiteKind::SockJs,
    table: RuleTable::parse(include_str!("sockjs_rules.toml"), sockjs_cases()).unwrap_or_default(),
    record: &RECORDED_SOCKJS,
    own: "wiretalk",
    short_names: &[
        ("go v3", "sockjs-go"),
        ("v3 mux", "sockjs-go-mux"),
        ("go v2", "sockjs-go-2016"),
        ("node", "sockjs-node"),
        ("python", "sockjs-python"),
        ("ours", "wiretalk"),
    ],
    has_variants: false,
});

impl GridSuite {
    /// Returns the id of a library, or of a contestant with a short name: `x/net` is the record's
    /// `xnet`.
    pub(super) fn id_of(&self, title: &str) -> String {
        let short = self.short_names.iter().find(|(name, _)| *name == title);
        short.map_or_else(|| title.replace('/', ""), |(_, id)| (*id).to_owned())
    }

    /// Returns the suite of a protocol.
    pub(super) fn of(kind: SuiteKind) -> &'static Self {
        match kind {
            SuiteKind::WebSocket => &WEBSOCKET,
            SuiteKind::SockJs => &SOCKJS,
        }
    }
}
