//! [`ReproduceForm`]: the forms of text that reproduce a case.

/// A form of text that reproduces a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReproduceForm {
    /// A command line of wiretalk inspect
    Inspect,
    /// A program in Go, with its standard library alone
    Go,
    /// A program in Python, with its standard library alone
    Python,
    /// A script for bash, with coreutils
    Shell,
}
