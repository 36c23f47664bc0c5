//! `wiretalk licenses`: prints the licences of the binary.

use std::process::ExitCode;

use crate::cli::output;

/// The licences of all linked packages. `.ci/notices` generates the file.
const THIRD_PARTY: &str = include_str!("../../THIRD-PARTY-LICENSES.md");

/// The arguments of `wiretalk licenses`: none.
#[derive(Debug, clap::Args)]
pub struct LicensesArgs {}

impl LicensesArgs {
    /// Prints the licences to standard output.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        output::print_now(THIRD_PARTY)?;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_component_has_its_notice() {
        for (what, notice) in [
            ("a package under the MIT License", "\n- tokio "),
            ("TLS", "\n- rustls "),
            ("code that ring vendors", "Copyright 2015-2020 the fiat-crypto authors"),
            ("the standard library", "The Rust Project Contributors"),
            ("a syntax definition", "\n## syntaxes/01_Packages/"),
        ] {
            assert!(THIRD_PARTY.contains(notice), "{what}");
        }
    }
}
