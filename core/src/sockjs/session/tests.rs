//! The machine with a clock that the tests move.

use std::time::Duration;

use proptest::prelude::*;

use crate::sockjs::session::{
    Action, Attached, CloseCause, Detached, NextFrame, ReceiverId, ReceiverKind, SendError,
    SessionClose, SessionLimits, SessionMachine, SessionState,
};
use crate::sockjs::{Frame, JsString};

const START: Duration = Duration::from_secs(100);

fn at(seconds: u64) -> Duration {
    START + Duration::from_secs(seconds)
}

fn session() -> SessionMachine {
    SessionMachine::new(SessionLimits::default(), START)
}

fn attach(session: &mut SessionMachine, seconds: u64, kind: ReceiverKind) -> ReceiverId {
    match session.attach(at(seconds), kind) {
        Attached::Receiver(id) => id,
        Attached::Refused(frame) => panic!("{frame:?}"),
    }
}

fn actions(session: &mut SessionMachine) -> Vec<Action> {
    std::iter::from_fn(|| session.take_action()).collect()
}

/// A session whose receiver has taken its first frame.
fn open(kind: ReceiverKind) -> (SessionMachine, ReceiverId) {
    let mut session = session();
    let id = attach(&mut session, 0, kind);
    assert_eq!(session.state(), SessionState::Opening);
    assert!(matches!(
        session.next_frame(START, id),
        NextFrame::More(Frame::Open) | NextFrame::Last(Frame::Open)
    ));
    assert_eq!(session.state(), SessionState::Open);
    (session, id)
}

fn away() -> SessionClose {
    SessionClose::new(CloseCause::Application, 3000, "Go away!")
}

#[test]
fn a_poll_takes_one_frame_and_messages_that_wait_are_one() {
    let (mut session, first) = open(ReceiverKind::Polling);
    assert_eq!(session.next_frame(START, first), NextFrame::Over, "a poll has one frame");
    session.send(START, "a".into()).unwrap();
    session.send(START, "b".into()).unwrap();
    let id = attach(&mut session, 1, ReceiverKind::Polling);
    let both = Frame::Messages(vec!["a".into(), "b".into()]);
    assert_eq!(session.next_frame(at(1), id), NextFrame::Last(both));
    assert_eq!(session.counts().sent, 2);
    let id = attach(&mut session, 2, ReceiverKind::Polling);
    assert_eq!(session.next_frame(at(2), id), NextFrame::Wait);
    session.send(at(3), "c".into()).unwrap();
    assert_eq!(actions(&mut session), [Action::Wake(id)]);
    assert_eq!(session.next_frame(at(3), id), NextFrame::Last(Frame::message("c")));
}

#[test]
fn a_second_receiver_is_refused_and_the_first_goes_on() {
    let (mut session, id) = open(ReceiverKind::Streaming);
    let refused = Frame::close(2010, "Another connection still open");
    assert_eq!(session.attach(at(1), ReceiverKind::Polling), Attached::Refused(refused));
    session.send(at(1), "a".into()).unwrap();
    assert_eq!(session.next_frame(at(1), id), NextFrame::More(Frame::message("a")));
    session.detach(at(2), id, Detached::Complete);
    attach(&mut session, 3, ReceiverKind::Streaming);
}

#[test]
fn a_close_lets_what_waits_go_first_and_is_repeated_until_the_session_is_forgotten() {
    let (mut session, id) = open(ReceiverKind::Streaming);
    session.send(at(1), "a".into()).unwrap();
    session.close(at(1), away());
    session.close(at(1), SessionClose::stalled());
    assert_eq!(session.state(), SessionState::Closing);
    let refused = session.send(at(1), "b".into()).unwrap_err();
    assert_eq!((refused.error, refused.message), (SendError::Closed, "b".into()));
    assert_eq!(session.receive(1), Err(SendError::Closed));
    assert_eq!(actions(&mut session), [Action::Wake(id), Action::Closed(away()), Action::Wake(id)]);
    assert_eq!(session.next_frame(at(1), id), NextFrame::More(Frame::message("a")));
    assert_eq!(session.next_frame(at(1), id), NextFrame::Last(away().frame()));
    assert_eq!(session.state(), SessionState::Closed);
    for seconds in 2..5 {
        let refused = session.attach(at(seconds), ReceiverKind::Polling);
        assert_eq!(refused, Attached::Refused(away().frame()));
    }
    assert_eq!(session.deadline(), Some(at(6)), "5 s after the close, whoever asked since");
    session.tick(at(5));
    assert!(!session.is_forgotten());
    session.tick(at(6));
    assert_eq!(actions(&mut session), [Action::Forget]);
    assert_eq!(session.deadline(), None);
}

