//! Typed input, on the command line and in the inspector: it is parsed, or the error says what is
//! wrong.

use std::fmt::Display;
use std::str::FromStr;

use clap::Parser as _;
use wiretalk::cli::Cli;
use wiretalk::net::Target;
use wiretalk::race::{ExternalServers, Lane, Placement};
use wiretalk::wire::query::filter::Filter;
use wiretalk::wire::query::search::Needle;
use wiretalk::wire::query::text_matcher::TextSet;
use wiretalk::wire::{AgreedExtensions, Side, Trace};

use super::cut;

/// Only one of this many inputs is parsed as a command line, which takes a thousand times as long
/// as all else.
const ARGUMENTS_EVERY: u8 = 64;

/// Frames to filter and search: a text, a Ping, a fault and a Close.
const SAID: &[u8] = b"\x81\x02hi\x89\x00\xc1\x01x\x88\x02\x03\xe8";

pub(crate) fn check(data: &[u8]) {
    let (how, input) = cut(data);
    let text = String::from_utf8_lossy(input);
    if let Ok(target) = Target::parse(&text) {
        assert!(!target.host.is_empty() && target.path.starts_with('/'), "{target:?}");
        // Whether the default port was given explicitly is not kept.
        let again = Target::parse(&target.to_string()).expect("what it says of itself is a URL");
        assert_eq!((again.tls, again.host, again.port), (target.tls, target.host, target.port));
        assert_eq!(again.path, target.path);
    }
    again::<Lane>(&text);
    again::<Placement>(&text);
    if let Ok(against) = ExternalServers::parse(&text) {
        assert!(against.http().is_ok() && against.websocket().is_ok());
    }
    let mut trace = Trace::new();
    trace.push(Side::Server, std::time::Duration::ZERO, SAID);
    if let Ok(filter) = Filter::parse(&text) {
        let rows: Vec<usize> = filter.rows(&trace, 0..9, |_| TextSet::default()).collect();
        assert!(rows.iter().all(
            |row| *row < trace.rows().len() && filter.matches(&trace, *row, TextSet::default())
        ));
    }
    if let Ok(needle) = Needle::parse(&text) {
        assert!(
            needle
                .find_in(input)
                .is_none_or(|place| place.start < place.end && place.end <= input.len())
        );
    }
    if let Ok(agreed) = AgreedExtensions::parse(&text) {
        assert_eq!(AgreedExtensions::parse(&text), Ok(agreed));
    }
    if how % ARGUMENTS_EVERY == 0 {
        let arguments = std::iter::once("wiretalk").chain(text.split_whitespace());
        if let Err(error) = Cli::try_parse_from(arguments) {
            assert!(!error.to_string().is_empty());
        }
    }
}

/// Checks that a parsed value is the same after it is displayed and parsed again.
fn again<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(found) = text.parse::<T>() {
        assert!(
            found.to_string().parse::<T>().is_ok_and(|again| again == found),
            "{text:?}: {found}"
        );
    }
}
