//! The keys of a scenario: a step forth or back, a bet, and the doing of what the step says.
//!
//! What came of it is `play`'s to say.

use crossterm::event::KeyCode;

use super::super::Cmd;
use super::super::conn::Status;
use super::super::keys::fresh_key;
use super::super::source::Opening;
use super::super::state::{Inspect, Mode, Tab};
use super::{Play, Stand};

impl Inspect {
    /// The next step of the scenario: first its question, then what it does.
    pub(in super::super) fn scenario_on(&mut self) -> Vec<Cmd> {
        let Some(play) = &mut self.play else { return Vec::new() };
        if play.at.is_none() || play.stand != Stand::Asked {
            play.next();
            self.mode = Mode::Bet;
            return Vec::new();
        }
        self.perform_step()
    }

    pub(in super::super) fn scenario_back(&mut self) {
        if let Some(play) = &mut self.play {
            play.back();
            self.mode = Mode::Bet;
        }
    }

    pub(in super::super) fn bet(&mut self, code: KeyCode) -> Vec<Cmd> {
        let Some(Play { bet, .. }) = &mut self.play else { return self.close() };
        match code {
            KeyCode::Char(digit @ '1'..='9') => {
                *bet = Some(digit as usize - '1' as usize);
                Vec::new()
            }
            KeyCode::Char('.') | KeyCode::Enter => self.perform_step(),
            KeyCode::Char(',') => {
                self.scenario_back();
                Vec::new()
            }
            _ => self.close(),
        }
    }

    /// Does what the step says, on a connection of its own or on the one before.
    fn perform_step(&mut self) -> Vec<Cmd> {
        self.mode = Mode::Look;
        let Some(play) = &mut self.play else { return Vec::new() };
        let Some(step) = play.step().cloned() else { return Vec::new() };
        play.stand = Stand::Doing;
        let tab = play.scenario.tab.as_deref().and_then(Tab::named);
        let commands = step.commands(fresh_key(step.title.as_bytes())).expect("it was checked with the file");
        self.tab = tab.unwrap_or(self.tab);
        let open = self.orders.is_some() && self.conn().status == Status::Open;
        if step.same && open {
            return commands.iter().flat_map(|command| self.ask(command)).collect();
        }
        let mut opening = Opening { edits: step.request.clone(), first: commands, ..self.opening.clone() };
        opening.server = step.server.as_deref().and_then(super::Server::parse);
        opening.wishes.deflate |= step.deflate;
        self.open(opening)
    }
}
