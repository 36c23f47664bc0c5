//! The settings of the race, from a fence or by keys: payload, connections, lanes, distance,
//! placement and more.

use std::time::Duration;

use crossterm::event::KeyCode;

use super::burst::{BurstLanes, BurstSwitch};
use super::lanes::toggle_lane;
use crate::net::LinkConditions;
use crate::race::{
    HeaderProfile, Lane, LaneKind, MAX_BURST, MAX_CONNECTIONS, MAX_PAYLOAD, MAX_RTT, Placement,
    RaceConfig, UnknownLane,
};
use crate::stage::{Diagnostic, KeyHint, SettingSpec, SettingType, Settings};

/// The payloads that the keys 1, 2 and 3 choose, in bytes.
const PAYLOAD_CHOICES: [usize; 3] = [32, 1024, 64 * 1024];
/// The numbers of connections that `c` cycles through.
const CONNECTION_CHOICES: [usize; 5] = [1, 4, 16, 64, 256];
/// The round-trip times that `d` cycles through, in milliseconds.
const RTT_CHOICES_MS: [u64; 8] = [0, 1, 10, 20, 50, 80, 200, 500];
/// The bandwidths that `w` cycles through, in bits per second.
const BANDWIDTH_CHOICES: [Option<u64>; 4] =
    [None, Some(100_000_000), Some(10_000_000), Some(1_000_000)];
/// The rates that `o` cycles through, in exchanges per second; `None` is the closed loop.
const RATE_CHOICES: [Option<u32>; 4] = [None, Some(100), Some(500), Some(2000)];

pub(super) const SETTINGS: &[SettingSpec] = &[
    SettingSpec {
        name: "lanes",
        value_type: SettingType::Text("tcp,http-bare,http-hyper,http-reqwest,ws"),
        about: "the lanes that race; `wiretalk race --help` lists all",
    },
    SettingSpec {
        name: "payload",
        value_type: SettingType::Number(0..=MAX_PAYLOAD as i64, 32),
        about: "payload bytes in each direction",
    },
    SettingSpec {
        name: "pairs",
        value_type: SettingType::Number(1..=200, 15),
        about: "rounds; each is a slice of every lane",
    },
    SettingSpec {
        name: "connections",
        value_type: SettingType::Number(1..=MAX_CONNECTIONS as i64, 1),
        about: "connections of each lane",
    },
    SettingSpec {
        name: "headers",
        value_type: SettingType::Choice(&["minimal", "browser"]),
        about: "the size of headers",
    },
    SettingSpec {
        name: "burst",
        value_type: SettingType::Number(0..=MAX_BURST as i64, 0),
        about: "messages per exchange; 0: the default of the lanes",
    },
    SettingSpec {
        name: "burst_lanes",
        value_type: SettingType::Text(""),
        about: "the lanes that race instead after `b`; without them the pipelining lanes join",
    },
    SettingSpec {
        name: "burst_pairs",
        value_type: SettingType::Number(1..=200, 2),
        about: "the rounds of `burst_lanes`",
    },
    SettingSpec {
        name: "rtt",
        value_type: SettingType::Number(0..=MAX_RTT.as_millis() as i64, 0),
        about: "round trip to the servers in ms, modelled",
    },
    SettingSpec {
        name: "jitter",
        value_type: SettingType::Number(0..=MAX_RTT.as_millis() as i64, 0),
        about: "how much the round trip varies, in ms",
    },
    SettingSpec {
        name: "rate",
        value_type: SettingType::Number(0..=100_000, 0),
        about: "exchanges per second; 0: one after the other",
    },
    SettingSpec {
        name: "placement",
        value_type: SettingType::Choice(&[
            "best",
            "own-cpus",
            "one-cpu",
            "unpinned",
            "unpinned-threads",
        ]),
        about: "where the two ends run",
    },
];

