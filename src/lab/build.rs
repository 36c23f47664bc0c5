//! Builds a contestant, and counts what it is made of.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::lab::command::{CommandError, run_command};
use crate::lab::libraries::{Contestant, ContestantList};

/// The time that one command of a build may take. The first build of a language fetches its packages and
/// compiles them.
const BUILD_TIMEOUT: Duration = Duration::from_mins(15);

/// The time that listing the packages may take.
const LIST_TIMEOUT: Duration = Duration::from_mins(2);

/// The reason for which a contestant is not built.
#[derive(Debug, Error)]
pub(super) enum BuildError {
    /// The folder for what is built cannot be made.
    #[error("could not create {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A command failed.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// Builds the contestants of a list. A command that several of them have is run once.
pub(super) struct Builder<'l> {
    list: &'l ContestantList,
    out: &'l Path,
    /// The commands that succeeded, with their folders.
    done: BTreeSet<(PathBuf, Vec<String>)>,
}

impl<'l> Builder<'l> {
    /// Creates a builder into `out`.
    pub(super) fn new(list: &'l ContestantList, out: &'l Path) -> Self {
        Self { list, out, done: BTreeSet::new() }
    }

    /// Runs the commands that build a contestant.
    ///
    /// # Errors
    /// Fails if one of them does.
    pub(super) async fn build(&mut self, contestant: &Contestant) -> Result<(), BuildError> {
        let failed = |source| BuildError::Folder { path: self.out.to_owned(), source };
        std::fs::create_dir_all(self.out).map_err(failed)?;
        let directory = self.list.folder.join(&contestant.directory);
        for command in &contestant.build {
            let step = (directory.clone(), command.fill(self.out, ""));
            if !self.done.contains(&step) {
                run_command(&step.1, &directory, BUILD_TIMEOUT).await?;
                self.done.insert(step);
            }
        }
        Ok(())
    }
}

/// Returns the number of lines of the source that is shown; `None` if it cannot be read.
pub(super) fn source_lines(list: &ContestantList, contestant: &Contestant) -> Option<usize> {
    let text = std::fs::read_to_string(list.folder.join(&contestant.source)).ok()?;
    Some(text.lines().count())
}

/// Returns the number of packages that a contestant is built from, its library included, if it has
/// a command that lists them.
///
/// # Errors
/// Fails if the command that lists them does.
pub(super) async fn package_count(
    list: &ContestantList,
    contestant: &Contestant,
    out: &Path,
) -> Result<Option<usize>, CommandError> {
    let Some(command) = &contestant.dependencies else { return Ok(None) };
    let directory = list.folder.join(&contestant.directory);
    let output = run_command(&command.fill(out, ""), &directory, LIST_TIMEOUT).await?;
    Ok(Some(count_packages(&output, &list.folder)))
}

/// Counts the different lines. One that names the folder of the contestants is about their own code.
fn count_packages(output: &str, folder: &Path) -> usize {
    let folder = folder.to_string_lossy();
    let lines = output.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.filter(|line| !line.contains(&*folder)).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_counted_once_and_without_our_own() {
        let folder = Path::new("/src/libraries");
        let cargo = "echo v0.0.0 (/src/libraries/rust/build/echo)\ntokio v1.0.0\nbytes v1.0.0\n\
                     listen v0.0.0 (/src/libraries/rust/build/listen)\ntokio v1.0.0\n";
        assert_eq!(count_packages(cargo, folder), 2);
        let npm = "wiretalk-libraries@ /src/libraries/node\n`-- ws@8.23.0\n\n";
        assert_eq!(count_packages(npm, folder), 1);
        assert_eq!(count_packages("", folder), 0);
    }
}
