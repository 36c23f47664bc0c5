//! [`ReplyCheck`]: compares a lane's reply with what was sent.

use crate::race::error::LaneError;

/// Compares a whole reply with what was sent.
pub(super) fn check_reply(reply: &[u8], payload: &[u8]) -> Result<(), LaneError> {
    let mut whole = ReplyCheck::new(payload);
    whole.add(reply)?;
    whole.finish()
}

/// Compares a reply that arrives in pieces with what was sent.
pub(super) struct ReplyCheck<'p> {
    payload: &'p [u8],
    got: usize,
    differs: bool,
}

impl<'p> ReplyCheck<'p> {
    pub(super) fn new(payload: &'p [u8]) -> Self {
        Self { payload, got: 0, differs: false }
    }

    /// Compares the next piece.
    ///
    /// # Errors
    /// Fails at the first byte beyond the expected length, because a peer that sends more may never
    /// stop.
    pub(super) fn add(&mut self, piece: &[u8]) -> Result<(), LaneError> {
        let end = self.got.saturating_add(piece.len());
        let Some(wanted) = self.payload.get(self.got..end) else {
            return Err(LaneError::LongReply(self.payload.len()));
        };
        self.differs |= wanted != piece;
        self.got = end;
        Ok(())
    }

    /// Checks that everything was received and equal.
    pub(super) fn finish(self) -> Result<(), LaneError> {
        if !self.differs && self.got == self.payload.len() {
            return Ok(());
        }
        Err(LaneError::WrongReply { received: self.got, sent: self.payload.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_refused_at_its_first_excess_byte() {
        let mut reply = ReplyCheck::new(b"four");
        reply.add(b"fo").unwrap();
        reply.add(b"ur").unwrap();
        reply.add(b"").unwrap();
        assert!(matches!(reply.add(b"!"), Err(LaneError::LongReply(4))));
        assert!(check_reply(b"four", b"four").is_ok());
        let short = check_reply(b"fou", b"four");
        assert!(matches!(short, Err(LaneError::WrongReply { received: 3, sent: 4 })));
        let other = check_reply(b"fuor", b"four");
        assert!(matches!(other, Err(LaneError::WrongReply { received: 4, sent: 4 })));
    }
}
