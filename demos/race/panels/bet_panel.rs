//! The question before the start, with the bet on its answer.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::demos::race::bet::BET_CHOICES;
use crate::demos::race::state::Race;
use crate::race::LaneKind;
use crate::stage::{QuestionCard, Theme};

pub(in crate::demos::race) fn draw(race: &Race, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    with_question(race, |card| card.draw(area, buffer, theme));
}

/// Returns the bet that stands at a position of `area`, as an index.
pub(in crate::demos::race) fn bet_at(race: &Race, at: Position, area: Rect) -> Option<usize> {
    with_question(race, |card| card.choice_at(at, area)).flatten()
}

/// Calls `f` with the question; `None` if there is only one lane to run.
fn with_question<T>(race: &Race, f: impl FnOnce(&QuestionCard) -> T) -> Option<T> {
    let base = race.config.baseline();
    let other = race.config.lanes.iter().find(|lane| lane.kind == LaneKind::HttpReqwest);
    let other = other.or_else(|| race.config.lanes.iter().find(|&&lane| lane != base))?;
    let (base, other) = (base.name(), other.name());
    let question = format!("How many times longer than {base} does {other} take?");
    let choices = BET_CHOICES.map(|times| format!("{times}x"));
    let (chosen, notes) = (race.bet.index(), ["← → place your bet"]);
    Some(f(&QuestionCard { question: &question, choices: &choices, chosen, notes: &notes }))
}
