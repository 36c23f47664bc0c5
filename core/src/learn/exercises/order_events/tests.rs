//! The stories of many seeds, and every order of some of them.

use std::collections::BTreeSet;

use super::*;
use crate::learn::exercise::{Answer, AnswerForm, Exercise};
use crate::learn::exercises::order_events::event::{Action, Event, Fact};
use crate::learn::exercises::order_events::shown_story::ShownStory;
use crate::wire::frame::encode;
use crate::wire::keep::transcript::Transcript;
use crate::wire::{AgreedExtensions, ByteLen, Header, Opcode, Severity, Side};

const SEEDS: u64 = 2_000;

fn texts(exercise: &Exercise) -> &[String] {
    let AnswerForm::Order(texts) = &exercise.form else { panic!("{:?}", exercise.form) };
    texts
}

/// Calls `visit` with every order of `count` things.
fn each_order(count: usize, visit: &mut impl FnMut(&[usize])) {
    fn extend(order: &mut Vec<usize>, count: usize, visit: &mut impl FnMut(&[usize])) {
        if order.len() == count {
            return visit(order);
        }
        for next in 0..count {
            if !order.contains(&next) {
                order.push(next);
                extend(order, count, visit);
                order.pop();
            }
        }
    }
    extend(&mut Vec::new(), count, visit);
}

/// Whether a decoder finds nothing fatal in what a side sends in this order.
fn is_legal(shown: &ShownStory, order: &[usize], side: Side) -> bool {
    let mut transcript = Transcript::new(side, AgreedExtensions::none());
    for (index, place) in order.iter().enumerate() {
        let Action::Send(frame) = &shown.story.events[*place].action else { continue };
        if frame.from != side {
            continue;
        }
        let key = (side == Side::Client).then_some([1, 2, 3, index as u8 + 1]);
        let header = Header::new(frame.opcode, ByteLen::of(&frame.payload));
        let header = Header { fin: frame.fin, masking_key: key, ..header };
        transcript.push(&encode::frame(&header, &frame.payload));
    }
    transcript.faults().iter().all(|fault| fault.severity() != Severity::Fatal)
}

#[test]
fn the_solution_is_right_and_what_is_shown_is_not() {
    for level in 1..=LEVELS {
        let mut tasks = BTreeSet::new();
        for seed in 0..SEEDS {
            let exercise = generate(level, seed);
            let count = texts(&exercise).len();
            assert!((4..=7).contains(&count), "{exercise:?}");
            let different: BTreeSet<_> = texts(&exercise).iter().collect();
            assert_eq!(different.len(), count, "{exercise:?}");
            let judgment = exercise.judge(&exercise.solution()).unwrap();
            assert!(judgment.right && judgment.marks.iter().all(|mark| mark.right), "{judgment:?}");
            let shown = exercise.judge(&Answer::Order((0..count).collect())).unwrap();
            assert!(!shown.right && shown.marks.iter().any(|mark| !mark.right), "{shown:?}");
            assert_eq!(exercise.hints.len(), 3);
            tasks.insert(exercise.task);
        }
        assert!(tasks.len() > 100, "level {level} has {} tasks", tasks.len());
    }
}

/// What the rules of the story allow, the decoder allows; what it refuses, they refuse. The number
/// of right orders is the one that is given.
#[test]
fn every_order_is_judged_as_a_decoder_would() {
    for level in 1..=LEVELS {
        for seed in 0..40 {
            let shown = ShownStory::draw(level, seed);
            let count = shown.story.events.len();
            let (mut right, mut illegal) = (0, 0);
            each_order(count, &mut |order| {
                let is_right = shown.precedence.first_breach(order).is_none();
                let both = [Side::Client, Side::Server];
                let is_legal = both.iter().all(|side| is_legal(&shown, order, *side));
                assert!(is_legal || !is_right, "{shown:?} {order:?}");
                right += usize::from(is_right);
                illegal += usize::from(!is_legal);
            });
            assert_eq!(right, shown.precedence.count_orders(), "{shown:?}");
            assert!(right > 0 && illegal < (1..=count).product());
        }
    }
}

