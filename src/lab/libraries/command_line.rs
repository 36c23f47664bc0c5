//! [`CommandLine`]: a command of the list, with what stands for values in it.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::race::WorkerProgram;

/// Stands in a command for the folder for what is built.
const OUT: &str = "{out}";

/// Stands in a command for the address to listen on.
pub(super) const ADDRESS: &str = "{address}";

/// Stands in a command for the program that runs the lab.
const WIRETALK: &str = "{wiretalk}";

/// A program and its arguments, in which `{out}`, `{address}` and `{wiretalk}` may stand for values.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct CommandLine(Vec<String>);

impl CommandLine {
    /// Creates a command line.
    pub(crate) fn new(words: &[&str]) -> Self {
        Self(words.iter().map(|word| (*word).to_owned()).collect())
    }

    /// Returns the program and its arguments with their values filled in.
    pub(in crate::lab) fn fill(&self, out: &Path, address: &str) -> Vec<String> {
        let (out, WorkerProgram(program)) = (out.to_string_lossy(), WorkerProgram::current());
        let fill = |word: &String| {
            let word = word.replace(OUT, &out).replace(ADDRESS, address);
            word.replace(WIRETALK, &program.to_string_lossy())
        };
        self.0.iter().map(fill).collect()
    }

    /// Whether there is a program to run.
    pub(super) fn has_program(&self) -> bool {
        self.0.first().is_some_and(|program| !program.is_empty())
    }

    /// Whether a word has the placeholder.
    pub(super) fn contains(&self, placeholder: &str) -> bool {
        self.0.iter().any(|word| word.contains(placeholder))
    }

    /// Returns the first `{word}` that stands for nothing. Braces within braces belong to the program.
    pub(super) fn unknown_placeholder(&self) -> Option<String> {
        self.0.iter().find_map(|word| {
            word.match_indices('{').find_map(|(at, _)| {
                let (before, rest) = (word.get(..at)?, word.get(at.saturating_add(1)..)?);
                let (name, after) = rest.split_once('}')?;
                let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase());
                let is_nested = before.ends_with('{') || after.starts_with('}');
                let placeholder = format!("{{{name}}}");
                let is_known = [OUT, ADDRESS, WIRETALK].contains(&placeholder.as_str());
                (is_name && !is_nested && !is_known).then_some(placeholder)
            })
        })
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}
