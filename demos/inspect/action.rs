//! [`Action`]: what a tab or a lesson asks of the whole inspector. `keys` carries it out.
//!
//! A tab knows no other tab, so a jump to another one is a value too.

use super::connect_options::ConnectOptions;
use crate::clients::SessionCommand;
use crate::wire::Side;

/// The tabs of the inspector, in the order of their keys 1 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Handshake,
    Frames,
    Mask,
    Timeline,
    Problems,
    Deflate,
    Connections,
    SockJs,
}

impl Tab {
    pub(crate) const ALL: [Self; 8] = [
        Self::Handshake,
        Self::Frames,
        Self::Mask,
        Self::Timeline,
        Self::Problems,
        Self::Deflate,
        Self::Connections,
        Self::SockJs,
    ];

    /// Returns the tab of that name, in any case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Handshake => "Handshake",
            Self::Frames => "Frames",
            Self::Mask => "Mask",
            Self::Timeline => "Timeline",
            Self::Problems => "Problems",
            Self::Deflate => "Deflate",
            Self::Connections => "Connections",
            Self::SockJs => "SockJS",
        }
    }

    /// Returns a shorter name, for a bar without room for all of [`Self::name`].
    pub(crate) fn short_name(self) -> &'static str {
        match self {
            Self::Handshake => "Shake",
            Self::Frames => "Frames",
            Self::Mask => "Mask",
            Self::Timeline => "Time",
            Self::Problems => "Probs",
            Self::Deflate => "Defl",
            Self::Connections => "Conns",
            Self::SockJs => "SockJS",
        }
    }
}

/// The cursor within a frame: a byte, and a bit of that byte (0 = most significant).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteCursor {
    pub(crate) byte: usize,
    pub(crate) bit: u8,
}

/// A position in the connection for the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line of the head that a side has sent, from 0.
    HeadLine(Side, usize),
    /// A bit of a frame, with the index of its row in the trace.
    Frame(usize, ByteCursor),
}

/// A request of a tab or a lesson to the inspector.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Shows a tab.
    Show(Tab),
    /// Shows the connection at an index of the list.
    ShowConnection(usize),
    /// Moves the cursor, and leaves the tab as it is.
    MoveTo(Place),
    /// Sends a command to the open connection.
    Send(SessionCommand),
    /// Connects again with these options. The next reconnect uses the options of the settings.
    Open(Box<ConnectOptions>),
    /// Shows a notice until the next key.
    Notice(String),
    /// Records that a bet of a lesson was settled.
    RecordBet {
        /// The lesson's name.
        lesson: &'static str,
        /// The step, from 0.
        step: usize,
        /// Whether the bet was right.
        right: bool,
    },
    /// Switches to the mode in which keys answer the question of a lesson.
    AskBet,
    /// Switches back to the mode in which keys are commands.
    Browse,
}
