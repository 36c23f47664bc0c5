//! The lessons, each played whole on real servers: after each step the bytes that prove its answer
//! are on the screen.

use crossterm::event::KeyCode;
use ratatui::backend::TestBackend;
use serde::Deserialize;
use wiretalk::app::{App, DoubleBuffer};
use wiretalk::scope::Scope;

use crate::demos::{live_at, until, until_any, unwrapped};
use crate::{TALK, go_to, press, rows, slide_titled};

macro_rules! lessons {
    ($($name:literal on $title:literal),* $(,)?) => {
        [$((
            $name,
            $title,
            include_str!(concat!("../../demos/inspect/lesson/scenarios/", $name, ".toml")),
        )),*]
    };
}

/// The lessons: name, slide of the talk, and file.
const LESSONS: [(&str, &str, &str); 10] = lessons![
    "broken-handshake" on "The handshake, byte for byte",
    "wrong-answers" on "A server that answers wrongly",
    "origin" on "Two policies, one request",
    "frame" on "How long is the header now?",
    "mask" on "The same words never look the same",
    "fragments" on "Fragments, and the ping between",
    "break-it" on "Break it on purpose",
    "goodbye" on "Which goodbye?",
    "deflate" on "Hello grows, JSON shrinks",
    "one-bit" on "One bit",
];

const LESSON_AND_ANOTHER: &str =
    "## A lesson\n\n```demo inspect\nscenario = \"mask\"\n```\n\n---\n\n# After\n";

/// What the test reads of a lesson's file.
#[derive(Deserialize)]
struct Lesson {
    step: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    predict: String,
    #[serde(default)]
    answers: Vec<String>,
    right: String,
    because: String,
    see: String,
    evidence: Evidence,
}

#[derive(Deserialize)]
struct Evidence {
    tab: String,
    shows: String,
}

fn steps(source: &str) -> Vec<Step> {
    toml::from_str::<Lesson>(source).unwrap().step
}

/// Bets as a learner does: by the digit of the answer, or by the digits of a number.
fn bet(app: &mut App, step: &Step, wins: bool) -> String {
    let text = match step.answers.iter().position(|answer| *answer == step.right) {
        None if wins => step.right.clone(),
        None => "77".to_owned(),
        Some(right) => {
            let at = if wins { right } else { (right + 1) % step.answers.len() };
            press(app, KeyCode::Char(char::from_digit(at as u32 + 1, 10).unwrap()));
            return step.answers[at].clone();
        }
    };
    text.chars().for_each(|digit| press(app, KeyCode::Char(digit)));
    text
}

/// Returns an answer as a sentence names it: words in quotes.
fn quoted(answer: &str) -> String {
    let is_number = answer.starts_with(|first: char| first.is_ascii_digit());
    if is_number { answer.to_owned() } else { format!("“{answer}”") }
}

async fn play_whole((name, title, source): (&str, &str, &str), size: (u16, u16)) {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (mut app, mut terminal) = live_at(TALK, &scope, size);
    go_to(&mut app, slide_titled(TALK, title));
    let steps = steps(source);
    let mut won = 0;
    for (number, step) in (1..).zip(&steps) {
        let place = format!("{number}/{} ", steps.len());
        let at = |shown: &str| format!("{name}, step {number} at {size:?}:\n{shown}");
        // The question is there at once, whole.
        let shown = until(&mut app, &mut terminal, &place).await;
        let words = unwrapped(&shown);
        assert!(words.contains(&step.predict), "{}", at(&shown));
        if number == 1 {
            press(&mut app, KeyCode::Enter);
        }
        let wins = number % 2 == 1;
        let bet = bet(&mut app, step, wins);
        press(&mut app, KeyCode::Char('.'));
        let colon = if step.because.starts_with('=') { "" } else { ":" };
        let right = format!("{}{colon} {}", step.right, step.because);
        let verdicts = [format!("✓ {right}"), format!("✗ you bet {}; ", quoted(&bet))];
        let both = verdicts.each_ref().map(String::as_str);
        let shown =
            until_any(&mut app, &mut terminal, &[both[0], both[1], "This run failed"]).await;
        let words = unwrapped(&shown);
        assert!(words.contains(&verdicts[usize::from(!wins)]), "{}", at(&shown));
        let named =
            if wins { right } else { format!("{}{colon} {}", quoted(&step.right), step.because) };
        assert!(words.contains(&named), "the right answer is named, {}", at(&shown));
        assert!(words.contains(&step.see), "the explanation is whole, {}", at(&shown));
        won += usize::from(wins);
        let score = format!("{won} of {number} bet");
        assert!(words.contains(&score), "{score}, {}", at(&shown));
        assert_evidence(&terminal, &step.evidence, &at(&shown));
        press(&mut app, KeyCode::Char('.'));
    }
    let shown = until(&mut app, &mut terminal, "That was the last step").await;
    assert!(shown.contains(&format!("{won} of {} bets won.", steps.len())), "{shown}");
}