#[test]
fn a_close_before_the_first_frame_comes_after_it() {
    let mut session = session();
    session.close(START, away());
    let id = attach(&mut session, 1, ReceiverKind::Polling);
    assert_eq!(session.next_frame(at(1), id), NextFrame::Last(Frame::Open));
    let id = attach(&mut session, 1, ReceiverKind::Polling);
    assert_eq!(session.next_frame(at(1), id), NextFrame::Last(away().frame()));
}

#[test]
fn a_second_receiver_of_a_closing_session_gets_the_close_not_2010() {
    let (mut session, _) = open(ReceiverKind::Streaming);
    session.close(at(1), away());
    let refused = session.attach(at(1), ReceiverKind::Streaming);
    assert_eq!(refused, Attached::Refused(away().frame()));
}

#[test]
fn a_receiver_that_breaks_off_ends_the_session() {
    let (mut session, id) = open(ReceiverKind::Streaming);
    session.send(at(1), "lost".into()).unwrap();
    session.detach(at(1), id, Detached::Interrupted);
    let interrupted = Frame::close(1002, "Connection interrupted");
    assert_eq!(
        actions(&mut session),
        [Action::Wake(id), Action::Closed(SessionClose::interrupted())]
    );
    assert_eq!(session.queued(), (0, 0));
    let refused = session.attach(at(2), ReceiverKind::Polling);
    assert_eq!(refused, Attached::Refused(interrupted));
    session.tick(at(6));
    assert!(session.is_forgotten());
}

#[test]
fn a_session_without_a_receiver_times_out_after_5_s() {
    let (mut session, _) = open(ReceiverKind::Polling);
    assert_eq!(session.deadline(), Some(at(5)));
    let id = attach(&mut session, 4, ReceiverKind::Polling);
    session.send(at(4), "a".into()).unwrap();
    assert!(matches!(session.next_frame(at(4), id), NextFrame::Last(_)));
    session.tick(at(5));
    assert_eq!(session.state(), SessionState::Open, "it counts from the last receiver's end");
    actions(&mut session);
    session.tick(at(9));
    assert_eq!(actions(&mut session), [Action::Closed(SessionClose::timed_out()), Action::Forget]);
}

#[test]
fn a_silent_receiver_hears_a_heartbeat_every_25_s() {
    let (mut session, id) = open(ReceiverKind::Streaming);
    for round in 1..4 {
        assert_eq!(session.deadline(), Some(at(25 * round)));
        session.tick(at(25 * round).saturating_sub(Duration::from_millis(1)));
        assert_eq!(session.next_frame(at(25 * round - 1), id), NextFrame::Wait);
        session.tick(at(25 * round));
        assert_eq!(actions(&mut session), [Action::Wake(id)]);
        assert_eq!(session.deadline(), None, "one that does not read is not sent more of them");
        let heartbeat = session.next_frame(at(25 * round), id);
        assert_eq!(heartbeat, NextFrame::More(Frame::Heartbeat));
    }
    let (session, _) = open(ReceiverKind::RawWebSocket);
    assert_eq!(session.deadline(), None, "a raw WebSocket has no heartbeats");
}

#[test]
fn a_full_queue_says_so_and_tells_when_there_is_room() {
    let limits = SessionLimits { queued_messages: 2, queued_bytes: 10, ..SessionLimits::default() };
    let mut session = SessionMachine::new(limits, START);
    session.send(START, "x".repeat(100).into()).expect("one that is too large fits alone");
    let full = session.send(START, "a".into()).unwrap_err();
    assert_eq!((full.error, full.message), (SendError::Full, "a".into()));
    let id = attach(&mut session, 1, ReceiverKind::Streaming);
    session.next_frame(at(1), id);
    session.next_frame(at(1), id);
    assert_eq!(actions(&mut session), [Action::Room]);
    session.send(at(1), "a".into()).unwrap();
    session.send(at(1), "b".into()).unwrap();
    let full = session.send(at(1), "c".into()).unwrap_err();
    assert_eq!((full.error, full.message), (SendError::Full, "c".into()));
    actions(&mut session);
    session.close(at(1), away());
    assert!(actions(&mut session).contains(&Action::Room), "whoever waits learns of the close");
}

#[test]
fn a_receiver_that_takes_nothing_is_closed_with_1008() {
    let (mut session, id) = open(ReceiverKind::Streaming);
    session.send(at(1), "a".into()).unwrap();
    assert_eq!(session.deadline(), Some(at(21)));
    session.tick(at(21));
    let closed = session.close_reason().unwrap();
    assert_eq!((closed.cause, closed.code), (CloseCause::Stalled, 1008));
    session.tick(at(26));
    assert!(session.is_forgotten(), "it does not take its close frame either");
    assert_eq!(session.next_frame(at(26), id), NextFrame::Over);
}

