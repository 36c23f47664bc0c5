//! The race on a slide: lanes side by side, the ratio in big digits, and where the time goes.
//!
//! `wiretalk::race` does the measuring. `state` handles keys and reports, `settings` holds the
//! settings, `race_view` and `panels` draw, and `parts` holds what they share.

mod bet;
mod burst;
mod export;
mod lanes;
mod overlays;
mod panels;
mod parts;
mod race_view;
mod settings;
mod state;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::race::{self, RaceControl, WorkerProgram};
use crate::scope::report_channel;
use crate::stage::{
    self, Demo, DemoEvent, Diagnostic, KeyHint, SettingSpec, Settings, Stage, ViewContext,
    WorkContext,
};
use state::RaceOverlay;
pub use state::{Cmd, Msg, Race, RaceControlSender};

impl Demo for Race {
    const NAME: &'static str = "race";
    const ABOUT: &'static str =
        "HTTP, WebSocket and related protocols side by side, measured live on this machine";
    const SETTINGS: &'static [SettingSpec] = settings::SETTINGS;
    const KEYS: &'static [KeyHint] = settings::KEYS;
    const MIN_ROWS: u16 = 15;
    type Msg = Msg;
    type Cmd = Cmd;

    fn open(settings: &Settings) -> Result<(Self, Vec<Cmd>), Diagnostic> {
        let debug = cfg!(debug_assertions);
        let config = settings::race_config(settings)?;
        let burst = settings::burst_switch(settings, &config)?;
        Ok((Self { burst, debug, ..Self::with_config(config) }, Vec::new()))
    }

    fn update(&mut self, event: DemoEvent<Msg>) -> Vec<Cmd> {
        match event {
            DemoEvent::Key(key) => self.handle_key(key),
            DemoEvent::Click(at, area) => self.click(race_view::bet_at(self, at, area)),
            // Outside a page the arrow keys change what is measured.
            DemoEvent::Wheel(notches) if self.overlay != RaceOverlay::None => {
                stage::arrow_keys(notches).flat_map(|key| self.handle_key(key)).collect()
            }
            DemoEvent::Msg(Msg::Running(control)) => {
                self.control = Some(control);
                Vec::new()
            }
            DemoEvent::Msg(Msg::Event(event)) => self.apply_event(event),
            DemoEvent::Msg(Msg::Note(note)) => {
                self.note = Some(note);
                Vec::new()
            }
            DemoEvent::Paste(_)
            | DemoEvent::Wheel(_)
            | DemoEvent::Tick(_)
            | DemoEvent::Focus
            | DemoEvent::Next
            | DemoEvent::Left => Vec::new(),
        }
    }

    fn wants_escape(&self) -> bool {
        self.overlay != RaceOverlay::None
    }

    fn view(&self, area: Rect, buffer: &mut Buffer, context: &ViewContext) {
        race_view::draw(self, area, buffer, context);
    }

