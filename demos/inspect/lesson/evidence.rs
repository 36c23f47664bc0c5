//! [`Evidence`]: the bytes that prove the answer of a step, and where the inspector shows them.

use serde::Deserialize;

use super::sends::parse_hex;
use crate::demos::inspect::action::{ByteCursor, Place, Tab};
use crate::demos::inspect::session::Session;
use crate::wire::Side;

/// The bytes that prove an answer: on the screen after the step, under the cursor.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    /// The name of the tab that shows them.
    tab: String,
    /// Where they are: `client head`, `server 0` (a frame of that side, from 0), `server last`,
    /// or `client unfinished`, a frame that is not complete.
    #[serde(rename = "in")]
    place: String,
    /// The bytes in hex; of a head, the text.
    shows: String,
    /// The bit that matters, counted from the most significant of the first byte, which is 0. It may
    /// be in a later byte of the frame.
    #[serde(default)]
    bit: u8,
}

/// The bytes in which the evidence is looked for in a frame that is not complete.
const MAX_UNFINISHED_BYTES: u64 = 256;

/// A head or a frame of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Head,
    /// A frame, from 0.
    Frame(usize),
    LastFrame,
    /// The frame that has begun and is not complete.
    Unfinished,
}

impl Evidence {
    /// Checks what stands in the file.
    ///
    /// # Errors
    ///
    /// Says which field is wrong, and what would be right.
    pub(super) fn check(&self) -> Result<(), String> {
        let tab = self.tab()?;
        let (_, source) = self.source()?;
        if self.shows.trim().is_empty() {
            return Err("`shows` is empty".to_owned());
        }
        match (source, tab) {
            (Source::Head, Tab::Handshake) => Ok(()),
            (Source::Head, _) | (_, Tab::Handshake) => {
                Err(format!("{:?} is not on the tab {:?}", self.place, self.tab))
            }
            (Source::Unfinished, tab) if tab != Tab::Problems => {
                Err("a frame that is not complete is on the tab \"problems\" only".to_owned())
            }
            _ => parse_hex(&self.shows).map(drop),
        }
    }

    /// Returns the tab that shows the evidence, and its place there, unless it is where the tab
    /// begins; `None` if the connection does not have these bytes.
    pub(super) fn find(&self, session: &Session) -> Option<(Tab, Option<Place>)> {
        let ((side, source), tab) = (self.source().ok()?, self.tab().ok()?);
        let connection = session.connection();
        let rows = connection.trace.rows();
        let mut own = (0..rows.len()).filter(|row| rows[*row].from() == side);
        let row = match source {
            Source::Head => {
                let head = connection.trace.head(side)?.head.as_ref()?;
                let line = head.lines().iter().position(|line| {
                    let text = head.raw().get(line.text.clone()).unwrap_or_default();
                    String::from_utf8_lossy(text).contains(&self.shows)
                })?;
                return Some((tab, Some(Place::HeadLine(side, line))));
            }
            Source::Unfinished => {
                let bytes = connection.partial_frame_bytes(side, MAX_UNFINISHED_BYTES)?;
                return self.position_in(&bytes).map(|_| (tab, None));
            }
            Source::Frame(number) => own.nth(number)?,
            Source::LastFrame => own.next_back()?,
        };
        let frame = session.frame(row)?;
        let byte = self.position_in(frame.raw())? + usize::from(self.bit / 8);
        let place = Place::Frame(row, ByteCursor { byte, bit: self.bit % 8 });
        (byte < frame.raw().len()).then_some((tab, Some(place)))
    }

    /// Returns the tab on which to ask for the answer. That of the problems would give it away.
    pub(super) fn tab_before(&self) -> Option<Tab> {
        let tab = self.tab().ok()?;
        Some(if tab == Tab::Problems { Tab::Frames } else { tab })
    }

    fn position_in(&self, bytes: &[u8]) -> Option<usize> {
        let wanted = parse_hex(&self.shows).ok().filter(|wanted| !wanted.is_empty())?;
        bytes.windows(wanted.len()).position(|bytes| bytes == wanted)
    }

    fn tab(&self) -> Result<Tab, String> {
        Tab::from_name(&self.tab).ok_or_else(|| {
            let names = Tab::ALL.map(Tab::name).join(", ").to_lowercase();
            format!("unknown tab {:?}; expected one of: {names}", self.tab)
        })
    }

    fn source(&self) -> Result<(Side, Source), String> {
        let wrong =
            || format!("`in` is {:?}; expected a side and its head or frame: server 0", self.place);
        let (side, source) = self.place.split_once(' ').ok_or_else(wrong)?;
        let side = match side {
            "client" => Side::Client,
            "server" => Side::Server,
            _ => return Err(wrong()),
        };
        let source = match source {
            "head" => Source::Head,
            "last" => Source::LastFrame,
            "unfinished" => Source::Unfinished,
            number => Source::Frame(number.parse().map_err(|_| wrong())?),
        };
        Ok((side, source))
    }
}
