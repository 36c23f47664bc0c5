//! The keys of a scenario: a step forth or back, a bet, and the doing of what the step says.
//!
//! What came of it is `player`'s to say.

use crossterm::event::KeyCode;

use super::super::Cmd;
use super::super::connection::ConnectionStatus;
use super::super::handshake;
use super::super::keys::fresh_key;
use super::super::source::ConnectOptions;
use super::super::state::{InputMode, Inspect, Tab};
use super::{ScenarioPlayer, StepState};
use crate::wire::Side;

impl Inspect {
    /// The next step of the scenario: first its question, then what it does.
    pub(in super::super) fn scenario_forward(&mut self) -> Vec<Cmd> {
        let Some(player) = &mut self.player else { return Vec::new() };
        if player.step_index.is_none() || player.step_state != StepState::Predicting {
            player.next_step();
            self.mode = InputMode::Bet;
            return Vec::new();
        }
        self.run_step()
    }

    pub(in super::super) fn scenario_back(&mut self) {
        if let Some(player) = &mut self.player {
            player.previous_step();
            self.mode = InputMode::Bet;
        }
    }

    pub(in super::super) fn handle_bet_key(&mut self, code: KeyCode) -> Vec<Cmd> {
        let answers =
            self.player.as_ref().and_then(ScenarioPlayer::step).map_or(0, |step| step.answers.len());
        let Some(ScenarioPlayer { bet, .. }) = &mut self.player else { return self.leave_mode() };
        match code {
            KeyCode::Char(digit @ '1'..='9') => {
                let number = digit as usize - '1' as usize;
                if number < answers {
                    *bet = Some(number);
                }
                Vec::new()
            }
            KeyCode::Char('.') | KeyCode::Enter => self.run_step(),
            KeyCode::Char(',') => {
                self.scenario_back();
                Vec::new()
            }
            _ => self.leave_mode(),
        }
    }

    /// Does what the step says, on a connection of its own or on the one before.
    fn run_step(&mut self) -> Vec<Cmd> {
        self.mode = InputMode::Browse;
        let Some(player) = &mut self.player else { return Vec::new() };
        let Some(step) = player.step().cloned() else { return Vec::new() };
        player.step_state = StepState::Running;
        let tab = player.scenario.tab.as_deref().and_then(Tab::from_name);
        let commands = step.commands(fresh_key(step.title.as_bytes())).expect("it was checked with the file");
        self.tab = tab.unwrap_or(self.tab);
        let open = self.commands.is_some() && self.connection().status == ConnectionStatus::Open;
        if step.same && open {
            return commands.iter().flat_map(|command| self.send_command(command)).collect();
        }
        let mut connect_options = ConnectOptions {
            request_edits: step.request.clone(),
            initial_commands: commands,
            ..self.connect_options.clone()
        };
        connect_options.server = step.server.as_deref().and_then(super::BundledServer::parse);
        connect_options.request.deflate |= step.deflate;
        self.open_with(connect_options)
    }

    /// The step has come to something: the cursor goes to the line of the handshake that it is about.
    pub(in super::super) fn show_outcome(&mut self) {
        let of = |from: Side| {
            let validated = self.connection().trace.head(from)?;
            let at = validated.validation.problems.iter().find_map(|problem| problem.span.as_ref())?.start;
            let lines = validated.head.as_ref()?.lines();
            lines
                .iter()
                .position(|line| (line.text.start..line.line_end.end).contains(&at))
                .map(|line| (from, line))
        };
        let (from, line) = of(Side::Client).or_else(|| of(Side::Server)).unwrap_or((Side::Server, 0));
        handshake::click(self, from, line);
    }
}
