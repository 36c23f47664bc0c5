//! What `b` switches to and back from: ten messages per exchange, one at a time beside all in
//! flight.

use crate::race::{Lane, LaneKind, RaceConfig};

use super::lanes::{set_tls, toggle_lane};

/// The messages of an exchange in a burst.
const MESSAGES: usize = 10;

/// The lanes of a race and its number of rounds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BurstLanes {
    pub(super) lanes: Vec<Lane>,
    pub(super) rounds: usize,
}

/// The switch between the race of the slide and its burst.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct BurstSwitch {
    /// What races in a burst, if the slide names it. Otherwise the pipelining lanes join the others.
    chosen: Option<BurstLanes>,
    /// The race that a chosen burst has replaced, and its messages per exchange.
    replaced: Option<(BurstLanes, Option<usize>)>,
}

impl BurstSwitch {
    pub(super) fn new(chosen: Option<BurstLanes>) -> Self {
        Self { chosen, replaced: None }
    }

    /// Switches `config` to the burst, or back.
    pub(super) fn toggle(&mut self, config: &mut RaceConfig) {
        if let Some((BurstLanes { lanes, rounds }, burst)) = self.replaced.take() {
            (config.lanes, config.rounds, config.burst) = (lanes, rounds, burst);
        } else if let Some(BurstLanes { lanes, rounds }) = self.chosen.clone() {
            let lanes = std::mem::replace(&mut config.lanes, lanes);
            let rounds = std::mem::replace(&mut config.rounds, rounds);
            self.replaced = Some((BurstLanes { lanes, rounds }, config.burst));
            config.burst = Some(MESSAGES);
        } else {
            toggle_pipelining(config);
        }
    }

    /// Toggles TLS for every lane of `config`, and for those that `b` switches to.
    pub(super) fn toggle_tls(&mut self, config: &mut RaceConfig) {
        let tls = !config.lanes.iter().any(|lane| lane.tls);
        let hidden = self.replaced.iter_mut().map(|(race, _)| race).chain(&mut self.chosen);
        for lanes in hidden.map(|race| &mut race.lanes).chain([&mut config.lanes]) {
            set_tls(lanes, tls);
        }
    }
}

/// Toggles between one message per exchange and ten. With ten, lanes with all ten in flight are
/// added beside those that await each one.
fn toggle_pipelining(config: &mut RaceConfig) {
    let ten = config.messages_per_exchange() == 1;
    config.burst = ten.then_some(MESSAGES);
    let tls = config.lanes.iter().any(|lane| lane.tls);
    for kind in [LaneKind::Http2, LaneKind::WsPipelined] {
        let lane = Lane { kind, tls };
        if ten != config.lanes.contains(&lane) {
            toggle_lane(config, lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(config: &RaceConfig) -> String {
        config.lanes.iter().map(|lane| lane.name()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn without_a_choice_the_pipelining_lanes_come_and_go() {
        let (mut switch, mut config) = (BurstSwitch::default(), RaceConfig::default());
        let before = names(&config);
        switch.toggle(&mut config);
        assert_eq!(names(&config), "tcp http-bare http-hyper http-reqwest http2 ws ws-pipelined");
        assert_eq!(config.messages_per_exchange(), 10);
        switch.toggle(&mut config);
        assert_eq!((names(&config), config.messages_per_exchange()), (before, 1));
    }

    #[test]
    fn a_chosen_burst_replaces_lanes_and_rounds_and_gives_them_back() {
        let lanes = vec![Lane::plain(LaneKind::HttpReqwest), Lane::plain(LaneKind::WsPipelined)];
        let mut switch = BurstSwitch::new(Some(BurstLanes { lanes, rounds: 2 }));
        let before = RaceConfig { burst: Some(3), ..RaceConfig::default() };
        let mut config = before.clone();
        switch.toggle(&mut config);
        assert_eq!((names(&config).as_str(), config.rounds), ("http-reqwest ws-pipelined", 2));
        assert_eq!(config.messages_per_exchange(), 10);
        // A key that was pressed in between keeps its effect.
        config.payload = 1024;
        switch.toggle(&mut config);
        assert_eq!(config, RaceConfig { payload: 1024, ..before });
    }

    #[test]
    fn tls_stays_on_or_off_from_race_to_burst_and_back() {
        let lanes = vec![Lane::plain(LaneKind::HttpReqwest), Lane::plain(LaneKind::WsPipelined)];
        let mut switch = BurstSwitch::new(Some(BurstLanes { lanes, rounds: 2 }));
        let mut config = RaceConfig::default();
        let before = config.clone();
        switch.toggle_tls(&mut config);
        let with_tls = names(&config);
        assert_eq!(with_tls, "tcp+tls http-bare+tls http-hyper+tls http-reqwest+tls ws+tls");
        switch.toggle(&mut config);
        assert_eq!(names(&config), "http-reqwest+tls ws-pipelined+tls");
        switch.toggle(&mut config);
        assert_eq!(names(&config), with_tls);
        switch.toggle(&mut config);
        switch.toggle_tls(&mut config);
        assert_eq!(names(&config), "http-reqwest ws-pipelined");
        switch.toggle(&mut config);
        assert_eq!(config, before);
    }
}
