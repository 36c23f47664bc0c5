//! What a tab or a lesson asks of the whole inspector: plain data, which `keys` carries out.
//!
//! A tab knows no other tab, so a jump from one to the other is a value too.

use super::connect_options::ConnectOptions;
use crate::clients::SessionCommand;
use crate::wire::Side;

/// Which part of the connection is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Handshake,
    Frames,
    Mask,
    Timeline,
    Problems,
    Deflate,
}

impl Tab {
    pub(crate) const ALL: [Self; 6] =
        [Self::Handshake, Self::Frames, Self::Mask, Self::Timeline, Self::Problems, Self::Deflate];

    /// The tab of that name, in any case.
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
        }
    }
}

/// The cursor within a frame: a byte, and a bit of that byte (0 = most significant).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteCursor {
    pub(crate) byte: usize,
    pub(crate) bit: u8,
}

/// A place in the connection that the cursor can be put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line of that side's head.
    HeadLine(Side, usize),
    /// A bit of a frame, which is given by its row in the trace.
    Frame(usize, ByteCursor),
}

/// Something that a tab or a lesson cannot do by itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Shows a tab.
    Show(Tab),
    /// Puts the cursor on a place, whichever tab is shown.
    MoveTo(Place),
    /// Gives a command to the open connection.
    Send(SessionCommand),
    /// Connects again, with these options this once.
    Open(Box<ConnectOptions>),
    /// Tells the reader something, until the next key.
    Notice(String),
    /// The keys answer the question of a lesson.
    AskBet,
    /// The keys are commands again.
    Browse,
}
