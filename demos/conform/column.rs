//! The columns of the grid: a library, what is known about it, and the verdicts of a rule in one
//! cell.

use std::collections::BTreeMap;

use super::rules::RuleTable;
use super::suite::GridSuite;
use crate::conform::{Exchange, Verdict};
use crate::lab::{ContestantRecord, LabRecord};

/// The library of a column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    suite: &'static GridSuite,
    /// The name as the slide has it.
    pub(super) title: String,
    /// The id of the library in the record, or that of our own server.
    pub(super) library: String,
}

/// The versions and options that the grid shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) tuned: bool,
    pub(super) of_2017: bool,
}

/// The findings about one contestant of a run on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LiveFindings {
    /// The verdicts so far, by the index of the case.
    pub(super) verdicts: BTreeMap<usize, Verdict>,
    /// The exchanges, once the run has ended.
    pub(super) exchanges: BTreeMap<usize, Exchange>,
}

/// The source of what a column shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Findings<'a> {
    /// The record, and what it has of the contestant.
    Recorded(&'a LabRecord, &'a ContestantRecord),
    /// A run on this machine.
    Live(&'a LiveFindings),
}

/// The verdicts of the cases of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// The number of cases that were played and apply.
    pub(super) played: usize,
    pub(super) tolerated: usize,
    pub(super) failed: usize,
    /// The number of cases that left the server dead or silent.
    pub(super) broken: usize,
    /// The number of cases about what the server does not offer, or that need an echo.
    pub(super) left_out: usize,
}

impl Column {
    /// Returns the column of a library as the slide names it.
    pub(super) fn new(title: &str, suite: &'static GridSuite) -> Self {
        Self { suite, title: title.to_owned(), library: suite.id_of(title) }
    }

    /// Whether it is that of our own server.
    pub(super) fn is_own(&self) -> bool {
        self.library == self.suite.own
    }

    /// Whether the library is known.
    pub(super) fn is_known(&self) -> bool {
        let has_short_name = self.suite.short_names.iter().any(|(name, _)| *name == self.title);
        self.is_own() || has_short_name || self.contestant(Variant::default()).is_some()
    }

    /// Returns the id of the contestant of a variant, unless there is none.
    pub(super) fn contestant(&self, variant: Variant) -> Option<String> {
        if self.is_own() {
            return (!variant.of_2017).then(|| self.library.clone());
        }
        let year = if variant.of_2017 { "-2017" } else { "" };
        let options = if variant.tuned { "-tuned" } else { "" };
        let id = format!("{}{year}{options}", self.library);
        self.suite.record.contestant(&id).is_some().then_some(id)
    }

    /// Returns the version of a variant, as it is shown.
    pub(super) fn version(&self, variant: Variant) -> String {
        if self.is_own() {
            let version = if self.title == "ours" { "live" } else { "ours" };
            return version.to_owned();
        }
        let record = self.contestant(variant).and_then(|id| self.suite.record.contestant(&id));
        let version = record.map_or("", |record| record.version.as_str());
        // A commit that has no version of its own is named by its date.
        let date = version.rsplit('-').nth(1).and_then(|part| part.get(..6));
        match date.filter(|date| version.len() > 12 && date.chars().all(|c| c.is_ascii_digit())) {
            Some(date) => format!("{}-{}", &date[..4], &date[4..]),
            None => version.trim_start_matches('v').to_owned(),
        }
    }
}

impl<'a> Findings<'a> {
    /// Returns the verdict of a case; `None` if it was not played.
    pub(super) fn verdict(&self, table: &RuleTable, case: usize) -> Option<Verdict> {
        match self {
            Self::Live(live) => live.verdicts.get(&case).copied(),
            Self::Recorded(lab, record) => {
                let id = &table.cases.get(case)?.id;
                let verdicts = record.verdicts.as_ref()?;
                lab.cases.contains(id).then(|| verdicts.verdict_of(id))
            }
        }
    }

