//! [`ReportFiles`]: the files that a run writes besides what it prints.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use time::OffsetDateTime;

use crate::cli::conform::report::{badge, html, junit};
use crate::conform::{Case, ConformConfig, ConformOutcome};

/// The files to write.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ReportFiles {
    /// Also write the results to this file as JUnit XML, replacing it
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Also write the results to this file as an HTML page that explains every byte, replacing it
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Also write a badge to this file as an SVG picture, replacing it
    #[arg(long, value_name = "FILE")]
    pub badge: Option<PathBuf>,
}

impl ReportFiles {
    /// Writes all of them. `began` is when the run began.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub(in crate::cli::conform) fn write(
        &self,
        config: &ConformConfig,
        cases: &[Case],
        outcome: &ConformOutcome,
        began: OffsetDateTime,
    ) -> anyhow::Result<()> {
        if let Some(path) = &self.junit {
            write_file(path, &junit::report(config, cases, outcome, began))?;
        }
        if let Some(path) = &self.html {
            write_file(path, &html::page(config, cases, outcome))?;
        }
        if let Some(path) = &self.badge {
            write_file(path, &badge::picture(config, outcome))?;
        }
        Ok(())
    }
}

/// Writes a file, and replaces what was there.
///
/// # Errors
///
/// If that is not possible.
pub(in crate::cli::conform) fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("could not write {}", path.display()))
}
