//! Inflating (RFC 1951) piece by piece, as permessage-deflate needs it (RFC 7692 section 7.2.2): exact about what is wrong and where.
//! It compresses nothing, and knows neither frames nor text; `lens` explains what it sees here.

mod bits;
mod blocks;
mod codes;
mod fault;
mod messages;
mod window;

pub use fault::{Alphabet, Broken, InflateFault};
pub(crate) use messages::Inflation;
pub use messages::{INFLATE_LIMIT, Uninflated};

use bits::{Bits, Run};
use codes::{Codes, FIXED, Pair, Symbol};
use window::Window;

/// What a sender takes off the end of each message, and a receiver puts back (RFC 7692 section 7.2.1).
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The most codes that a block can describe: 286 for literals and lengths, 30 for distances.
const MOST_LENGTHS: usize = 286 + 30;

/// Inflates the messages of one sender. How the data is cut into pieces never matters.
///
/// ```
/// use wiretalk::wire::inflate::Inflater;
///
/// let mut inflater = Inflater::new(15);
/// let mut input: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
/// let mut plain = Vec::new();
/// loop {
///     let piece = inflater.push(&mut input);
///     if piece.is_empty() {
///         break;
///     }
///     plain.extend_from_slice(piece);
/// }
/// plain.extend_from_slice(inflater.end());
/// assert_eq!((plain.as_slice(), inflater.fault()), (&b"Hello"[..], None));
/// ```
#[derive(Clone, Debug)]
pub struct Inflater {
    window: Window,
    bits: Bits,
    state: State,
    /// The block at hand, or the one before, has BFINAL = 1.
    last: bool,
    /// A match of which a part did not fit the piece: length and distance.
    pending: Option<(usize, usize)>,
    dynamic: Box<Dynamic>,
    fault: Option<InflateFault>,
    cut_marker: bool,
}

/// What the next bits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    StoredLength,
    Stored { left: usize },
    Counts,
    CodeLengths,
    Lengths,
    Symbols { fixed: bool },
}

/// The description of a dynamic block, as far as it is read.
#[derive(Clone, Debug)]
struct Dynamic {
    pair: Pair,
    code_lengths: Codes,
    literals: usize,
    distances: usize,
    /// How many code length codes there are.
    codes: usize,
    have: usize,
    lengths: [u8; MOST_LENGTHS],
    /// Where the description began.
    from: u64,
}

impl Dynamic {
    fn new() -> Self {
        Self {
            pair: Pair::new(),
            code_lengths: Codes::new(Alphabet::CodeLengths),
            literals: 0,
            distances: 0,
            codes: 0,
            have: 0,
            lengths: [0; MOST_LENGTHS],
            from: 0,
        }
    }
}

/// How the data of a block is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As it is (BTYPE 00).
    Stored,
    /// With the codes of section 3.2.6 (BTYPE 01).
    Fixed,
    /// With codes that the block describes (BTYPE 10).
    Dynamic,
}

/// What was read, for whoever looks on.
#[derive(Debug)]
pub(crate) enum Seen<'a> {
    Block { last: bool, coding: Coding },
    Padding,
    StoredLength(u16),
    Stored(usize),
    Codes { lengths: &'a [u8], literals: usize },
    Literal,
    Match { length: u16, distance: u16 },
    End,
}

/// Looks on while something is inflated: bits `from..to` of the message are this.
pub(crate) trait Watch {
    fn see(&mut self, from: u64, to: u64, seen: Seen<'_>);
}

/// Nobody looks on.
impl Watch for () {
    #[inline]
    fn see(&mut self, _: u64, _: u64, _: Seen<'_>) {}
}

/// Can it go on at once, or only with more input or more room?
enum Next {
    Go,
    Wait,
}

type Progress = Result<Next, InflateFault>;

impl Inflater {
    /// Empty, for a sender whose window is 2 to the power of `window_bits` bytes (8 to 15; others are taken as the nearest).
    pub fn new(window_bits: u8) -> Self {
        Self {
            window: Window::new(window_bits.clamp(8, 15)),
            bits: Bits::default(),
            state: State::Header,
            last: false,
            pending: None,
            dynamic: Box::new(Dynamic::new()),
            fault: None,
            cut_marker: false,
        }
    }

