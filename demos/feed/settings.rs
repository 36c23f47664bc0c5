//! The settings of the feed in a fence, and its keys.

use std::time::Duration;

use crate::feed::{FeedConfig, Transport};
use crate::stage::{Diagnostic, KeyHint, SettingSpec, SettingType, Settings};
use crate::text::UnknownName;

/// The settings that a fence may give.
pub(super) const SETTINGS: &[SettingSpec] = &[
    SettingSpec {
        name: "gap",
        value_type: SettingType::Number(20..=60_000, 700),
        about: "mean time between two events, in ms",
    },
    SettingSpec {
        name: "poll",
        value_type: SettingType::Number(10..=60_000, 1_000),
        about: "pause between a response and the next poll, in ms",
    },
    SettingSpec {
        name: "rtt",
        value_type: SettingType::Number(0..=2_000, 50),
        about: "round-trip time in ms, modelled",
    },
    SettingSpec {
        name: "seconds",
        value_type: SettingType::Number(1..=600, 30),
        about: "duration of a run in seconds",
    },
    SettingSpec {
        name: "ways",
        value_type: SettingType::Text("ws, sse, long, poll"),
        about: "the transports to compare, in this order: ws, sse, long, poll",
    },
];

/// The keys while the demo has the keyboard.
pub(super) const KEYS: &[KeyHint] = &[
    KeyHint { keys: "Enter Space", about: "start; again: stop" },
    KeyHint { keys: "1 2 3 4", about: "the bet, before the start" },
    KeyHint { keys: "+ -", about: "a longer or shorter pause between polls" },
    KeyHint { keys: "d", about: "the distance: 0, 1, 10, 50, 100, 250 ms there and back" },
    KeyHint { keys: "g", about: "the gap between events" },
    KeyHint { keys: "k", about: "silence: no more events; again: resume" },
    KeyHint { keys: "r", about: "back to the bet" },
    KeyHint { keys: "?", about: "the rules" },
];

/// Returns the comparison that a fence describes.
///
/// # Errors
///
/// Fails on an unknown transport, or one that is named twice.
pub(super) fn feed_config(settings: &Settings) -> Result<FeedConfig, Diagnostic> {
    let ms = |name| Duration::from_millis(settings.number(name) as u64);
    Ok(FeedConfig {
        transports: parse_transports(settings.text("ways"))
            .map_err(|error| settings.invalid("ways", error))?,
        mean_gap: ms("gap"),
        poll_interval: ms("poll"),
        rtt: ms("rtt"),
        duration: Duration::from_secs(settings.number("seconds") as u64),
        ..FeedConfig::default()
    })
}

/// Parses a comma-separated list of transports.
fn parse_transports(names: &str) -> Result<Vec<Transport>, String> {
    let mut transports = Vec::new();
    for name in names.split(',').map(str::trim) {
        let transport = name.parse().map_err(|error: UnknownName| error.to_string())?;
        if transports.contains(&transport) {
            return Err(format!("`{name}` is named twice; once is enough"));
        }
        transports.push(transport);
    }
    Ok(transports)
}
