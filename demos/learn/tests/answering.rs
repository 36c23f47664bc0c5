//! The keys that are offered, and the words of the verdict.

use super::*;

fn opened(name: &str, seed: u64) -> Learn {
    item(name, seed)
}

/// Returns the name of the exercise of a kind and level.
fn of_level(kind: ExerciseKind, level: u8) -> String {
    let bank = Bank::built_in();
    let of_level =
        |entry: &&crate::learn::ExerciseEntry| (entry.kind, entry.level) == (kind, level);
    bank.exercises.iter().find(of_level).unwrap().name.clone()
}

fn reply(number: u64) -> DemoEvent<Msg> {
    let frames = vec![("88 02 03 ea".to_owned(), "Close 1002".to_owned())];
    let reply = ServerReply { close: Some(1002), frames, ..ServerReply::default() };
    replied(number, reply)
}

#[test]
fn while_the_server_is_asked_nothing_goes_on_and_a_late_reply_settles_nothing() {
    let name = of_level(ExerciseKind::WriteFrame, 3);
    let mut learn = opened(&name, 7);
    type_text(&mut learn, "88 80 00 00 00 00 00");
    let sent = press(&mut learn, &[KeyCode::Enter]);
    assert!(matches!(sent[..], [Cmd::Ask(1, ..)]), "{sent:?}");
    let shown = picture(&learn, 100, 30);
    assert!(shown.contains("e try again") && !shown.contains("Enter next"), "{shown}");
    let keys = [KeyCode::Enter, KeyCode::Char('n'), KeyCode::Char('g'), KeyCode::Char(' ')];
    assert_eq!(press(&mut learn, &keys), [], "no key opens another task");
    press(&mut learn, &[KeyCode::Enter]);
    assert!(picture(&learn, 100, 30).contains("the reply isn't there yet"));
    // The answer counts, but it isn't waited for.
    assert_eq!(press(&mut learn, &[KeyCode::Char('e')]), [Cmd::Record(name, false)]);
    type_text(&mut learn, "8");
    assert_eq!(learn.update(reply(1)), []);
    let page = learn.task.as_ref().unwrap();
    assert!(page.judgment.is_none() && page.reply.is_none(), "{page:?}");
    press(&mut learn, &[KeyCode::Backspace]);
    let sent = press(&mut learn, &[KeyCode::Enter]);
    assert!(matches!(sent[..], [Cmd::Ask(2, ..)]), "{sent:?}");
    learn.update(reply(1));
    assert!(learn.task.as_ref().unwrap().is_waiting(), "the reply is to the first answer");
    learn.update(reply(2));
    assert!(picture(&learn, 100, 30).contains("Close with 1002"));
    assert_eq!(press(&mut learn, &[KeyCode::Char(' ')]), [], "a blank of an answer goes nowhere");
}

#[test]
fn the_last_line_says_what_enter_does_in_the_field_with_the_cursor() {
    let mut learn = opened(&of_kind(ExerciseKind::ReadFrame), 3);
    let last = |learn: &Learn| picture(learn, 80, 24).lines().nth(22).unwrap().to_owned();
    assert!(last(&learn).contains("Enter next field"), "{}", last(&learn));
    type_text(&mut learn, "1");
    press(&mut learn, &[KeyCode::Tab; 12]);
    assert!(last(&learn).contains("Enter check"), "{}", last(&learn));
    let commands = press(&mut learn, &[KeyCode::Enter]);
    assert!(matches!(commands[..], [Cmd::Record(..)]), "{commands:?}");
    // A server's frame goes to no server.
    let server = opened(&of_level(ExerciseKind::WriteFrame, 6), 3);
    assert!(last(&server).contains("Enter check"), "{}", last(&server));
    let client = opened(&of_level(ExerciseKind::WriteFrame, 1), 3);
    assert!(last(&client).contains("Enter send it"), "{}", last(&client));
}

#[test]
fn a_remark_names_an_event_by_the_number_that_stands_beside_it() {
    for seed in 0..30 {
        let mut learn = opened(&of_kind(ExerciseKind::OrderEvents), seed);
        // The last event goes to the beginning, so that places and indexes differ.
        press(&mut learn, &[KeyCode::Down; 9]);
        press(&mut learn, &[KeyCode::Char(' ')]);
        press(&mut learn, &[KeyCode::Up; 9]);
        learn.check();
        let page = learn.task.as_ref().unwrap();
        let form_editor::FormEditor::Order { order, .. } = &page.form else { panic!() };
        let judgment = page.judgment.as_ref().unwrap();
        let shown = picture(&learn, 100, 60);
        for mark in judgment.marks.iter().filter(|mark| !mark.right) {
            let index: usize = mark.part.parse().unwrap();
            let place = order.iter().position(|event| *event == index).unwrap() + 1;
            assert!(shown.contains(&format!("✗ event {place}: too early")), "{mark:?}\n{shown}");
            assert!(shown.contains(&format!("✗ {place}. ")), "{mark:?}\n{shown}");
        }
        assert!(!judgment.source.contains("the task") || judgment.source == "given in the task");
    }
}

