//! `wiretalk learn`: lists what there is to learn, and makes and judges exercises without a screen.
//!
//! On a terminal, the same command opens the lessons instead; `main` decides which.

mod headless;
mod list;
mod target;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

pub use target::LearnTarget;

use crate::cli::output;
use crate::cli::present::user_folder;
use crate::cli::shared_args::{ThemeArg, parse_theme};
use crate::learn::{Bank, Catalog, LessonEntry};
use crate::progress::{ProgressFile, ProgressStore};

/// The arguments of `wiretalk learn`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wiretalk learn
  wiretalk learn frames
  wiretalk learn read-frame --level 3
  wiretalk learn my-questions.toml
  wiretalk learn write-frame --seed 7 --json
  wiretalk learn write-frame --seed 7 --answer '{\"bytes\":\"81 00\"}'

Exit status: 0 done, or the answer is right; 1 it is wrong, or a file could not be read or
written; 2 wrong usage, or an answer that the exercise doesn't ask for.")]
pub struct LearnArgs {
    /// What to open: a section, a lesson, an exercise, a kind of exercise, a question, or a TOML
    /// file with exercises and questions of your own [default: the list of everything]
    #[arg(value_name = "NAME|FILE")]
    pub name: Option<String>,
    /// Level of an exercise, from 1; harder ones have higher numbers [default: that of its entry]
    #[arg(long, value_name = "N")]
    pub level: Option<u8>,
    /// Seed of an exercise: the same seed always gives the same exercise [default: a random one]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Print the exercise or the list as JSON
    #[arg(long)]
    pub json: bool,
    /// Judge this answer and print the judgment as JSON; - reads it from standard input. Progress
    /// is not changed
    #[arg(long, value_name = "JSON", requires = "name")]
    pub answer: Option<String>,
    /// Print the list of lessons, exercises and questions with what is done and what is due
    #[arg(long, conflicts_with_all = ["name", "answer"])]
    pub list: bool,
    /// Forget the progress of an item, or with all that of every item
    #[arg(long, value_name = "NAME", conflicts_with_all = ["name", "list", "answer"])]
    pub reset: Option<String>,
    /// File that keeps the progress [default: wiretalk/progress.jsonl in the user's data folder]
    #[arg(long, value_name = "FILE")]
    pub progress: Option<PathBuf>,
    /// Colour theme: a name, or a TOML file [default: the one that fits the terminal's background]
    #[arg(long, value_name = "NAME|FILE", value_parser = parse_theme)]
    pub theme: Option<ThemeArg>,
}

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
        target::find(self.name.as_deref(), catalog)
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
