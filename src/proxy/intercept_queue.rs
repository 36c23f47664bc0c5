//! [`InterceptQueue`]: one direction of the proxy: what may pass, what waits for a hand, what is dropped, what is put in between.
//! It moves bytes and knows no socket. How they come in pieces never matters, only where units end.

use std::collections::VecDeque;

use crate::wire::Side;
use crate::wire::decode::direction_reader::{DirectionReader, UnitKind};

/// What becomes of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disposition {
    Hold,
    Forward,
    Drop,
}

/// A unit that has not gone yet, or the part of it that is there.
#[derive(Debug)]
struct Unit {
    bytes: Vec<u8>,
    kind: UnitKind,
    complete: bool,
    disposition: Disposition,
}

/// What a queue did that its peers cannot see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Intervention {
    /// These bytes came and do not go on.
    Dropped(Vec<u8>),
    /// These bytes go on and never came.
    Injected(Vec<u8>),
}

#[derive(Debug)]
pub(super) struct InterceptQueue {
    reader: DirectionReader,
    holding: bool,
    hold_heads: bool,
    units: VecDeque<Unit>,
    /// Bytes in `units`.
    held_bytes: usize,
    /// The disposition of the unit that is not complete and of which nothing waits: its first part
    /// has gone or was dropped.
    partial: Option<Disposition>,
    /// Put in at the next boundary.
    injections: VecDeque<Vec<u8>>,
    /// May go out now.
    ready: Vec<u8>,
    sent: usize,
    interventions: Vec<Intervention>,
}

impl InterceptQueue {
    /// For what `from` sends. With `hold_heads`, holding holds the head of the handshake as well.
    pub(super) fn new(from: Side, holding: bool, hold_heads: bool) -> Self {
        Self {
            reader: DirectionReader::new(from, 0),
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

    /// Takes bytes that came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (before, kind) = (rest, self.reader.expects());
            let complete = self.reader.next_unit(&mut rest).is_some();
            let (piece, _) = before.split_at(before.len().saturating_sub(rest.len()));
            self.push_piece(piece, kind, complete);
        }
        self.forward_ready();
    }

    /// From now on whole frames wait. One that has begun to pass passes to its end.
    pub(super) fn hold(&mut self) {
        self.holding = true;
    }

    /// Everything passes again.
    pub(super) fn release(&mut self) {
        self.holding = false;
        self.units
            .iter_mut()
            .filter(|unit| unit.disposition == Disposition::Hold)
            .for_each(|unit| unit.disposition = Disposition::Forward);
        self.forward_ready();
    }

    /// Lets exactly one unit pass; one that is not complete passes as it comes. False: none waits.
    pub(super) fn forward_one(&mut self) -> bool {
        self.dispose_next(Disposition::Forward)
    }

    /// Drops the unit that waits first. False: none waits.
    pub(super) fn drop_one(&mut self) -> bool {
        self.dispose_next(Disposition::Drop)
    }

    /// Puts bytes in, before the next frame; never inside of one, and never before the handshake.
    /// False: there are no frames here.
    pub(super) fn inject(&mut self, bytes: Vec<u8>) -> bool {
        if self.is_passthrough() {
            return false;
        }
        self.injections.push_back(bytes);
        self.forward_ready();
        true
    }

    /// The server has answered something else than 101: no frames will come.
    pub(super) fn set_passthrough(&mut self) {
        self.reader.expect_bytes();
        self.partial = None;
        if let Some(last) = self.units.back_mut() {
            last.complete = true;
        }
        self.forward_ready();
    }

    /// There are no frames, and there will be none.
    pub(super) fn is_passthrough(&self) -> bool {
        self.reader.expects() == UnitKind::Bytes
    }

    /// The head is over, and there are frames.
    fn is_framing(&self) -> bool {
        self.reader.expects() == UnitKind::Frame
    }

    /// The first head has come whole, or will not come.
    pub(super) fn is_past_head(&self) -> bool {
        self.is_framing() || self.is_passthrough()
    }

