//! [`InterceptQueue`]: one direction of the proxy, which forwards, holds, drops and injects units.
//! It moves bytes and knows no socket: `relay_direction` stops reading when it has no room. The
//! pieces in which bytes arrive never matter, only where units end.

use std::collections::VecDeque;

use crate::wire::Side;
use crate::wire::decode::direction_reader::{DirectionReader, Unit as WireUnit, UnitKind};
use crate::wire::handshake::{Head, HeadScan};

/// The bytes from which on a direction reads no further, held and waiting to be sent together.
const MAX_BUFFERED_BYTES: usize = 256 * 1024;

/// The decision about a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disposition {
    Hold,
    Forward,
    Drop,
}

/// A unit that has not been forwarded yet, or as much of it as has arrived.
#[derive(Debug)]
struct Unit {
    bytes: Vec<u8>,
    kind: UnitKind,
    complete: bool,
    disposition: Disposition,
}

/// Something that the queue did and its peers cannot see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Intervention {
    /// These bytes arrived and are not forwarded.
    Dropped(Vec<u8>),
    /// These bytes are forwarded and never arrived.
    Injected(Vec<u8>),
}

#[derive(Debug)]
pub(super) struct InterceptQueue {
    from: Side,
    reader: DirectionReader,
    /// Whether the first head is complete.
    is_past_head: bool,
    /// The heads since the last call of `take_heads`.
    heads: Vec<Head>,
    holding: bool,
    hold_heads: bool,
    units: VecDeque<Unit>,
    /// The number of bytes in `units`.
    held_bytes: usize,
    /// The disposition of a unit whose first part has been forwarded or dropped already and whose
    /// rest has not arrived.
    partial: Option<Disposition>,
    /// The bytes to insert at the next boundary.
    injections: VecDeque<Vec<u8>>,
    /// The bytes to send next; the first `sent` of them have been sent.
    ready: Vec<u8>,
    sent: usize,
    interventions: Vec<Intervention>,
}

impl InterceptQueue {
    /// Creates the queue for what `from` sends. With `hold_heads`, the head of the handshake is
    /// held like a frame.
    pub(super) fn new(from: Side, holding: bool, hold_heads: bool) -> Self {
        Self {
            from,
            reader: DirectionReader::new(from, 0),
            is_past_head: false,
            heads: Vec::new(),
            holding,
            hold_heads,
            units: VecDeque::new(),
            held_bytes: 0,
            partial: None,
            injections: VecDeque::new(),
            ready: Vec::new(),
            sent: 0,
            interventions: Vec::new(),
        }
    }