pub(super) const KEYS: &[KeyHint] = &[
    KeyHint { keys: "Enter Space", about: "start; again: stop" },
    KeyHint { keys: "← →", about: "place a bet before the start" },
    KeyHint { keys: "1 2 3", about: "payload of 32 B, 1 KiB, 64 KiB" },
    KeyHint { keys: "+ -", about: "double or halve the payload" },
    KeyHint { keys: "c", about: "connections: 1, 4, 16, 64, 256" },
    KeyHint { keys: "p", about: "placement: own CPUs, one CPU, unpinned, unpinned with threads" },
    KeyHint { keys: "d D", about: "distance: 0 to 500 ms, and back" },
    KeyHint { keys: "j w", about: "jitter; bandwidth" },
    KeyHint { keys: "n", about: "lanes with a new connection each time: on, off" },
    KeyHint { keys: "b", about: "ten messages per exchange: one at a time beside all in flight" },
    KeyHint { keys: "t", about: "TLS for every lane" },
    KeyHint { keys: "h", about: "browser-sized headers and cookies" },
    KeyHint { keys: "o", about: "closed loop, or a fixed rate" },
    KeyHint { keys: "s", about: "stall the server for 500 ms" },
    KeyHint { keys: "l", about: "choose the lanes" },
    KeyHint { keys: "e", about: "export JSON and a histogram log" },
    KeyHint { keys: "0", about: "back to the start" },
    KeyHint { keys: "?", about: "the rules of the race" },
];

/// Returns the race that a fence describes.
pub(super) fn race_config(settings: &Settings) -> Result<RaceConfig, Diagnostic> {
    let number = |name| settings.number(name) as usize;
    let some = |number: usize| (number > 0).then_some(number);
    let millis = |name| Duration::from_millis(settings.number(name) as u64);
    let config = RaceConfig {
        lanes: lanes(settings, "lanes")?,
        payload: number("payload"),
        connections: number("connections"),
        headers: if settings.text("headers") == "browser" {
            HeaderProfile::Browser
        } else {
            HeaderProfile::Minimal
        },
        burst: some(number("burst")),
        link: LinkConditions { rtt: millis("rtt"), jitter: millis("jitter"), bandwidth: None },
        rate: some(number("rate")).map(|rate| rate as u32),
        // `best` is the one choice that is no placement.
        placement: settings.text("placement").parse().unwrap_or_else(|_| Placement::best()),
        rounds: number("pairs"),
        ..RaceConfig::default()
    };
    config.validate().map_err(|error| settings.invalid("lanes", error))?;
    Ok(config)
}

/// Returns what `b` switches to, if the fence says so.
pub(super) fn burst_switch(
    settings: &Settings,
    config: &RaceConfig,
) -> Result<BurstSwitch, Diagnostic> {
    if settings.text("burst_lanes").is_empty() {
        if settings.is_given("burst_pairs") {
            return Err(settings.invalid("burst_pairs", "`burst_pairs` needs `burst_lanes` too"));
        }
        return Ok(BurstSwitch::default());
    }
    let lanes = lanes(settings, "burst_lanes")?;
    let rounds = settings.number("burst_pairs") as usize;
    let switch = BurstSwitch::new(Some(BurstLanes { lanes, rounds }));
    let mut burst = config.clone();
    switch.clone().toggle(&mut burst);
    burst.validate().map_err(|error| settings.invalid("burst_lanes", error))?;
    Ok(switch)
}

/// Returns the lanes that a setting names.
fn lanes(settings: &Settings, name: &str) -> Result<Vec<Lane>, Diagnostic> {
    let lanes: Result<Vec<Lane>, UnknownLane> =
        settings.text(name).split(',').map(|lane| lane.trim().parse()).collect();
    lanes.map_err(|error| settings.invalid(name, error))
}

/// Changes the setting that belongs to a key, except for `b` and `t`, which a burst
/// shares. Returns `false` if none does.
pub(super) fn change_setting(config: &mut RaceConfig, code: KeyCode) -> bool {
    let KeyCode::Char(key) = code else { return false };
    match key {
        '1'..='3' => config.payload = PAYLOAD_CHOICES[key as usize - '1' as usize],
        '+' | '=' => config.payload = (config.payload * 2).clamp(1, MAX_PAYLOAD),
        '-' => config.payload /= 2,
        'c' => config.connections = next_choice(&CONNECTION_CHOICES, &config.connections),
        'p' => config.placement = config.placement.next(),
        'd' => set_rtt_ms(config, next_choice(&RTT_CHOICES_MS, &rtt_ms(config))),
        'D' => set_rtt_ms(config, previous_choice(&RTT_CHOICES_MS, &rtt_ms(config))),
        'j' => cycle_jitter(config),
        'w' => config.link.bandwidth = next_choice(&BANDWIDTH_CHOICES, &config.link.bandwidth),
        'n' => toggle_reconnecting_lanes(config),
        'h' => {
            config.headers = if config.headers == HeaderProfile::Minimal {
                HeaderProfile::Browser
            } else {
                HeaderProfile::Minimal
            };
        }
        'o' => config.rate = next_choice(&RATE_CHOICES, &config.rate),
        _ => return false,
    }
    true
}

