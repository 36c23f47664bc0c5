//! The kinds of exercise: each makes its exercises from a seed, and judges answers to them.

use crate::learn::exercise::{Answer, Exercise, ExerciseKind};
use crate::learn::judgment::{Judgment, TypedSoFar, UnfitAnswer};
use crate::learn::live_check::LiveCheck;

pub(crate) mod broken_rule;
mod forge_handshake;
mod order_events;
mod phrases;
mod read_frame;
pub(crate) mod repair_server;
mod write_frame;

impl ExerciseKind {
    /// Returns the number of levels, at least 1.
    pub fn levels(self) -> u8 {
        match self {
            Self::ReadFrame => read_frame::LEVELS,
            Self::WriteFrame => write_frame::LEVELS,
            Self::ForgeHandshake => forge_handshake::LEVELS,
            Self::BrokenRule => broken_rule::LEVELS,
            Self::OrderEvents => order_events::LEVELS,
            Self::RepairServer => repair_server::LEVELS,
        }
    }

    /// Makes an exercise. A level beyond the kind's last is its last, and 0 its first.
    pub fn exercise(self, level: u8, seed: u64) -> Exercise {
        let level = level.clamp(1, self.levels());
        match self {
            Self::ReadFrame => read_frame::generate(level, seed),
            Self::WriteFrame => write_frame::generate(level, seed),
            Self::ForgeHandshake => forge_handshake::generate(level, seed),
            Self::BrokenRule => broken_rule::generate(level, seed),
            Self::OrderEvents => order_events::generate(level, seed),
            Self::RepairServer => repair_server::generate(level, seed),
        }
    }
}

impl Exercise {
    /// Judges an answer.
    ///
    /// # Errors
    ///
    /// If it is not of this exercise's [`form`](Self::form), or names what is not there.
    pub fn judge(&self, answer: &Answer) -> Result<Judgment, UnfitAnswer> {
        match self.kind {
            ExerciseKind::ReadFrame => read_frame::judge(self, answer),
            ExerciseKind::WriteFrame => write_frame::judge(self, answer),
            ExerciseKind::ForgeHandshake => forge_handshake::judge(self, answer),
            ExerciseKind::BrokenRule => broken_rule::judge(self, answer),
            ExerciseKind::OrderEvents => order_events::judge(self, answer),
            ExerciseKind::RepairServer => repair_server::judge(self, answer),
        }
    }

    /// Judges bytes that are still being typed, a digit that has no second one left out. `None` if
    /// the exercise doesn't ask for bytes, or the answer has none.
    pub fn judge_so_far(&self, answer: &Answer) -> Option<TypedSoFar> {
        match self.kind {
            ExerciseKind::WriteFrame => write_frame::judge_so_far(self, answer),
            _ => None,
        }
    }

    /// Returns what a real peer shows about an answer, right or wrong. `None` if there is nothing
    /// that one could be sent.
    pub fn live_check(&self, answer: &Answer) -> Option<LiveCheck> {
        match self.kind {
            ExerciseKind::WriteFrame => write_frame::live_check(self, answer),
            ExerciseKind::ForgeHandshake => forge_handshake::live_check(self, answer),
            ExerciseKind::BrokenRule => {
                broken_rule::SloppyVisit::of(self).map(LiveCheck::SloppyVisit)
            }
            _ => None,
        }
    }

    /// Returns the solution.
    pub fn solution(&self) -> Answer {
        match self.kind {
            ExerciseKind::ReadFrame => read_frame::solution(self),
            ExerciseKind::WriteFrame => write_frame::solution(self),
            ExerciseKind::ForgeHandshake => forge_handshake::solution(self),
            ExerciseKind::BrokenRule => broken_rule::solution(self),
            ExerciseKind::OrderEvents => order_events::solution(self),
            ExerciseKind::RepairServer => repair_server::solution(self),
        }
    }
}
