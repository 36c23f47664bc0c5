//! [`STANDARD_INPUT`]: the path that stands for standard input.

use std::fs::File;
use std::io;
use std::path::Path;

/// The path that stands for standard input. A file of this name is `./-`.
pub const STANDARD_INPUT: &str = "-";

/// Whether a path stands for standard input, which is `input`, and that is no regular file: what it
/// holds comes bit by bit, and can be read only once.
pub(crate) fn is_pipe(path: &Path, input: &io::Stdin) -> bool {
    let about = || handle(input)?.metadata();
    path.as_os_str() == STANDARD_INPUT && !about().is_ok_and(|about| about.is_file())
}

/// Returns a handle of its own of standard input.
#[cfg(unix)]
fn handle(input: &io::Stdin) -> io::Result<File> {
    use std::os::fd::AsFd as _;
    input.as_fd().try_clone_to_owned().map(File::from)
}

/// Returns a handle of its own of standard input.
#[cfg(windows)]
fn handle(input: &io::Stdin) -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    input.as_handle().try_clone_to_owned().map(File::from)
}
