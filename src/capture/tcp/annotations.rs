//! What segments say beside their data: the comments that wiretalk writes into a file, and the text of a
//! reset.

use std::io;

use crate::capture::packets::headers::TcpSegment;
use crate::capture::packets::packet::PacketBytes;
use crate::capture::packets::packet_comment::{Beginning, Framing, PacketComment};
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamStart};
use crate::capture::tcp::connection::TcpConnection;
use crate::capture::tcp::end::{End, side_of};
use crate::capture::tcp::reassembly::Reassembler;
use crate::wire::format::quote;

/// The maximum number of characters of a reset that are shown.
const MAX_RESET_TEXT: usize = 200;

impl<S: StreamSink> TcpConnection<S> {
    /// Takes a reset whose payload says why: it is no part of the stream (RFC 9293 section 3.5.2).
    pub(super) fn take_reset_with_text<M: FnMut(StreamStart) -> S>(
        &mut self,
        sender: End,
        segment: &TcpSegment<'_>,
        packet: PacketBytes<'_>,
        captured_at: u64,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        let reset = TcpSegment { payload: &[], missing_bytes: 0, ..*segment };
        self.take(&reset, packet, captured_at, shared)?;
        let whose = side_of(sender, Some(self.client.unwrap_or_else(|| self.likely_client())));
        let text = quote(segment.payload.trim_ascii(), MAX_RESET_TEXT);
        self.stream.warn(format!("the RST of the {whose} says {text}"));
        Ok(())
    }

    /// Applies the comments of a packet. Returns what they say of its bytes.
    pub(super) fn apply_comments<M: FnMut(StreamStart) -> S>(
        &mut self,
        sender: End,
        segment: &TcpSegment<'_>,
        packet: PacketBytes<'_>,
        captured_at: u64,
        shared: &mut ReadContext<M>,
    ) -> io::Result<Option<Framing>> {
        let mut framing = None;
        for comment in packet.comments.all() {
            match comment {
                PacketComment::Framing(found) if !segment.payload.is_empty() => {
                    framing = Some(found);
                }
                PacketComment::Framing(_) => self.stream.warn_of_comment(),
                comment => self.apply_comment(sender, segment, comment, captured_at, shared)?,
            }
        }
        Ok(framing)
    }

    fn apply_comment<M: FnMut(StreamStart) -> S>(
        &mut self,
        sender: End,
        segment: &TcpSegment<'_>,
        comment: PacketComment,
        captured_at: u64,
        shared: &mut ReadContext<M>,
    ) -> io::Result<()> {
        match comment {
            PacketComment::Gap => {
                return self.deliver(sender, shared, |reassembler, out| {
                    reassembler.skip_to(segment.seq, captured_at, out);
                });
            }
            PacketComment::Note(text) => self.stream.take_note(text),
            PacketComment::Beginning(beginning) if self.is_untouched() => {
                let (own, other) = sender.own_and_other(&mut self.directions);
                let before = segment.seq.wrapping_sub(1);
                own.start_at_syn(before);
                if let Some(ack) = segment.ack {
                    other.start_at_syn(ack.wrapping_sub(1));
                }
                (self.client, self.client_syn) = (Some(sender), Some(before));
                self.stream.without_head = match beginning {
                    Beginning::Midway => StreamStart::Midway,
                    Beginning::Frames(agreed) => StreamStart::Frames(agreed),
                };
            }
            PacketComment::FramesKnown if self.directions.iter().all(Reassembler::is_empty) => {
                self.stream.know_frames();
            }
            PacketComment::FramesKnown => self.stream.warn_of_comment(),
            PacketComment::Beginning(_) | PacketComment::Framing(_) => {}
        }
        Ok(())
    }
}
