//! The compressed messages of one direction (RFC 7692 section 7.2.2): what is kept from one to the next, and when inflating stops.
//! Which frames belong to a message, and whether its text is UTF-8, is known to `judge`.

use super::{InflateFault, Inflater};
use crate::wire::extension::Deflate;
use crate::wire::frame::Side;

/// Inflating stops at this many bytes a message, unless told otherwise: 32 MiB.
pub const INFLATE_LIMIT: u64 = 32 << 20;

/// Why a compressed message was not inflated, or not to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Uninflated {
    /// It is larger than the limit.
    Limit,
    /// It may point back into an earlier message that was not inflated to its end.
    ContextLost,
    /// Its data is no DEFLATE data.
    Broken(InflateFault),
}

/// Inflates what one side compresses.
#[derive(Clone, Debug)]
pub(crate) struct Inflation {
    window_bits: u8,
    takeover: bool,
    pub(crate) limit: u64,
    /// Made for the first compressed message: most connections have none.
    inflater: Option<Box<Inflater>>,
    /// An earlier message is not in the window, although later ones may point into it.
    context_lost: bool,
    /// Bytes that the message at hand was inflated to.
    pub(crate) data: u64,
    /// Why inflating the message at hand has stopped.
    pub(crate) stopped: Option<Uninflated>,
    /// Compressed bytes of the message after which the limit was passed.
    pub(crate) limit_after: u64,
}

impl Inflation {
    /// For the messages of `from`, by the parameters that are its own (RFC 7692 sections 7.1.1 and 7.1.2).
    pub(crate) fn new(deflate: Deflate, from: Side) -> Self {
        Self {
            window_bits: deflate.window_bits(from),
            takeover: deflate.context_takeover(from),
            limit: INFLATE_LIMIT,
            inflater: None,
            context_lost: false,
            data: 0,
            stopped: None,
            limit_after: 0,
        }
    }

    /// A compressed message begins.
    pub(crate) fn begin(&mut self) {
        let inflater = self.inflater.get_or_insert_with(|| Box::new(Inflater::new(self.window_bits)));
        inflater.begin(self.takeover);
        self.data = 0;
        self.stopped = self.context_lost.then_some(Uninflated::ContextLost);
    }

    /// The sender has compressed something that cannot be inflated here.
    pub(crate) fn lose_context(&mut self) {
        self.context_lost |= self.takeover;
    }

    /// Inflates from the front of `input`. Empty: more input is needed, or inflating has stopped; then the input is passed over.
    pub(crate) fn push(&mut self, input: &mut &[u8]) -> &[u8] {
        let Some(inflater) = self.inflater.as_deref_mut().filter(|_| self.stopped.is_none()) else {
            *input = &[];
            return &[];
        };
        // One byte more than the limit, so that a message of just that size is no excess.
        let room = usize::try_from(self.limit - self.data).unwrap_or(usize::MAX).saturating_add(1);
        inflater.advance(input, room, &mut ());
        self.take()
    }

    /// The message ends: inflates what its last bits and the four bytes taken off make certain.
    pub(crate) fn end(&mut self) -> &[u8] {
        let Some(inflater) = self.inflater.as_deref_mut().filter(|_| self.stopped.is_none()) else {
            return &[];
        };
        inflater.finish(&mut ());
        self.take()
    }

    /// What was inflated last.
    pub(crate) fn piece(&self) -> &[u8] {
        self.inflater.as_deref().map_or(&[], Inflater::piece)
    }

    fn take(&mut self) -> &[u8] {
        let Some(inflater) = self.inflater.as_deref_mut() else { return &[] };
        let piece = inflater.piece().len() as u64;
        if self.data + piece > self.limit {
            for _ in self.limit..self.data + piece {
                inflater.shorten();
            }
            self.limit_after = inflater.position().div_ceil(8);
            self.stopped = Some(Uninflated::Limit);
        } else if let Some(fault) = inflater.fault() {
            self.stopped = Some(Uninflated::Broken(fault));
        }
        self.data += inflater.piece().len() as u64;
        self.context_lost |= self.takeover && self.stopped.is_some();
        inflater.piece()
    }
}
