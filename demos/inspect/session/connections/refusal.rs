//! [`Refusal`]: a Close whose code says that something was not accepted, although no rule of framing
//! was broken: too big, not the right kind, against a policy.

use super::connection::InspectedConnection;
use crate::wire::frame::Severity;
use crate::wire::{CloseCode, Side};

/// A Close is looked for among this number of the last frames: nothing comes after it.
const LAST_ROWS: usize = 16;

/// A Close that refuses what the other side sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The row of the Close.
    pub(crate) row: usize,
    pub(crate) from: Side,
    pub(crate) code: CloseCode,
    pub(crate) reason: Vec<u8>,
}

impl InspectedConnection {
    /// Returns the body of a response that refuses the handshake with an error, if it is text.
    pub(crate) fn refusal_text(&self) -> Option<&str> {
        let status = self.trace.head(Side::Server)?.head.as_ref()?.status()?;
        let body = str::from_utf8(self.trace.leftover(Side::Server)).ok()?;
        let is_text = |letter: char| !letter.is_control() || letter.is_ascii_whitespace();
        let is_shown = status >= 400 && !body.trim().is_empty() && body.chars().all(is_text);
        is_shown.then_some(body)
    }

    /// Returns the first Close, if it refuses what the other side sent for a reason that the list of
    /// problems does not have yet.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let rows = self.trace.rows();
        let first = rows.len().saturating_sub(LAST_ROWS);
        let (row, close) = rows.iter().enumerate().skip(first).find(|(_, row)| row.is_close())?;
        let from = close.from();
        let (code, reason) = self.frame(row)?.close_body()?;
        let faults = self.trace.faults(from.peer());
        let is_explained = faults.iter().any(|fault| fault.severity() == Severity::Fatal);
        let is_refusal = match code {
            // A broken rule of the other side is listed itself.
            1002 | 1007 => !is_explained,
            1003 | 1008..=1014 => true,
            _ => false,
        };
        is_refusal.then(|| Refusal { row, from, code: CloseCode::new(code), reason })
    }
}
