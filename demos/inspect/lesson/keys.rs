//! The keys of a lesson: a step forth or back, a bet, and the doing of what the step says.
//!
//! What came of it is `play`'s to say.

use crossterm::event::KeyCode;

use super::play::{ScenarioPlayer, StepState};
use crate::demos::inspect::action::{Action, Place, Tab};
use crate::demos::inspect::connect_options::ConnectOptions;
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::connections::ConnectionStatus;
use crate::inspect::BundledServer;
use crate::wire::Side;

/// Goes on: first to the question of the next step, then to what it does.
pub(crate) fn forward(player: &mut ScenarioPlayer, session: &mut Session) -> Vec<Action> {
    if player.step_index.is_none() || player.step_state != StepState::Predicting {
        player.next_step();
        return vec![Action::AskBet];
    }
    run_step(player, session)
}

/// Goes back to the question of the step before.
pub(crate) fn back(player: &mut ScenarioPlayer) -> Vec<Action> {
    player.previous_step();
    vec![Action::AskBet]
}

/// Takes a key while a question stands.
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

/// Does what the step says, on a connection of its own or on the one before.
fn run_step(player: &mut ScenarioPlayer, session: &mut Session) -> Vec<Action> {
    let mut actions = vec![Action::Browse];
    let Some(step) = player.step().cloned() else { return actions };
    // the files are checked when they are read, so that what can fail here is the drawing of a key
    let commands = match step.commands(|| session.mask_keys.draw()) {
        Ok(commands) => commands,
        Err(error) => return vec![Action::Notice(error)],
    };
    player.step_state = StepState::Running;
    actions.extend(player.scenario.tab.as_deref().and_then(Tab::from_name).map(Action::Show));
    let open = session.commands.is_some() && session.connection().status == ConnectionStatus::Open;
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

/// The line of the handshake that a step has come to: the first with a problem, else the response's
/// first.
pub(crate) fn outcome_place(session: &Session) -> Place {
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

    /// Plays a lesson's steps one after the other, and gathers the keys of the frames that have
    /// none in its file.
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
    fn a_lesson_played_twice_masks_its_frames_with_other_keys() {
        let own = drawn_keys("break-it", MaskKeySource::System);
        let again = drawn_keys("break-it", MaskKeySource::System);
        assert!(own.len() > 3 && own.len() == again.len(), "{own:?}");
        // frames whose file gives a key keep it
        assert!(
            own.iter().zip(&again).filter(|(one, other)| one != other).count() > 3,
            "{own:?} {again:?}"
        );
    }

    #[test]
    fn without_random_numbers_a_step_is_not_done_and_the_reader_learns_why() {
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
