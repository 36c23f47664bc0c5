//! Inflates DEFLATE data (RFC 1951) in pieces (RFC 7692 section 7.2.2), with the place of each
//! fault.
//! It knows neither frames nor text. `listing` explains what it observes here.

mod bit_reader;
mod block_header;
mod fault;
mod huffman;
mod message_inflater;
mod observer;
mod sliding_window;

pub use fault::{Alphabet, InflateFault, InflateFaultKind};
pub(crate) use message_inflater::MessageInflater;
pub use message_inflater::{INFLATE_LIMIT, InflateStop};
pub use observer::BlockType;
pub(crate) use observer::{InflateEvent, InflateObserver};

use bit_reader::{BitReader, StoredBytes};
use huffman::{BlockCodes, FIXED_CODES, HuffmanTable, Symbol};
use sliding_window::SlidingWindow;

/// The bytes that a sender removes from each message and a receiver appends (RFC 7692 section
/// 7.2.1).
pub const DEFLATE_TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The maximum number of codes in a block: 286 for literals and lengths, 30 for distances.
const MAX_CODE_LENGTHS: usize = 286 + 30;

/// Inflates the messages of one sender. The result never depends on how the data is split.
///
/// ```
/// use wiretalk_core::wire::deflate::inflate::Inflater;
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
/// plain.extend_from_slice(inflater.end_message());
/// assert_eq!((plain.as_slice(), inflater.fault()), (&b"Hello"[..], None));
/// ```
#[derive(Clone, Debug)]
pub struct Inflater {
    window: SlidingWindow,
    bits: BitReader,
    state: InflaterState,
    /// Whether the current block, or the last one, has BFINAL = 1.
    is_last_block: bool,
    /// The length and distance of the rest of a match that did not fit into the last piece.
    pending_match: Option<(usize, usize)>,
    dynamic: Box<DynamicBlock>,
    fault: Option<InflateFault>,
    lacks_final_zero: bool,
}

/// The kind of data that the next bits belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InflaterState {
    Header,
    StoredLength,
    Stored { left: usize },
    CodeCounts,
    CodeLengthCode,
    CodeLengths,
    Symbols { fixed: bool },
}

/// The description of a dynamic block, as far as it has been read.
#[derive(Clone, Debug)]
struct DynamicBlock {
    codes: BlockCodes,
    code_length_table: HuffmanTable,
    literal_count: usize,
    distance_count: usize,
    /// The number of code length codes.
    code_length_count: usize,
    lengths_read: usize,
    code_lengths: [u8; MAX_CODE_LENGTHS],
    /// The bit at which the description began.
    start_bit: u64,
}

impl DynamicBlock {
    fn new() -> Self {
        Self {
            codes: BlockCodes::new(),
            code_length_table: HuffmanTable::new(Alphabet::CodeLengths),
            literal_count: 0,
            distance_count: 0,
            code_length_count: 0,
            lengths_read: 0,
            code_lengths: [0; MAX_CODE_LENGTHS],
            start_bit: 0,
        }
    }
}

/// Whether the next step is possible at once, or only with more input or more room.
enum InflateProgress {
    Continue,
    Blocked,
}

type InflateResult = Result<InflateProgress, InflateFault>;

impl Inflater {
    /// Creates an inflater for a window of 2^`window_bits` bytes (8 to 15; others are clamped).
    pub fn new(window_bits: u8) -> Self {
        Self {
            window: SlidingWindow::new(window_bits.clamp(8, 15)),
            bits: BitReader::default(),
            state: InflaterState::Header,
            is_last_block: false,
            pending_match: None,
            dynamic: Box::new(DynamicBlock::new()),
            fault: None,
            lacks_final_zero: false,
        }
    }

    /// Begins a message; with `keep_window` it may refer to earlier ones (context takeover).
    pub fn begin_message(&mut self, keep_window: bool) {
        if !keep_window {
            self.window.clear();
        }
        self.bits = BitReader::default();
        self.state = InflaterState::Header;
        self.is_last_block = false;
        self.pending_match = None;
        self.fault = None;
        self.lacks_final_zero = false;
    }

    /// Inflates from the front of `input`. Returns the next piece; an empty slice means that more
    /// input is needed, or that there is a [`fault`](Self::fault).
    pub fn push(&mut self, input: &mut &[u8]) -> &[u8] {
        self.push_observed(input, usize::MAX, &mut ());
        self.output()
    }

