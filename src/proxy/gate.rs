//! [`Gate`]: one direction of the proxy: what may pass, what waits for a hand, what is dropped, what is put in between.
//! It moves bytes and knows no socket. How they come in pieces never matters, only where units end.

use std::collections::VecDeque;

use crate::proxy::cutter::{Cutter, Kind};
use crate::wire::Side;

/// What becomes of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Wait,
    Pass,
    Drop,
}

/// A unit that has not gone yet, or the part of it that is there.
#[derive(Debug)]
struct Unit {
    bytes: Vec<u8>,
    kind: Kind,
    complete: bool,
    fate: Fate,
}

/// What a gate did that its peers cannot see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// These bytes came and do not go on.
    Dropped(Vec<u8>),
    /// These bytes go on and never came.
    Injected(Vec<u8>),
}

#[derive(Debug)]
pub(super) struct Gate {
    cutter: Cutter,
    hold: bool,
    heads_too: bool,
    units: VecDeque<Unit>,
    /// Bytes in `units`.
    waiting: usize,
    /// The fate of the unit that is not complete and of which nothing waits: its first part has gone or was dropped.
    midway: Option<Fate>,
    /// Put in at the next boundary.
    injections: VecDeque<Vec<u8>>,
    /// May go out now.
    out: Vec<u8>,
    gone: usize,
    done: Vec<Done>,
}

impl Gate {
    /// For what `from` sends. With `heads_too`, holding holds the head of the handshake as well.
    pub(super) fn new(from: Side, hold: bool, heads_too: bool) -> Self {
        Self {
            cutter: Cutter::new(from),
            hold,
            heads_too,
            units: VecDeque::new(),
            waiting: 0,
            midway: None,
            injections: VecDeque::new(),
            out: Vec::new(),
            gone: 0,
            done: Vec::new(),
        }
    }

