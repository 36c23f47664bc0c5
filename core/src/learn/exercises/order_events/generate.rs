//! Makes the exercise of a seed, without its solution.

use crate::learn::exercise::{AnswerForm, Exercise, ExerciseKind, Exhibit};
use crate::learn::exercises::order_events::event::{Story, capitalized};
use crate::learn::exercises::order_events::rules::Precedence;
use crate::learn::exercises::order_events::shown_story::ShownStory;

pub(crate) fn generate(level: u8, seed: u64) -> Exercise {
    let ShownStory { story, places, precedence } = ShownStory::draw(level, seed);
    let shown = places.iter().filter_map(|place| story.events.get(*place));
    Exercise {
        kind: ExerciseKind::OrderEvents,
        level,
        seed,
        task: format!("{} Put the events in an order in which they can happen.", story.task),
        exhibit: Exhibit::Nothing,
        form: AnswerForm::Order(shown.map(|event| event.text.clone()).collect()),
        hints: hints(&story, &precedence),
    }
}

/// Returns the hints: how free the order is, a pair that is often taken the wrong way, and where it
/// begins and ends.
fn hints(story: &Story, precedence: &Precedence) -> Vec<String> {
    let text =
        |place: usize| story.events.get(place).map_or("", |event| event.text.trim_end_matches('.'));
    let count = precedence.count_orders();
    let free = if count == 1 {
        "Only one order is possible.".to_owned()
    } else {
        format!("{count} orders are possible: some events don't wait for each other.")
    };
    let (before, after, reason) = precedence.hardest_pair();
    let last = story.events.len().saturating_sub(1);
    vec![
        free,
        capitalized(reason),
        format!(
            "‘{}’ comes before ‘{}’. It can begin with ‘{}’ and end with ‘{}’.",
            text(before),
            text(after),
            text(0),
            text(last)
        ),
    ]
}
