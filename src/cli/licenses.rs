//! `wiretalk licenses`: what goes with the binary.

use std::io::{self, Write as _};
use std::process::ExitCode;

/// Made by `.ci/notices`.
const THIRD_PARTY: &str = include_str!("../../THIRD-PARTY-LICENSES.md");

/// Print the licences of wiretalk and of everything that is linked into it.
#[derive(Debug, clap::Args)]
pub struct LicensesArgs {}

impl LicensesArgs {
    /// Prints the licences to standard output.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match io::stdout().write_all(THIRD_PARTY.as_bytes()) {
            // a pager that was left early has seen enough
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_a_notice_has_one() {
        for (what, notice) in [
            ("a package under the MIT License", "\n- tokio "),
            ("TLS", "\n- rustls "),
            ("what ring vendors", "Copyright 2015-2020 the fiat-crypto authors"),
            ("the standard library", "The Rust Project Contributors"),
            ("a syntax definition", "\n## syntaxes/01_Packages/"),
        ] {
            assert!(THIRD_PARTY.contains(notice), "{what}");
        }
    }
}