#[test]
fn a_websocket_is_its_session() {
    let (mut session, id) = open(ReceiverKind::WebSocket);
    session.end(at(1), SessionClose::new(CloseCause::Client, 1000, ""));
    session.detach(at(1), id, Detached::Complete);
    let actions = actions(&mut session);
    assert!(matches!(actions.first(), Some(Action::Closed(_))), "{actions:?}");
    assert_eq!(actions.last(), Some(&Action::Forget));
}

#[test]
fn a_busy_session_joins_messages_up_to_a_size() {
    let limits = SessionLimits { frame_bytes: 4, ..SessionLimits::default() };
    let mut session = SessionMachine::new(limits, START);
    let id = attach(&mut session, 0, ReceiverKind::Streaming);
    session.next_frame(START, id);
    for text in ["aaa", "b", "c", "dddddd", "e"] {
        session.send(START, text.into()).unwrap();
    }
    let sizes = std::iter::from_fn(|| match session.next_frame(START, id) {
        NextFrame::More(frame) => Some(frame.messages().len()),
        _ => None,
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [2, 1, 1, 1]);
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Attach(ReceiverKind),
    Take,
    Detach(Detached),
    Send(usize),
    Close,
}

fn any_step() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![Just(ReceiverKind::Polling), Just(ReceiverKind::Streaming)];
    prop_oneof![
        (0_u64..9).prop_map(Step::Wait),
        kind.prop_map(Step::Attach),
        Just(Step::Take),
        Just(Step::Take),
        prop_oneof![8 => Just(Detached::Complete), 1 => Just(Detached::Interrupted)]
            .prop_map(Step::Detach),
        (0_usize..40).prop_map(Step::Send),
        (0_usize..40).prop_map(Step::Send),
        Just(Step::Close),
    ]
}

proptest! {
    /// Whatever happens: messages come once and in order, `o` is first, nothing follows the close
    /// but the close, the queue stays within its limits, and the end is told once.
    #[test]
    fn the_rules_hold_whatever_happens(steps in proptest::collection::vec(any_step(), 0..60)) {
        let limits = SessionLimits {
            queued_messages: 5, queued_bytes: 80, frame_bytes: 30, ..SessionLimits::default()
        };
        let mut session = SessionMachine::new(limits, START);
        let (mut now, mut receiver) = (START, None);
        let (mut queued, mut taken) = (Vec::new(), Vec::<JsString>::new());
        let (mut frames, mut done) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Wait(seconds) => {
                    now += Duration::from_secs(seconds);
                    // One tick for each deadline that has passed, then there is none left.
                    for _ in 0..4 { session.tick(now); }
                    prop_assert!(session.deadline().is_none_or(|deadline| deadline > now));
                }
                Step::Attach(kind) => match session.attach(now, kind) {
                    Attached::Receiver(id) => receiver = Some(id),
                    Attached::Refused(frame) => {
                        prop_assert!(session.receiver().is_some() || session.close_reason().is_some());
                        prop_assert_eq!(frame.letter(), 'c');
                    }
                },
                Step::Take => if let Some(id) = receiver {
                    match session.next_frame(now, id) {
                        NextFrame::More(frame) | NextFrame::Last(frame) => {
                            taken.extend_from_slice(frame.messages());
                            frames.push(frame.letter());
                        }
                        NextFrame::Wait | NextFrame::Over => {}
                    }
                },
                Step::Detach(how) => if let Some(id) = receiver {
                    session.detach(now, id, how);
                },
                Step::Send(length) => {
                    let message = JsString::from(format!("{}{}", queued.len(), "x".repeat(length)));
                    match session.send(now, message.clone()).map_err(|refused| refused.error) {
                        Ok(()) => queued.push(message),
                        Err(SendError::Full) => prop_assert!(session.queued().0 > 0),
                        Err(SendError::Closed) => prop_assert!(session.close_reason().is_some()),
                    }
                }
                Step::Close => session.close(now, away()),
            }
            let (messages, bytes) = session.queued();
            prop_assert!(messages <= 5 && (bytes <= 80 || messages == 1));
            done.extend(actions(&mut session));
        }
        prop_assert!(queued.starts_with(&taken), "in order, once: {taken:?} of {queued:?}");
        prop_assert!(frames.first().is_none_or(|first| *first == 'o'), "{frames:?}");
        prop_assert_eq!(frames.iter().filter(|letter| **letter == 'o').count().min(1), frames.len().min(1));
        let closes = frames.iter().position(|letter| *letter == 'c');
        prop_assert!(closes.is_none_or(|at| at + 1 == frames.len()), "{frames:?}");
        let refused = done.iter().filter(|action| matches!(action, Action::Closed(_))).count();
        prop_assert_eq!(refused, usize::from(session.close_reason().is_some()));
        let forgets = done.iter().filter(|action| **action == Action::Forget).count();
        prop_assert_eq!(forgets, usize::from(session.is_forgotten()));
    }
}
