//! The lessons, each played whole on real servers: after each step the bytes that prove its answer
//! are on the screen.

use crossterm::event::KeyCode;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde::Deserialize;
use wiretalk::app::App;
use wiretalk::scope::Scope;

use crate::demos::{live_at, until, until_any, unwrapped};
use crate::{press, rows};

macro_rules! lessons {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../demos/inspect/lesson/scenarios/", $name, ".toml")))),*]
    };
}

const LESSONS: [(&str, &str); 10] = lessons![
    "handshake",
    "wrong-answers",
    "origin",
    "frame",
    "mask",
    "fragments",
    "break-it",
    "goodbye",
    "deflate",
    "one-bit"
];

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

/// A lesson on a slide, as the talk has it.
fn slide(name: &str) -> String {
    format!(
        "## A lesson of the talk\n\nFirst a good one, then five that are broken on purpose. \
         **Which one?**\n\n```demo inspect\nscenario = \"{name}\"\n```\n\n---\n\n# After\n"
    )
}

async fn play_whole(name: &str, source: &str, size: (u16, u16)) {
    let scope = Scope::new(|panic| panic!("{panic}"));
    let (mut app, mut terminal) = live_at(&slide(name), &scope, size);
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
        if std::env::var_os("PICTURES").is_some() {
            println!("{}", until(&mut app, &mut terminal, &place).await);
        }
        press(&mut app, KeyCode::Char('.'));
        let colon = if step.because.starts_with('=') { "" } else { ":" };
        let right = format!("{}{colon} {}", step.right, step.because);
        let verdicts = [format!("✓ {right}"), format!("✗ you bet {bet}; ")];
        let both = verdicts.each_ref().map(String::as_str);
        let shown =
            until_any(&mut app, &mut terminal, &[both[0], both[1], "This run failed"]).await;
        if std::env::var_os("PICTURES").is_some() {
            println!("{shown}");
        }
        let words = unwrapped(&shown);
        assert!(words.contains(&verdicts[usize::from(!wins)]), "{}", at(&shown));
        assert!(words.contains(&right), "the right answer is named, {}", at(&shown));
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

/// Asserts that the bytes are on the screen, one after the other in their row of hex; in a head, as
/// text.
fn assert_evidence(terminal: &Terminal<TestBackend>, evidence: &Evidence, at: &str) {
    let rows = rows(terminal.backend().buffer());
    let is_shown = rows.iter().any(|row| {
        // The blank between header and payload in a dump is no byte.
        row.split_whitespace().collect::<Vec<_>>().join(" ").contains(&evidence.shows)
    });
    assert!(
        is_shown,
        "{:?} on the tab {} is not on the screen of {at}",
        evidence.shows, evidence.tab
    );
}

macro_rules! play {
    ($($test:ident: $index:literal,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                let (name, source) = LESSONS[$index];
                for size in [(80, 24), (100, 30)] {
                    play_whole(name, source, size).await;
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
