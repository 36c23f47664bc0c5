//! Inflates the compressed messages of one direction (RFC 7692 section 7.2.2): what is kept between
//! messages, and when inflating stops.
//! `frame_validator` knows which frames belong to a message and whether its text is UTF-8.

use super::{InflateFault, InflateFaultKind, Inflater};
use crate::wire::frame::Side;
use crate::wire::handshake::extension::DeflateParams;

/// The default limit of inflated bytes per message: 32 MiB.
pub const INFLATE_LIMIT: u64 = 32 << 20;

/// Why a compressed message was not inflated, or not to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InflateStop {
    /// The message is larger than the limit.
    Limit,
    /// The message may refer back to an earlier one that was not inflated completely.
    ContextLost,
    /// The message, or data that it refers back to, was not captured completely.
    NotCaptured,
    /// The data isn't valid DEFLATE data.
    InvalidData(InflateFault),
}

impl InflateStop {
    /// Whether data of the message is missing from the window that later messages refer back to.
    /// Data that was not captured is tracked by itself, and a message without data adds none.
    fn leaves_window_incomplete(self) -> bool {
        match self {
            Self::NotCaptured => false,
            Self::InvalidData(fault) => fault.kind != InflateFaultKind::NoData,
            Self::Limit | Self::ContextLost => true,
        }
    }
}

/// Inflates the messages of one side.
#[derive(Clone, Debug)]
pub(crate) struct MessageInflater {
    window_bits: u8,
    context_takeover: bool,
    pub(crate) limit: u64,
    /// Created for the first compressed message, because most connections have none. Without
    /// context takeover it is created anew for each message.
    inflater: Option<Box<Inflater>>,
    /// Whether the window lacks an earlier message to which later ones may refer.
    context_lost: bool,
    /// Whether the window begins after data that was not captured. It holds what was inflated
    /// since.
    follows_gap: bool,
    /// Whether the messages are only assumed to be compressed, so that invalid data is no fault.
    is_assumed: bool,
    /// The number of bytes that the current message was inflated to.
    pub(crate) data_len: u64,
    /// Why inflating the current message has stopped.
    pub(crate) stop: Option<InflateStop>,
    /// The number of compressed bytes of the message after which the limit was exceeded.
    pub(crate) limit_exceeded_after: u64,
}

impl MessageInflater {
    /// Creates an inflater for the messages of `from`, with the parameters of that side (RFC 7692
    /// sections 7.1.1 and 7.1.2).
    pub(crate) fn new(deflate: DeflateParams, from: Side) -> Self {
        Self {
            window_bits: deflate.window_bits(from),
            context_takeover: deflate.context_takeover(from),
            limit: INFLATE_LIMIT,
            inflater: None,
            context_lost: false,
            follows_gap: false,
            is_assumed: false,
            data_len: 0,
            stop: None,
            limit_exceeded_after: 0,
        }
    }

    /// Makes data that cannot be inflated unknown instead of invalid, because the messages are only
    /// assumed to be compressed.
    #[must_use]
    pub(crate) fn assumed(mut self, is_assumed: bool) -> Self {
        self.is_assumed = is_assumed;
        self.follows_gap |= is_assumed;
        self
    }

    /// Whether the messages are only assumed to be compressed.
    pub(crate) fn is_assumed(&self) -> bool {
        self.is_assumed
    }

    /// Begins a compressed message.
    pub(crate) fn begin_message(&mut self) {
        let inflater =
            self.inflater.get_or_insert_with(|| Box::new(Inflater::new(self.window_bits)));
        // After a message that is not known completely, the window begins anew.
        let is_window_known = self.stop != Some(InflateStop::NotCaptured);
        inflater.begin_message(self.context_takeover && is_window_known);
        self.data_len = 0;
        self.stop = self.context_lost.then_some(InflateStop::ContextLost);
    }

    /// Releases the inflater between messages if nothing can refer back. No message may be open,
    /// and all output must have been passed on.
    pub(crate) fn release_memory(&mut self) {
        if !self.context_takeover {
            self.inflater = None;
        }
    }

