//! The demo as a state machine, and its pages as pictures.

mod answering;
mod in_sight;

use crossterm::event::KeyCode;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use super::live::{Exchange, Inspected, LiveReply, ServerReply};
use super::*;
use crate::deck::DemoFence;
use crate::learn::{Answer, Bank, ExerciseKind, Progress, ProgressEvent};
use crate::stage::{Theme, settings};

fn learn(place: StartPlace, seed: Option<u64>) -> (Learn, Vec<Cmd>) {
    Learn::new(LearnContent::built_in(), LearnStart { place, seed })
}

fn item(name: &str, seed: u64) -> Learn {
    learn(StartPlace::Item(name.to_owned()), Some(seed)).0
}

fn press(learn: &mut Learn, codes: &[KeyCode]) -> Vec<Cmd> {
    codes.iter().flat_map(|code| learn.update(DemoEvent::Key((*code).into()))).collect()
}

fn type_text(learn: &mut Learn, text: &str) {
    for letter in text.chars() {
        press(learn, &[KeyCode::Char(letter)]);
    }
}

fn picture(learn: &Learn, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    learn.view(area, &mut buffer, &ViewContext { theme: &Theme::DARK, focused: true });
    let rows = buffer.content.chunks(width.max(1).into());
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>() + "\n").collect()
}

/// Returns the name of the first exercise of a kind.
fn of_kind(kind: ExerciseKind) -> String {
    let bank = Bank::built_in();
    bank.exercises.iter().find(|entry| entry.kind == kind).unwrap().name.clone()
}

/// Types the solution of the open exercise.
fn solve(learn: &mut Learn) {
    let Some(page) = &learn.task else { panic!("no exercise is open") };
    let task_page::Task::Exercise(exercise) = &page.task else { panic!("it is a question") };
    let solution = exercise.solution();
    fill(learn, solution);
}

/// Returns the report of the strict server's reply.
fn replied(number: u64, reply: ServerReply) -> DemoEvent<Msg> {
    DemoEvent::Msg(Msg::Reply(number, Ok(Reply(LiveReply::Server(reply)))))
}

/// Types an answer to the open exercise.
fn fill(learn: &mut Learn, answer: Answer) {
    let Some(page) = &mut learn.task else { panic!("no exercise is open") };
    match (answer, &mut page.form) {
        (Answer::Fields(fields), form_editor::FormEditor::Fields { names, lines, .. }) => {
            for (name, line) in names.iter().zip(lines) {
                line.insert(&fields[name]);
            }
        }
        (Answer::Bytes(bytes), form_editor::FormEditor::Bytes(line)) => line.insert(&bytes),
        (Answer::Head(head), form_editor::FormEditor::Head { lines, .. }) => {
            *lines = head.lines().map(text_line::TextLine::new).collect();
        }
        (
            Answer::ByteAndRule { byte, rule },
            form_editor::FormEditor::ByteAndRule { place, places, rule: own_rule, .. },
        ) => {
            *place = places.iter().position(|start| *start == byte).unwrap();
            *own_rule = Some(rule);
        }
        (Answer::Order(order), form_editor::FormEditor::Order { order: own, .. }) => *own = order,
        (
            Answer::LineAndRemedy { line, remedy },
            form_editor::FormEditor::LineAndRemedy { line: own_line, remedy: own_remedy, .. },
        ) => (*own_line, *own_remedy) = (line, Some(remedy)),
        (solution, form) => panic!("{solution:?} does not fit {form:?}"),
    }
}

#[test]
fn the_list_shows_what_is_done_and_what_comes_next() {
    let (mut learn, commands) = learn(StartPlace::List, None);
    assert_eq!(commands, [Cmd::Load]);
    let mut progress = Progress::default();
    let first = learn.content.catalog.items[0].name.clone();
    progress.apply(&ProgressEvent { at: 100, item: first.clone(), right: Some(true) });
    learn.update(DemoEvent::Msg(Msg::Progress(progress, 200, Some("a notice".to_owned()))));
    let shown = picture(&learn, 80, 24);
    assert!(shown.contains("1 of ") && shown.contains("✓    question"), "{shown}");
    assert!(shown.contains(&learn.content.catalog.items[1].title[..30]), "{shown}");
    assert!(shown.contains("a notice"), "{shown}");
    let next = learn.content.catalog.items[1].name.clone();
    assert_eq!(press(&mut learn, &[KeyCode::Char('n')]), [Cmd::Draw(next)]);
    assert_eq!(press(&mut learn, &[KeyCode::Char('r'), KeyCode::Char('n')]), []);
    let reset = press(&mut learn, &[KeyCode::Char('r'), KeyCode::Char('y')]);
    assert_eq!(reset, [Cmd::Reset(vec![first])]);
}

