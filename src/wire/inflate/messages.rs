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
    /// Made for the first compressed message, because most connections have none; without context takeover it is made anew
    /// for each.
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

    /// No message is open, and what was inflated has been handed on: nothing can point back without context takeover.
    pub(crate) fn rest(&mut self) {
        if !self.takeover {
            self.inflater = None;
        }
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
        let room =
            usize::try_from(self.limit.saturating_sub(self.data)).unwrap_or(usize::MAX).saturating_add(1);
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

    /// The message ended without the byte 00 that its end marker begins with (RFC 7692 section 7.2.1).
    pub(crate) fn is_tail_cut(&self) -> bool {
        self.stopped.is_none() && self.inflater.as_deref().is_some_and(Inflater::is_marker_cut)
    }

    /// What was inflated last.
    pub(crate) fn piece(&self) -> &[u8] {
        self.inflater.as_deref().map_or(&[], Inflater::piece)
    }

    fn take(&mut self) -> &[u8] {
        let Some(inflater) = self.inflater.as_deref_mut() else { return &[] };
        let data = self.data.saturating_add(inflater.piece().len() as u64);
        if data > self.limit {
            for _ in self.limit..data {
                inflater.shorten();
            }
            self.limit_after = inflater.position().div_ceil(8);
            self.stopped = Some(Uninflated::Limit);
        } else if let Some(fault) = inflater.fault() {
            self.stopped = Some(Uninflated::Broken(fault));
        }
        self.data = self.data.saturating_add(inflater.piece().len() as u64);
        self.context_lost |= self.takeover && self.stopped.is_some();
        inflater.piece()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::deflate::Deflater;
    use crate::wire::inflate::{Broken, bomb};
    use crate::wire::{Agreed, Code, Decoder, Kind, Transcript, encode};

    fn agreed(params: &str) -> Agreed {
        Agreed::parse(&format!("permessage-deflate{params}")).unwrap()
    }

    fn heard(decoder: Decoder, frames: &[Vec<u8>], chunk: usize) -> Transcript {
        let mut said = Transcript::of(decoder);
        frames.concat().chunks(chunk).for_each(|piece| said.push(piece));
        said
    }

    fn codes(said: &Transcript) -> Vec<(Code, usize, u64, u64)> {
        let fault = |fault: &crate::wire::Fault| {
            (fault.code, fault.frame, fault.byte_offset.get(), fault.detectable_after.get())
        };
        said.faults().iter().map(fault).collect()
    }

    fn texts(said: &Transcript) -> Vec<Option<&str>> {
        said.messages().iter().map(crate::wire::Message::text).collect()
    }

    fn one(payload: &[u8]) -> Vec<u8> {
        encode::compressed(Kind::Text, &[payload], || None).concat()
    }

    #[test]
    fn fragments_of_one_byte_with_a_ping_between_all_of_them() {
        let payload =
            Deflater::new(agreed("").deflate.unwrap(), Side::Client).message("grüße, grüße".as_bytes());
        let pieces: Vec<&[u8]> = payload.chunks(1).collect();
        let frames = encode::compressed(Kind::Text, &pieces, || Some([1, 2, 3, 4]));
        let ping = encode::whole(crate::wire::Opcode::Ping, b"?", Some([5, 6, 7, 8]));
        let sent: Vec<Vec<u8>> = frames.into_iter().flat_map(|frame| [frame, ping.clone()]).collect();
        for chunk in [1, 3, 4096] {
            let said = heard(Decoder::new(Side::Client, agreed("")), &sent, chunk);
            assert!(said.faults().iter().all(|fault| !fault.is_fatal()));
            assert_eq!(texts(&said), [Some("grüße, grüße")]);
            assert_eq!(said.messages()[0].payload_len, payload.len() as u64);
        }
    }

    #[test]
    fn each_side_is_inflated_by_its_own_parameters() {
        let twice = [one(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), one(&[0xf2, 0x00, 0x11, 0x00, 0x00])];
        let other = agreed("; client_no_context_takeover; client_max_window_bits=8");
        assert_eq!(texts(&heard(Decoder::new(Side::Server, other), &twice, 1)), [Some("Hello"); 2]);
        let own = heard(Decoder::new(Side::Server, agreed("; server_no_context_takeover")), &twice, 1);
        assert_eq!(codes(&own), [(Code::Inflate, 1, 11, 14)]);
    }

    #[test]
    fn broken_data_is_reported_at_the_byte_that_breaks_it() {
        let frames = encode::compressed(Kind::Binary, &[&[0xff], &[0x00], &[0x00]], || None);
        let sent = frames.concat();
        for len in 0..=sent.len() {
            let said = heard(Decoder::new(Side::Server, agreed("")), &[sent[..len].to_vec()], 1);
            let expected: &[_] = if len < 3 { &[] } else { &[(Code::Inflate, 0, 2, 3)] };
            assert_eq!(codes(&said), expected, "{len} bytes");
        }
        for chunk in [1, 100] {
            let said = heard(Decoder::new(Side::Server, agreed("")), &frames, chunk);
            assert_eq!(codes(&said), [(Code::Inflate, 0, 2, 3)]);
            assert_eq!(said.messages(), []);
            let lens = said.lens(0).unwrap();
            assert_eq!(lens.fault.map(|fault| fault.broken), Some(Broken::BlockType));
        }
    }

    #[test]
    fn rfc_7692_section_7_2_1_a_message_that_lacks_its_last_byte() {
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07];
        let sent = [one(&[]), one(&hello), one(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])];
        for chunk in [1, 100] {
            let said = heard(Decoder::new(Side::Server, agreed("")), &sent, chunk);
            assert_eq!(codes(&said), [(Code::DeflateTail, 0, 1, 2), (Code::DeflateTail, 1, 4, 10)]);
            assert_eq!(texts(&said), [Some(""), Some("Hello"), Some("Hello")]);
        }
    }

    #[test]
    fn without_a_last_payload_byte_the_length_is_shown() {
        let frames = encode::compressed(Kind::Text, &[&[0xca, 0xcf, 0xfe, 0xff, 0x0f, 0x00], &[]], || None);
        let said = heard(Decoder::new(Side::Server, agreed("")), &frames, 2);
        assert_eq!(codes(&said), [(Code::Utf8, 1, 9, 10)]);
    }

    #[test]
    fn what_follows_a_message_that_is_not_known_is_not_called_broken() {
        let mut deflater = Deflater::new(Deflate::default(), Side::Server);
        let (first, second) = (deflater.message(&[b'a'; 5000]), deflater.message(&[b'a'; 5000]));
        let sent = [one(&first), encode::whole(crate::wire::Opcode::Text, b"plain", None), one(&second)];
        for chunk in [1, 7, 4096] {
            let said = heard(Decoder::new(Side::Server, agreed("")).inflate_limit(100), &sent, chunk);
            let found: Vec<Code> = said.faults().iter().map(|fault| fault.code).collect();
            assert_eq!(found, [Code::InflateLimit, Code::ContextLost]);
            assert_eq!(said.messages()[0].data, [b'a'; 100]);
            assert_eq!(texts(&said), [None, Some("plain"), None]);
            assert_eq!(said.messages()[2].uninflated, Some(Uninflated::ContextLost));
            assert!(said.lens(2).is_none());
        }
        let alone = agreed("; server_no_context_takeover");
        let said =
            heard(Decoder::new(Side::Server, alone).inflate_limit(100), &[one(&first), one(&first)], 9);
        assert!(said.faults().iter().all(|fault| fault.code == Code::InflateLimit));
        assert_eq!(said.faults().len(), 2);
    }

    #[test]
    fn a_message_of_exactly_the_limit_is_whole() {
        let payload = Deflater::new(Deflate::default(), Side::Server).message(&[b'a'; 100]);
        let of =
            |limit| heard(Decoder::new(Side::Server, agreed("")).inflate_limit(limit), &[one(&payload)], 1);
        assert_eq!(
            (of(100).faults().len(), of(100).messages()[0].ratio()),
            (0, Some(100.0 / payload.len() as f64))
        );
        assert_eq!(of(99).faults().len(), 1);
    }

    #[test]
    fn a_bomb_stops_at_32_mib() {
        let said = heard(
            Decoder::new(Side::Server, agreed("")),
            &[{ encode::compressed(Kind::Binary, &[&bomb(140_000)], || None).concat() }],
            1000,
        );
        assert_eq!(said.faults()[0].code, Code::InflateLimit);
        assert_eq!(said.messages()[0].data.len() as u64, INFLATE_LIMIT);
    }
}
