//! What a slide and the keys can turn: payload, connections, lanes, distance, placement and the rest.

use std::time::Duration;

use crossterm::event::KeyCode;

use crate::net::LinkConditions;
use crate::race::{RaceConfig, MAX_RTT, HeaderProfile, LaneKind, MAX_PAYLOAD, Lane, MAX_BURST, MAX_CONNECTIONS, Placement};
use crate::stage::{Complaint, Doc, Hint, Settings, Takes};

/// The payloads that the keys 1, 2 and 3 choose, in bytes.
const PAYLOADS: [usize; 3] = [32, 1024, 64 * 1024];
/// The connections that a key goes through.
const CONNECTIONS: [usize; 5] = [1, 4, 16, 64, 256];
/// The round trips that a key goes through, in milliseconds.
const TRIPS: [u64; 8] = [0, 1, 10, 20, 50, 80, 200, 500];
/// The bandwidths that a key goes through, in bits a second.
const BANDWIDTHS: [Option<u64>; 4] = [None, Some(100_000_000), Some(10_000_000), Some(1_000_000)];
/// The rates that a key goes through, in exchanges a second.
const RATES: [Option<u32>; 4] = [None, Some(100), Some(500), Some(2000)];

pub(super) const SETTINGS: &[Doc] = &[
    Doc {
        name: "lanes",
        takes: Takes::Text("tcp,http-bare,http-hyper,http-reqwest,ws"),
        about: "who races; `wiretalk race --help` names all",
    },
    Doc { name: "payload", takes: Takes::Number(0..=MAX_PAYLOAD as i64, 32), about: "bytes there and back" },
    Doc { name: "pairs", takes: Takes::Number(1..=200, 15), about: "rounds; each is a slice of every lane" },
    Doc {
        name: "connections",
        takes: Takes::Number(1..=MAX_CONNECTIONS as i64, 1),
        about: "connections of each lane",
    },
    Doc { name: "headers", takes: Takes::Choice(&["minimal", "browser"]), about: "the size of headers" },
    Doc {
        name: "burst",
        takes: Takes::Number(0..=MAX_BURST as i64, 0),
        about: "messages an exchange; 0: as the lanes want",
    },
    Doc {
        name: "rtt",
        takes: Takes::Number(0..=MAX_RTT.as_millis() as i64, 0),
        about: "round trip to the servers in ms, modelled",
    },
    Doc {
        name: "jitter",
        takes: Takes::Number(0..=MAX_RTT.as_millis() as i64, 0),
        about: "how much the round trip varies, in ms",
    },
    Doc {
        name: "rate",
        takes: Takes::Number(0..=100_000, 0),
        about: "exchanges a second; 0: one after the other",
    },
    Doc {
        name: "placement",
        takes: Takes::Choice(&["best", "own-cpus", "one-cpu", "unpinned", "unpinned-threads"]),
        about: "where the two ends run",
    },
];

pub(super) const KEYS: &[Hint] = &[
    Hint { keys: "Enter Space", about: "start; again: stop" },
    Hint { keys: "← →", about: "place a bet before the start" },
    Hint { keys: "1 2 3", about: "payload of 32 B, 1 KiB, 64 KiB" },
    Hint { keys: "+ -", about: "double or halve the payload" },
    Hint { keys: "c", about: "connections: 1, 4, 16, 64, 256" },
    Hint { keys: "p", about: "placement: own CPUs, one CPU, unpinned, unpinned with threads" },
    Hint { keys: "d D", about: "distance: 0 to 500 ms, and back" },
    Hint { keys: "j w", about: "jitter; bandwidth" },
    Hint { keys: "n", about: "new connections each time: lanes on, off" },
    Hint { keys: "b", about: "ten messages an exchange: awaited beside in flight" },
    Hint { keys: "t", about: "TLS for every lane" },
    Hint { keys: "h", about: "browser-sized headers and cookies" },
    Hint { keys: "o", about: "closed loop, or a fixed rate" },
    Hint { keys: "s", about: "the server stands still for 500 ms" },
    Hint { keys: "l", about: "choose the lanes" },
    Hint { keys: "e", about: "export JSON and a histogram log" },
    Hint { keys: "0", about: "back to the start" },
    Hint { keys: "?", about: "the rules of the race" },
];