    /// What may go out.
    pub(super) fn pending(&self) -> &[u8] {
        self.ready.get(self.sent..).unwrap_or_default()
    }

    /// So much of it went.
    pub(super) fn advance(&mut self, count: usize) {
        self.sent = self.sent.saturating_add(count);
        if self.sent >= self.ready.len() {
            self.ready.clear();
            self.sent = 0;
        }
    }

    /// Bytes in here: those that wait and those on their way out.
    pub(super) fn buffered_bytes(&self) -> usize {
        self.held_bytes.saturating_add(self.pending().len())
    }

    /// How many units wait for a hand, and their bytes so far.
    pub(super) fn held(&self) -> (usize, usize) {
        (
            self.units.iter().filter(|unit| unit.disposition == Disposition::Hold).count(),
            self.held_bytes,
        )
    }

    /// What was done since the last time.
    pub(super) fn take_interventions(&mut self) -> Vec<Intervention> {
        std::mem::take(&mut self.interventions)
    }

    fn push_piece(&mut self, piece: &[u8], kind: UnitKind, complete: bool) {
        if let Some(last) = self.units.back_mut().filter(|last| !last.complete) {
            last.bytes.extend_from_slice(piece);
            last.complete = complete;
            self.held_bytes = self.held_bytes.saturating_add(piece.len());
            return;
        }
        let holds = self.holding && (kind != UnitKind::Head || self.hold_heads);
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

    /// Moves what may move, from the front.
    fn forward_ready(&mut self) {
        while self.partial.is_none() {
            // before the first frame: the head has gone, and whatever waits is a frame
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

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
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
    fn a_step_lets_exactly_one_frame_pass() {
        for chunk in [1, 2, 5, 100] {
            let mut queue = queue(true);
            [HEAD, A, B, C].concat().chunks(chunk).for_each(|piece| queue.push(piece));
            assert_eq!(out(&mut queue), HEAD, "heads pass");
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
    fn a_frame_that_has_begun_to_pass_passes_to_its_end_and_a_dropped_one_is_dropped_to_its_end() {
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
        assert_eq!(out(&mut queue), &C[..1], "a step lets a frame pass as it comes");
        queue.push(&[&C[1..], A].concat());
        assert_eq!(out(&mut queue), &C[1..]);
        assert_eq!(queue.held().0, 1);
    }

    #[test]
    fn what_is_put_in_stands_between_frames() {
        let mut queue = queue(false);
        assert!(queue.inject(b"1".to_vec()));
        assert_eq!(out(&mut queue), b"", "not before the handshake");
        queue.push(&[HEAD, &A[..3]].concat());
        assert_eq!(out(&mut queue), [HEAD, b"1", &A[..3]].concat());
        queue.inject(b"2".to_vec());
        queue.inject(b"3".to_vec());
        assert_eq!(out(&mut queue), b"", "not inside of a frame");
        queue.push(&[&A[3..], B].concat());
        assert_eq!(out(&mut queue), [&A[3..], b"23", B].concat());
        queue.hold();
        queue.push(C);
        queue.inject(b"4".to_vec());
        assert_eq!(out(&mut queue), b"4", "before the one that waits");
    }

    #[test]
    fn heads_wait_too_if_that_is_asked_for_and_nothing_is_put_before_them() {
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
    fn behind_another_answer_than_101_there_are_no_frames() {
        let mut queue = InterceptQueue::new(Side::Server, true, false);
        queue.push(b"HTTP/1.1 404 Not Found\r\n\r\nnothing");
        assert!(queue.is_passthrough() && !queue.inject(b"1".to_vec()));
        assert_eq!(queue.held(), (1, 7));
        queue.forward_one();
        assert!(queue.pending().ends_with(b"nothing"));
    }

    proptest! {
        #[test]
        fn whatever_is_held_and_released_comes_out_as_it_went_in(
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