    /// Takes bytes that have arrived.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (before, kind) = (rest, self.reader.expects());
            let unit = self.reader.next_unit(&mut rest);
            let complete = unit.is_some();
            if let Some(WireUnit::Head(scan)) = unit {
                self.is_past_head = true;
                if matches!(scan, HeadScan::Complete(_)) {
                    self.heads.push(Head::new(self.from, self.reader.head().bytes()));
                }
            }
            let (piece, _) = before.split_at(before.len().saturating_sub(rest.len()));
            self.push_piece(piece, kind, complete);
        }
        self.forward_ready();
    }

    /// Holds whole frames from now on. A frame that is partly forwarded is forwarded to its end.
    pub(super) fn hold(&mut self) {
        self.holding = true;
    }

    /// Forwards everything again.
    pub(super) fn release(&mut self) {
        self.holding = false;
        self.units
            .iter_mut()
            .filter(|unit| unit.disposition == Disposition::Hold)
            .for_each(|unit| unit.disposition = Disposition::Forward);
        self.forward_ready();
    }

    /// Forwards exactly one held unit; an incomplete one is forwarded as it arrives. Returns
    /// `false` if none is held.
    pub(super) fn forward_one(&mut self) -> bool {
        self.dispose_next(Disposition::Forward)
    }

    /// Drops the first held unit. Returns `false` if none is held.
    pub(super) fn drop_one(&mut self) -> bool {
        self.dispose_next(Disposition::Drop)
    }

    /// Inserts bytes before the next frame, never within a frame or before the end of the
    /// handshake. Returns `false` if this direction has no frames.
    pub(super) fn inject(&mut self, bytes: Vec<u8>) -> bool {
        if self.is_passthrough() {
            return false;
        }
        self.injections.push_back(bytes);
        self.forward_ready();
        true
    }

    /// Returns the heads of HTTP messages that were complete since the last call.
    pub(super) fn take_heads(&mut self) -> Vec<Head> {
        std::mem::take(&mut self.heads)
    }

    /// Records that the peer has sent this request, which the next response answers.
    pub(super) fn expect_response_to(&mut self, request: &Head) {
        self.reader.expect_response_to(request);
    }

    /// Stops framing, because the server has answered something other than 101. Another request may
    /// follow.
    pub(super) fn resume_http(&mut self) {
        if self.is_framing() {
            self.reader.resume_http();
            self.end_units();
        }
    }

    /// Stops reading units, because the server speaks another protocol.
    pub(super) fn set_passthrough(&mut self) {
        self.reader.switch_to_raw_bytes();
        self.end_units();
    }

    fn end_units(&mut self) {
        // Without frames there are no units that could end, so nothing may wait for its rest.
        self.partial = None;
        if let Some(last) = self.units.back_mut() {
            last.complete = true;
        }
        self.forward_ready();
    }

    /// Whether this direction has no frames and will have none.
    pub(super) fn is_passthrough(&self) -> bool {
        self.reader.is_raw()
    }

    /// Whether the head is over and frames follow.
    fn is_framing(&self) -> bool {
        self.reader.expects() == UnitKind::Frame
    }

    /// Whether the first head is complete, or will never be.
    pub(super) fn is_past_head(&self) -> bool {
        self.is_past_head || self.is_passthrough()
    }

    /// Returns the bytes to send next.
    pub(super) fn pending(&self) -> &[u8] {
        self.ready.get(self.sent..).unwrap_or_default()
    }

    /// Records that the first `count` pending bytes have been sent.
    pub(super) fn advance(&mut self, count: usize) {
        self.sent = self.sent.saturating_add(count);
        if self.sent >= self.ready.len() {
            self.ready.clear();
            self.sent = 0;
        }
    }

    /// Whether the direction may read further.
    pub(super) fn has_room(&self) -> bool {
        self.buffered_bytes() < MAX_BUFFERED_BYTES
    }

    /// Returns the number of buffered bytes: those that are held and those that are being sent.
    pub(super) fn buffered_bytes(&self) -> usize {
        self.held_bytes.saturating_add(self.pending().len())
    }

    /// Returns the number of held units and of their bytes so far.
    pub(super) fn held(&self) -> (usize, usize) {
        (
            self.units.iter().filter(|unit| unit.disposition == Disposition::Hold).count(),
            self.held_bytes,
        )
    }

    /// Returns the interventions since the last call.
    pub(super) fn take_interventions(&mut self) -> Vec<Intervention> {
        std::mem::take(&mut self.interventions)
    }

    fn push_piece(&mut self, piece: &[u8], kind: UnitKind, complete: bool) {
        // An incomplete unit at the back takes the piece, so that units stay in order.
        if let Some(last) = self.units.back_mut().filter(|last| !last.complete) {
            last.bytes.extend_from_slice(piece);
            last.complete = complete;
            self.held_bytes = self.held_bytes.saturating_add(piece.len());
            return;
        }
        let holds = self.holding && (kind != UnitKind::Head || self.hold_heads);
        // The fast path: with nothing queued before it, a piece is forwarded as it arrives.
        let free = self.units.is_empty() && !holds && self.injections.is_empty();
        if let Some(disposition) = self.partial.or(free.then_some(Disposition::Forward)) {
            self.dispose(disposition, piece);
            self.partial = (!complete).then_some(disposition);
            if complete {
                self.forward_ready();
            }
            return;
        }
        let disposition = if holds { Disposition::Hold } else { Disposition::Forward };
        self.held_bytes = self.held_bytes.saturating_add(piece.len());
        self.units.push_back(Unit { bytes: piece.to_vec(), kind, complete, disposition });
        self.forward_ready();
    }

    fn dispose_next(&mut self, disposition: Disposition) -> bool {
        let first = self.units.iter_mut().find(|unit| unit.disposition == Disposition::Hold);
        let found = first.map(|unit| unit.disposition = disposition).is_some();
        self.forward_ready();
        found
    }

    /// Forwards what may be forwarded, from the front.
    fn forward_ready(&mut self) {
        while self.partial.is_none() {
            // Injections go before the first frame: the head is out, and whatever is queued is a
            // frame.
            let behind_head = self.is_framing()
                && self.units.front().is_none_or(|unit| unit.kind == UnitKind::Frame);
            while behind_head && let Some(bytes) = self.injections.pop_front() {
                self.ready.extend_from_slice(&bytes);
                self.interventions.push(Intervention::Injected(bytes));
            }
            let Some(unit) = self.units.pop_front_if(|unit| unit.disposition != Disposition::Hold)
            else {
                return;
            };
            self.held_bytes = self.held_bytes.saturating_sub(unit.bytes.len());
            self.dispose(unit.disposition, &unit.bytes);
            self.partial = (!unit.complete).then_some(unit.disposition);
        }
    }

    fn dispose(&mut self, disposition: Disposition, bytes: &[u8]) {
        match disposition {
            Disposition::Drop => self.interventions.push(Intervention::Dropped(bytes.to_vec())),
            Disposition::Forward | Disposition::Hold => self.ready.extend_from_slice(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    const A: &[u8] = b"\x81\x81aaaaA";
    const B: &[u8] = b"\x81\x82bbbbBB";
    const C: &[u8] = b"\x81\x80cccc";

    fn queue(hold: bool) -> InterceptQueue {
        InterceptQueue::new(Side::Client, hold, false)
    }

    fn out(queue: &mut InterceptQueue) -> Vec<u8> {
        let out = queue.pending().to_vec();
        queue.advance(out.len());
        out
    }

    #[test]
    fn forwarding_one_forwards_exactly_one_frame() {
        for chunk in [1, 2, 5, 100] {
            let mut queue = queue(true);
            [HEAD, A, B, C].concat().chunks(chunk).for_each(|piece| queue.push(piece));
            assert_eq!(out(&mut queue), HEAD, "heads are forwarded");
            assert_eq!(queue.held(), (3, A.len() + B.len() + C.len()));
            assert!(queue.forward_one());
            assert_eq!(out(&mut queue), A);
            assert!(queue.drop_one());
            assert_eq!(out(&mut queue), b"");
            assert_eq!(queue.take_interventions(), [Intervention::Dropped(B.to_vec())]);
            queue.release();
            assert_eq!(out(&mut queue), C);
            assert!(!queue.forward_one());
        }
    }

    #[test]
    fn a_partly_forwarded_or_dropped_frame_is_finished_in_the_same_way() {
        let mut queue = queue(false);
        queue.push(&[HEAD, &A[..3]].concat());
        queue.hold();
        queue.push(&[&A[3..], &B[..4]].concat());
        assert_eq!(out(&mut queue), [HEAD, A].concat());
        queue.drop_one();
        queue.push(&B[4..]);
        assert_eq!(queue.take_interventions().len(), 2);
        queue.push(&C[..1]);
        queue.forward_one();
        assert_eq!(out(&mut queue), &C[..1], "an incomplete frame is forwarded as it arrives");
        queue.push(&[&C[1..], A].concat());
        assert_eq!(out(&mut queue), &C[1..]);
        assert_eq!(queue.held().0, 1);
    }

    #[test]
    fn injected_bytes_go_between_frames() {
        let mut queue = queue(false);
        assert!(queue.inject(b"1".to_vec()));
        assert_eq!(out(&mut queue), b"", "not before the handshake");
        queue.push(&[HEAD, &A[..3]].concat());
        assert_eq!(out(&mut queue), [HEAD, b"1", &A[..3]].concat());
        queue.inject(b"2".to_vec());
        queue.inject(b"3".to_vec());
        assert_eq!(out(&mut queue), b"", "not within a frame");
        queue.push(&[&A[3..], B].concat());
        assert_eq!(out(&mut queue), [&A[3..], b"23", B].concat());
        queue.hold();
        queue.push(C);
        queue.inject(b"4".to_vec());
        assert_eq!(out(&mut queue), b"4", "before the held one");
    }

    #[test]
    fn heads_are_held_on_request_and_nothing_is_injected_before_them() {
        let mut queue = InterceptQueue::new(Side::Client, true, true);
        queue.push(&[HEAD, A].concat());
        queue.inject(b"1".to_vec());
        assert_eq!(out(&mut queue), b"");
        queue.forward_one();
        assert_eq!(out(&mut queue), [HEAD, b"1"].concat());
        queue.forward_one();
        assert_eq!(out(&mut queue), A);
    }

    #[test]
    fn after_a_status_other_than_101_there_are_no_frames() {
        let mut queue = InterceptQueue::new(Side::Server, true, false);
        queue.push(b"HTTP/1.1 404 Not Found\r\n\r\nnothing");
        assert!(queue.is_passthrough() && !queue.inject(b"1".to_vec()));
        assert_eq!(queue.held(), (1, 7));
        queue.forward_one();
        assert!(queue.pending().ends_with(b"nothing"));
    }

    proptest! {
        #[test]
        fn held_and_released_bytes_come_out_unchanged(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            chunks in proptest::collection::vec((1_usize..40, 0_u8..4), 1..60),
            head: bool,
            from_client: bool,
        ) {
            let from = if from_client { Side::Client } else { Side::Server };
            let mut queue = InterceptQueue::new(from, false, true);
            let head: &[u8] = match (head, from) {
                (false, _) => b"",
                (true, Side::Client) => HEAD,
                (true, Side::Server) => b"HTTP/1.1 101 X\r\n\r\n",
            };
            let all = [head, &bytes].concat();
            let (mut rest, mut seen) = (all.as_slice(), Vec::new());
            for (size, action) in chunks {
                match action {
                    0 => queue.hold(),
                    1 => queue.release(),
                    2 => { queue.forward_one(); }
                    _ => {}
                }
                let (piece, after) = rest.split_at(size.min(rest.len()));
                queue.push(piece);
                seen.extend(out(&mut queue));
                rest = after;
                prop_assert_eq!(seen.len() + queue.buffered_bytes(), all.len() - rest.len());
            }
            queue.push(rest);
            queue.release();
            seen.extend(out(&mut queue));
            prop_assert_eq!(seen, all);
        }
    }
}