    /// Begins a message; `keep_window` says whether it may point back into the earlier ones (context takeover).
    pub fn begin(&mut self, keep_window: bool) {
        if !keep_window {
            self.window.clear();
        }
        self.bits = Bits::default();
        self.state = State::Header;
        self.last = false;
        self.pending = None;
        self.fault = None;
        self.cut_marker = false;
    }

    /// Inflates from the front of `input` until a piece is full or the input is used up. Empty: more input is needed, or `fault` says why not.
    pub fn push(&mut self, input: &mut &[u8]) -> &[u8] {
        self.advance(input, usize::MAX, &mut ());
        self.piece()
    }

    /// Ends a message, all input of which is used up: reads the four bytes that its sender took off.
    /// What comes to light then is handed out; `fault` says whether the data was whole.
    ///
    /// Two ends are taken as whole although those four bytes do not complete a block, because no data is missing:
    /// directly behind a block with BFINAL = 1, and where they are begun but not ended (the message lacks its last byte 00).
    pub fn end(&mut self) -> &[u8] {
        self.finish(&mut ());
        self.piece()
    }

    /// What is wrong with this message; nothing is inflated from there on, and the input is passed over.
    pub fn fault(&self) -> Option<InflateFault> {
        self.fault
    }

    /// The message ended without the byte 00 that its end marker begins with.
    pub fn is_marker_cut(&self) -> bool {
        self.cut_marker
    }

    /// Bits of the message that are decoded.
    pub fn position(&self) -> u64 {
        self.bits.position()
    }

    pub(crate) fn piece(&self) -> &[u8] {
        self.window.piece()
    }

    /// Makes these bytes what a match can point back into.
    pub(crate) fn set_window(&mut self, before: &[u8]) {
        self.window.clear();
        for piece in before.chunks(window::PIECE) {
            self.window.begin(piece.len());
            self.window.extend(piece);
        }
    }

    pub(crate) fn shorten(&mut self) {
        self.window.shorten();
    }

    /// As `push`, with at most `room` bytes a piece, and with somebody looking on. The piece is `piece`.
    pub(crate) fn advance<W: Watch>(&mut self, input: &mut &[u8], room: usize, watch: &mut W) {
        self.window.begin(room);
        if self.fault.is_some() {
            *input = &[];
            return;
        }
        if let Some((length, distance)) = self.pending.take() {
            self.repeat(length, distance);
        }
        loop {
            match self.step(input, watch) {
                Ok(Next::Go) => {}
                Ok(Next::Wait) => return,
                Err(fault) => {
                    self.fault = Some(fault);
                    *input = &[];
                    return;
                }
            }
        }
    }

    pub(crate) fn finish<W: Watch>(&mut self, watch: &mut W) {
        let at_boundary = |inflater: &Self| inflater.state == State::Header && inflater.bits.count() == 0;
        self.window.begin(0);
        if self.fault.is_some() || at_boundary(self) && self.last {
            return;
        }
        let from = self.bits.position();
        let mut tail = &TAIL[..];
        self.advance(&mut tail, usize::MAX, watch);
        self.cut_marker = self.state == State::StoredLength;
        if self.fault.is_none() && !at_boundary(self) && !self.cut_marker {
            let to = self.bits.position().saturating_add(self.bits.count().into());
            self.fault = Some(InflateFault { broken: Broken::Truncated, from, to });
        }
    }

