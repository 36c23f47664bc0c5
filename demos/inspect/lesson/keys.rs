//! The keys of a lesson: the next and the previous step, the bet, and carrying out a step.
//!
//! `play` judges the outcome.

use crossterm::event::KeyCode;

use super::play::{CompletedStep, ScenarioPlayer, StepState};
use crate::demos::inspect::action::Action;
use crate::demos::inspect::connect_options::ConnectOptions;
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::ConnectionStatus;
use crate::inspect::BundledServer;

/// Opens the question of the current step.
pub(crate) fn ask(player: &mut ScenarioPlayer, session: &mut Session) -> Vec<Action> {
    let mut actions = vec![Action::AskBet];
    actions.extend(player.step().evidence.tab_before().map(Action::Show));
    // It is tried again when the step is carried out.
    actions.extend(player.prepare(&mut session.mask_keys).err().map(Action::Notice));
    actions
}

/// Carries out the step whose question is shown, or goes to the question of the next step.
pub(crate) fn forward(player: &mut ScenarioPlayer, session: &mut Session) -> Vec<Action> {
    match player.step_state {
        StepState::Predicting => run_step(player, session),
        // Its outcome is on its way.
        StepState::Running => Vec::new(),
        StepState::Done(_) if player.is_last_step() => {
            vec![Action::Notice("that was the last step: , goes back".to_owned())]
        }
        StepState::Done(_) => {
            player.next_step();
            ask(player, session)
        }
    }
}

/// Goes back to the question of the previous step.
pub(crate) fn back(player: &mut ScenarioPlayer, session: &mut Session) -> Vec<Action> {
    player.previous_step();
    ask(player, session)
}

/// Handles a key while a question is shown: a digit bets, `.` and Enter carry out the step, `,`
/// goes back, and any other key leaves the question.
pub(crate) fn bet_key(
    player: &mut ScenarioPlayer,
    session: &mut Session,
    code: KeyCode,
) -> Vec<Action> {
    match code {
        KeyCode::Char(digit @ '0'..='9') => {
            player.type_digit(digit);
            Vec::new()
        }
        KeyCode::Backspace => {
            player.erase();
            Vec::new()
        }
        KeyCode::Char('.') | KeyCode::Enter => forward(player, session),
        KeyCode::Char(',') => back(player, session),
        _ => vec![Action::Browse],
    }
}

/// Carries out the step, on a new connection or on that of the previous step.
fn run_step(player: &mut ScenarioPlayer, session: &mut Session) -> Vec<Action> {
    let commands = match player.prepare(&mut session.mask_keys) {
        Ok(commands) => commands.to_vec(),
        Err(error) => return vec![Action::Notice(error)],
    };
    player.start();
    let step = player.step();
    let mut actions = vec![Action::Browse];
    let open = session.commands.is_some() && session.connection().status == ConnectionStatus::Open;
    // If the previous step has ended the connection, this one gets a new one.
    if step.same && open {
        actions.extend(commands.into_iter().map(Action::Send));
        return actions;
    }
    let mut options = ConnectOptions {
        request_edits: step.request.clone(),
        initial_commands: commands,
        ..session.connect_options.clone()
    };
    options.server = step.server.as_deref().and_then(BundledServer::parse);
    options.request.deflate |= step.deflate;
    actions.push(Action::Open(Box::new(options)));
    actions
}

/// Returns the actions after a step: the tab with the evidence is shown, scrolled to it, and a bet
/// that was settled is recorded.
pub(crate) fn after_step(player: &ScenarioPlayer, completed: &CompletedStep) -> Vec<Action> {
    let mut actions = Vec::new();
    if let Some((tab, place)) = completed.evidence {
        actions.push(Action::Show(tab));
        actions.extend(place.map(Action::MoveTo));
    }
    if let Some(right) = completed.right {
        let lesson = player.scenario.name;
        actions.push(Action::RecordBet { lesson, step: player.step_index, right });
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::SessionCommand;
    use crate::demos::inspect::action::Tab;
    use crate::demos::inspect::lesson::file::Scenario;
    use crate::demos::inspect::session::mask_key::MaskKeySource;
    use crate::inspect::{InspectConfig, InspectSource};
    use crate::wire::MaskingKey;

    fn begun(name: &str, source: MaskKeySource) -> (ScenarioPlayer, Session) {
        let player = ScenarioPlayer::new(Scenario::from_name(name).unwrap());
        let server = BundledServer::parse(&player.scenario.server).unwrap();
        let mut session = Session::new(&InspectConfig::new(InspectSource::Bundled(server)));
        session.mask_keys = source;
        (player, session)
    }

    /// Plays all steps of a lesson and returns the masking keys of its frames.
    fn drawn_keys(name: &str, source: MaskKeySource) -> Vec<MaskingKey> {
        let (mut player, mut session) = begun(name, source);
        let mut keys = Vec::new();
        for _ in 0..player.scenario.steps.len() {
            assert_eq!(ask(&mut player, &mut session), [Action::AskBet, Action::Show(Tab::Frames)]);
            let shown = player.prepared.clone();
            let actions = forward(&mut player, &mut session);
            let Some(Action::Open(options)) = actions.last() else { panic!("{actions:?}") };
            let sent = &options.initial_commands;
            assert_eq!(shown.as_ref(), Some(sent), "what the question shows is what is sent");
            keys.extend(sent.iter().filter_map(|command| match command {
                SessionCommand::Frame(header, _) => header.masking_key,
                _ => None,
            }));
            player.next_step();
        }
        keys
    }

    #[test]
    fn a_lesson_uses_new_masking_keys_each_time_it_is_played() {
        let first = drawn_keys("break-it", MaskKeySource::System);
        let second = drawn_keys("break-it", MaskKeySource::System);
        assert!(first.len() > 3 && first.len() == second.len(), "{first:?}");
        // Frames with a key in the file keep it.
        assert!(
            first.iter().zip(&second).filter(|(one, other)| one != other).count() > 3,
            "{first:?} {second:?}"
        );
    }

    #[test]
    fn without_random_numbers_a_step_is_not_carried_out_and_a_notice_says_why() {
        let (mut player, mut session) = begun("break-it", MaskKeySource::Failing);
        let mut refused = 0;
        for _ in 0..player.scenario.steps.len() {
            if let [Action::Notice(text)] = &forward(&mut player, &mut session)[..] {
                assert!(text.contains("no random numbers"), "{text}");
                assert_eq!(player.step_state, StepState::Predicting, "it can be tried again");
                refused += 1;
            }
            player.next_step();
        }
        assert!(refused > 0);
    }

    #[test]
    fn a_running_step_is_not_sent_again_and_the_last_one_stays() {
        let (mut player, mut session) = begun("one-bit", MaskKeySource::System);
        assert!(matches!(forward(&mut player, &mut session)[..], [_, Action::Open(_)]));
        assert_eq!(forward(&mut player, &mut session), []);
        (0..9).for_each(|_| player.next_step());
        assert_eq!(player.step_index, 3);
        (0..9).for_each(|_| player.previous_step());
        assert_eq!(player.step_index, 0);
    }
}