#[test]
fn a_search_leaves_what_has_all_its_words() {
    let (mut learn, _) = learn(StartPlace::List, None);
    press(&mut learn, &[KeyCode::Char('/')]);
    type_text(&mut learn, "frame read");
    press(&mut learn, &[KeyCode::Enter]);
    let items = &learn.content.catalog.items;
    let mut found = learn.list.found.iter().map(|index| &items[*index]);
    assert!(found.len() > 0 && found.all(|item| item.section == "frames"));
    assert!(learn.wants_escape());
    press(&mut learn, &[KeyCode::Esc]);
    assert_eq!(learn.list.found.len(), learn.content.catalog.items.len());
    assert!(!learn.wants_escape(), "Esc gives the keyboard back");
}

/// The names of sections win on the command line, so nothing else may have one.
#[test]
fn no_item_is_called_like_a_section() {
    let (learn, _) = learn(StartPlace::List, None);
    let sections = crate::learn::SECTIONS.map(|(name, _)| name);
    for item in &learn.content.catalog.items {
        assert!(!sections.contains(&item.name.as_str()), "{}", item.name);
    }
}

#[test]
fn a_lesson_opens_in_the_inspector() {
    let (_, commands) = learn(StartPlace::Item("frame".to_owned()), None);
    assert_eq!(commands, [Cmd::Load, Cmd::OpenLesson("frame".to_owned())]);
}

#[test]
fn every_exercise_is_solved_by_its_solution_and_counted_once() {
    for kind in ExerciseKind::ALL {
        let name = of_kind(kind);
        for seed in 0..20 {
            let mut learn = item(&name, seed);
            let empty = picture(&learn, 80, 24);
            solve(&mut learn);
            let Some(page) = &learn.task else { panic!() };
            let asks = page.live_check().is_some();
            let judgment = page.judge().unwrap();
            assert!(judgment.right, "{name} {seed}: {judgment:?}\n{empty}");
            let mut commands = learn.check();
            if asks {
                assert!(matches!(commands[..], [Cmd::Ask(..)]), "{commands:?}");
                let reply = ServerReply {
                    status: Some((101, "HTTP/1.1 101 Switching Protocols".to_owned())),
                    ..ServerReply::default()
                };
                commands = learn.update(replied(1, reply));
            }
            assert_eq!(commands, [Cmd::Record(name.clone(), true)]);
            assert!(picture(&learn, 80, 24).contains('✓'), "{}", picture(&learn, 80, 24));
            press(&mut learn, &[KeyCode::Char('e')]);
            assert!(learn.count().is_empty(), "a second try doesn't count");
        }
    }
}

#[test]
fn what_the_strict_server_refuses_is_not_won() {
    let mut learn = item(&of_kind(ExerciseKind::WriteFrame), 3);
    solve(&mut learn);
    assert_eq!(learn.check().len(), 1);
    assert!(picture(&learn, 80, 24).contains("waiting for the strict server"));
    let frames = vec![("88 02 03 ea".to_owned(), "Close 1002".to_owned())];
    let reply = ServerReply { close: Some(1002), frames, ..ServerReply::default() };
    let commands = learn.update(replied(1, reply));
    assert!(matches!(&commands[..], [Cmd::Record(_, false)]), "{commands:?}");
    let shown = picture(&learn, 80, 24);
    assert!(shown.contains("Close with 1002") && shown.contains("88 02 03 ea"), "{shown}");
}

#[test]
fn hints_come_one_by_one_and_a_hint_is_no_letter_of_an_answer() {
    let mut learn = item(&of_kind(ExerciseKind::ReadFrame), 3);
    press(&mut learn, &[KeyCode::F(1), KeyCode::Char('h')]);
    let shown = picture(&learn, 100, 40);
    assert!(shown.contains("Hint 2:") && !shown.contains("Hint 3:"), "{shown}");
    assert!(shown.contains("h hint"), "{shown}");
    type_text(&mut learn, "1h?");
    let shown = picture(&learn, 100, 40);
    assert!(shown.contains("1h?") && !shown.contains("Hint 3:"), "letters are typed: {shown}");
    assert!(shown.contains("F1 hint"), "{shown}");
    let mut learn = item(&of_kind(ExerciseKind::BrokenRule), 3);
    press(&mut learn, &[KeyCode::Char('h')]);
    assert!(picture(&learn, 100, 40).contains("Hint 1:"));
    press(&mut learn, &[KeyCode::Char('?')]);
    assert!(picture(&learn, 100, 40).contains("a hint, where there is one"));
}