    /// Ends a message after all its input: reads the four bytes that the sender removed and returns
    /// what they complete. [`fault`](Self::fault) tells whether the data was complete.
    ///
    /// Two endings are accepted although the four bytes 00 00 ff ff complete no block, because no
    /// data is missing:
    ///
    /// - The message ends with a block that has BFINAL = 1. The four bytes are not read then.
    /// - The message lacks the byte 00 that begins the empty stored block at its end. The first of
    ///   the four bytes is taken for it, so they end inside that block's LEN and NLEN.
    ///   [`lacks_final_zero`](Self::lacks_final_zero) tells.
    ///
    /// A message without any input is a fault: an empty message is the byte 00 (RFC 7692 section
    /// 7.2.3.6).
    pub fn end_message(&mut self) -> &[u8] {
        self.end_observed(&mut ());
        self.output()
    }

    /// Returns the fault of this message. Nothing is inflated after it, and the input is skipped.
    pub fn fault(&self) -> Option<InflateFault> {
        self.fault
    }

    /// Whether the message ended without the byte 00 that begins the empty stored block at its end
    /// (RFC 7692 section 7.2.1).
    pub fn lacks_final_zero(&self) -> bool {
        self.lacks_final_zero
    }

    /// Returns the number of bits of the message that have been decoded.
    pub fn position(&self) -> u64 {
        self.bits.position()
    }

    /// Whether no data of the message has come.
    pub(crate) fn is_at_start(&self) -> bool {
        self.bits.position() == 0 && self.bits.count() == 0
    }

    pub(crate) fn output(&self) -> &[u8] {
        self.window.output()
    }

    /// Fills the window with the bytes that matches can refer back to.
    pub(crate) fn set_window(&mut self, before: &[u8]) {
        self.window.clear();
        for piece in before.chunks(sliding_window::MAX_OUTPUT) {
            self.window.begin_output(piece.len());
            self.window.extend(piece);
        }
    }

    /// Takes back the last byte of the output. Nothing may be inflated after this.
    pub(crate) fn drop_last_byte(&mut self) {
        self.window.drop_last_byte();
    }

    /// Inflates like [`push`](Self::push), at most `room` bytes into `output`, for an observer.
    pub(crate) fn push_observed<W: InflateObserver>(
        &mut self,
        input: &mut &[u8],
        room: usize,
        observer: &mut W,
    ) {
        self.window.begin_output(room);
        if self.fault.is_some() {
            *input = &[];
            return;
        }
        if let Some((length, distance)) = self.pending_match.take() {
            self.copy_match(length, distance);
        }
        loop {
            match self.step(input, observer) {
                Ok(InflateProgress::Continue) => {}
                Ok(InflateProgress::Blocked) => return,
                Err(fault) => {
                    self.fault = Some(fault);
                    *input = &[];
                    return;
                }
            }
        }
    }

    pub(crate) fn end_observed<W: InflateObserver>(&mut self, observer: &mut W) {
        let at_boundary =
            |inflater: &Self| inflater.state == InflaterState::Header && inflater.bits.count() == 0;
        self.window.begin_output(0);
        // After BFINAL = 1 no data is missing, and the tail would begin a new block (section
        // 7.2.3.4).
        if self.fault.is_some() || at_boundary(self) && self.is_last_block {
            return;
        }
        let from = self.bits.position();
        if self.is_at_start() {
            let kind = InflateFaultKind::NoData;
            self.fault = Some(InflateFault { kind, start_bit: 0, end_bit: 0 });
            return;
        }
        let mut tail = &DEFLATE_TAIL[..];
        self.push_observed(&mut tail, usize::MAX, observer);
        // The tail began a stored block and ends in its length: the byte 00 before the tail is
        // missing.
        self.lacks_final_zero = self.state == InflaterState::StoredLength;
        if self.fault.is_none() && !at_boundary(self) && !self.lacks_final_zero {
            let to = self.bits.position().saturating_add(self.bits.count().into());
            self.fault = Some(InflateFault {
                kind: InflateFaultKind::Truncated,
                start_bit: from,
                end_bit: to,
            });
        }
    }

    fn step<W: InflateObserver>(&mut self, input: &mut &[u8], observer: &mut W) -> InflateResult {
        match self.state {
            InflaterState::Stored { left } => return Ok(self.copy_stored(input, left, observer)),
            InflaterState::Symbols { fixed } => return self.decode_symbols(input, fixed, observer),
            _ => self.bits.refill(input),
        }
        match self.state {
            InflaterState::Header => self.read_block_header(observer),
            InflaterState::StoredLength => self.read_stored_length(observer),
            InflaterState::CodeCounts => self.read_code_counts(),
            InflaterState::CodeLengthCode => self.read_code_length_code(),
            _ => self.read_code_lengths(observer),
        }
    }

