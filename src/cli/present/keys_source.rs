//! Finds and reads the user's file of keys. The app parses it.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::bounded_read;
use crate::cli::present::present_args::PresentArgs;
use crate::cli::present::user_folder::user_folder;
use crate::text;

/// The maximum size of a file of keys, in bytes.
const MAX_KEYS_BYTES: u64 = 1 << 20;

/// Returns the path of the user's own file of keys, if there is one. `variable` looks up an
/// environment variable.
pub fn default_keys_file(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let path = user_folder("XDG_CONFIG_HOME", ".config", variable)?.join("keys.toml");
    // What is there and cannot be read is told when it is read.
    let missing = path.metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    (!missing).then_some(path)
}

/// Returns the text of a file of keys.
///
/// # Errors
///
/// If the file cannot be read, is too large or is not UTF-8.
pub fn read_keys_file(path: &Path) -> anyhow::Result<String> {
    let name = text::sanitize(&path.to_string_lossy()).into_owned();
    bounded_read::read_file(path, MAX_KEYS_BYTES)
        .and_then(bounded_read::utf8)
        .with_context(|| format!("could not read the keys in {name}"))
}

/// Returns the file of keys that the command line names, or the user's own, with its text; `None` if
/// there is none. Why the user's own can't be read is added to `notices`.
///
/// # Errors
///
/// If the file that the command line names can't be read.
pub fn read_user_keys(
    args: &PresentArgs,
    notices: &mut Vec<String>,
    variable: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Option<(PathBuf, String)>> {
    let path = args.keys.clone().or_else(|| default_keys_file(variable));
    let Some(path) = path else { return Ok(None) };
    match read_keys_file(&path) {
        Ok(source) => Ok(Some((path, source))),
        Err(error) if args.keys.is_some() => Err(error),
        Err(error) => {
            notices.push(format!("{error:#}"));
            Ok(None)
        }
    }
}