#[test]
fn each_remark_comes_once_under_the_name_that_its_field_has() {
    let mut learn = opened(&of_kind(ExerciseKind::ReadFrame), 3);
    let Some(page) = &learn.task else { panic!() };
    let task_page::Task::Exercise(exercise) = &page.task else { panic!() };
    let Answer::Fields(mut fields) = exercise.solution() else { panic!() };
    for (name, value) in [("fin", "0"), ("length", "99"), ("key", "")] {
        fields.insert(name.to_owned(), value.to_owned());
    }

    fill(&mut learn, Answer::Fields(fields));
    learn.check();
    let shown = picture(&learn, 100, 40);
    assert_eq!(shown.matches("FIN is the first bit").count(), 1, "{shown}");
    assert!(!shown.contains("fin:") && !shown.contains("FIN: FIN"), "{shown}");
    for kind in ExerciseKind::ALL {
        for seed in 0..20 {
            let mut learn = opened(&of_kind(kind), seed);
            if kind == ExerciseKind::OrderEvents {
                learn.check();
                let page = learn.task.as_ref().unwrap();
                let why = &page.judgment.as_ref().unwrap().why;
                let words = |text: &str| -> String {
                    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
                };
                let shown = words(&picture(&learn, 100, 60));
                assert_eq!(shown.matches(&words(why)).count(), 1, "{why}\n{shown}");
            }
        }
    }
}

#[test]
fn all_that_apply_are_boxes_and_what_was_missed_is_said() {
    let mut learn = opened("resume", 1);
    let question = Bank::built_in().question("resume").unwrap().clone();
    let crate::learn::RightAnswer::Several { options, right } = &question.answer else { panic!() };
    let shown = picture(&learn, 100, 30);
    assert_eq!(shown.matches("[ ]").count(), options.len(), "{shown}");
    assert!(!shown.contains(['○', '◉']), "{shown}");
    // There is no hint, and none is offered.
    assert!(!shown.contains("hint"), "{shown}");
    press(&mut learn, &[KeyCode::Char('h')]);
    assert!(picture(&learn, 100, 30).contains("no hint for this one"));
    let page = learn.task.as_ref().unwrap();
    let form_editor::FormEditor::Several { order, .. } = &page.form else { panic!() };
    let wrong = (0..options.len()).find(|option| !right.contains(option)).unwrap();
    let (missed, chosen) = (right[0], [right[1], wrong]);
    let digit = |option: usize| {
        let place = order.iter().position(|own| *own == option).unwrap();
        KeyCode::Char(char::from_digit(place as u32 + 1, 10).unwrap())
    };
    let keys = chosen.map(digit);
    press(&mut learn, &keys);
    assert_eq!(picture(&learn, 100, 30).matches("[x]").count(), 2);
    press(&mut learn, &[KeyCode::Enter]);
    let shown = picture(&learn, 100, 40);
    for words in [
        format!("you missed: {}", options[missed]),
        format!("wrong: {}", options[wrong]),
        format!("{} (missed)", options[missed]),
        format!("{} (wrong)", options[wrong]),
    ] {
        assert!(shown.contains(&words), "{words}\n{shown}");
    }
    assert!(!shown.contains("belong"), "{shown}");
}

#[test]
fn the_keys_are_those_of_what_is_open_and_speak_of_no_slides() {
    let mut learn = opened(&of_kind(ExerciseKind::OrderEvents), 3);
    press(&mut learn, &[KeyCode::Char('?')]);
    let shown = picture(&learn, 80, 24);
    for words in ["Space", "Tab", "↑ ↓ ← →", "Esc", "back to the list"] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    assert!(!shown.contains("slides") && !shown.contains("search the list"), "{shown}");
    let (mut list, _) = super::learn(StartPlace::List, None);
    press(&mut list, &[KeyCode::Char('?')]);
    let shown = picture(&list, 80, 24);
    assert!(shown.contains("search the list") && !shown.contains("slides"), "{shown}");
}

#[test]
fn bytes_are_read_while_they_are_typed_and_not_compared_with_the_solution() {
    let mut learn = opened(&of_level(ExerciseKind::WriteFrame, 1), 3);
    // No level asks for an empty pong, but it is legal.
    type_text(&mut learn, "8a 80 01 02 03");
    let shown = picture(&learn, 80, 24);
    assert!(shown.contains("FIN 1, opcode 0xA (pong), MASK 1, length 0"), "{shown}");
    assert!(!shown.contains("right so far") && !shown.contains("missing"), "{shown}");
    assert!(!shown.contains('✗'), "{shown}");
    press(&mut learn, &[KeyCode::Backspace; 14]);
    type_text(&mut learn, "8b");
    assert!(picture(&learn, 80, 24).contains('✗'), "the opcode is reserved");
}

#[test]
fn a_click_chooses_an_option_as_its_digit_does() {
    let mut learn = opened(&of_level(ExerciseKind::BrokenRule, 2), 3);
    let area = ratatui::layout::Rect::new(0, 0, 80, 24);
    let row = |learn: &Learn, number: usize| {
        let sign = format!("○ {number} ");
        picture(learn, 80, 24).lines().position(|line| line.contains(&sign)).unwrap()
    };
    let y = u16::try_from(row(&learn, 3)).unwrap();
    let click = |y| DemoEvent::Click(ratatui::layout::Position::new(12, y), area);
    assert_eq!(learn.update(click(y)), []);
    let chosen = |learn: &Learn| match &learn.task.as_ref().unwrap().form {
        form_editor::FormEditor::ByteAndRule { rule, .. } => *rule,
        other => panic!("{other:?}"),
    };
    assert_eq!(chosen(&learn), Some(2));
    learn.update(click(1));
    assert_eq!(chosen(&learn), Some(2), "the task is no option");
}
