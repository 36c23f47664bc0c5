//! A scenario being played: the current step, the bet, and how it was settled.

use std::time::{Duration, Instant};

use super::file::{Expectation, Scenario, ScenarioStep};
use super::outcome::{Evaluation, Finding};
use crate::clients::SessionCommand;
use crate::demos::inspect::action::{Place, Tab};
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::ConnectionStatus;
use crate::demos::inspect::session::mask_key::MaskKeySource;
use crate::inspect::BundledServer;

/// The most digits of a number that is bet on.
const MAX_DIGITS: usize = 9;

/// A scenario being played.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScenarioPlayer {
    pub(crate) scenario: Scenario,
    /// The index of the current step.
    pub(crate) step_index: usize,
    pub(crate) step_state: StepState,
    pub(crate) bet: Option<Bet>,
    /// For each step, whether its latest bet was won.
    results: Vec<Option<bool>>,
    /// What the naive proxy parsed as requests.
    pub(crate) parsed_requests: Vec<String>,
    /// What the step will send, as the question shows it; `None` until it was drawn.
    pub(crate) prepared: Option<Vec<SessionCommand>>,
    /// When the time was first passed to the open connection of the running step.
    waiting_since: Option<Instant>,
    now: Option<Instant>,
}

/// A bet on the answer of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bet {
    /// The index of an answer.
    Answer(usize),
    /// The digits of a number.
    Number(String),
}

/// The progress of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StepState {
    /// The question is shown; nothing is sent yet.
    Predicting,
    /// The step was carried out, and its outcome is not known yet.
    Running,
    /// The step is over.
    Done(StepResult),
}

/// The end of a step: how the bet was settled, and what the connection showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepResult {
    pub(crate) verdict: Verdict,
    pub(crate) finding: Finding,
}

/// The end of a bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Won,
    Lost,
    /// There was no bet.
    NoBet,
    /// What happened is not what the RFC requires, so no bet is settled.
    RunFailed,
}

/// A step that has just been completed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CompletedStep {
    /// The tab and the place of the evidence, if it was found.
    pub(crate) evidence: Option<(Tab, Option<Place>)>,
    /// Whether the bet was won; `None` if none was settled.
    pub(crate) right: Option<bool>,
}