/// The course that a slide describes.
pub(super) fn course(settings: &Settings) -> Result<RaceConfig, Complaint> {
    let number = |name| settings.number(name) as usize;
    let lanes: Result<Vec<Lane>, String> =
        settings.text("lanes").split(',').map(|name| name.trim().parse()).collect();
    let some = |number: usize| (number > 0).then_some(number);
    let millis = |name| Duration::from_millis(settings.number(name) as u64);
    let course = RaceConfig {
        lanes: lanes.map_err(|why| settings.complain("lanes", why))?,
        payload: number("payload"),
        connections: number("connections"),
        headers: if settings.text("headers") == "browser" { HeaderProfile::Browser } else { HeaderProfile::Minimal },
        burst: some(number("burst")),
        link: LinkConditions { rtt: millis("rtt"), jitter: millis("jitter"), bandwidth: None },
        rate: some(number("rate")).map(|rate| rate as u32),
        placement: settings.text("placement").parse().unwrap_or_else(|_| Placement::best()),
        pairs: number("pairs"),
        ..RaceConfig::default()
    };
    course.validate().map_err(|why| settings.complain("lanes", why.to_string()))?;
    Ok(course)
}

/// Turns what belongs to a key; `false` if nothing does.
pub(super) fn turn(course: &mut RaceConfig, code: KeyCode) -> bool {
    let KeyCode::Char(key) = code else { return false };
    match key {
        '1'..='3' => course.payload = PAYLOADS[key as usize - '1' as usize],
        '+' | '=' => course.payload = (course.payload * 2).clamp(1, MAX_PAYLOAD),
        '-' => course.payload /= 2,
        'c' => course.connections = after(&CONNECTIONS, &course.connections),
        'p' => course.placement = course.placement.next(),
        'd' => set_trip(course, after(&TRIPS, &trip(course))),
        'D' => set_trip(course, before(&TRIPS, &trip(course))),
        'j' => turn_jitter(course),
        'w' => course.link.bandwidth = after(&BANDWIDTHS, &course.link.bandwidth),
        'n' => turn_new(course),
        'b' => turn_burst(course),
        't' => turn_tls(course),
        'h' => {
            course.headers =
                if course.headers == HeaderProfile::Minimal { HeaderProfile::Browser } else { HeaderProfile::Minimal };
        }
        'o' => course.rate = after(&RATES, &course.rate),
        _ => return false,
    }
    true
}

/// Every lane there is, as the choice shows them.
pub(super) fn all_lanes() -> [Lane; 20] {
    std::array::from_fn(|index| Lane { kind: LaneKind::ALL[index % 10], tls: index >= 10 })
}

/// Switches a lane on or off; `false` if it is the last one.
pub(super) fn switch(course: &mut RaceConfig, lane: Lane) -> bool {
    let mut on: Vec<Lane> = course.lanes.iter().copied().filter(|&other| other != lane).collect();
    if on.len() == course.lanes.len() {
        on.push(lane);
        on.sort_by_key(|lane| all_lanes().iter().position(|other| other == lane));
    }
    let any = !on.is_empty();
    if any {
        course.lanes = on;
    }
    any
}

fn after<T: Clone + PartialEq>(all: &[T], now: &T) -> T {
    let at = all.iter().position(|one| one == now);
    all[at.map_or(0, |at| (at + 1) % all.len())].clone()
}

fn before<T: Clone + PartialEq>(all: &[T], now: &T) -> T {
    let at = all.iter().position(|one| one == now).unwrap_or(0);
    all[(at + all.len() - 1) % all.len()].clone()
}

