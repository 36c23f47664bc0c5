//! [`Suite`]: the protocol that a contestant speaks, and thereby the cases that it is tested with.

use serde::{Deserialize, Serialize};

use crate::text::named_enum;

/// The cases that a contestant is tested with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suite {
    /// Those of `wiretalk conform`.
    #[default]
    WebSocket,
    /// Those of `wiretalk conform --sockjs`.
    SockJs,
}

impl Suite {
    /// Whether it is the one that a list and a record need not name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
    pub(in crate::lab) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether load and the memory of idle connections are measured.
    pub(in crate::lab) fn has_figures(self) -> bool {
        self == Self::WebSocket
    }
}

named_enum!(Suite, "suite": WebSocket = "websocket", SockJs = "sockjs");