    /// Returns what the server did in a case, as a clause without a subject; empty for the record of
    /// a case that passed.
    pub(super) fn reason(&self, table: &RuleTable, case: usize) -> String {
        match self {
            Self::Live(live) => {
                live.exchanges.get(&case).map_or("", |played| &played.finding.reason).to_owned()
            }
            Self::Recorded(_, record) => {
                let id = table.cases.get(case).map(|case| &case.id);
                let verdicts = record.verdicts.as_ref();
                let found = id.zip(verdicts).and_then(|(id, verdicts)| verdicts.cases.get(id));
                found.map(|found| found.reason.clone()).unwrap_or_default()
            }
        }
    }

    /// Returns the exchange of a case, if its bytes are known.
    pub(super) fn exchange(self, case: usize) -> Option<&'a Exchange> {
        match self {
            Self::Live(live) => live.exchanges.get(&case),
            Self::Recorded(..) => None,
        }
    }

    /// Returns the cell of a rule.
    pub(super) fn cell(&self, table: &RuleTable, rule: usize) -> Cell {
        let mut cell = Cell::default();
        for case in table.cases_of(rule) {
            if let Some(verdict) = self.verdict(table, *case) {
                cell.add(verdict);
            }
        }
        cell
    }

    /// Returns the number of rules that are broken.
    pub(super) fn broken_rules(&self, table: &RuleTable) -> usize {
        (0..table.rules.len()).filter(|rule| self.cell(table, *rule).failures() > 0).count()
    }
}

impl Cell {
    /// Counts one more verdict.
    pub(super) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::NotOffered | Verdict::NotApplicable => {
                self.left_out += 1;
                return;
            }
            Verdict::Pass => {}
            Verdict::Tolerated => self.tolerated += 1,
            Verdict::Fail => self.failed += 1,
            Verdict::NoAnswer | Verdict::Died => self.broken += 1,
        }
        self.played += 1;
    }

    /// Returns the number of cases that failed, whichever way.
    pub(super) fn failures(&self) -> usize {
        self.failed + self.broken
    }
}

/// Returns the libraries that a slide may name.
pub(super) fn known_libraries(suite: &GridSuite) -> Vec<String> {
    let mut known: Vec<String> = vec![suite.own.to_owned()];
    known.extend(suite.short_names.iter().map(|(name, _)| (*name).to_owned()));
    for contestant in &suite.record.contestants {
        if suite.has_variants && !known.contains(&contestant.library) {
            known.push(contestant.library.clone());
        }
    }
    known
}

/// Returns the rules, those first in which the libraries differ most, as the record has them. Rules
/// in which they differ as much keep the order of the file. What counts is what they answer: our own
/// server does not, and neither does a server that is gone.
pub(super) fn rules_by_difference(suite: &GridSuite, columns: &[Column]) -> Vec<usize> {
    let table = &suite.table;
    let shares = |rule: usize| -> Vec<f64> {
        let others = columns.iter().filter(|column| !column.is_own());
        let ids = others.filter_map(|column| column.contestant(Variant::default()));
        let records = ids.filter_map(|id| suite.record.contestant(&id));
        let cells =
            records.map(|record| Findings::Recorded(suite.record, record).cell(table, rule));
        cells
            .filter(|cell| cell.played > 0)
            .map(|cell| cell.failed as f64 / cell.played as f64)
            .collect()
    };
    let difference = |rule: usize| {
        let shares = shares(rule);
        let mean = shares.iter().sum::<f64>() / shares.len().max(1) as f64;
        shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>()
    };
    let mut rules: Vec<(usize, f64)> =
        (0..table.rules.len()).map(|rule| (rule, difference(rule))).collect();
    rules.sort_by(|left, right| right.1.total_cmp(&left.1));
    rules.into_iter().map(|(rule, _)| rule).collect()
}
