//! Inflating (RFC 1951) piece by piece, as permessage-deflate needs it (RFC 7692 section 7.2.2): exact about what is wrong and where.
//! It compresses nothing, and knows neither frames nor text; `lens` explains what it sees here.

mod bits;
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

/// The order in which the lengths of the code length codes stand (RFC 1951 section 3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

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
            let to = self.bits.position() + u64::from(self.bits.count());
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

    fn header<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(3) else { return Ok(Next::Wait) };
        self.bits.skip(3);
        let coding = match bits >> 1 {
            0 => Coding::Stored,
            1 => Coding::Fixed,
            2 => Coding::Dynamic,
            _ => return Err(self.wrong(Broken::BlockType, from + 1)),
        };
        self.last = bits & 1 != 0;
        watch.see(from, from + 3, Seen::Block { last: self.last, coding });
        match coding {
            Coding::Stored => {
                self.align(watch);
                self.state = State::StoredLength;
            }
            Coding::Fixed => self.state = State::Symbols { fixed: true },
            Coding::Dynamic => {
                self.dynamic.from = from + 3;
                self.state = State::Counts;
            }
        }
        Ok(Next::Go)
    }

    fn align<W: Watch>(&mut self, watch: &mut W) {
        let from = self.bits.position();
        let skipped = self.bits.align();
        if skipped > 0 {
            watch.see(from, from + u64::from(skipped), Seen::Padding);
        }
    }

    fn stored_length<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(32) else { return Ok(Next::Wait) };
        self.bits.skip(32);
        let (len, nlen) = (bits as u16, (bits >> 16) as u16);
        if len != !nlen {
            return Err(self.wrong(Broken::StoredLength { len, nlen }, from));
        }
        watch.see(from, from + 32, Seen::StoredLength(len));
        self.state = State::Stored { left: usize::from(len) };
        if len == 0 {
            self.block_ends(watch);
        }
        Ok(Next::Go)
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
        self.state = State::Stored { left: left - len };
        if left == len {
            self.block_ends(watch);
        }
        Next::Go
    }

    fn counts(&mut self) -> Progress {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(14) else { return Ok(Next::Wait) };
        self.bits.skip(14);
        let (literals, distances) = (257 + (bits & 31), 1 + (bits >> 5 & 31));
        for (alphabet, count, most) in
            [(Alphabet::Literals, literals, 286), (Alphabet::Distances, distances, 30)]
        {
            if count > most {
                return Err(self.wrong(Broken::TooManyCodes(alphabet, count as u16), from));
            }
        }
        let dynamic = &mut self.dynamic;
        (dynamic.literals, dynamic.distances) = (literals as usize, distances as usize);
        dynamic.codes = 4 + (bits >> 10) as usize;
        dynamic.have = 0;
        dynamic.lengths[..ORDER.len()].fill(0);
        self.state = State::CodeLengths;
        Ok(Next::Go)
    }

    fn code_lengths(&mut self) -> Progress {
        let dynamic = &mut self.dynamic;
        let Some(length) = self.bits.peek(3) else { return Ok(Next::Wait) };
        self.bits.skip(3);
        dynamic.lengths[ORDER[dynamic.have]] = length as u8;
        dynamic.have += 1;
        if dynamic.have < dynamic.codes {
            return Ok(Next::Go);
        }
        if let Err(broken) = dynamic.code_lengths.build(&dynamic.lengths[..ORDER.len()]) {
            let from = dynamic.from;
            return Err(self.wrong(broken, from));
        }
        dynamic.have = 0;
        self.state = State::Lengths;
        Ok(Next::Go)
    }

    /// One code length, or one repetition (RFC 1951 section 3.2.7).
    fn lengths<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let dynamic = &mut self.dynamic;
        let (wanted, from) = (dynamic.literals + dynamic.distances, self.bits.position());
        let Some((symbol, used)) = dynamic.code_lengths.plain(self.bits.word(), self.bits.count()) else {
            return Ok(Next::Wait);
        };
        let (extra, least) = match symbol {
            0..=15 => (0, 1),
            16 => (2, 3),
            17 => (3, 3),
            _ => (7, 11),
        };
        let Some(bits) = self.bits.peek(used + extra) else { return Ok(Next::Wait) };
        self.bits.skip(used + extra);
        let repeat = least + (bits >> used) as usize;
        let length = match (symbol, dynamic.have) {
            (0..=15, _) => symbol,
            (16, 0) => return Err(self.wrong(Broken::NothingToRepeat, from)),
            (16, have) => dynamic.lengths[have - 1],
            _ => 0,
        };
        if dynamic.have + repeat > wanted {
            return Err(self.wrong(Broken::RepeatTooLong, from));
        }
        dynamic.lengths[dynamic.have..dynamic.have + repeat].fill(length);
        dynamic.have += repeat;
        if dynamic.have == wanted { self.described(watch) } else { Ok(Next::Go) }
    }

    /// The description is complete: makes the tables.
    fn described<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let Dynamic { pair, literals, have, lengths, from, .. } = &mut *self.dynamic;
        let (from, lengths) = (*from, &lengths[..*have]);
        let (own, distances) = lengths.split_at(*literals);
        let built = if own[256] == 0 {
            Err(Broken::NoEndOfBlock)
        } else {
            pair.literals.build(own).and_then(|()| pair.distances.build(distances))
        };
        watch.see(from, self.bits.position(), Seen::Codes { lengths, literals: *literals });
        built.map_err(|broken| self.wrong(broken, from))?;
        self.state = State::Symbols { fixed: false };
        Ok(Next::Go)
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
                    return Err(InflateFault { broken, from, to: from + u64::from(used) });
                }
            };
            self.bits.skip(used);
            let to = from + u64::from(used);
            match symbol {
                Symbol::Literal(byte) => {
                    watch.see(from, to, Seen::Literal);
                    self.window.push(byte);
                }
                Symbol::Match { length, distance } => {
                    if usize::from(distance) > self.window.reach() {
                        let reach = self.window.reach() as u16;
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
                        self.pending = Some((length - now, distance));
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
            self.pending = Some((length - now, distance));
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