    fn perform(cmd: Cmd, stage: &Stage<Msg>) {
        match cmd {
            Cmd::Stop => stage.stop("race"),
            Cmd::Stall(RaceControlSender(control_sender), time) => {
                // Fails if an earlier stall is still waiting, or if the race has ended.
                let _ = control_sender.try_send(RaceControl::Stall(time));
            }
            Cmd::Export(outcome) => {
                // Written right here: two small files do not hold up the screen.
                let mailbox = stage.mailbox();
                let _ = mailbox.try_send(Msg::Note(export::write(&outcome)));
            }
            Cmd::Run(config) => {
                let program = stage.services().get::<WorkerProgram>().cloned().unwrap_or_default();
                stage.start("race", |WorkContext { scope, mailbox }| async move {
                    let (control_sender, controls) = mpsc::channel(1);
                    // Sent before the first report, so that `s` works from the start.
                    if mailbox.send(Msg::Running(RaceControlSender(control_sender))).await.is_err()
                    {
                        return;
                    }
                    let (sender, reports) = report_channel();
                    let racing = race::run(&scope, &program, *config, sender, controls);
                    tokio::join!(racing, mailbox.forward(reports, Msg::Event));
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossterm::event::KeyCode;

    use super::state::{RacePhase, STALL_DURATION};
    use super::*;
    use crate::deck::{DemoFence, Setting, SettingValue};
    use crate::race::{Lane, LaneKind, LaneStats, RaceEvent, RaceProgress};
    use crate::stage::settings;

    fn open(payload: i64) -> Race {
        let setting = Setting {
            key: "payload".into(),
            value: SettingValue::Number(payload),
            position: crate::deck::Position::default(),
        };
        let fence =
            DemoFence { name: "race".into(), settings: vec![setting], ..DemoFence::default() };
        let (race, commands) = Race::open(&settings(&fence, Race::SETTINGS).unwrap()).unwrap();
        assert_eq!(commands, [], "a race never starts by being looked at");
        race
    }

    fn press(race: &mut Race, code: KeyCode) -> Vec<Cmd> {
        race.update(DemoEvent::Key(code.into()))
    }

    fn runs(race: &Race) -> Vec<Cmd> {
        vec![Cmd::Run(Box::new(race.config.clone()))]
    }

    fn live() -> RaceProgress {
        RaceProgress { round: 1, lanes: vec![LaneStats::default()], ..RaceProgress::default() }
    }

    #[test]
    fn enter_starts_and_stops() {
        let mut race = open(64);
        assert_eq!(press(&mut race, KeyCode::Enter), runs(&race));
        assert_eq!(race.config.payload, 64);
        race.update(DemoEvent::Msg(Msg::Event(RaceEvent::Progress(live()))));
        assert_eq!(press(&mut race, KeyCode::Char(' ')), [Cmd::Stop]);
        assert_eq!(race.phase, RacePhase::Stopped(live()));
        assert_eq!(press(&mut race, KeyCode::Enter), runs(&race));
    }

    #[test]
    fn changing_a_setting_restarts_a_running_race() {
        let mut race = open(64);
        press(&mut race, KeyCode::Enter);
        race.update(DemoEvent::Msg(Msg::Event(RaceEvent::Progress(live()))));
        assert_eq!(press(&mut race, KeyCode::Char('2')), runs(&race));
        assert_eq!(race.config.payload, 1024);
        assert_eq!(
            race.phase,
            RacePhase::Running(RaceProgress::default()),
            "earlier slices are no pairs with new ones"
        );
        assert_eq!(press(&mut race, KeyCode::Char('0')), [Cmd::Stop]);
        assert_eq!(press(&mut race, KeyCode::Char('3')), []);
        assert_eq!((race.config.payload, &race.phase), (64 * 1024, &RacePhase::Ready));
    }

    #[test]
    fn lanes_can_be_toggled_but_the_last_one_stays() {
        let mut race = open(32);
        press(&mut race, KeyCode::Char('l'));
        assert!(race.wants_escape());
        for _ in lanes::all_lanes() {
            let RaceOverlay::Lanes(cursor) = race.overlay else { panic!("the choice is open") };
            if race.config.lanes.contains(&lanes::all_lanes()[cursor]) {
                press(&mut race, KeyCode::Char(' '));
            }
            press(&mut race, KeyCode::Down);
        }
        assert_eq!(race.config.lanes, [Lane::plain(LaneKind::Ws)]);
        press(&mut race, KeyCode::Esc);
        assert!(!race.wants_escape());
    }

    #[test]
    fn only_a_running_race_can_be_stalled() {
        let mut race = open(32);
        assert_eq!(press(&mut race, KeyCode::Char('s')), []);
        press(&mut race, KeyCode::Enter);
        let control = RaceControlSender(mpsc::channel(1).0);
        race.update(DemoEvent::Msg(Msg::Running(control.clone())));
        assert_eq!(press(&mut race, KeyCode::Char('s')), [Cmd::Stall(control, STALL_DURATION)]);
    }

    /// What the slide "Now put a planet in between" announces for `b`.
    #[test]
    fn the_burst_of_the_talk_runs_its_own_lanes_and_ends_within_eight_seconds() {
        let (deck, _) = crate::deck::parse(include_str!("../../slides/talk.md"));
        let fences = deck.slides.iter().flat_map(crate::deck::Slide::demos);
        let mut bursts = 0;
        for fence in fences.filter(|fence| fence.name == "race") {
            let given = settings(fence, Race::SETTINGS).unwrap();
            if given.text("burst_lanes").is_empty() {
                continue;
            }
            let (mut race, _) = Race::open(&given).unwrap();
            let before = race.config.clone();
            press(&mut race, KeyCode::Char('b'));
            let lanes: Vec<String> = race.config.lanes.iter().map(|lane| lane.name()).collect();
            assert_eq!(lanes, ["http-reqwest", "http2", "ws-pipelined"]);
            assert_eq!((race.config.messages_per_exchange(), race.config.rounds), (10, 2));
            assert!(
                race.config.duration() < Duration::from_secs(8),
                "{:?}",
                race.config.duration()
            );
            press(&mut race, KeyCode::Char('b'));
            assert_eq!(race.config, before);
            bursts += 1;
        }
        assert_eq!(bursts, 1);
    }

    #[test]
    fn a_click_places_the_bet_under_it() {
        for (width, height) in [(76, 16), (97, 24)] {
            let area = Rect::new(2, 1, width, height);
            let mut race = open(32);
            let mut placed = std::collections::BTreeSet::new();
            // A choice is four cells wide.
            for at in area.positions().step_by(3) {
                race.bet = bet::Bet::default();
                race.update(DemoEvent::Click(at, area));
                placed.extend(race.bet.choice().map(|times| times as u32));
            }
            assert!(placed.into_iter().eq([1, 2, 5, 10, 100]), "{width}x{height}");
            press(&mut race, KeyCode::Enter);
            race.bet = bet::Bet::default();
            area.positions()
                .step_by(3)
                .for_each(|at| drop(race.update(DemoEvent::Click(at, area))));
            assert_eq!(race.bet.choice(), None, "it has started");
        }
    }

    #[test]
    fn the_wheel_moves_pages_and_changes_no_setting() {
        let mut race = open(32);
        let before = race.config.clone();
        assert_eq!(race.update(DemoEvent::Wheel(3)), []);
        assert_eq!(race.config, before);
        press(&mut race, KeyCode::Char('?'));
        race.update(DemoEvent::Wheel(3));
        race.update(DemoEvent::Wheel(-1));
        assert_eq!(race.overlay, RaceOverlay::Rules(2));
    }

    #[test]
    fn bets_are_placed_before_the_start() {
        let mut race = open(32);
        press(&mut race, KeyCode::Right);
        let placed = race.bet;
        press(&mut race, KeyCode::Enter);
        press(&mut race, KeyCode::Right);
        assert_eq!(race.bet, placed);
        assert!(race.note.is_some());
    }
}