#[test]
fn a_wrong_answer_to_a_question_names_both() {
    let (mut learn, commands) = learn(StartPlace::Section("shape".to_owned()), None);
    assert_eq!(commands, [Cmd::Load, Cmd::DrawSeries("shape".to_owned())]);
    let commands = learn.update(DemoEvent::Msg(Msg::SeriesSeed("shape".to_owned(), 9)));
    let [Cmd::Draw(first)] = &commands[..] else { panic!("{commands:?}") };
    learn.update(DemoEvent::Msg(Msg::Seed(first.clone(), 1)));
    let question = Bank::built_in().question(first).unwrap().clone();
    let place = |learn: &Learn, is_right: bool| {
        let page = learn.task.as_ref().unwrap();
        let form_editor::FormEditor::Choice { order, .. } = &page.form else { panic!() };
        let crate::learn::RightAnswer::Choice { right, .. } = &question.answer else { panic!() };
        order.iter().position(|option| (option == right) == is_right).unwrap()
    };
    let wrong = place(&learn, false);
    let digit = char::from_digit(wrong as u32 + 1, 10).unwrap();
    let commands = press(&mut learn, &[KeyCode::Char(digit), KeyCode::Enter]);
    assert_eq!(commands, [Cmd::Record(first.clone(), false)]);
    let shown = picture(&learn, 80, 24);
    assert!(shown.contains("✗ you answered ") && shown.contains("; it is "), "{shown}");
    assert!(shown.contains("0 of 1 right"), "{shown}");
    let mut opened = vec![first.clone()];
    loop {
        let next = press(&mut learn, &[KeyCode::Enter]);
        let [Cmd::Draw(name)] = &next[..] else { break };
        assert!(!opened.contains(name), "{name}");
        opened.push(name.clone());
        learn.update(DemoEvent::Msg(Msg::Seed(name.clone(), 1)));
        learn.check();
        let Some(page) = &mut learn.task else { panic!() };
        page.judgment.get_or_insert_with(|| {
            question.judge(&crate::learn::Response::Chosen(vec![])).unwrap()
        });
    }
    let of_section = |name: &&String| {
        learn.content.catalog.item(name).is_some_and(|item| item.section == "shape")
    };
    assert_eq!(
        opened.iter().filter(of_section).count(),
        opened.len(),
        "shape is the first section"
    );
    assert!(learn.task.is_none(), "the series ends in the list");
    assert!(picture(&learn, 80, 24).contains("that was the last one: "));
}

#[test]
fn bytes_of_a_verdict_open_in_the_inspector() {
    let mut learn = item(&of_kind(ExerciseKind::BrokenRule), 3);
    solve(&mut learn);
    learn.check();
    let commands = press(&mut learn, &[KeyCode::Char('i')]);
    assert!(
        matches!(
            &commands[..],
            [Cmd::Inspect(Inspected { exchange: Exchange::Frames { .. }, .. })]
        ),
        "{commands:?}"
    );
    assert_eq!(press(&mut learn, &[KeyCode::Esc]), [Cmd::Load]);
    assert!(learn.task.is_none());
}

#[test]
fn an_unknown_section_or_item_is_refused() {
    let open = |key: &str, value: &str| {
        let setting = crate::deck::Setting {
            key: key.to_owned(),
            value: crate::deck::SettingValue::Text(value.to_owned()),
            position: crate::deck::Position { line: 2, column: 1 },
        };
        let fence =
            DemoFence { name: "learn".into(), settings: vec![setting], ..DemoFence::default() };
        Learn::open(&settings(&fence, Learn::SETTINGS).unwrap()).map(|(_, commands)| commands)
    };
    assert!(open("section", "frames").is_ok() && open("item", "frame").is_ok());
    assert!(open("section", "frmes").unwrap_err().message.contains("did you mean `frames`"));
    assert!(open("item", "frme").unwrap_err().message.contains("did you mean `frame`"));
}

#[test]
fn it_can_be_drawn_at_any_size() {
    for kind in ExerciseKind::ALL {
        let mut learn = item(&of_kind(kind), 1);
        for judged in [false, true] {
            for (width, height) in [(0, 0), (1, 1), (3, 2), (20, 5), (40, 12), (200, 60)] {
                picture(&learn, width, height);
            }
            if !judged {
                solve(&mut learn);
                learn.check();
            }
        }
    }
    let (mut list, _) = learn(StartPlace::List, None);
    press(&mut list, &[KeyCode::End]);
    for (width, height) in [(0, 0), (1, 1), (3, 2), (20, 5), (40, 12), (200, 60)] {
        picture(&list, width, height);
    }
}