fn next_choice<T: Clone + PartialEq>(all: &[T], now: &T) -> T {
    let at = all.iter().position(|one| one == now);
    all[at.map_or(0, |at| (at + 1) % all.len())].clone()
}

fn previous_choice<T: Clone + PartialEq>(all: &[T], now: &T) -> T {
    let at = all.iter().position(|one| one == now).unwrap_or(0);
    all[(at + all.len() - 1) % all.len()].clone()
}

fn rtt_ms(config: &RaceConfig) -> u64 {
    config.link.rtt.as_millis() as u64
}

fn set_rtt_ms(config: &mut RaceConfig, millis: u64) {
    config.link.rtt = Duration::from_millis(millis);
    // Jitter varies the round-trip time, so it cannot be larger.
    config.link.jitter = config.link.jitter.min(config.link.rtt);
}

/// Cycles the jitter through none, a tenth and a half of the round-trip time.
fn cycle_jitter(config: &mut RaceConfig) {
    let LinkConditions { rtt, jitter, .. } = config.link;
    config.link.jitter = if jitter.is_zero() {
        rtt / 10
    } else if jitter < rtt / 2 {
        rtt / 2
    } else {
        Duration::ZERO
    };
}

/// Toggles the lanes that open a connection for each exchange.
fn toggle_reconnecting_lanes(config: &mut RaceConfig) {
    let tls = config.lanes.iter().any(|lane| lane.tls);
    let any = config.lanes.iter().any(|lane| lane.kind.reconnects());
    for kind in [LaneKind::HttpNew, LaneKind::WsNew] {
        let lane = Lane { kind, tls };
        if any == config.lanes.contains(&lane) {
            toggle_lane(config, lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::{DemoFence, Position, Setting, SettingValue};
    use crate::stage;

    fn turned(keys: &str) -> RaceConfig {
        let mut config = RaceConfig::default();
        assert!(keys.chars().all(|key| change_setting(&mut config, KeyCode::Char(key))), "{keys}");
        assert_eq!(config.validate(), Ok(()), "{keys}");
        config
    }

    #[test]
    fn every_setting_has_a_key_and_cycles() {
        assert_eq!(
            (turned("3").payload, turned("+").payload, turned("-").payload),
            (65_536, 64, 16)
        );
        assert_eq!((turned("c").connections, turned("ccccc").connections), (4, 1));
        assert_eq!(
            (rtt_ms(&turned("d")), rtt_ms(&turned("D")), rtt_ms(&turned("dD"))),
            (1, 500, 0)
        );
        assert_eq!(turned("ddddj").link.jitter, Duration::from_millis(5));
        assert_eq!(turned("w").link.bandwidth, Some(100_000_000));
        assert_eq!((turned("o").rate, turned("oooo").rate), (Some(100), None));
        assert_eq!(turned("h").headers, HeaderProfile::Browser);
        assert_ne!(turned("p").placement, RaceConfig::default().placement);
        assert!(!change_setting(&mut RaceConfig::default(), KeyCode::Char('x')));
    }

    #[test]
    fn rounds_of_a_burst_without_its_lanes_are_refused() {
        let given = |names: &[(&str, SettingValue)]| {
            let setting = |(key, value): &(&str, SettingValue)| Setting {
                key: (*key).to_owned(),
                value: value.clone(),
                position: Position { line: 3, column: 1 },
            };
            let settings = names.iter().map(setting).collect();
            let fence = DemoFence { name: "race".to_owned(), settings, ..DemoFence::default() };
            let settings = stage::settings(&fence, SETTINGS).unwrap();
            burst_switch(&settings, &RaceConfig::default())
        };
        let pairs = ("burst_pairs", SettingValue::Number(4));
        let lanes = ("burst_lanes", SettingValue::Text("http2,ws-pipelined".to_owned()));
        let refused = given(std::slice::from_ref(&pairs)).unwrap_err();
        assert_eq!(refused.message, "`burst_pairs` needs `burst_lanes` too");
        assert_eq!(refused.position.line, 3);
        assert!(given(&[pairs, lanes]).is_ok());
        assert!(given(&[]).is_ok());
    }

    #[test]
    fn lanes_come_and_go_together() {
        let names =
            |keys| turned(keys).lanes.iter().map(|lane| lane.name()).collect::<Vec<_>>().join(" ");
        assert_eq!(names("n"), "tcp http-bare http-hyper http-reqwest http-new ws ws-new");
        assert_eq!(names("nn"), names(""));
    }
}
