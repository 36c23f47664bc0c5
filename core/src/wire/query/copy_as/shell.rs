//! The limits of a command line. Nothing is run here.

/// The number of bytes whose hex fits into one argument: Linux allows 128 KiB of text per argument.
pub(super) const MAX_ARGUMENT_BYTES: usize = 60_000;

/// The number of bytes whose hex fits into a command line: Linux allows 2 MiB in all, including the
/// environment, and macOS half of that.
pub(super) const MAX_COMMAND_LINE_BYTES: usize = 400_000;
