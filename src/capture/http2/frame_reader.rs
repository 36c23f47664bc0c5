//! [`FrameReader`]: cuts one direction of an HTTP/2 connection into frames. The payload of DATA is
//! given out as it comes, that of all others whole. After bytes that were not captured it looks for
//! the next header.

use super::frame::{
    DEFAULT_MAX_FRAME_LEN, FrameHeader, FrameType, HEADER_LEN, PADDED, PREFACE, begins_with_frame,
    has_frame_chain,
};
use crate::capture::plaintext::{HeldPiece, Piece};
use crate::wire::{ByteLen, Side};

/// The maximum number of bytes kept of the payload of a frame that is not DATA.
const MAX_PAYLOAD_KEPT: usize = 1 << 18;

/// The number of bytes in which the next header is searched: three frames of the usual length.
const MAX_SEARCHED: usize = 3 * (DEFAULT_MAX_FRAME_LEN + HEADER_LEN);

/// The maximum number of pieces at whose beginnings a header is searched.
const MAX_SEARCHED_PIECES: usize = 256;

/// A part of a direction that has arrived.
#[derive(Debug)]
pub(super) enum FrameEvent<'a> {
    /// A frame that is not DATA. Its payload is `None` if it was longer than is kept, or damaged.
    Frame(FrameHeader, Option<Vec<u8>>),
    /// The next bytes of a DATA frame, without padding.
    Data(FrameHeader, Piece<'a>),
    /// The end of a DATA frame.
    DataEnd(FrameHeader),
}

/// The bytes and frames that a gap has taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LostBytes {
    /// A stream, and how many bytes of its DATA are missing.
    pub(super) data: Option<(u32, ByteLen)>,
    /// The number of missing bytes beyond the frame in progress, which belong to unknown frames.
    pub(super) unknown: ByteLen,
    /// Whether a frame that is not DATA has lost bytes.
    pub(super) damages_frame: bool,
}

#[derive(Debug)]
enum State {
    /// The number of bytes of the preface that have arrived.
    Preface(usize),
    Header(Vec<u8>),
    /// A frame that is not DATA: what is kept of it, and how much is still to come.
    Payload {
        header: FrameHeader,
        kept: Vec<u8>,
        left: usize,
        is_damaged: bool,
    },
    /// A DATA frame whose first byte is the length of its padding.
    PadLen(FrameHeader),
    Data {
        header: FrameHeader,
        left: usize,
        padding: usize,
    },
    /// The place of the next header is unknown.
    Searching {
        held: Vec<HeldPiece>,
        len: usize,
    },
    /// Nothing more can be read.
    Lost,
}

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct FrameReader {
    state: State,
    /// `SETTINGS_MAX_FRAME_SIZE` of the receiver.
    pub(super) max_frame_len: usize,
}

impl FrameReader {
    /// Creates a reader; `is_whole` tells whether the first byte is the connection's first.
    pub(super) fn new(from: Side, is_whole: bool) -> Self {
        let has_preface = from == Side::Client && is_whole;
        let state = if has_preface { State::Preface(0) } else { State::Header(Vec::new()) };
        Self { state, max_frame_len: DEFAULT_MAX_FRAME_LEN }
    }

    pub(super) fn is_lost(&self) -> bool {
        matches!(self.state, State::Lost)
    }

    /// Whether the next header is being searched.
    pub(super) fn is_searching(&self) -> bool {
        matches!(self.state, State::Searching { .. })
    }