    fn copy_stored<W: InflateObserver>(
        &mut self,
        input: &mut &[u8],
        left: usize,
        observer: &mut W,
    ) -> InflateProgress {
        let from = self.bits.position();
        if self.window.room() == 0 {
            return InflateProgress::Blocked;
        }
        let len = match self.bits.take_bytes(input, left.min(self.window.room())) {
            StoredBytes::Byte(byte) => {
                self.window.push(byte);
                1
            }
            StoredBytes::Slice(run) => {
                self.window.extend(run);
                run.len()
            }
        };
        if len == 0 {
            return InflateProgress::Blocked;
        }
        observer.observe(from, self.bits.position(), InflateEvent::Stored(len));
        self.state = InflaterState::Stored { left: left.saturating_sub(len) };
        if left == len {
            self.end_block(observer);
        }
        InflateProgress::Continue
    }

    fn decode_symbols<W: InflateObserver>(
        &mut self,
        input: &mut &[u8],
        fixed: bool,
        observer: &mut W,
    ) -> InflateResult {
        let codes = if fixed { &*FIXED_CODES } else { &self.dynamic.codes };
        loop {
            if self.window.room() == 0 {
                return Ok(InflateProgress::Blocked);
            }
            // A symbol has at most 48 bits: 15 + 5 for a length, 15 + 13 for a distance.
            if self.bits.count() < 48 {
                self.bits.refill(input);
            }
            let from = self.bits.position();
            let (symbol, used) = match codes.decode_symbol(self.bits.word(), self.bits.count()) {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(InflateProgress::Blocked),
                Err((kind, used)) => {
                    return Err(InflateFault {
                        kind,
                        start_bit: from,
                        end_bit: from.saturating_add(used.into()),
                    });
                }
            };
            self.bits.skip(used);
            let to = self.bits.position();
            match symbol {
                Symbol::Literal(byte) => {
                    observer.observe(from, to, InflateEvent::Literal);
                    self.window.push(byte);
                }
                Symbol::Match { length, distance } => {
                    // The buffer also holds older bytes, which the sender's window no longer has.
                    if usize::from(distance) > self.window.reach() {
                        let reach = u16::try_from(self.window.reach()).unwrap_or(u16::MAX);
                        return Err(InflateFault {
                            kind: InflateFaultKind::DistanceTooFar { distance, reach },
                            start_bit: from,
                            end_bit: to,
                        });
                    }
                    observer.observe(from, to, InflateEvent::Match { length, distance });
                    let (length, distance) = (usize::from(length), usize::from(distance));
                    let now = length.min(self.window.room());
                    self.window.copy_match(distance, now);
                    if now < length {
                        self.pending_match = Some((length.saturating_sub(now), distance));
                        return Ok(InflateProgress::Blocked);
                    }
                }
                Symbol::End => {
                    observer.observe(from, to, InflateEvent::End);
                    self.end_block(observer);
                    return Ok(InflateProgress::Continue);
                }
            }
        }
    }

    fn copy_match(&mut self, length: usize, distance: usize) {
        let now = length.min(self.window.room());
        self.window.copy_match(distance, now);
        if now < length {
            self.pending_match = Some((length.saturating_sub(now), distance));
        }
    }

    /// Ends a block. After BFINAL = 1 the next one begins at a byte (RFC 7692 section 7.2.1).
    fn end_block<W: InflateObserver>(&mut self, observer: &mut W) {
        if self.is_last_block {
            self.skip_padding(observer);
        }
        self.state = InflaterState::Header;
    }

    fn fault_since(&self, kind: InflateFaultKind, from: u64) -> InflateFault {
        InflateFault { kind, start_bit: from, end_bit: self.bits.position() }
    }
}

/// A small payload that inflates to `matches` times 258 zeros, and one more.
#[cfg(test)]
pub(crate) fn bomb(matches: usize) -> Vec<u8> {
    // A fixed block: the literal 0 (00110000), then matches of length 258 (11000101) at distance 1
    // (00000), then its end.
    let mut bits = vec![0, 1, 0];
    bits.extend([0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..matches {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    }
    bits.extend([0; 7]);
    // The header of the empty stored block whose last four bytes the sender removes.
    bits.extend([0; 3]);
    bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

#[cfg(test)]
mod tests;