    /// Notes that data of the current message, or of earlier ones, was not captured. Later messages
    /// are inflated until one of them refers back to that data.
    pub(crate) fn mark_not_captured(&mut self) {
        self.follows_gap |= self.context_takeover;
        self.stop = Some(InflateStop::NotCaptured);
    }

    /// Notes that the sender has compressed data that cannot be inflated here.
    pub(crate) fn mark_context_lost(&mut self) {
        self.context_lost |= self.context_takeover;
    }

    /// Inflates from the front of `input`. The result is empty if more input is needed, or if
    /// inflating has stopped; then the input is skipped.
    pub(crate) fn push(&mut self, input: &mut &[u8]) -> &[u8] {
        let Some(inflater) = self.inflater.as_deref_mut().filter(|_| self.stop.is_none()) else {
            *input = &[];
            return &[];
        };
        // Room for one byte more than the limit, so that a message of exactly the limit isn't
        // reported.
        let room = usize::try_from(self.limit.saturating_sub(self.data_len))
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        inflater.push_observed(input, room, &mut ());
        self.account_output()
    }

    /// Ends the message: inflates what its last bits and the four removed bytes make certain.
    pub(crate) fn end_message(&mut self) -> &[u8] {
        let Some(inflater) = self.inflater.as_deref_mut().filter(|_| self.stop.is_none()) else {
            return &[];
        };
        // Whether an empty payload breaks a rule depends on what was agreed.
        if self.is_assumed && inflater.is_at_start() {
            return &[];
        }
        inflater.end_observed(&mut ());
        self.account_output()
    }

    /// Whether the message ended without the byte 00 that begins its end marker (RFC 7692 section
    /// 7.2.1).
    pub(crate) fn lacks_final_zero(&self) -> bool {
        self.stop.is_none()
            && !self.is_assumed
            && self.inflater.as_deref().is_some_and(Inflater::lacks_final_zero)
    }

    /// Returns the data that was inflated last.
    pub(crate) fn output(&self) -> &[u8] {
        self.inflater.as_deref().map_or(&[], Inflater::output)
    }

