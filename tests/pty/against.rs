//! The load of a race on external servers: `--max-requests` is never exceeded, and a round fits
//! into it.

use serde_json::Value;

use crate::pipe::{Servers, run};

/// Returns the number of POSTs, opening handshakes and messages in a server's log.
fn requests(log: &[String]) -> u64 {
    let of = |line: &String| {
        if line.contains(" POST ") || line.ends_with(" 101 WebSocket opened") {
            return 1;
        }
        // "... WebSocket closed with 1000, 2 messages in, 2 out, 3 ms"
        let before = line.split_once(" messages in").or_else(|| line.split_once(" message in"));
        before
            .and_then(|(before, _)| before.rsplit(' ').next())
            .map_or(0, |count| count.parse().unwrap())
    };
    log.iter().map(of).sum()
}

struct Seen {
    code: Option<i32>,
    stderr: String,
    requests: u64,
    /// The number of complete rounds: the pairs of every ratio.
    rounds: Vec<u64>,
}

fn race(most: u64, more: &[&str]) -> Seen {
    let mut servers = Servers::start();
    let urls = format!("{},{}", servers.http, servers.websocket);
    let most = most.to_string();
    let bound =
        ["race", "--json", "--against", &urls, "--max-requests", &most, "--max-time", "60s"];
    let race = run(&[&bound[..], more].concat());
    servers.interrupt();
    let (_, log) = servers.end();
    let json: Value = serde_json::from_str(&race.stdout).unwrap_or_default();
    let ratios = json["ratios"].as_array().cloned().unwrap_or_default();
    let rounds = ratios.iter().map(|ratio| ratio["pairs"].as_u64().unwrap()).collect();
    Seen { code: race.code, stderr: race.stderr, requests: requests(&log), rounds }
}

#[track_caller]
fn fits(most: u64, more: &[&str]) {
    let seen = race(most, more);
    assert!(seen.requests <= most, "{most} {more:?}: {} requests", seen.requests);
    assert!(!seen.rounds.is_empty(), "{most} {more:?}: no ratio: {}", seen.stderr);
    assert!(seen.rounds.iter().all(|rounds| *rounds >= 1), "{most} {more:?}: {:?}", seen.rounds);
}

#[track_caller]
fn is_refused(most: u64, more: &[&str], least: u64) {
    let seen = race(most, more);
    assert_eq!((seen.code, seen.requests), (Some(1), 0), "{}", seen.stderr);
    let words = [
        format!("--max-requests {most} is too few for one round"),
        format!("give {least} or more"),
    ];
    assert!(words.iter().all(|word| seen.stderr.contains(word)), "{}", seen.stderr);
}

#[test]
fn the_bound_is_never_exceeded_and_a_round_fits_into_it() {
    is_refused(1, &[], 8);
    for most in [8, 10, 100, 1000] {
        fits(most, &[]);
    }
}

#[test]
fn the_bound_holds_for_several_connections() {
    is_refused(63, &["--connections", "8"], 64);
    for most in [64, 100, 1000] {
        fits(most, &["--connections", "8"]);
    }
}

#[test]
fn the_bound_holds_for_bursts_and_reconnecting_lanes() {
    is_refused(10, &["--burst", "10"], 71);
    for most in [71, 100, 1000] {
        fits(most, &["--burst", "10"]);
    }
    let anew =
        ["--lanes", "http-bare,http-new,ws-pipelined,ws-new", "--burst", "3", "--connections", "2"];
    is_refused(61, &anew, 62);
    for most in [62, 1000] {
        fits(most, &anew);
    }
}