    fn step<W: Watch>(&mut self, input: &mut &[u8], watch: &mut W) -> Progress {
        match self.state {
            State::Stored { left } => return Ok(self.stored(input, left, watch)),
            State::Symbols { fixed } => return self.symbols(input, fixed, watch),
            _ => self.bits.refill(input),
        }
        match self.state {
            State::Header => self.header(watch),
            State::StoredLength => self.stored_length(watch),
            State::Counts => self.counts(),
            State::CodeLengths => self.code_lengths(),
            _ => self.lengths(watch),
        }
    }

    fn stored<W: Watch>(&mut self, input: &mut &[u8], left: usize, watch: &mut W) -> Next {
        let from = self.bits.position();
        if self.window.room() == 0 {
            return Next::Wait;
        }
        let len = match self.bits.bytes(input, left.min(self.window.room())) {
            Run::One(byte) => {
                self.window.push(byte);
                1
            }
            Run::Many(run) => {
                self.window.extend(run);
                run.len()
            }
        };
        if len == 0 {
            return Next::Wait;
        }
        watch.see(from, self.bits.position(), Seen::Stored(len));
        self.state = State::Stored { left: left.saturating_sub(len) };
        if left == len {
            self.block_ends(watch);
        }
        Next::Go
    }

    fn symbols<W: Watch>(&mut self, input: &mut &[u8], fixed: bool, watch: &mut W) -> Progress {
        let pair = if fixed { &*FIXED } else { &self.dynamic.pair };
        loop {
            if self.window.room() == 0 {
                return Ok(Next::Wait);
            }
            // A symbol has at most 48 bits.
            if self.bits.count() < 48 {
                self.bits.refill(input);
            }
            let from = self.bits.position();
            let (symbol, used) = match pair.symbol(self.bits.word(), self.bits.count()) {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(Next::Wait),
                Err((broken, used)) => {
                    return Err(InflateFault { broken, from, to: from.saturating_add(used.into()) });
                }
            };
            self.bits.skip(used);
            let to = self.bits.position();
            match symbol {
                Symbol::Literal(byte) => {
                    watch.see(from, to, Seen::Literal);
                    self.window.push(byte);
                }
                Symbol::Match { length, distance } => {
                    if usize::from(distance) > self.window.reach() {
                        let reach = u16::try_from(self.window.reach()).unwrap_or(u16::MAX);
                        return Err(InflateFault {
                            broken: Broken::DistanceTooFar { distance, reach },
                            from,
                            to,
                        });
                    }
                    watch.see(from, to, Seen::Match { length, distance });
                    let (length, distance) = (usize::from(length), usize::from(distance));
                    let now = length.min(self.window.room());
                    self.window.repeat(distance, now);
                    if now < length {
                        self.pending = Some((length.saturating_sub(now), distance));
                        return Ok(Next::Wait);
                    }
                }
                Symbol::End => {
                    watch.see(from, to, Seen::End);
                    self.block_ends(watch);
                    return Ok(Next::Go);
                }
            }
        }
    }

    fn repeat(&mut self, length: usize, distance: usize) {
        let now = length.min(self.window.room());
        self.window.repeat(distance, now);
        if now < length {
            self.pending = Some((length.saturating_sub(now), distance));
        }
    }

    /// RFC 7692 section 7.2.1: behind a block with BFINAL = 1 the next one begins with a new byte.
    fn block_ends<W: Watch>(&mut self, watch: &mut W) {
        if self.last {
            self.align(watch);
        }
        self.state = State::Header;
    }

    fn wrong(&self, broken: Broken, from: u64) -> InflateFault {
        InflateFault { broken, from, to: self.bits.position() }
    }
}

/// A small payload that inflates to `matches` times 258 zeros, and one more.
#[cfg(test)]
pub(crate) fn bomb(matches: usize) -> Vec<u8> {
    // A fixed block: the literal 0 (00110000), then matches of length 258 (11000101) at distance 1 (00000), then its end.
    let mut bits = vec![0, 1, 0];
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..matches {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    }
    bits.extend([0; 7]);
    // The header of the empty stored block whose four bytes are taken off.
    bits.extend([0; 3]);
    bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

#[cfg(test)]
mod tests;