/// Plays an order through a connection, event by event, and says whether each could happen then.
fn can_happen(shown: &ShownStory, order: &[usize]) -> bool {
    let story = &shown.story;
    let has = |action: &Action| story.events.iter().any(|event| event.action == *action);
    let is_close = |event: &&Event| matches!(&event.action, Action::Send(frame) if frame.opcode == Opcode::Close);
    let closes = story.events.iter().filter(is_close).count();
    let mut done: Vec<&Action> = Vec::new();
    for place in order {
        let action = &story.events[*place].action;
        let was = |other: Action| !has(&other) || done.contains(&&other);
        let sent = || {
            done.iter().filter_map(|action| match action {
                Action::Send(frame) => Some(frame),
                _ => None,
            })
        };
        let closed =
            |side: Side| sent().any(|frame| frame.from == side && frame.opcode == Opcode::Close);
        let is_possible = match action {
            Action::Connect | Action::Other => true,
            Action::Request => was(Action::Connect),
            Action::Accept => was(Action::Request),
            Action::HangUp(Side::Server) => {
                closes < 2 || closed(Side::Client) && closed(Side::Server)
            }
            Action::HangUp(Side::Client) => was(Action::HangUp(Side::Server)),
            Action::Send(frame) => {
                let peer = frame.from.peer();
                let is_answered = match frame.opcode {
                    Opcode::Pong => sent().any(|ping| {
                        (ping.from, ping.opcode, &ping.payload)
                            == (peer, Opcode::Ping, &frame.payload)
                    }),
                    Opcode::Close => frame.from == story.closes_first || closed(peer),
                    _ => true,
                };
                let is_whole = frame.echoes.is_none_or(|number| {
                    sent().any(|part| {
                        part.from == peer && part.fin && part.message.is_some_and(|m| m.0 == number)
                    })
                });
                let is_next = sent().all(|earlier| {
                    earlier.from != frame.from
                        || earlier.message.is_none()
                        || frame.message.is_none()
                        || earlier.message < frame.message
                });
                let is_over = closed(frame.from) || done.contains(&&Action::HangUp(frame.from));
                was(Action::Accept) && is_answered && is_whole && is_next && !is_over
            }
        };
        if !is_possible {
            return false;
        }
        done.push(action);
    }
    true
}

/// Exactly those orders are right in which each event can happen when it comes, and which keep to
/// the facts of the task.
#[test]
fn the_right_orders_are_those_that_a_connection_can_go_through() {
    for level in 1..=LEVELS {
        for seed in 0..40 {
            let shown = ShownStory::draw(level, seed);
            let facts = &shown.story.facts;
            each_order(shown.story.events.len(), &mut |order| {
                let position = |place: usize| order.iter().position(|other| *other == place);
                let keeps = |fact: &Fact| position(fact.before) < position(fact.after);
                let both = [Side::Client, Side::Server];
                let is_possible = facts.iter().all(keeps)
                    && can_happen(&shown, order)
                    && both.iter().all(|side| is_legal(&shown, order, *side));
                let is_right = shown.precedence.first_breach(order).is_none();
                assert_eq!(is_right, is_possible, "{shown:?} {order:?}");
            });
        }
    }
}

/// A pair that must be in one order is named when exactly that pair is swapped.
#[test]
fn the_verdict_names_a_pair_that_is_the_wrong_way_round() {
    for level in 1..=LEVELS {
        for seed in 0..SEEDS {
            let exercise = generate(level, seed);
            let Answer::Order(solution) = exercise.solution() else { panic!("{exercise:?}") };
            for at in 1..solution.len() {
                let mut swapped = solution.clone();
                swapped.swap(at - 1, at);
                let [later, earlier] =
                    [swapped[at - 1], swapped[at]].map(|index| &texts(&exercise)[index]);
                let judgment = exercise.judge(&Answer::Order(swapped)).unwrap();
                if judgment.right {
                    continue;
                }
                let [earlier, later] = [earlier, later].map(|text| text.trim_end_matches('.'));
                let pair = format!("‘{earlier}’ comes before ‘{later}’: ");
                assert!(judgment.verdict.starts_with(&pair), "{} {pair}", judgment.verdict);
                assert_eq!(judgment.marks.iter().filter(|mark| !mark.right).count(), 1);
                assert!(!judgment.source.is_empty());
            }
        }
    }
}

#[test]
fn every_story_comes() {
    let stories = [4, 5, 3];
    for (level, expected) in (1..=LEVELS).zip(stories) {
        let morals: BTreeSet<_> =
            (0..SEEDS).map(|seed| ShownStory::draw(level, seed).story.moral).collect();
        assert_eq!(morals.len(), expected);
    }
}

#[test]
fn an_answer_that_does_not_fit_is_refused() {
    let exercise = generate(1, 1);
    let count = texts(&exercise).len();
    let refused = |answer: Answer| exercise.judge(&answer).unwrap_err().to_string();
    let byte = Answer::ByteAndRule { byte: 0, rule: 0 };
    assert_eq!(refused(byte), "the exercise asks for an order of its events");
    assert_eq!(refused(Answer::Order(vec![0, 0])), "the exercise asks for each event once");
    assert_eq!(refused(Answer::Order(vec![0])), "the exercise asks for all events");
    let missing = format!("there is no event {count}: the exercise has {count}");
    assert_eq!(refused(Answer::Order(vec![count])), missing);
}
