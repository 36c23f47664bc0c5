//! [`LabRecord`]: everything that a run of the lab has found out, as it is kept in a file.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::conform::Verdict;
use crate::lab::libraries::{Contestant, Options, Suite};
use crate::measure::Ratio;

/// The version of the format.
const FORMAT: u32 = 1;

/// A run of the lab.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabRecord {
    /// The version of the format, 1.
    pub format: u32,
    /// The version of wiretalk.
    pub wiretalk: String,
    /// The suite that the cases are of.
    #[serde(default, skip_serializing_if = "Suite::is_default")]
    pub suite: Suite,
    /// The day on which it began, as `2026-11-29` (UTC).
    pub date: String,
    /// The number of CPUs and their model.
    pub machine: String,
    /// The operating system and the release of its kernel.
    pub kernel: String,
    /// Whether each case was played once, with a shorter time limit and without the largest messages.
    pub is_fast: bool,
    /// The version that each toolchain prints, by its id.
    pub toolchains: BTreeMap<String, String>,
    /// The names of the cases that were played.
    pub cases: Vec<String>,
    /// The contestants that could be built, in the order of the list.
    pub contestants: Vec<ContestantRecord>,
}

/// The findings about a contestant. One that could not be made is absent, and `errors` has the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContestantRecord {
    /// The name in the list.
    pub id: String,
    /// The id of the library.
    pub library: String,
    /// The package.
    pub package: String,
    /// The version of the package.
    pub version: String,
    /// The options that are set.
    pub options: Options,
    /// The lines of the source that is shown.
    pub source_lines: Option<usize>,
    /// The number of packages that it is built from, its library included.
    pub packages: Option<usize>,
    /// The resident memory in bytes before the first connection.
    pub started_bytes: Option<u64>,
    /// The resident memory in bytes after all cases.
    pub tested_bytes: Option<u64>,
    /// The verdicts.
    pub verdicts: Option<VerdictsRecord>,
    /// The load, by the number of connections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<LoadRecord>,
    /// The memory of idle connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<IdleRecord>,
    /// The day of the load and of the memory of idle connections, as `2026-11-29` (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<String>,
    /// The findings that could not be made, with their reasons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

impl ContestantRecord {
    /// Creates the record of a contestant about which nothing is known yet.
    pub(super) fn new(contestant: &Contestant) -> Self {
        Self {
            id: contestant.id.clone(),
            library: contestant.library.clone(),
            package: contestant.package.clone(),
            version: contestant.version.clone(),
            options: contestant.options,
            source_lines: None,
            packages: None,
            started_bytes: None,
            tested_bytes: None,
            verdicts: None,
            load: Vec::new(),
            idle: None,
            measured: None,
            errors: Vec::new(),
        }
    }
}

/// The verdicts of all cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictsRecord {
    /// Whether the server echoes.
    pub has_echo: bool,
    /// Whether it opens no connection without an Origin header.
    pub needs_origin: bool,
    /// The number of cases with each verdict.
    pub counts: BTreeMap<String, usize>,
    /// The cases that do not pass, or not always.
    pub cases: BTreeMap<String, CaseRecord>,
}

impl VerdictsRecord {
    /// Adds the verdict of a case.
    pub(super) fn add(&mut self, case: &str, record: CaseRecord) {
        let count = self.counts.entry(record.verdict.name().to_owned()).or_default();
        *count = count.saturating_add(1);
        if record.verdict != Verdict::Pass || record.varies.is_some() {
            self.cases.insert(case.to_owned(), record);
        }
    }

    /// Returns the verdict of a case that was played.
    pub fn verdict_of(&self, case: &str) -> Verdict {
        self.cases.get(case).map_or(Verdict::Pass, |record| record.verdict)
    }

    /// Whether a case had the same verdict each time that it was played.
    pub fn is_stable(&self, case: &str) -> bool {
        self.cases.get(case).is_none_or(|record| record.varies.is_none())
    }

    /// Returns the number of cases with a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.counts.get(verdict.name()).copied().unwrap_or_default()
    }

    /// Returns the number of cases that failed, whichever way.
    pub fn failures(&self) -> usize {
        let failures = Verdict::ALL.into_iter().filter(|verdict| verdict.is_failure());
        failures.map(|verdict| self.count(verdict)).fold(0, usize::saturating_add)
    }

    /// Returns the number of cases whose verdict varies.
    pub fn varying(&self) -> usize {
        self.cases.values().filter(|record| record.varies.is_some()).count()
    }
}

/// The verdict of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// The worst verdict.
    #[serde(with = "verdict_name")]
    pub verdict: Verdict,
    /// In how many of all exchanges it came, if not in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub varies: Option<(usize, usize)>,
    /// The reaction of the server, as a clause without a subject.
    pub reason: String,
}

