//! The keys of a lesson: the next and the previous step, the bet, and carrying out a step.
//!
//! `play` judges the outcome.

use crossterm::event::KeyCode;

use super::play::{ScenarioPlayer, StepState};
use crate::demos::inspect::action::{Action, Place, Tab};
use crate::demos::inspect::connect_options::ConnectOptions;
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::ConnectionStatus;
use crate::inspect::BundledServer;
use crate::wire::Side;

/// Goes to the question of the next step, or carries out the step whose question is shown.
pub(crate) fn forward(player: &mut ScenarioPlayer, session: &mut Session) -> Vec<Action> {
    if player.step_index.is_none() || player.step_state != StepState::Predicting {
        player.next_step();
        return vec![Action::AskBet];
    }
    run_step(player, session)
}

/// Goes back to the question of the previous step.
pub(crate) fn back(player: &mut ScenarioPlayer) -> Vec<Action> {
    player.previous_step();
    vec![Action::AskBet]
}

/// Handles a key while a question is shown: a digit bets, `.` and Enter carry out the step, `,`
/// goes back, and any other key leaves the question.
pub(crate) fn bet_key(
    player: &mut ScenarioPlayer,
    session: &mut Session,
    code: KeyCode,
) -> Vec<Action> {
    match code {
        KeyCode::Char(digit @ '1'..='9') => {
            let number = digit as usize - '1' as usize;
            let answers = player.step().map_or(0, |step| step.answers.len());
            if number < answers {
                player.bet = Some(number);
            }
            Vec::new()
        }
        KeyCode::Char('.') | KeyCode::Enter => run_step(player, session),
        KeyCode::Char(',') => back(player),
        _ => vec![Action::Browse],
    }
}

/// Carries out the step, on a new connection or on that of the previous step.
fn run_step(player: &mut ScenarioPlayer, session: &mut Session) -> Vec<Action> {
    let mut actions = vec![Action::Browse];
    let Some(step) = player.step().cloned() else { return actions };
    // The files were checked when they were parsed, so only drawing a masking key can fail.
    let commands = match step.commands(|| session.mask_keys.draw()) {
        Ok(commands) => commands,
        Err(error) => return vec![Action::Notice(error)],
    };
    player.step_state = StepState::Running;
    actions.extend(player.scenario.tab.as_deref().and_then(Tab::from_name).map(Action::Show));
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

/// Returns the line of the handshake that shows the outcome of a step: the first one with a
/// problem, or the status line of the response.
pub(crate) fn handshake_outcome_line(session: &Session) -> Place {
    let of = |from: Side| {
        let validated = session.connection().trace.head(from)?;
        let at =
            validated.validation.problems.iter().find_map(|problem| problem.span.as_ref())?.start;
        let lines = validated.head.as_ref()?.lines();
        lines
            .iter()
            .position(|line| (line.text.start..line.line_end.end).contains(&at))
            .map(|line| (from, line))
    };
    let (from, line) = of(Side::Client).or_else(|| of(Side::Server)).unwrap_or((Side::Server, 0));
    Place::HeadLine(from, line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::SessionCommand;
    use crate::demos::inspect::lesson::file::Scenario;
    use crate::demos::inspect::session::mask_key::MaskKeySource;
    use crate::inspect::{InspectConfig, InspectSource};
    use crate::wire::MaskingKey;

    /// Plays all steps of a lesson and returns the masking keys of its frames.
    fn drawn_keys(name: &str, source: MaskKeySource) -> Vec<MaskingKey> {
        let mut player = ScenarioPlayer::new(Scenario::from_name(name).unwrap());
        let server = BundledServer::parse(&player.scenario.server).unwrap();
        let mut session = Session::new(&InspectConfig::new(InspectSource::Bundled(server)));
        session.mask_keys = source;
        let mut keys = Vec::new();
        for _ in 0..player.scenario.steps.len() {
            assert_eq!(forward(&mut player, &mut session), [Action::AskBet]);
            let actions = forward(&mut player, &mut session);
            let Some(Action::Open(options)) = actions.last() else { panic!("{actions:?}") };
            keys.extend(options.initial_commands.iter().filter_map(|command| match command {
                SessionCommand::Frame(header, _) => header.masking_key,
                _ => None,
            }));
            player.step_state = StepState::Running;
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
        let mut player = ScenarioPlayer::new(Scenario::from_name("break-it").unwrap());
        let server = BundledServer::parse(&player.scenario.server).unwrap();
        let mut session = Session::new(&InspectConfig::new(InspectSource::Bundled(server)));
        session.mask_keys = MaskKeySource::Failing;
        let mut refused = 0;
        for _ in 0..player.scenario.steps.len() {
            forward(&mut player, &mut session);
            if let [Action::Notice(text)] = &forward(&mut player, &mut session)[..] {
                assert!(text.contains("no random numbers"), "{text}");
                assert_eq!(player.step_state, StepState::Predicting, "it can be tried again");
                refused += 1;
                player.step_state = StepState::Running;
            }
        }
        assert!(refused > 0);
    }
}
