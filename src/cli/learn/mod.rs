//! `wiretalk learn`: lists what there is to learn, and makes and judges exercises without a screen.
//!
//! On a terminal, the same command opens the lessons instead; `main` decides which.

mod args;
mod headless;
mod list;
mod target;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

pub use args::LearnArgs;
pub use target::LearnTarget;

use crate::cli::output;
use crate::cli::present::user_folder;
use crate::learn::{Bank, Catalog, LessonEntry};
use crate::progress::{ProgressFile, ProgressStore};

impl LearnArgs {
    /// Whether it prints instead of opening the lessons.
    pub fn is_headless(&self) -> bool {
        self.json
            || self.list
            || self.answer.is_some()
            || self.reset.is_some()
            || !io::stdout().is_terminal()
    }

    /// Returns the bank: what is built in, and what the file of `name` has.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has a problem.
    pub fn bank(&self) -> anyhow::Result<Bank> {
        target::bank(self.name.as_deref())
    }

    /// Returns what `name` names.
    ///
    /// # Errors
    ///
    /// If there is no such thing.
    pub fn target(&self, catalog: &Catalog) -> anyhow::Result<LearnTarget> {
        target::find(self.name.as_deref(), self.level, catalog)
    }

    /// Returns the store on the file that keeps the progress. `variable` looks up an environment
    /// variable.
    pub fn store(&self, variable: impl Fn(&str) -> Option<String>) -> ProgressStore {
        ProgressStore::on(progress_file(self.progress.clone(), variable))
    }

    /// Prints an exercise, a judgment or the list, or resets progress.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written, or standard output cannot be written.
    pub fn run(
        self,
        lessons: &[LessonEntry],
        variable: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<ExitCode> {
        let bank = self.bank()?;
        let catalog = Catalog::new(lessons, &bank);
        let store = self.store(variable);
        if let Some(name) = &self.reset {
            return reset(name, &catalog, &store);
        }
        let target = self.target(&catalog)?;
        if let Some(answer) = &self.answer {
            return headless::judge(&self, &target, &bank, answer);
        }
        if let LearnTarget::Item(item) = &target {
            output::print_now(&headless::describe(&self, item, &bank)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        store.reload();
        output::print_now(&list::print(&catalog, &target, &store, self.json)?)?;
        if let Some(notice) = store.take_notice() {
            anyhow::bail!(notice);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Returns the file that keeps the progress: the one that was named, or the user's own. `None` if
/// there is no home directory.
pub fn progress_file(
    named: Option<PathBuf>,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<ProgressFile> {
    let own = || {
        let folder = user_folder("XDG_DATA_HOME", ".local/share", variable)?;
        Some(folder.join("progress.jsonl"))
    };
    named.or_else(own).map(ProgressFile::new)
}

fn reset(name: &str, catalog: &Catalog, store: &ProgressStore) -> anyhow::Result<ExitCode> {
    store.reload();
    let known: Vec<String> = store.progress().names().map(str::to_owned).collect();
    let names = match (name, catalog.item(name)) {
        ("all", _) => known.clone(),
        (_, Some(item)) => item.progress_names(),
        (_, None) => return Err(target::unknown(name, catalog)),
    };
    for name in names.iter().filter(|name| known.contains(name)) {
        store.reset(name);
    }
    match store.take_notice() {
        Some(notice) => Err(anyhow::anyhow!(notice)),
        None => Ok(ExitCode::SUCCESS),
    }
}