/// A verdict as its name.
mod verdict_name {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    use crate::conform::Verdict;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
    pub(super) fn serialize<S: Serializer>(
        verdict: &Verdict,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(verdict.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Verdict, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The echo of 32 bytes of text, compared with that of raw TCP in the same run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadRecord {
    /// The number of connections. Each awaits its echo before it sends again.
    pub connections: usize,
    /// The median time of an echo in microseconds.
    pub median_us: f64,
    /// The number of echoes a second.
    pub per_second: f64,
    /// The median time, divided by that of raw TCP.
    pub latency: RatioRecord,
    /// The number of echoes a second, divided by that of raw TCP.
    pub throughput: RatioRecord,
    /// The reasons for which the run does not count; empty if it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invalid_because: Vec<String>,
}

/// A ratio with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatioRecord {
    /// The median of the ratios of all rounds.
    pub median: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// The number of rounds.
    pub pairs: usize,
}

impl From<Ratio> for RatioRecord {
    fn from(ratio: Ratio) -> Self {
        let Ratio { median, low, high, pairs } = ratio;
        Self { median: rounded(median), low: rounded(low), high: rounded(high), pairs }
    }
}

/// Rounds to a thousandth.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// The memory that idle connections take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdleRecord {
    /// The number of connections that should have been opened.
    pub wanted: usize,
    /// The number of connections that were open.
    pub connections: usize,
    /// The reason for which these are fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fewer_because: Option<String>,
    /// The resident memory in bytes before the first of them.
    pub before_bytes: u64,
    /// The resident memory in bytes while all of them were open.
    pub open_bytes: u64,
}

impl IdleRecord {
    /// Returns the resident memory of a connection in bytes; `None` without a connection.
    pub fn bytes_a_connection(&self) -> Option<u64> {
        let connections = u64::try_from(self.connections).ok()?;
        self.open_bytes.saturating_sub(self.before_bytes).checked_div(connections)
    }
}

/// The reason for which a record cannot be read.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The file cannot be read.
    #[error("could not read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not a record.
    #[error("{} is not a record of the lab: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The error, with line and column.
        source: serde_json::Error,
    },
    /// The file has another format.
    #[error("{} has format {format}, expected {FORMAT}; record it again with --write", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
}

impl LabRecord {
    /// Creates a record without contestants.
    pub(super) fn new() -> Self {
        Self { format: FORMAT, wiretalk: env!("CARGO_PKG_VERSION").to_owned(), ..Self::default() }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or is not a record of this format.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let path = path.to_owned();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => return Err(RecordError::Read { path, source }),
        };
        match serde_json::from_str::<Self>(&text) {
            Ok(record) if record.format == FORMAT => Ok(record),
            Ok(record) => Err(RecordError::Format { path, format: record.format }),
            Err(source) => Err(RecordError::Json { path, source }),
        }
    }

    /// Returns the contestant of that name.
    pub fn contestant(&self, id: &str) -> Option<&ContestantRecord> {
        self.contestants.iter().find(|contestant| contestant.id == id)
    }

    /// Takes the load and the memory of contestants that were not measured now from an earlier record of
    /// the same machine. A contestant of another version has none.
    pub fn keep_figures(&mut self, earlier: Self) {
        if (&self.machine, &self.kernel) != (&earlier.machine, &earlier.kernel) {
            return;
        }
        for old in earlier.contestants {
            let is_it = |one: &&mut ContestantRecord| {
                one.id == old.id && one.version == old.version && one.measured.is_none()
            };
            if let Some(contestant) = self.contestants.iter_mut().find(is_it) {
                contestant.load = old.load;
                contestant.idle = old.idle;
                contestant.measured = old.measured;
            }
        }
    }

    /// Encodes the record as JSON in which whatever fits on a line stands on one, so that a change of
    /// one verdict is a change of one line.
    pub fn to_json(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        let mut text = String::new();
        write_value(&value, 0, &mut text);
        text.push('\n');
        text
    }
}

/// The longest value that is written on one line, in bytes.
const MAX_INLINE: usize = 160;

