//! Opens the file that is inspected, and copies its connections into another one with `--write`.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::capture::{Capture, ReadOptions, open, open_stream};
use crate::cli::inspect::replace_hint::suggest_replace;
use crate::inspect::{CaptureCopy, InspectConfig, STANDARD_INPUT, is_same_file};

/// Creates the file for a copy of the capture at `from`, if the configuration names one.
///
/// # Errors
///
/// If the file cannot be created, or exists and may not be replaced.
pub(super) fn create_copy(
    config: &InspectConfig,
    from: &Path,
) -> anyhow::Result<Option<CaptureCopy>> {
    let Some(recording) = &config.recording else { return Ok(None) };
    Ok(Some(CaptureCopy::create(recording, 1, from).map_err(suggest_replace)?))
}

/// Writes the connections of a capture into a copy. What the copy lacks becomes a warning of the
/// capture.
///
/// # Errors
///
/// If the capture cannot be read, or the file cannot be written.
pub(super) fn write_copy(copy: CaptureCopy, capture: &mut Capture) -> anyhow::Result<()> {
    let (path, lacking) = copy.write(capture)?;
    capture.add_warning(lacking.map(|lacking| format!("{}: {lacking}", path.display())));
    Ok(())
}

/// Opens the file at `path`, and copies its connections if the configuration names a file for that.
///
/// # Errors
///
/// If a file cannot be read or written, or both files are the same.
pub(in crate::cli::inspect) fn open_and_copy(
    config: &InspectConfig,
    path: &Path,
    options: &ReadOptions,
) -> anyhow::Result<Capture> {
    // Before the writer truncates it: a copy reads its source again while it is written.
    if config.recording.as_ref().is_some_and(|recording| is_same_file(&recording.path, path)) {
        anyhow::bail!(
            "cannot read and write {} at the same time; give --write another file",
            path.display()
        );
    }
    // Records come in the order of time over all connections, so everything is read first.
    let mut capture = if path.as_os_str() == STANDARD_INPUT {
        open_stream(io::stdin(), path, options)?
    } else {
        open(path, options)?
    };
    if let Some(copy) = create_copy(config, path)? {
        write_copy(copy, &mut capture)?;
    }
    Ok(capture)
}

/// Returns standard output with a buffer: on its own it flushes every line, and a capture may have
/// a million.
pub(in crate::cli::inspect) fn buffered_stdout() -> impl Write {
    buffered(io::stdout())
}

/// Adds the buffer of [`buffered_stdout`] to another output.
pub(super) fn buffered<W: Write>(out: W) -> BufWriter<W> {
    BufWriter::with_capacity(1 << 16, out)
}
