//! What to do where `--write` names a file that exists.

use crate::inspect::RecordingError;

/// Says how to overwrite the file, where that is all that a recording lacks.
pub(super) fn suggest_replace(error: RecordingError) -> anyhow::Error {
    if error.file_exists() {
        anyhow::anyhow!("{error}; --replace overwrites it")
    } else {
        error.into()
    }
}