/// Asserts that the bytes are in the inspector, one after the other in their row of hex; in a head, as
/// text. The slide around it may have the same bytes.
fn assert_evidence(terminal: &DoubleBuffer<TestBackend>, evidence: &Evidence, at: &str) {
    let rows = rows(terminal.backend().buffer());
    let is_shown = rows.iter().filter(|row| row.contains('║')).any(|row| {
        let words: Vec<&str> = row.split_whitespace().collect();
        words.join(" ").contains(&evidence.shows)
    });
    let Evidence { tab, shows } = evidence;
    assert!(is_shown, "{shows:?} on the tab {tab} is not on the screen of {at}");
}

macro_rules! play {
    ($($test:ident: $index:literal,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                for size in [(80, 24), (100, 30)] {
                    play_whole(LESSONS[$index], size).await;
                }
            }
        )*
    };
}

play! {
    handshake_is_played_whole: 0,
    wrong_answers_is_played_whole: 1,
    origin_is_played_whole: 2,
    frame_is_played_whole: 3,
    mask_is_played_whole: 4,
    fragments_is_played_whole: 5,
    break_it_is_played_whole: 6,
    goodbye_is_played_whole: 7,
    deflate_is_played_whole: 8,
    one_bit_is_played_whole: 9,
}

/// A clicker has one key that goes on: it goes through the lesson before it leaves the slide. What was
/// won is there when the slide is opened again, and the lesson goes on.
#[tokio::test]
async fn a_clicker_goes_through_the_lesson_and_leaving_keeps_the_score() {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (mut app, mut terminal) = live_at(LESSON_AND_ANOTHER, &scope, (100, 30));
    until(&mut app, &mut terminal, "1/4 ").await;
    for key in [KeyCode::Enter, KeyCode::Char('1'), KeyCode::Char('0'), KeyCode::Esc] {
        press(&mut app, key);
    }
    press(&mut app, KeyCode::PageDown);
    until(&mut app, &mut terminal, "✓ 10: each frame has a key of its own").await;
    press(&mut app, KeyCode::PageUp);
    press(&mut app, KeyCode::Right);
    until(&mut app, &mut terminal, "2/2").await;
    press(&mut app, KeyCode::Left);
    until(&mut app, &mut terminal, "1 of 1 bet won").await;
    for step in 2..=4 {
        assert_eq!(app.slide_index(), 0, "before step {step}");
        press(&mut app, KeyCode::PageDown);
        until(&mut app, &mut terminal, &format!("{step}/4 ")).await;
        press(&mut app, KeyCode::PageDown);
        until(&mut app, &mut terminal, "seen: ").await;
    }
    let shown = until(&mut app, &mut terminal, "That was the last step: 1 of 1 bet won.").await;
    assert!(!shown.contains("This run failed"), "{shown}");
    press(&mut app, KeyCode::PageDown);
    assert_eq!(app.slide_index(), 1, "after the last step the slide is left");
}