    fn account_output(&mut self) -> &[u8] {
        let Some(inflater) = self.inflater.as_deref_mut() else { return &[] };
        let data = self.data_len.saturating_add(inflater.output().len() as u64);
        if data > self.limit {
            for _ in self.limit..data {
                inflater.drop_last_byte();
            }
            self.limit_exceeded_after = inflater.position().div_ceil(8);
            self.stop = Some(InflateStop::Limit);
        } else if let Some(fault) = inflater.fault() {
            let is_beyond_gap = matches!(fault.kind, InflateFaultKind::DistanceTooFar { .. });
            self.stop = Some(if self.is_assumed || self.follows_gap && is_beyond_gap {
                InflateStop::NotCaptured
            } else {
                InflateStop::InvalidData(fault)
            });
        }
        self.data_len = self.data_len.saturating_add(inflater.output().len() as u64);
        // The rest of this message never enters the window, so later messages may refer to missing
        // data.
        self.context_lost |=
            self.context_takeover && self.stop.is_some_and(InflateStop::leaves_window_incomplete);
        inflater.output()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::deflate::deflater::Deflater;
    use crate::wire::deflate::inflate::{InflateFaultKind, bomb};
    use crate::wire::frame::encode;
    use crate::wire::{AgreedExtensions, Decoder, FaultCode, MessageKind, Transcript};

    fn agreed(params: &str) -> AgreedExtensions {
        AgreedExtensions::parse(&format!("permessage-deflate{params}")).unwrap()
    }

    fn transcribe(decoder: Decoder, frames: &[Vec<u8>], chunk: usize) -> Transcript {
        let mut transcript = Transcript::with_decoder(decoder);
        frames.concat().chunks(chunk).for_each(|piece| transcript.push(piece));
        transcript
    }

    fn codes(transcript: &Transcript) -> Vec<(FaultCode, usize, u64, u64)> {
        let fault = |fault: &crate::wire::Fault| {
            (fault.code, fault.frame, fault.byte_offset.get(), fault.detectable_after.get())
        };
        transcript.faults().iter().map(fault).collect()
    }

    fn texts(transcript: &Transcript) -> Vec<Option<&str>> {
        transcript.messages().iter().map(crate::wire::Message::text).collect()
    }

    fn one(payload: &[u8]) -> Vec<u8> {
        encode::compressed_fragments(MessageKind::Text, &[payload], || None).concat()
    }

    #[test]
    fn fragments_of_one_byte_with_a_ping_between_all_of_them() {
        let payload = Deflater::new(agreed("").deflate.unwrap(), Side::Client)
            .compress_message("grüße, grüße".as_bytes());
        let pieces: Vec<&[u8]> = payload.chunks(1).collect();
        let frames =
            encode::compressed_fragments(MessageKind::Text, &pieces, || Some([1, 2, 3, 4]));
        let ping = encode::single_frame(crate::wire::Opcode::Ping, b"?", Some([5, 6, 7, 8]));
        let sent: Vec<Vec<u8>> =
            frames.into_iter().flat_map(|frame| [frame, ping.clone()]).collect();
        for chunk in [1, 3, 4096] {
            let transcript = transcribe(Decoder::new(Side::Client, agreed("")), &sent, chunk);
            assert!(transcript.faults().iter().all(|fault| !fault.is_fatal()));
            assert_eq!(texts(&transcript), [Some("grüße, grüße")]);
            assert_eq!(transcript.messages()[0].payload_len, payload.len() as u64);
        }
    }

    #[test]
    fn each_side_is_inflated_by_its_own_parameters() {
        let twice = [
            one(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
            one(&[0xf2, 0x00, 0x11, 0x00, 0x00]),
        ];
        let other = agreed("; client_no_context_takeover; client_max_window_bits=8");
        assert_eq!(
            texts(&transcribe(Decoder::new(Side::Server, other), &twice, 1)),
            [Some("Hello"); 2]
        );
        let own = transcribe(
            Decoder::new(Side::Server, agreed("; server_no_context_takeover")),
            &twice,
            1,
        );
        assert_eq!(codes(&own), [(FaultCode::Inflate, 1, 11, 14)]);
    }

    #[test]
    fn broken_data_is_reported_at_the_byte_that_breaks_it() {
        let frames =
            encode::compressed_fragments(MessageKind::Binary, &[&[0xff], &[0x00], &[0x00]], || {
                None
            });
        let sent = frames.concat();
        for len in 0..=sent.len() {
            let transcript =
                transcribe(Decoder::new(Side::Server, agreed("")), &[sent[..len].to_vec()], 1);
            let expected: &[_] = if len < 3 { &[] } else { &[(FaultCode::Inflate, 0, 2, 3)] };
            assert_eq!(codes(&transcript), expected, "{len} bytes");
        }
        for chunk in [1, 100] {
            let transcript = transcribe(Decoder::new(Side::Server, agreed("")), &frames, chunk);
            assert_eq!(codes(&transcript), [(FaultCode::Inflate, 0, 2, 3)]);
            assert_eq!(transcript.messages(), []);
            let lens = transcript.deflate_listing(0).unwrap();
            assert_eq!(
                lens.fault.map(|fault| fault.kind),
                Some(InflateFaultKind::ReservedBlockType)
            );
        }
    }

    #[test]
    fn rfc_7692_section_7_2_1_a_message_that_lacks_its_last_byte() {
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07];
        let sent = [one(&hello), one(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])];
        for chunk in [1, 100] {
            let transcript = transcribe(Decoder::new(Side::Server, agreed("")), &sent, chunk);
            assert_eq!(codes(&transcript), [(FaultCode::DeflateTail, 0, 2, 8)]);
            assert_eq!(texts(&transcript), [Some("Hello"), Some("Hello")]);
        }
    }

