//! [`LearnArgs`]: the arguments of `wiretalk learn`.

use std::path::PathBuf;

use crate::cli::shared_args::{ThemeArg, parse_theme};

/// The arguments of `wiretalk learn`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  wiretalk learn
  wiretalk learn frames
  wiretalk learn read-frame --level 3
  wiretalk learn my-questions.toml
  wiretalk learn write-frame --seed 7 --json
  wiretalk learn write-frame --seed 7 --answer '{\"bytes\":\"81 00\"}'

Answers, in which indexes count from 0:
  read-frame            {\"fields\": {\"fin\": \"1\", \"opcode\": \"text\"}}
  write-frame           {\"bytes\": \"81 85 01 02 03 04 49 67 6f 68 6e\"}
  forge-handshake       {\"head\": \"GET / HTTP/1.1\\nHost: example.com\\n\"}
  broken-rule           {\"byte_and_rule\": {\"byte\": 0, \"rule\": 2}}
  order-events          {\"order\": [2, 0, 1]}
  repair-server         {\"line_and_remedy\": {\"line\": 4, \"remedy\": 1}}
  a question's options  {\"chosen\": [1]}
  a typed answer        {\"typed\": \"1009\"}

Exit status: 0 done, or the answer is right; 1 it is wrong, or a file could not be read or
written; 2 wrong usage, or an answer that the exercise doesn't ask for.")]
pub struct LearnArgs {
    /// What to open: a section, a lesson, an exercise, a kind of exercise, a question, or a TOML
    /// file with exercises and questions of your own [default: the list of everything]
    #[arg(value_name = "NAME|FILE")]
    pub name: Option<String>,
    /// Level of an exercise, from 1; harder ones have higher numbers [default: 1, or that of NAME]
    #[arg(long, value_name = "N")]
    pub level: Option<u8>,
    /// Seed of an exercise: the same seed always gives the same exercise [default: random]
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
    /// Forget the progress of an item, or of every item with all
    #[arg(long, value_name = "NAME", conflicts_with_all = ["name", "list", "answer"])]
    pub reset: Option<String>,
    /// File that keeps the progress [default: wiretalk/progress.jsonl in the user's data folder]
    #[arg(long, value_name = "FILE")]
    pub progress: Option<PathBuf>,
    /// Colour theme: a name, or a TOML file [default: the one that fits the terminal's background]
    #[arg(long, value_name = "NAME|FILE", value_parser = parse_theme)]
    pub theme: Option<ThemeArg>,
}
