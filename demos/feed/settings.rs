//! What a fence may set of the feed, and its keys.

use std::time::Duration;

use crate::feed::{FeedConfig, Transport};
use crate::stage::{Diagnostic, KeyHint, SettingSpec, SettingType, Settings};
use crate::text::UnknownName;

/// What a fence may set.
pub(super) const SETTINGS: &[SettingSpec] = &[
    SettingSpec {
        name: "gap",
        value_type: SettingType::Number(20..=60_000, 700),
        about: "ms from one event to the next, about",
    },
    SettingSpec {
        name: "poll",
        value_type: SettingType::Number(10..=60_000, 1_000),
        about: "ms from an answer to the next question",
    },
    SettingSpec {
        name: "rtt",
        value_type: SettingType::Number(0..=2_000, 50),
        about: "ms there and back, modelled",
    },
    SettingSpec {
        name: "seconds",
        value_type: SettingType::Number(1..=600, 30),
        about: "how long it runs",
    },
    SettingSpec {
        name: "ways",
        value_type: SettingType::Text("ws, sse, long, poll"),
        about: "what is compared, in this order: ws, sse, long, poll",
    },
];

/// The keys while the demo has them.
pub(super) const KEYS: &[KeyHint] = &[
    KeyHint { keys: "Enter Space", about: "start; again: stop" },
    KeyHint { keys: "1 2 3 4", about: "the bet, before the start" },
    KeyHint { keys: "+ -", about: "a longer, a shorter pause between polls" },
    KeyHint { keys: "d", about: "the distance: 0, 1, 10, 50, 100, 250 ms there and back" },
    KeyHint { keys: "g", about: "the gap between events" },
    KeyHint { keys: "k", about: "silence: nothing happens any more; again: it goes on" },
    KeyHint { keys: "r", about: "back to the bet" },
    KeyHint { keys: "?", about: "the rules" },
];

/// The comparison that a fence describes.
///
/// # Errors
///
/// A transport that does not exist, or one that is named twice.
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

/// The ways that a setting names.
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