    #[test]
    fn rfc_7692_section_7_2_3_6_a_message_without_data_is_broken_and_costs_no_other() {
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let fragments =
            encode::compressed_fragments(MessageKind::Text, &[&[], &[], &[]], || None).concat();
        let again = one(&[0xf2, 0x00, 0x11, 0x00, 0x00]);
        let sent = [one(&hello), one(&[]), fragments, again, one(&[0x00])];
        for chunk in [1, 100] {
            let transcript = transcribe(Decoder::new(Side::Server, agreed("")), &sent, chunk);
            let found = codes(&transcript);
            assert_eq!(
                found,
                [
                    (FaultCode::Inflate, 1, 10, 11),
                    (FaultCode::EmptyFragment, 2, 12, 13),
                    (FaultCode::EmptyFragment, 3, 14, 15),
                    (FaultCode::Inflate, 4, 16, 17)
                ]
            );
            assert_eq!(texts(&transcript), [Some("Hello"), Some("Hello"), Some("")]);
        }
        let assumed = Decoder::new(Side::Server, AgreedExtensions::assumed());
        assert_eq!(codes(&transcribe(assumed, &[one(&[])], 1)), []);
    }

    #[test]
    fn without_a_last_payload_byte_the_length_is_shown() {
        let frames = encode::compressed_fragments(
            MessageKind::Text,
            &[&[0xca, 0xcf, 0xfe, 0xff, 0x0f, 0x00], &[]],
            || None,
        );
        let transcript = transcribe(Decoder::new(Side::Server, agreed("")), &frames, 2);
        assert_eq!(codes(&transcript), [(FaultCode::Utf8, 1, 9, 10)]);
    }

    #[test]
    fn what_follows_a_message_that_is_not_known_is_not_called_broken() {
        let mut deflater = Deflater::new(DeflateParams::default(), Side::Server);
        let (first, second) =
            (deflater.compress_message(&[b'a'; 5000]), deflater.compress_message(&[b'a'; 5000]));
        let sent = [
            one(&first),
            encode::single_frame(crate::wire::Opcode::Text, b"plain", None),
            one(&second),
        ];
        for chunk in [1, 7, 4096] {
            let transcript =
                transcribe(Decoder::new(Side::Server, agreed("")).inflate_limit(100), &sent, chunk);
            let found: Vec<FaultCode> =
                transcript.faults().iter().map(|fault| fault.code).collect();
            assert_eq!(found, [FaultCode::InflateLimit, FaultCode::ContextLost]);
            assert_eq!(transcript.messages()[0].data, [b'a'; 100]);
            assert_eq!(texts(&transcript), [None, Some("plain"), None]);
            assert_eq!(transcript.messages()[2].inflate_stop, Some(InflateStop::ContextLost));
            assert!(transcript.deflate_listing(2).is_none());
        }
        let alone = agreed("; server_no_context_takeover");
        let transcript = transcribe(
            Decoder::new(Side::Server, alone).inflate_limit(100),
            &[one(&first), one(&first)],
            9,
        );
        assert!(transcript.faults().iter().all(|fault| fault.code == FaultCode::InflateLimit));
        assert_eq!(transcript.faults().len(), 2);
    }

    #[test]
    fn a_message_of_exactly_the_limit_is_whole() {
        let payload =
            Deflater::new(DeflateParams::default(), Side::Server).compress_message(&[b'a'; 100]);
        let of = |limit| {
            transcribe(
                Decoder::new(Side::Server, agreed("")).inflate_limit(limit),
                &[one(&payload)],
                1,
            )
        };
        assert_eq!(
            (of(100).faults().len(), of(100).messages()[0].ratio()),
            (0, Some(100.0 / payload.len() as f64))
        );
        assert_eq!(of(99).faults().len(), 1);
    }

    #[test]
    fn a_bomb_stops_at_32_mib() {
        let transcript = transcribe(
            Decoder::new(Side::Server, agreed("")),
            &[{
                encode::compressed_fragments(MessageKind::Binary, &[&bomb(140_000)], || None)
                    .concat()
            }],
            1000,
        );
        assert_eq!(transcript.faults()[0].code, FaultCode::InflateLimit);
        assert_eq!(transcript.messages()[0].data.len() as u64, INFLATE_LIMIT);
    }
}
