//! The contestants and their toolchains: what is there, and what to install.

use std::fmt::Write as _;

use crate::lab::{Contestant, FoundToolchain, Suite};
use crate::text::{sanitize, units, width};

/// Returns the list of contestants, then that of toolchains.
pub(super) fn table(chosen: &[&Contestant], toolchains: &[FoundToolchain<'_>]) -> String {
    let widest = |texts: &mut dyn Iterator<Item = &str>| texts.map(width).max().unwrap_or(0);
    let id = widest(&mut chosen.iter().map(|one| one.id.as_str()));
    let package = widest(&mut chosen.iter().map(|one| one.package.as_str()));
    let version = widest(&mut chosen.iter().map(|one| one.version.as_str()));
    let mut text = String::new();
    for one in chosen {
        let found = toolchains.iter().find(|found| found.toolchain.id == one.toolchain);
        let state = match found {
            Some(found) if found.version.is_ok() => "",
            _ => ", which is missing",
        };
        let suite = match one.suite {
            Suite::WebSocket => String::new(),
            suite @ Suite::SockJs => format!(" (--suite {suite})"),
        };
        let _ = writeln!(
            text,
            "{:<id$}  {:<package$}  {:<version$}  {}{suite}{state}",
            one.id, one.package, one.version, one.toolchain
        );
    }
    text.push('\n');
    for found in toolchains {
        text += &describe(found);
    }
    text
}

fn describe(found: &FoundToolchain<'_>) -> String {
    let toolchain = found.toolchain;
    let mut text = match &found.version {
        Ok(version) if found.is_old() => format!(
            "{}: {}, older than {}, which the contestants need\n",
            toolchain.id,
            sanitize(version),
            toolchain.version
        ),
        Ok(version) => format!("{}: {}\n", toolchain.id, sanitize(version)),
        Err(error) => {
            let error = error.to_string();
            format!(
                "{}: missing: {}\n  install: {}\n",
                toolchain.id,
                sanitize(&error),
                toolchain.install
            )
        }
    };
    let _ = writeln!(text, "  a build fetches from: {}", toolchain.network);
    text
}

/// Returns the sentence about contestants that are skipped, because their toolchain is missing.
pub(super) fn skipped(found: &FoundToolchain<'_>, contestants: usize) -> String {
    let toolchain = found.toolchain;
    let count = units::count(u64::try_from(contestants).unwrap_or(u64::MAX), "contestant");
    format!(
        "{} is missing, so {count} of it will not run; install {}. A build fetches from {}",
        toolchain.id, toolchain.install, toolchain.network
    )
}
