//! `wiretalk demos`: lists the demos that a deck can embed.
//!
//! Everything that it prints comes from the demos' own tables.

use std::process::ExitCode;

use serde_json::json;

use crate::cli::output;
use crate::stage::{DemoEntry, Registry};

/// The arguments of `wiretalk demos`.
#[derive(Debug, clap::Args)]
pub struct DemosArgs {
    /// Print a JSON array instead of text
    #[arg(long)]
    pub json: bool,
}

impl DemosArgs {
    /// Prints the list to standard output.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn run(self, registry: Registry) -> anyhow::Result<ExitCode> {
        let entries = registry.entries().iter();
        let text = if self.json {
            serde_json::to_string_pretty(&entries.map(entry_json).collect::<Vec<_>>())? + "\n"
        } else {
            entries.map(entry_text).collect()
        };
        output::print_now(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn entry_text(entry: &DemoEntry) -> String {
    let mut text = format!("{}\n  {}\n\n  ```demo {}\n", entry.name, entry.about, entry.name);
    for spec in entry.settings {
        let setting = format!("{} = {}", spec.name, spec.value_type.default_literal());
        text += &format!("  {setting:<22} # {} ({})\n", spec.about, spec.value_type.describe());
    }
    text += "  ```\n\n  keys, while the demo has the keyboard:\n";
    // Padded by hand: `format!` counts characters, and a wide one takes two cells.
    let widest = entry.keys.iter().map(|hint| crate::text::width(hint.keys)).max().unwrap_or(0);
    for hint in entry.keys {
        let pad = widest.saturating_sub(crate::text::width(hint.keys));
        text += &format!("  {}{}  {}\n", hint.keys, " ".repeat(pad), hint.about);
    }
    text.push('\n');
    text
}

fn entry_json(entry: &DemoEntry) -> serde_json::Value {
    let settings: Vec<_> = entry
        .settings
        .iter()
        .map(|spec| {
            json!({
                "name": spec.name,
                "default": spec.value_type.default_literal(),
                "takes": spec.value_type.describe(),
                "about": spec.about,
            })
        })
        .collect();
    json!({ "name": entry.name, "about": entry.about, "settings": settings })
}
