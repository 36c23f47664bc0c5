//! Header prediction, as TCP itself does it (Jacobson, "4BSD Header Prediction", 1990): most segments
//! are the next one of their sender, and nothing that came before is awaited. They need none of what
//! the others do. Without it, opening a capture takes a sixth longer.

use std::io;

use crate::capture::packets::headers::{FIN, RST, SYN, TcpSegment};
use crate::capture::packets::packet::PacketBytes;
use crate::capture::sink::StreamSink;
use crate::capture::stream::{ReadContext, StreamStart};
use crate::capture::tcp::connection::TcpConnection;
use crate::capture::tcp::end::{End, side_of};

impl<S: StreamSink> TcpConnection<S> {
    /// Takes a segment of `sender` if it is the predicted one. Returns `false` if it is not; nothing
    /// has changed then.
    pub(super) fn take_predicted<M: FnMut(StreamStart) -> S>(
        &mut self,
        sender: End,
        segment: &TcpSegment<'_>,
        packet: PacketBytes<'_>,
        captured_at: u64,
        shared: &mut ReadContext<M>,
    ) -> io::Result<bool> {
        let is_plain = segment.flags & (SYN | FIN | RST) == 0
            && segment.missing_bytes == 0
            && packet.comments.are_none();
        // IP fragments have several runs.
        let ([run], Some(ack), true) = (packet.runs, segment.ack, is_plain) else {
            return Ok(false);
        };
        if self.client.is_none() || !self.time_order.is_empty() {
            return Ok(false);
        }
        let (own, other) = sender.own_and_other(&mut self.directions);
        let len = segment.payload.len();
        let is_in_run = run.start <= segment.payload_offset
            && segment.payload_offset.saturating_add(len) <= run.end();
        if !is_in_run || !own.expects(segment.seq) || !other.take_expected_ack(ack) {
            return Ok(false);
        }
        *sender.own_and_other(&mut self.was_seen).0 = true;
        if len > 0 {
            let offset = segment.payload_offset.saturating_sub(run.start);
            let file_offset = run.file_offset + offset;
            own.take_expected(len, file_offset);
            let (from, bytes) = (side_of(sender, self.client), segment.payload);
            self.stream.push(from, captured_at, file_offset, bytes, shared)?;
        }
        self.closing.apply(sender, segment, None, captured_at);
        Ok(true)
    }
}
