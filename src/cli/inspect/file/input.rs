//! Opens the file that is inspected, and copies its connections into another one with `--write`.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::capture::{Capture, PcapngWriter, ReadOptions, open, open_stream};
use crate::cli::inspect::replace_hint::suggest_replace;
use crate::inspect::{InspectConfig, STANDARD_INPUT};

/// The file that connections are copied into.
pub(super) struct CopyTarget {
    path: PathBuf,
    /// The index of the only connection to copy.
    only: Option<usize>,
    writer: PcapngWriter<std::fs::File>,
}

impl CopyTarget {
    /// Creates the file that the configuration names, if it names one.
    ///
    /// # Errors
    ///
    /// If the file cannot be created, or exists and may not be replaced.
    pub(super) fn create(config: &InspectConfig) -> anyhow::Result<Option<Self>> {
        let Some(recording) = &config.recording else { return Ok(None) };
        let (path, writer) = recording.create(1, PcapngWriter::create).map_err(suggest_replace)?;
        let only = recording.connection.map(|number| number.get().saturating_sub(1));
        Ok(Some(Self { path, only, writer }))
    }

    /// Writes the connections of a capture. What the copy lacks becomes a warning of the capture.
    ///
    /// # Errors
    ///
    /// If the capture cannot be read, or the file cannot be written.
    pub(super) fn write(mut self, capture: &mut Capture) -> anyhow::Result<()> {
        let written = capture.write(&mut self.writer, self.only);
        let lacking =
            written.with_context(|| format!("could not write {}", self.path.display()))?;
        capture.add_warning(lacking.map(|lacking| format!("{}: {lacking}", self.path.display())));
        Ok(())
    }
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
    if let Some(target) = CopyTarget::create(config)? {
        target.write(&mut capture)?;
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

/// Whether both paths lead to the same file, through any links. Only a regular file is opened for
/// that: opening a FIFO would block until it has a reader.
fn is_same_file(one: &Path, other: &Path) -> bool {
    one.is_file() && same_file::is_same_file(one, other).unwrap_or(false)
}
