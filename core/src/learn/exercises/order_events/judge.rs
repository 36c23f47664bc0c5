//! Judges an order of events by which of them must come before which.

use crate::learn::exercise::{Answer, Exercise};
use crate::learn::exercises::order_events::event::{Fact, Story, capitalized};
use crate::learn::exercises::order_events::shown_story::ShownStory;
use crate::learn::judgment::{Judgment, Mark, UnfitAnswer};

pub(crate) fn judge(exercise: &Exercise, answer: &Answer) -> Result<Judgment, UnfitAnswer> {
    let Answer::Order(chosen) = answer else {
        return Err(UnfitAnswer::Form { expected: "an order of its events" });
    };
    let shown = ShownStory::draw(exercise.level, exercise.seed);
    let order = places_of(&shown, chosen)?;
    let breach = shown.precedence.first_breach(&order);
    let (why, source) = match breach {
        Some(pair) => (capitalized(pair.reason), pair.source),
        None => (shown.story.moral.to_owned(), shown.story.source),
    };
    Ok(Judgment {
        right: breach.is_none(),
        marks: shown
            .places
            .iter()
            .enumerate()
            .map(|(index, _)| mark(&shown, &order, index))
            .collect(),
        verdict: breach.map_or_else(|| praise(&shown), |pair| blame(&shown.story, pair)),
        why,
        source: source.to_owned(),
    })
}

/// Returns the story's own order, which is a right one.
pub(crate) fn solution(exercise: &Exercise) -> Answer {
    let places = ShownStory::draw(exercise.level, exercise.seed).places;
    let index_of = |place: usize| places.iter().position(|other| *other == place);
    Answer::Order((0..places.len()).filter_map(index_of).collect())
}

/// Returns the places in the story of the events that were chosen.
fn places_of(shown: &ShownStory, chosen: &[usize]) -> Result<Vec<usize>, UnfitAnswer> {
    let count = shown.places.len();
    let mut seen = vec![false; count];
    let mut order = Vec::with_capacity(count);
    for index in chosen {
        let missing = UnfitAnswer::Missing { what: "event", number: *index, count };
        let (place, seen) = shown.places.get(*index).zip(seen.get_mut(*index)).ok_or(missing)?;
        if std::mem::replace(seen, true) {
            return Err(UnfitAnswer::Form { expected: "each event once" });
        }
        order.push(*place);
    }
    if order.len() == count { Ok(order) } else { Err(UnfitAnswer::Form { expected: "all events" }) }
}

/// Returns the remark on a shown event: whether it comes before one that it has to wait for.
fn mark(shown: &ShownStory, order: &[usize], index: usize) -> Mark {
    let place = shown.places.get(index).copied().unwrap_or_default();
    let position = |place: usize| order.iter().position(|other| *other == place);
    let early = shown.precedence.before(place).find(|pair| position(pair.before) > position(place));
    let remark = match early {
        Some(pair) => format!("too early: {}", pair.reason),
        None => "all that must come before it has happened".to_owned(),
    };
    Mark { part: index.to_string(), right: early.is_none(), bytes: None, remark }
}

/// Returns the verdict on an order in which a pair is the wrong way round.
fn blame(story: &Story, pair: &Fact) -> String {
    let text =
        |place: usize| story.events.get(place).map_or("", |event| event.text.trim_end_matches('.'));
    format!("‘{}’ comes before ‘{}’: {}", text(pair.before), text(pair.after), pair.reason)
}

/// Returns the verdict on an order that is right.
fn praise(shown: &ShownStory) -> String {
    match shown.precedence.count_orders() {
        1 => "right: this is the only order that is possible".to_owned(),
        count => format!("right: this is one of {count} orders that are possible"),
    }
}