impl ScenarioPlayer {
    /// Creates a player that shows the first question.
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self {
            results: vec![None; scenario.steps.len()],
            scenario,
            step_index: 0,
            step_state: StepState::Predicting,
            bet: None,
            parsed_requests: Vec::new(),
            prepared: None,
            waiting_since: None,
            now: None,
        }
    }

    /// Returns the current step.
    pub(crate) fn step(&self) -> &ScenarioStep {
        &self.scenario.steps[self.step_index]
    }

    /// Returns the server of the step.
    pub(crate) fn server(&self) -> Option<BundledServer> {
        BundledServer::parse(self.step().server.as_ref().unwrap_or(&self.scenario.server))
    }

    /// Draws what the step will send, so that the question shows these very bytes.
    ///
    /// # Errors
    ///
    /// If no masking key can be drawn.
    pub(crate) fn prepare(
        &mut self,
        mask_keys: &mut MaskKeySource,
    ) -> Result<&[SessionCommand], String> {
        if self.prepared.is_none() {
            // The files were checked when they were parsed, so only drawing a key can fail.
            self.prepared = Some(self.step().commands(|| mask_keys.draw())?);
        }
        Ok(self.prepared.as_deref().unwrap_or_default())
    }

    /// Whether the connection on the screen belongs to another step: this one opens its own and has
    /// not started.
    pub(crate) fn opens_new_connection(&self) -> bool {
        self.step_state == StepState::Predicting && !self.step().same
    }

    /// Whether the current step is the last one.
    pub(crate) fn is_last_step(&self) -> bool {
        self.step_index + 1 == self.scenario.steps.len()
    }

    /// Whether the lesson has not come to its end.
    pub(crate) fn has_more(&self) -> bool {
        !(self.is_last_step() && matches!(self.step_state, StepState::Done(_)))
    }

    /// Returns the number of bets that were won, and of those that were settled.
    pub(crate) fn score(&self) -> (usize, usize) {
        let settled = self.results.iter().flatten();
        (settled.clone().filter(|won| **won).count(), settled.count())
    }

    /// Goes to the next step; the last one stays.
    pub(crate) fn next_step(&mut self) {
        self.go_to((self.step_index + 1).min(self.scenario.steps.len() - 1));
    }

    /// Goes to the step before; the first one stays.
    pub(crate) fn previous_step(&mut self) {
        self.go_to(self.step_index.saturating_sub(1));
    }

    fn go_to(&mut self, index: usize) {
        self.step_index = index;
        self.step_state = StepState::Predicting;
        self.bet = None;
        self.parsed_requests.clear();
        self.prepared = None;
    }

    /// Bets on an answer, if the step has it.
    pub(crate) fn bet_on(&mut self, answer: usize) {
        if self.step_state == StepState::Predicting && answer < self.step().answers.len() {
            self.bet = Some(Bet::Answer(answer));
        }
    }

    /// Adds a digit to the number that is bet on, or bets on the answer of this digit, from 1.
    pub(crate) fn type_digit(&mut self, digit: char) {
        if !self.step().asks_for_number() {
            let number = digit.to_digit(10).unwrap_or(0) as usize;
            return number.checked_sub(1).map_or((), |answer| self.bet_on(answer));
        }
        let mut typed = match self.bet.take() {
            Some(Bet::Number(typed)) => typed,
            _ => String::new(),
        };
        if typed.len() < MAX_DIGITS {
            typed.push(digit);
        }
        self.bet = Some(Bet::Number(typed));
    }

    /// Takes back the last digit, or the bet.
    pub(crate) fn erase(&mut self) {
        self.bet = match self.bet.take() {
            Some(Bet::Number(mut typed)) if typed.len() > 1 => {
                typed.pop();
                Some(Bet::Number(typed))
            }
            _ => None,
        };
    }

    /// Returns what was bet on.
    pub(crate) fn bet_text(&self) -> Option<&str> {
        match self.bet.as_ref()? {
            Bet::Answer(answer) => self.step().answers.get(*answer).map(String::as_str),
            Bet::Number(number) => Some(number),
        }
    }

    /// Whether the bet is right; `None` without one.
    fn is_right(&self) -> Option<bool> {
        let (bet, right) = (self.bet_text()?, &*self.step().right);
        let as_numbers = || bet.parse::<u64>().ok().zip(right.parse::<u64>().ok());
        Some(match self.bet {
            // A leading zero is no other number.
            Some(Bet::Number(_)) => as_numbers().is_some_and(|(bet, right)| bet == right),
            _ => bet == right,
        })
    }

    /// Starts the current step.
    pub(crate) fn start(&mut self) {
        self.step_state = StepState::Running;
        self.waiting_since = None;
    }

    /// Gives up the running step, whose question is shown again. Returns whether one was running.
    pub(crate) fn give_up(&mut self) -> bool {
        let was_running = self.step_state == StepState::Running;
        if was_running {
            self.step_state = StepState::Predicting;
        }
        was_running
    }

    /// Whether the running step waits for time to pass.
    pub(crate) fn needs_time(&self) -> bool {
        let is_timed = matches!(self.step().expect, Expectation::Silence(_));
        is_timed && self.step_state == StepState::Running
    }

    /// Passes the time to a step that waits for it.
    pub(crate) fn pass_time(&mut self, now: Instant, session: &Session) {
        if self.needs_time() && session.connection().status == ConnectionStatus::Open {
            self.waiting_since.get_or_insert(now);
            self.now = Some(now);
        }
    }

    /// Completes the running step if its outcome is known by now, and settles the bet. Returns
    /// `None` if it was not completed just now.
    pub(crate) fn complete_step(&mut self, session: &Session) -> Option<CompletedStep> {
        if self.step_state != StepState::Running {
            return None;
        }
        let waited = match (self.waiting_since, self.now) {
            (Some(since), Some(now)) => now.saturating_duration_since(since),
            _ => Duration::ZERO,
        };
        let parsed_requests = &self.parsed_requests;
        let mut finding =
            Evaluation { session, parsed_requests, waited }.finding(&self.step().expect)?;
        let evidence = self.step().evidence.find(session);
        if finding.as_expected && evidence.is_none() {
            finding.as_expected = false;
            finding.summary += ", but the bytes that prove it did not come";
        }
        let right = self.is_right().filter(|_| finding.as_expected);
        let verdict = match right {
            _ if !finding.as_expected => Verdict::RunFailed,
            None => Verdict::NoBet,
            Some(true) => Verdict::Won,
            Some(false) => Verdict::Lost,
        };
        if right.is_some() {
            self.results[self.step_index] = right;
        }
        self.step_state = StepState::Done(StepResult { verdict, finding });
        Some(CompletedStep { evidence, right })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The most bets of a lesson that are won without looking, of a hundred.
    const MOST_WON_BLINDLY: usize = 40;

    /// Plays a lesson with a player that bets without looking. Returns the number of bets won.
    fn won_by(name: &str, mut bet: impl FnMut(&mut ScenarioPlayer)) -> usize {
        let mut player = ScenarioPlayer::new(Scenario::from_name(name).unwrap());
        let mut won = 0;
        for _ in 0..player.scenario.steps.len() {
            bet(&mut player);
            won += usize::from(player.is_right() == Some(true));
            player.next_step();
        }
        won
    }

    #[test]
    fn who_always_gives_one_answer_wins_few_bets() {
        for name in Scenario::names() {
            let steps = Scenario::from_name(name).unwrap().steps;
            let texts: BTreeSet<String> = steps
                .iter()
                .flat_map(|step| step.answers.iter().chain([&step.right]))
                .cloned()
                .collect();
            let by_text = |text: &str| {
                won_by(name, |player| {
                    match player.step().answers.iter().position(|it| it == text) {
                        Some(answer) => player.bet_on(answer),
                        None if player.step().asks_for_number() => {
                            text.chars().for_each(|digit| player.type_digit(digit));
                        }
                        None => {}
                    }
                })
            };
            let by_key = |key: char| won_by(name, |player| player.type_digit(key));
            let players = texts
                .iter()
                .map(|text| (text.clone(), by_text(text)))
                .chain(('1'..='9').map(|key| (format!("the key {key}"), by_key(key))));
            for (answer, won) in players {
                let limit = steps.len() * MOST_WON_BLINDLY / 100;
                assert!(won <= limit, "{name}: always {answer:?} wins {won} of {}", steps.len());
            }
        }
    }

    #[test]
    fn who_knows_the_answers_wins_every_bet_with_the_keys_of_the_screen() {
        for name in Scenario::names() {
            let steps = Scenario::from_name(name).unwrap().steps.len();
            let won = won_by(name, |player| {
                let step = player.step().clone();
                match step.answers.iter().position(|answer| *answer == step.right) {
                    Some(at) => player.type_digit(char::from_digit(at as u32 + 1, 10).unwrap()),
                    None => step.right.chars().for_each(|digit| player.type_digit(digit)),
                }
            });
            assert_eq!(won, steps, "{name}");
        }
    }

    #[test]
    fn a_number_is_typed_and_erased_and_a_key_without_an_answer_bets_nothing() {
        let mut player = ScenarioPlayer::new(Scenario::from_name("frame").unwrap());
        "0117".chars().for_each(|digit| player.type_digit(digit));
        assert_eq!(player.is_right(), Some(false));
        player.erase();
        assert_eq!((player.bet_text(), player.is_right()), (Some("011"), Some(true)));
        (0..3).for_each(|_| player.erase());
        assert_eq!(player.bet, None);
        let mut player = ScenarioPlayer::new(Scenario::from_name("broken-handshake").unwrap());
        for digit in ['0', '4', '9'] {
            player.type_digit(digit);
        }
        assert_eq!(player.bet, None);
    }
}
