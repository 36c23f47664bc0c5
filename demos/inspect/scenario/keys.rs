//! The keys of a scenario: a step forth or back, a bet, and the doing of what the step says.
//!
//! What came of it is `play`'s to say.

use crossterm::event::KeyCode;

use super::super::Cmd;
use super::super::conn::Status;
use super::super::handshake;
use super::super::keys::fresh_key;
use super::super::source::Opening;
use super::super::state::{Inspect, Mode, Tab};
use super::{Play, Stand};
use crate::wire::Side;

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
        let answers = self.play.as_ref().and_then(Play::step).map_or(0, |step| step.answers.len());
        let Some(Play { bet, .. }) = &mut self.play else { return self.close() };
        match code {
            KeyCode::Char(digit @ '1'..='9') => {
                let number = digit as usize - '1' as usize;
                if number < answers {
                    *bet = Some(number);
                }
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

    /// The step has come to something: the cursor goes to the line of the handshake that it is about.
    pub(in super::super) fn look_at_outcome(&mut self) {
        let of = |from: Side| {
            let opening = self.conn().trace.head(from)?;
            let at = opening.validation.problems.iter().find_map(|problem| problem.span.as_ref())?.start;
            let lines = opening.head.as_ref()?.lines();
            lines
                .iter()
                .position(|line| (line.text.start..line.line_end.end).contains(&at))
                .map(|line| (from, line))
        };
        let (from, line) = of(Side::Client).or_else(|| of(Side::Server)).unwrap_or((Side::Server, 0));
        handshake::click(self, from, line);
    }
}