    /// Takes bytes from the front of `input` until something is complete, or all of them.
    pub(super) fn next_event<'a>(&mut self, input: &mut Piece<'a>) -> Option<FrameEvent<'a>> {
        loop {
            match &mut self.state {
                // An end of DATA is reported although no byte is left.
                State::Data { header, left: 0, padding: 0 } => {
                    let header = *header;
                    self.state = State::Header(Vec::new());
                    return Some(FrameEvent::DataEnd(header));
                }
                State::Payload { header, kept, left: 0, is_damaged } => {
                    let payload = (!*is_damaged).then(|| std::mem::take(kept));
                    let header = *header;
                    self.state = State::Header(Vec::new());
                    return Some(FrameEvent::Frame(header, payload));
                }
                _ if input.bytes.is_empty() => return None,
                State::Preface(have) => {
                    let (taken, rest) = input.split_at(PREFACE.len().saturating_sub(*have));
                    let expected = PREFACE.get(*have..).unwrap_or_default();
                    *have = have.saturating_add(taken.bytes.len());
                    *input = rest;
                    if !expected.starts_with(taken.bytes) {
                        self.state = State::Lost;
                    } else if *have == PREFACE.len() {
                        self.state = State::Header(Vec::new());
                    }
                }
                State::Header(have) => {
                    let (taken, rest) = input.split_at(HEADER_LEN.saturating_sub(have.len()));
                    have.extend_from_slice(taken.bytes);
                    *input = rest;
                    if let Some(header) = have.first_chunk() {
                        self.state = after_header(FrameHeader::parse(*header));
                    }
                }
                State::Payload { kept, left, is_damaged, header } => {
                    let (taken, rest) = input.split_at(*left);
                    *left = left.saturating_sub(taken.bytes.len());
                    *input = rest;
                    let is_too_long =
                        kept.len().saturating_add(taken.bytes.len()) > MAX_PAYLOAD_KEPT;
                    *is_damaged |= is_too_long;
                    if !*is_damaged && header.frame_type != FrameType::Unknown {
                        kept.extend_from_slice(taken.bytes);
                    }
                }
                State::PadLen(header) => {
                    let header = *header;
                    let (pad_len, rest) = input.split_at(1);
                    *input = rest;
                    let body = header.len.saturating_sub(1);
                    // More padding than there is payload is an error of the connection (RFC 9113
                    // section 6.1); no data is left then.
                    let padding =
                        usize::from(pad_len.bytes.first().copied().unwrap_or(0)).min(body);
                    let left = body.saturating_sub(padding);
                    self.state = State::Data { header, left, padding };
                }
                State::Data { header, left, padding } => {
                    if *left == 0 {
                        let (taken, rest) = input.split_at(*padding);
                        *padding = padding.saturating_sub(taken.bytes.len());
                        *input = rest;
                        continue;
                    }
                    let (taken, rest) = input.split_at(*left);
                    *left = left.saturating_sub(taken.bytes.len());
                    *input = rest;
                    return Some(FrameEvent::Data(*header, taken));
                }
                State::Searching { .. } | State::Lost => {
                    *input = input.split_at(usize::MAX).1;
                    return None;
                }
            }
        }
    }

    /// Handles bytes that were not captured. Within a frame whose length is known, reading goes on
    /// after them; otherwise the next header must be searched.
    pub(super) fn push_gap(&mut self, missing: ByteLen) -> LostBytes {
        let missing_len = missing.to_usize_saturating();
        let mut lost = LostBytes::default();
        let beyond = match &mut self.state {
            State::Payload { left, is_damaged, .. } => {
                (*is_damaged, lost.damages_frame) = (true, true);
                let within = missing_len.min(*left);
                *left = left.saturating_sub(within);
                missing_len.saturating_sub(within)
            }
            State::Data { header, left, padding } => {
                let of_data = missing_len.min(*left);
                if of_data > 0 {
                    lost.data = Some((header.stream, ByteLen::from_usize(of_data)));
                }
                *left = left.saturating_sub(of_data);
                let of_padding = missing_len.saturating_sub(of_data).min(*padding);
                *padding = padding.saturating_sub(of_padding);
                missing_len.saturating_sub(of_data).saturating_sub(of_padding)
            }
            State::Searching { held, .. } => {
                // What was searched in vain is lost too.
                held.clear();
                missing_len
            }
            State::Lost => 0,
            State::Preface(_) | State::Header(_) | State::PadLen(_) => missing_len,
        };
        if beyond > 0 {
            lost.unknown = ByteLen::from_usize(beyond);
            self.state = State::Searching { held: Vec::new(), len: 0 };
        }
        lost
    }

    /// Takes bytes while the next header is searched. Returns the bytes from that header on, once it
    /// is certain; they are to be read next.
    pub(super) fn search(&mut self, piece: Piece<'_>) -> Option<Vec<HeldPiece>> {
        let State::Searching { held, len } = &mut self.state else { return None };
        if piece.bytes.is_empty() {
            return None;
        }
        held.push(piece.hold());
        *len = len.saturating_add(piece.bytes.len());
        let is_full = *len > MAX_SEARCHED || held.len() > MAX_SEARCHED_PIECES;
        let joined: Vec<u8> = held.iter().flat_map(|piece| piece.bytes.iter().copied()).collect();
        let rest = |start: usize| joined.get(start..).unwrap_or_default();
        // Senders put frames at the beginnings of segments and of TLS records.
        let mut starts = held.iter().scan(0_usize, |start, piece| {
            let this = *start;
            *start = start.saturating_add(piece.bytes.len());
            Some(this)
        });
        let at_start = starts.find(|start| begins_with_frame(rest(*start), self.max_frame_len));
        let found = at_start.or_else(|| {
            let mut anywhere = 0..joined.len();
            let is_chain = |start: &usize| has_frame_chain(rest(*start), self.max_frame_len);
            if is_full { anywhere.find(is_chain) } else { None }
        });
        match found {
            Some(start) => {
                let mut pieces = std::mem::take(held);
                skip(&mut pieces, start);
                self.state = State::Header(Vec::new());
                Some(pieces)
            }
            None if is_full => {
                self.state = State::Lost;
                None
            }
            None => None,
        }
    }
}

fn after_header(header: FrameHeader) -> State {
    match header.frame_type {
        FrameType::Data if header.has(PADDED) && header.len > 0 => State::PadLen(header),
        FrameType::Data => State::Data { header, left: header.len, padding: 0 },
        _ => State::Payload { header, kept: Vec::new(), left: header.len, is_damaged: false },
    }
}

/// Removes the first `len` bytes.
fn skip(pieces: &mut Vec<HeldPiece>, len: usize) {
    let mut left = len;
    pieces.retain_mut(|held| {
        let (skipped, rest) = held.piece().split_at(left);
        left = left.saturating_sub(skipped.bytes.len());
        *held = rest.hold();
        !held.bytes.is_empty()
    });
}