fn write_value(value: &serde_json::Value, indent: usize, text: &mut String) {
    use serde_json::Value;
    let inline = value.to_string();
    let inner = indent.saturating_add(1);
    let (open, close, entries): (_, _, Vec<(String, &Value)>) = match value {
        Value::Array(items) if inline.len() > MAX_INLINE => {
            ('[', ']', items.iter().map(|item| (String::new(), item)).collect())
        }
        Value::Object(fields) if inline.len() > MAX_INLINE => {
            let key = |name: &String| format!("{}: ", Value::from(name.as_str()));
            ('{', '}', fields.iter().map(|(name, field)| (key(name), field)).collect())
        }
        _ => {
            text.push_str(&inline);
            return;
        }
    };
    text.push(open);
    for (index, (key, entry)) in entries.into_iter().enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(inner));
        text.push_str(&key);
        write_value(entry, inner, text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts() -> VerdictsRecord {
        let mut verdicts = VerdictsRecord::default();
        let case =
            |verdict, varies| CaseRecord { verdict, varies, reason: "did \"that\"".to_owned() };
        verdicts.add("close/a", case(Verdict::Pass, None));
        verdicts.add("close/b", case(Verdict::Fail, Some((2, 5))));
        verdicts.add("close/c", case(Verdict::Tolerated, None));
        verdicts.add("close/d", case(Verdict::Died, None));
        verdicts
    }

    #[test]
    fn a_case_that_passes_is_only_counted() {
        let verdicts = verdicts();
        assert_eq!(verdicts.cases.len(), 3);
        assert_eq!((verdicts.count(Verdict::Pass), verdicts.failures()), (1, 2));
        assert_eq!((verdicts.varying(), verdicts.is_stable("close/b")), (1, false));
        assert_eq!(verdicts.verdict_of("close/a"), Verdict::Pass);
        assert_eq!(verdicts.verdict_of("close/d"), Verdict::Died);
    }

    #[test]
    fn figures_of_the_same_version_on_the_same_machine_are_kept() {
        let contestant = |version: &str, connections: Option<usize>| ContestantRecord {
            id: "gorilla".to_owned(),
            library: "gorilla".to_owned(),
            package: "gorilla".to_owned(),
            version: version.to_owned(),
            options: Options::Default,
            source_lines: None,
            packages: None,
            started_bytes: None,
            tested_bytes: None,
            verdicts: None,
            load: Vec::new(),
            idle: connections.map(|connections| IdleRecord {
                wanted: connections,
                connections,
                fewer_because: None,
                before_bytes: 0,
                open_bytes: 0,
            }),
            measured: connections.map(|_| "2026-11-29".to_owned()),
            errors: Vec::new(),
        };
        let kept = |kernel: &str, now: ContestantRecord| {
            let record = |kernel: &str, contestant| LabRecord {
                kernel: kernel.to_owned(),
                contestants: vec![contestant],
                ..LabRecord::new()
            };
            let mut found = record("linux 6", now);
            found.keep_figures(record(kernel, contestant("v1", Some(7))));
            found.contestants[0].idle.as_ref().map(|idle| idle.connections)
        };
        assert_eq!(kept("linux 6", contestant("v1", None)), Some(7));
        assert_eq!(kept("linux 6", contestant("v2", None)), None, "another version");
        assert_eq!(kept("linux 7", contestant("v1", None)), None, "another machine");
        assert_eq!(kept("linux 6", contestant("v1", Some(9))), Some(9), "measured now");
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recorded.json");
        let list = ContestantRecord {
            id: "gorilla".to_owned(),
            library: "gorilla".to_owned(),
            package: "github.com/gorilla/websocket".to_owned(),
            version: "v1.5.3".to_owned(),
            options: Options::Tuned,
            source_lines: Some(31),
            packages: None,
            started_bytes: Some(1),
            tested_bytes: None,
            verdicts: Some(verdicts()),
            load: vec![LoadRecord {
                connections: 64,
                median_us: 12.5,
                per_second: 80_000.0,
                latency: Ratio { median: 1.2345, low: 1.0, high: 2.0, pairs: 15 }.into(),
                throughput: Ratio { median: 0.5, low: 0.25, high: 0.75, pairs: 15 }.into(),
                invalid_because: vec!["other programs".to_owned()],
            }],
            idle: None,
            measured: Some("2026-11-29".to_owned()),
            errors: vec!["idle: no".to_owned()],
        };
        let record = LabRecord {
            cases: (0..40).map(|number| format!("close/{number}")).collect(),
            contestants: vec![list],
            ..LabRecord::new()
        };
        let text = record.to_json();
        std::fs::write(&path, &text).unwrap();
        assert_eq!(LabRecord::read(&path).unwrap(), record);
        let line = r#"    "close/b": {"reason":"did \"that\"","varies":[2,5],"verdict":"fail"}"#;
        assert!(
            text.lines().any(|found| found.trim_end_matches(',').ends_with(line.trim())),
            "{text}"
        );
        assert!(text.lines().all(|line| line.len() < 2 * MAX_INLINE), "{text}");
    }

    #[test]
    fn what_is_not_a_record_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recorded.json");
        let error = |text: &str| {
            std::fs::write(&path, text).unwrap();
            LabRecord::read(&path).unwrap_err().to_string()
        };
        assert!(error("{").contains("is not a record of the lab: EOF"), "{}", error("{"));
        let newer = LabRecord { format: 9, ..LabRecord::new() }.to_json();
        assert!(error(&newer).ends_with("has format 9, expected 1; record it again with --write"));
        let unknown = newer.replace("\"format\":9", "\"format\":1").replace("is_fast", "fast");
        assert!(error(&unknown).contains("missing field `is_fast`"), "{}", error(&unknown));
        std::fs::remove_file(&path).unwrap();
        assert!(LabRecord::read(&path).unwrap_err().to_string().starts_with("could not read "));
    }

    #[test]
    fn memory_is_divided_among_the_connections() {
        let idle = IdleRecord {
            wanted: 10,
            connections: 10,
            fewer_because: None,
            before_bytes: 1000,
            open_bytes: 21_000,
        };
        assert_eq!(idle.bytes_a_connection(), Some(2000));
        assert_eq!(IdleRecord { connections: 0, ..idle.clone() }.bytes_a_connection(), None);
        assert_eq!(IdleRecord { open_bytes: 0, ..idle }.bytes_a_connection(), Some(0));
    }
}
