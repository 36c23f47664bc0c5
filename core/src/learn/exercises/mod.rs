//! The kinds of exercise: each makes its exercises from a seed, and judges answers to them.

use crate::learn::exercise::{Answer, Exercise, ExerciseKind};
use crate::learn::judgment::{Judgment, UnfitAnswer};

mod broken_rule;
mod forge_handshake;
mod order_events;
mod read_frame;
pub(crate) mod repair_server;
mod write_frame;

/// Returns the number of levels of a kind.
pub(crate) fn levels(kind: ExerciseKind) -> u8 {
    match kind {
        ExerciseKind::ReadFrame => read_frame::LEVELS,
        ExerciseKind::WriteFrame => write_frame::LEVELS,
        ExerciseKind::ForgeHandshake => forge_handshake::LEVELS,
        ExerciseKind::BrokenRule => broken_rule::LEVELS,
        ExerciseKind::OrderEvents => order_events::LEVELS,
        ExerciseKind::RepairServer => repair_server::LEVELS,
    }
}

/// Makes an exercise of a level that its kind has.
pub(crate) fn generate(kind: ExerciseKind, level: u8, seed: u64) -> Exercise {
    match kind {
        ExerciseKind::ReadFrame => read_frame::generate(level, seed),
        ExerciseKind::WriteFrame => write_frame::generate(level, seed),
        ExerciseKind::ForgeHandshake => forge_handshake::generate(level, seed),
        ExerciseKind::BrokenRule => broken_rule::generate(level, seed),
        ExerciseKind::OrderEvents => order_events::generate(level, seed),
        ExerciseKind::RepairServer => repair_server::generate(level, seed),
    }
}

/// Judges an answer.
pub(crate) fn judge(exercise: &Exercise, answer: &Answer) -> Result<Judgment, UnfitAnswer> {
    match exercise.kind {
        ExerciseKind::ReadFrame => read_frame::judge(exercise, answer),
        ExerciseKind::WriteFrame => write_frame::judge(exercise, answer),
        ExerciseKind::ForgeHandshake => forge_handshake::judge(exercise, answer),
        ExerciseKind::BrokenRule => broken_rule::judge(exercise, answer),
        ExerciseKind::OrderEvents => order_events::judge(exercise, answer),
        ExerciseKind::RepairServer => repair_server::judge(exercise, answer),
    }
}

/// Returns the solution.
pub(crate) fn solution(exercise: &Exercise) -> Answer {
    match exercise.kind {
        ExerciseKind::ReadFrame => read_frame::solution(exercise),
        ExerciseKind::WriteFrame => write_frame::solution(exercise),
        ExerciseKind::ForgeHandshake => forge_handshake::solution(exercise),
        ExerciseKind::BrokenRule => broken_rule::solution(exercise),
        ExerciseKind::OrderEvents => order_events::solution(exercise),
        ExerciseKind::RepairServer => repair_server::solution(exercise),
    }
}
