//! [`ExpectedVerdicts`]: known verdicts, so that only what changes counts.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};

use crate::conform::{Case, ConformOutcome, Verdict};

/// The cases that do not pass, and their verdicts. Any other case is expected to pass.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ExpectedVerdicts(BTreeMap<String, Verdict>);

impl ExpectedVerdicts {
    /// Reads a file: a verdict and the name of a case in each line; `#` begins a comment.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a line is something else.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("could not read {}", path.display()))?;
        Self::parse(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut verdicts = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (None, ..) => {}
                (Some(verdict), Some(id), None) => {
                    let verdict =
                        verdict.parse().map_err(|error| anyhow!("line {number}: {error}"))?;
                    verdicts.insert(id.to_owned(), verdict);
                }
                _ => bail!(
                    "line {number}: expected a verdict and a case, as in fail utf8/invalid-ff"
                ),
            }
        }
        Ok(Self(verdicts))
    }

    /// Returns a line for each case whose verdict is not the expected one. Whether a rule is kept
    /// counts, not how: a pass and what is tolerated are alike unless the file names the case.
    pub(super) fn compare(&self, cases: &[Case], outcome: &ConformOutcome) -> Vec<String> {
        let mut differences = Vec::new();
        for (case, result) in cases.iter().zip(&outcome.cases) {
            let verdict = result.verdict();
            let reason = result.worst().map_or("", |exchange| exchange.finding.reason.as_str());
            match self.0.get(&case.id) {
                Some(expected) if *expected != verdict => differences
                    .push(format!("{}: {verdict}, expected {expected}: it {reason}", case.id)),
                None if verdict.is_failure() => {
                    differences.push(format!("{}: {verdict}, expected pass: it {reason}", case.id));
                }
                _ => {}
            }
        }
        differences
    }
}

/// Returns the file that expects these results.
pub(super) fn list(url: &str, cases: &[Case], outcome: &ConformOutcome) -> String {
    let mut text =
        format!("# the verdicts of {url} that are not pass; see wiretalk conform --expect\n");
    for (case, result) in cases.iter().zip(&outcome.cases) {
        if result.verdict() != Verdict::Pass {
            text += &format!("{} {}\n", result.verdict(), case.id);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_verdict_and_a_case_in_each_line() {
        let parsed = ExpectedVerdicts::parse("# known\n\nfail utf8/a # bug 7\n tolerated  x/b\n");
        let expected = [("utf8/a", Verdict::Fail), ("x/b", Verdict::Tolerated)];
        let expected = expected.map(|(id, verdict)| (id.to_owned(), verdict));
        assert_eq!(parsed.unwrap(), ExpectedVerdicts(expected.into()));
        let error = |text: &str| ExpectedVerdicts::parse(text).unwrap_err().to_string();
        assert!(error("fail").contains("line 1: expected a verdict and a case"));
        assert!(error("\nfial utf8/a").contains("line 2"), "{}", error("\nfial utf8/a"));
    }
}
