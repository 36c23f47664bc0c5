//! The program that is running, for child processes.

use std::path::PathBuf;

/// Returns the program that is running, even if its file has been replaced since.
pub fn current_program() -> PathBuf {
    let link = PathBuf::from("/proc/self/exe");
    let path = if link.exists() { Ok(link) } else { std::env::current_exe() };
    // Without either, the search path is tried.
    path.unwrap_or_else(|_| PathBuf::from("wiretalk"))
}
