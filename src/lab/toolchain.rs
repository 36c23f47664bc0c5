//! [`find_toolchains`]: which toolchains are there.

use std::time::Duration;

use crate::lab::command::{CommandError, run_command};
use crate::lab::libraries::{ContestantList, Toolchain};

/// The time that a toolchain may take to print its version. The first call of one may fetch another
/// version of it.
const FIND_TIMEOUT: Duration = Duration::from_mins(2);

/// A toolchain, and whether it is there.
#[derive(Debug)]
pub struct FoundToolchain<'l> {
    /// The toolchain.
    pub toolchain: &'l Toolchain,
    /// The version as it prints it, in one line, or the error of a toolchain that is not there.
    pub version: Result<String, CommandError>,
}

impl FoundToolchain<'_> {
    /// Whether it is there but older than what the contestants need.
    pub fn is_old(&self) -> bool {
        let found = self.version.as_ref().ok().and_then(|text| version_in(text));
        let needed = version_in(&self.toolchain.version);
        found.zip(needed).is_some_and(|(found, needed)| found < needed)
    }
}

/// Looks for all toolchains of a list, one after the other.
pub async fn find_toolchains(list: &ContestantList) -> Vec<FoundToolchain<'_>> {
    let mut found = Vec::new();
    for toolchain in &list.toolchains {
        let version = toolchain_version(list, toolchain).await;
        found.push(FoundToolchain { toolchain, version });
    }
    found
}

/// Returns the version that a toolchain prints, in one line.
///
/// # Errors
/// Fails if the toolchain is not there.
pub(super) async fn toolchain_version(
    list: &ContestantList,
    toolchain: &Toolchain,
) -> Result<String, CommandError> {
    let command = toolchain.find.fill(&list.folder, "");
    let output = run_command(&command, &list.folder, FIND_TIMEOUT).await?;
    Ok(output.lines().next().unwrap_or_default().trim().to_owned())
}

/// Returns the numbers of the first version in a text: `go version go1.26.8` has 1, 26 and 8.
fn version_in(text: &str) -> Option<Vec<u64>> {
    let numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    let mut versions = numbers.map(|word| {
        let parts = word.trim_matches('.').split('.');
        parts.map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()
    });
    versions.find_map(|version| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_a_toolchain_prints() {
        for (text, version) in [
            ("go version go1.26.8 linux/amd64", Some(vec![1, 26, 8])),
            ("v20.20.2", Some(vec![20, 20, 2])),
            ("Python 3.11.", Some(vec![3, 11])),
            ("cargo 1.95.0 (abc 2026-04-01)", Some(vec![1, 95, 0])),
            ("nothing . at all", None),
            ("v99999999999999999999.1 then 2", Some(vec![2])),
        ] {
            assert_eq!(version_in(text), version, "{text}");
        }
    }

    #[test]
    fn an_old_toolchain_is_recognized() {
        let toolchain = Toolchain {
            id: "go".to_owned(),
            version: "1.26".to_owned(),
            find: crate::lab::libraries::CommandLine::new(&["go"]),
            install: String::new(),
            network: String::new(),
        };
        let is_old = |version: &str| {
            let version = Ok(version.to_owned());
            FoundToolchain { toolchain: &toolchain, version }.is_old()
        };
        let old = ["go1.9.7", "go1.26.0", "go1.26", "go1.30", "go2", "?"].map(is_old);
        assert_eq!(old, [true, false, false, false, false, false]);
    }
}