fn trip(course: &RaceConfig) -> u64 {
    course.link.rtt.as_millis() as u64
}

fn set_trip(course: &mut RaceConfig, millis: u64) {
    course.link.rtt = Duration::from_millis(millis);
    course.link.jitter = course.link.jitter.min(course.link.rtt);
}

/// None, a tenth of the round trip, half of it.
fn turn_jitter(course: &mut RaceConfig) {
    let LinkConditions { rtt, jitter, .. } = course.link;
    course.link.jitter = if jitter.is_zero() {
        rtt / 10
    } else if jitter < rtt / 2 {
        rtt / 2
    } else {
        Duration::ZERO
    };
}

/// Lanes that connect anew each time, beside those that are open.
fn turn_new(course: &mut RaceConfig) {
    let tls = course.lanes.iter().any(|lane| lane.tls);
    let any = course.lanes.iter().any(|lane| lane.kind.reconnects());
    for kind in [LaneKind::HttpNew, LaneKind::WsNew] {
        let lane = Lane { kind, tls };
        if any == course.lanes.contains(&lane) {
            switch(course, lane);
        }
    }
}

/// Ten messages an exchange, each awaited, beside ten in flight; or one message again.
fn turn_burst(course: &mut RaceConfig) {
    let ten = course.messages_per_exchange() == 1;
    course.burst = ten.then_some(10);
    let tls = course.lanes.iter().any(|lane| lane.tls);
    for kind in [LaneKind::Http2, LaneKind::WsPipelined] {
        let lane = Lane { kind, tls };
        if ten != course.lanes.contains(&lane) {
            switch(course, lane);
        }
    }
}

fn turn_tls(course: &mut RaceConfig) {
    let tls = !course.lanes.iter().any(|lane| lane.tls);
    let kinds: Vec<LaneKind> = course.lanes.iter().map(|lane| lane.kind).collect();
    course.lanes.clear();
    for kind in kinds {
        let lane = Lane { kind, tls };
        if !course.lanes.contains(&lane) {
            course.lanes.push(lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(keys: &str) -> RaceConfig {
        let mut course = RaceConfig::default();
        assert!(keys.chars().all(|key| turn(&mut course, KeyCode::Char(key))), "{keys}");
        assert_eq!(course.validate(), Ok(()), "{keys}");
        course
    }

    #[test]
    fn every_dial_has_a_key_and_goes_round() {
        assert_eq!((turned("3").payload, turned("+").payload, turned("-").payload), (65_536, 64, 16));
        assert_eq!((turned("c").connections, turned("ccccc").connections), (4, 1));
        assert_eq!((trip(&turned("d")), trip(&turned("D")), trip(&turned("dD"))), (1, 500, 0));
        assert_eq!(turned("ddddj").link.jitter, Duration::from_millis(5));
        assert_eq!(turned("w").link.bandwidth, Some(100_000_000));
        assert_eq!((turned("o").rate, turned("oooo").rate), (Some(100), None));
        assert_eq!(turned("h").headers, HeaderProfile::Browser);
        assert_ne!(turned("p").placement, RaceConfig::default().placement);
        assert!(!turn(&mut RaceConfig::default(), KeyCode::Char('x')));
    }

    #[test]
    fn lanes_come_and_go_together() {
        let names = |keys| turned(keys).lanes.iter().map(|lane| lane.name()).collect::<Vec<_>>().join(" ");
        assert_eq!(names("n"), "tcp http-bare http-hyper http-reqwest http-new ws ws-new");
        assert_eq!(names("nn"), names(""));
        assert_eq!(names("b"), "tcp http-bare http-hyper http-reqwest http2 ws ws-pipelined");
        assert_eq!((names("bb"), turned("b").messages_per_exchange(), turned("bb").messages_per_exchange()), (names(""), 10, 1));
        assert_eq!(names("t"), "tcp+tls http-bare+tls http-hyper+tls http-reqwest+tls ws+tls");
        assert_eq!(names("tt"), names(""));
    }
}