    /// Takes bytes that came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (count, kind, complete) = self.cutter.cut(rest);
            let (piece, after) = rest.split_at(count);
            rest = after;
            self.piece(piece, kind, complete);
        }
        self.settle();
    }

    /// From now on whole frames wait. One that has begun to pass passes to its end.
    pub(super) fn hold(&mut self) {
        self.hold = true;
    }

    /// Everything passes again.
    pub(super) fn release(&mut self) {
        self.hold = false;
        self.units.iter_mut().filter(|unit| unit.fate == Fate::Wait).for_each(|unit| unit.fate = Fate::Pass);
        self.settle();
    }

    /// Lets exactly one unit pass; one that is not complete passes as it comes. False: none waits.
    pub(super) fn step(&mut self) -> bool {
        self.decide(Fate::Pass)
    }

    /// Drops the unit that waits first. False: none waits.
    pub(super) fn drop_one(&mut self) -> bool {
        self.decide(Fate::Drop)
    }

    /// Puts bytes in, before the next frame; never inside of one, and never before the handshake. False: there are no
    /// frames here.
    pub(super) fn inject(&mut self, bytes: Vec<u8>) -> bool {
        if self.cutter.has_given_up() {
            return false;
        }
        self.injections.push_back(bytes);
        self.settle();
        true
    }

    /// The server has answered something else than 101: no frames will come.
    pub(super) fn give_up(&mut self) {
        self.cutter.give_up();
        self.midway = None;
        if let Some(last) = self.units.back_mut() {
            last.complete = true;
        }
        self.settle();
    }

    /// There are no frames, and there will be none.
    pub(super) fn has_given_up(&self) -> bool {
        self.cutter.has_given_up()
    }

    /// The first head has come whole, or will not come.
    pub(super) fn is_past_head(&self) -> bool {
        self.cutter.is_cutting() || self.cutter.has_given_up()
    }

    /// What may go out.
    pub(super) fn out(&self) -> &[u8] {
        self.out.get(self.gone..).unwrap_or_default()
    }

    /// So much of it went.
    pub(super) fn sent(&mut self, count: usize) {
        self.gone = self.gone.saturating_add(count);
        if self.gone >= self.out.len() {
            self.out.clear();
            self.gone = 0;
        }
    }

    /// Bytes in here: those that wait and those on their way out.
    pub(super) fn len(&self) -> usize {
        self.waiting.saturating_add(self.out().len())
    }

    /// How many units wait for a hand, and their bytes so far.
    pub(super) fn waits(&self) -> (usize, usize) {
        (self.units.iter().filter(|unit| unit.fate == Fate::Wait).count(), self.waiting)
    }

    /// What was done since the last time.
    pub(super) fn take_done(&mut self) -> Vec<Done> {
        std::mem::take(&mut self.done)
    }

    fn piece(&mut self, piece: &[u8], kind: Kind, complete: bool) {
        if let Some(last) = self.units.back_mut().filter(|last| !last.complete) {
            last.bytes.extend_from_slice(piece);
            last.complete = complete;
            self.waiting = self.waiting.saturating_add(piece.len());
            return;
        }
        let holds = self.hold && (kind != Kind::Head || self.heads_too);
        let free = self.units.is_empty() && !holds && self.injections.is_empty();
        if let Some(fate) = self.midway.or(free.then_some(Fate::Pass)) {
            self.go(fate, piece);
            self.midway = (!complete).then_some(fate);
            if complete {
                self.settle();
            }
            return;
        }
        let fate = if holds { Fate::Wait } else { Fate::Pass };
        self.waiting = self.waiting.saturating_add(piece.len());
        self.units.push_back(Unit { bytes: piece.to_vec(), kind, complete, fate });
        self.settle();
    }

    fn decide(&mut self, fate: Fate) -> bool {
        let first = self.units.iter_mut().find(|unit| unit.fate == Fate::Wait);
        let found = first.map(|unit| unit.fate = fate).is_some();
        self.settle();
        found
    }

    /// Moves what may move, from the front.
    fn settle(&mut self) {
        while self.midway.is_none() {
            // before the first frame: the head has gone, and whatever waits is a frame
            let behind_head =
                self.cutter.is_cutting() && self.units.front().is_none_or(|unit| unit.kind == Kind::Frame);
            while behind_head && let Some(bytes) = self.injections.pop_front() {
                self.out.extend_from_slice(&bytes);
                self.done.push(Done::Injected(bytes));
            }
            let Some(unit) = self.units.pop_front_if(|unit| unit.fate != Fate::Wait) else { return };
            self.waiting = self.waiting.saturating_sub(unit.bytes.len());
            self.go(unit.fate, &unit.bytes);
            self.midway = (!unit.complete).then_some(unit.fate);
        }
    }

    fn go(&mut self, fate: Fate, bytes: &[u8]) {
        match fate {
            Fate::Drop => self.done.push(Done::Dropped(bytes.to_vec())),
            Fate::Pass | Fate::Wait => self.out.extend_from_slice(bytes),
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

    fn gate(hold: bool) -> Gate {
        Gate::new(Side::Client, hold, false)
    }

    fn out(gate: &mut Gate) -> Vec<u8> {
        let out = gate.out().to_vec();
        gate.sent(out.len());
        out
    }

    #[test]
    fn a_step_lets_exactly_one_frame_pass() {
        for chunk in [1, 2, 5, 100] {
            let mut gate = gate(true);
            [HEAD, A, B, C].concat().chunks(chunk).for_each(|piece| gate.push(piece));
            assert_eq!(out(&mut gate), HEAD, "heads pass");
            assert_eq!(gate.waits(), (3, A.len() + B.len() + C.len()));
            assert!(gate.step());
            assert_eq!(out(&mut gate), A);
            assert!(gate.drop_one());
            assert_eq!(out(&mut gate), b"");
            assert_eq!(gate.take_done(), [Done::Dropped(B.to_vec())]);
            gate.release();
            assert_eq!(out(&mut gate), C);
            assert!(!gate.step());
        }
    }

    #[test]
    fn a_frame_that_has_begun_to_pass_passes_to_its_end_and_a_dropped_one_is_dropped_to_its_end() {
        let mut gate = gate(false);
        gate.push(&[HEAD, &A[..3]].concat());
        gate.hold();
        gate.push(&[&A[3..], &B[..4]].concat());
        assert_eq!(out(&mut gate), [HEAD, A].concat());
        gate.drop_one();
        gate.push(&B[4..]);
        assert_eq!(gate.take_done().len(), 2);
        gate.push(&C[..1]);
        gate.step();
        assert_eq!(out(&mut gate), &C[..1], "a step lets a frame pass as it comes");
        gate.push(&[&C[1..], A].concat());
        assert_eq!(out(&mut gate), &C[1..]);
        assert_eq!(gate.waits().0, 1);
    }

    #[test]
    fn what_is_put_in_stands_between_frames() {
        let mut gate = gate(false);
        assert!(gate.inject(b"1".to_vec()));
        assert_eq!(out(&mut gate), b"", "not before the handshake");
        gate.push(&[HEAD, &A[..3]].concat());
        assert_eq!(out(&mut gate), [HEAD, b"1", &A[..3]].concat());
        gate.inject(b"2".to_vec());
        gate.inject(b"3".to_vec());
        assert_eq!(out(&mut gate), b"", "not inside of a frame");
        gate.push(&[&A[3..], B].concat());
        assert_eq!(out(&mut gate), [&A[3..], b"23", B].concat());
        gate.hold();
        gate.push(C);
        gate.inject(b"4".to_vec());
        assert_eq!(out(&mut gate), b"4", "before the one that waits");
    }

    #[test]
    fn heads_wait_too_if_that_is_wished_and_nothing_is_put_before_them() {
        let mut gate = Gate::new(Side::Client, true, true);
        gate.push(&[HEAD, A].concat());
        gate.inject(b"1".to_vec());
        assert_eq!(out(&mut gate), b"");
        gate.step();
        assert_eq!(out(&mut gate), [HEAD, b"1"].concat());
        gate.step();
        assert_eq!(out(&mut gate), A);
    }

    #[test]
    fn behind_another_answer_than_101_there_are_no_frames() {
        let mut gate = Gate::new(Side::Server, true, false);
        gate.push(b"HTTP/1.1 404 Not Found\r\n\r\nnothing");
        assert!(gate.has_given_up() && !gate.inject(b"1".to_vec()));
        assert_eq!(gate.waits(), (1, 7));
        gate.step();
        assert!(gate.out().ends_with(b"nothing"));
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
            let mut gate = Gate::new(from, false, true);
            let head: &[u8] = match (head, from) {
                (false, _) => b"",
                (true, Side::Client) => HEAD,
                (true, Side::Server) => b"HTTP/1.1 101 X\r\n\r\n",
            };
            let all = [head, &bytes].concat();
            let (mut rest, mut seen) = (all.as_slice(), Vec::new());
            for (size, act) in chunks {
                match act {
                    0 => gate.hold(),
                    1 => gate.release(),
                    2 => { gate.step(); }
                    _ => {}
                }
                let (piece, after) = rest.split_at(size.min(rest.len()));
                gate.push(piece);
                seen.extend(out(&mut gate));
                rest = after;
                prop_assert_eq!(seen.len() + gate.len(), all.len() - rest.len());
            }
            gate.push(rest);
            gate.release();
            seen.extend(out(&mut gate));
            prop_assert_eq!(seen, all);
        }
    }
}
